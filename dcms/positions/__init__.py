"""Positions: what employees are employed as."""
