"""Frozen structs for all that is stored, sent or configured; no behavior."""
