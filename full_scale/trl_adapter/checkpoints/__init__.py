"""Checkpoints of the trainer: what is in them, who vouches for it, and who may go on from them."""
