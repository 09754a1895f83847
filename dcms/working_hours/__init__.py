"""When employees work."""
