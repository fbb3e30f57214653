"""Evaluations: what is planned, played, proven again, summed up and compared."""
