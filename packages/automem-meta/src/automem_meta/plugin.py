"""What this package offers to AutoMem; no hook is implemented yet, so it adds nothing."""
