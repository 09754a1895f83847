"""Patients as a file."""
