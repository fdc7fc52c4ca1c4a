"""Settings of a run: the model, its task, training, the trainer, evaluation."""
