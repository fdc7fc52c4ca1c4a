"""What the predictions share: draws from the pilot, rehearsals of training, and the measured tables."""
