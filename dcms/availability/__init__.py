"""When doctors are free."""
