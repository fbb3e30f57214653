"""A small language model, trained here from scratch, that plays Crafter through memory files."""
