"""What runs in the jailed process: standard library only, and never `automem` itself."""
