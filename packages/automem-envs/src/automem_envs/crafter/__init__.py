"""Crafter: open-world survival, as text."""
