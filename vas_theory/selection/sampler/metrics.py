"""Diagnostics of a sampler over its whole pool."""

from __future__ import annotations

import numpy as np

from vas_theory.selection.posteriors import shares_prediction
from vas_theory.selection.sampler.pool import Pool
from vas_theory.selection.sampler.tally import gini

__all__ = ["collect_metrics"]


def collect_metrics(pool: Pool) -> dict[str, float]:
    """Return name -> number; shares are NaN where nothing was observed yet.

    ``effective_sample_size`` is (sum w)^2 / sum w^2 prompts; ``coverage`` the share of prompts drawn at least
    once; ``gini`` that of the draw counts; ``staleness_*`` steps since the last observation of the prompts that
    were observed; ``predicted_mixed_share`` and ``realised_mixed_share`` are over the same observed groups.
    """
    weights = pool.weights
    largest = weights.max()
    scaled = weights / largest if largest > 0 else np.ones(len(pool))  # squares of tiny weights would vanish
    total = float(scaled.sum())
    last_seen = pool.posterior.last_seen
    idle = pool.step - last_seen[last_seen >= 0]
    nothing = float("nan")
    metrics: dict[str, float] = {
        "step": pool.step,
        "policy_version": pool.policy_version,
        "effective_sample_size": total * total / float(scaled @ scaled),
        "coverage": float(np.count_nonzero(pool.draw_counts)) / len(pool),
        "observed_share": idle.size / len(pool),
        "gini": gini(pool.draw_counts),
        "staleness_mean": float(idle.mean()) if idle.size else nothing,
        "staleness_max": float(idle.max()) if idle.size else nothing,
        "weighted_per_batch": pool.config.weighted_per_batch,
        "uniform_scores": float(pool.uniform_reason is not None),
    }
    for purpose, charge in pool.ledger.as_dict().items():
        metrics[f"{purpose}_rollouts"] = charge["rollouts"]
    if shares_prediction(pool.posterior):
        metrics.update(pool.posterior.prediction.metrics())
    return {**metrics, **pool.tally.as_metrics()}
