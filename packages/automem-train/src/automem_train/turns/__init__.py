"""The table of memory turns of a run: what each asked for, what came of it, what it did later."""
