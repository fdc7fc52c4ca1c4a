"""The compact GRPO engine: sampling with a shared prefix, objective, update, loop, checkpoints."""
