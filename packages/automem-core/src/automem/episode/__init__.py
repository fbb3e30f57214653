"""One episode: played, written down, read back, resumed, proven again."""
