"""NetHack: a dungeon of fifty levels, as text and a map of characters."""
