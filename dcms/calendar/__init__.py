"""Calendars: days, weeks and months of the clinic and of one doctor."""
