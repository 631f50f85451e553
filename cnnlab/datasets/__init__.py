"""Data sets: where pictures come from, what is in them, how they are divided."""
