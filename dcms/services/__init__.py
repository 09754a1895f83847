"""The catalogue of services."""
