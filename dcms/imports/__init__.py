"""Patients and appointments from CSV files of other systems."""
