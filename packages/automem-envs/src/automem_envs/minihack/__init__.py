"""MiniHack: small tasks in the world of NetHack, as text and a map of characters."""
