"""Scaffolds: load, check, hash, compare, render."""
