"""Draws from a pool: by weight, and uniformly without repeats within a pass."""
