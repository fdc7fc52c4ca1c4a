"""Diagnostics of a sampler over its whole pool."""

from __future__ import annotations

import numpy as np

from vas_theory.selection.posteriors import shares_prediction
from vas_theory.selection.sampler.pool import Pool
from vas_theory.selection.sampler.tally import gini

__all__ = ["collect_metrics"]


def collect_metrics(pool: Pool) -> dict[str, float]:
    """Return name -> number, in the order below; shares are NaN where nothing was observed yet.

    Of the pool as it is now:

    - ``step``: batches drawn so far; ``policy_version``: the latest that a draw was told;
    - ``effective_sample_size``: (sum w)^2 / sum w^2, in prompts;
    - ``coverage``: share of prompts drawn at least once; ``observed_share``: with feedback; ``gini``: of draw counts;
    - ``staleness_mean`` and ``staleness_max``: steps since the last observation, of the prompts that were observed;
    - ``weighted_per_batch``: places by weight of a batch on average, a setting.

    Of the last batch alone: ``uniform_scores``, 1 where its share by weight was uniform, else 0.

    Of what predicts pass rates, where there is any: its own numbers, see ``SharedPrediction.metrics``.

    Cumulative, of the run so far (the difference of two calls is what came between them):

    - ``training_rollouts``, ``scoring_rollouts`` and the other purposes of the ledger;
    - ``predicted_mixed_share`` and ``realised_mixed_share``: over the same observed groups; ``varying_share``: groups
      whose rewards vary;
    - by what drew the group (``undrawn``, ``weighted``, ``probe``, ``uniform``): ``<arm>/groups``, and of these
      ``<arm>/mixed_share``, ``<arm>/all_right_share`` and ``<arm>/all_wrong_share``;
    - ``excluded_rewards``, ``excluded_groups``, ``late_groups``: left out or discounted;
    - ``uniform_fallbacks``: batches with ``uniform_scores``; ``filled_places``: places by weight that were filled
      uniformly for want of prompts with a weight.
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
    if shares_prediction(pool.posterior):
        metrics.update(pool.posterior.prediction.metrics())
    for purpose, charge in pool.ledger.as_dict().items():
        metrics[f"{purpose}_rollouts"] = charge["rollouts"]
    return {**metrics, **pool.tally.as_metrics()}
