"""The memory of an episode: one flat folder of text files and what may be done to it."""
