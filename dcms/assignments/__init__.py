"""The positions that employees have."""
