"""The provider's events: signature, keeping, work."""
