"""What theory says before training, and what training measured afterwards."""
