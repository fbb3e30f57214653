"""Making what `automem setup` offers: whole or not at all, by one process at a time."""
