"""How experiments run: cells, equal rollout budgets, named worlds and comparisons of arms."""
