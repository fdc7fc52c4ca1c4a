"""What a selection strategy is, how it is driven step by step, and which account its rollouts are charged to."""
