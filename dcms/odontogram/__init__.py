"""The chart of a patient's teeth, derived from what was done."""
