"""Links under which calendar programs subscribe to a doctor's appointments."""
