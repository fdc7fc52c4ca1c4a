"""From a table of problems to training data: types, near-duplicates, verified answers, bands of difficulty, a card."""
