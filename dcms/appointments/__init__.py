"""Appointments: booking, moving, and their steps."""
