"""Invoices, payments and what patients owe."""
