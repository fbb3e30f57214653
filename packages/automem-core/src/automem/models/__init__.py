"""Asking language models: who answers for a role, how often it is tried, and what it costs."""
