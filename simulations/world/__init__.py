"""What is simulated: pools of bandit prompts, tree prompts, learners and their kernels."""
