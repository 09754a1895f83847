"""What operators ask: is it well, which version is it, how busy is it."""
