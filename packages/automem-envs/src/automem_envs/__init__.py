"""The games AutoMem agents play."""
