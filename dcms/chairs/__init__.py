"""Chairs: the places where patients are treated."""
