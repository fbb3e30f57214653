"""What fits on which GPU, worked out before anything starts."""
