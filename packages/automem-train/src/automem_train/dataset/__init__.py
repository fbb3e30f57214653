"""Data sets for training: folders named by what they hold, proven against the traces."""
