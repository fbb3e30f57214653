"""The folder of a run: its paths, its configuration, where it came from."""
