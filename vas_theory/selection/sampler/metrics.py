"""Diagnostics of a sampler over its whole pool."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vas_theory.selection.sampler.tally import gini

if TYPE_CHECKING:
    from vas_theory.selection.sampler.variance_aware import VarianceAwareSampler

__all__ = ["collect_metrics"]


def collect_metrics(sampler: VarianceAwareSampler) -> dict[str, float]:
    """Return name -> number; shares are NaN where nothing was observed yet.

    ``effective_sample_size`` is (sum w)^2 / sum w^2 prompts; ``coverage`` the share of prompts drawn at least
    once; ``gini`` that of the draw counts; ``staleness_*`` steps since the last observation of the prompts that
    were observed; ``predicted_mixed_share`` and ``realised_mixed_share`` are over the same observed groups.
    """
    weights = sampler.weights
    largest = weights.max()
    scaled = weights / largest if largest > 0 else np.ones(len(sampler))  # squares of tiny weights would vanish
    total = float(scaled.sum())
    last_seen = sampler.posterior.last_seen
    idle = sampler.step - last_seen[last_seen >= 0]
    nothing = float("nan")
    metrics: dict[str, float] = {
        "step": sampler.step,
        "policy_version": sampler.policy_version,
        "effective_sample_size": total * total / float(scaled @ scaled),
        "coverage": float(np.count_nonzero(sampler.draw_counts)) / len(sampler),
        "observed_share": idle.size / len(sampler),
        "gini": gini(sampler.draw_counts),
        "staleness_mean": float(idle.mean()) if idle.size else nothing,
        "staleness_max": float(idle.max()) if idle.size else nothing,
        "uniform_scores": float(sampler.uniform_reason is not None),
    }
    for purpose, charge in sampler.ledger.as_dict().items():
        metrics[f"{purpose}_rollouts"] = charge["rollouts"]
    return {**metrics, **sampler.tally.as_metrics()}
