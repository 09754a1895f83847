"""Who may do what: permissions, tokens, and what changed since a token was signed."""
