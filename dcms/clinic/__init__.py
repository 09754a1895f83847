"""The clinic and its settings."""
