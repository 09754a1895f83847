"""When employees are off."""
