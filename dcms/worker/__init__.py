"""The worker: what is done after a commit, and what is done every hour."""
