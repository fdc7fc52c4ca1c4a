"""What is measured of a model: gradients prompt by prompt, counts of right answers, held-out accuracy."""
