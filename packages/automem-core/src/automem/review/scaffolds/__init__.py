"""Reviews of scaffolds: what may be changed, what is asked for, and when it is accepted."""
