"""Training the presets with TRL: from their tables to a trainer, its launch, its progress and its result."""
