"""How an agent uses its memory, measured from traces in one pass."""
