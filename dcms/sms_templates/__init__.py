"""Templates of text messages."""
