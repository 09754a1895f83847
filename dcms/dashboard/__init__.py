"""What happened in the clinic, in numbers."""
