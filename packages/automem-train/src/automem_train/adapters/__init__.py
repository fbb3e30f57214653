"""What was trained: listed, read, and written out for others to use."""
