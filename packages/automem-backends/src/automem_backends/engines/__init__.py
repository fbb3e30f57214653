"""What every engine that AutoMem starts or attaches to has in common."""
