"""What a selection strategy is, how it is driven step by step, and who pays for its rollouts."""
