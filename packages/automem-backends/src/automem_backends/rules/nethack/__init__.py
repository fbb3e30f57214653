"""How the rules play NetHack and the tasks of MiniHack."""
