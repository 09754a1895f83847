"""Teeth: their codes in three notations, and the words for what is found on them."""
