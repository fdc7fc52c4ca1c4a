"""Real GRPO + VAS training on language models, and the theory's predictions held against it."""
