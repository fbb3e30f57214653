"""Child processes: owned while they run, spoken to in frames, environments in a pool of them."""
