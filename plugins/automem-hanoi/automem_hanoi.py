"""Towers of Hanoi."""
