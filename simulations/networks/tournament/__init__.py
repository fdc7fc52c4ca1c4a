"""The tournament: who takes part, the cells, the signs predicted before, and what came out."""
