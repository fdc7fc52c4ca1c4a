"""Rollouts that are made for scores alone: charged as such, and gone on with where a run was stopped among them."""
