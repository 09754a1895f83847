"""Everything that happened with a patient, in one list."""
