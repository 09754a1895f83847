"""Changes for live screens, as Server-Sent Events."""
