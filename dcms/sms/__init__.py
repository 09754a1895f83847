"""Text messages."""
