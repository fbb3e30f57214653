"""Choosing turns by their ids: criteria in words, a jailed score, and explicit ids."""
