"""The variance-aware sampler: its settings, pool, weights, batches, metrics and saved state."""
