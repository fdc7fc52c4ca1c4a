"""How prompts are chosen: scores, pass-rate posteriors, weighted draws, the sampler and its ledger.

The public names are loaded at first use, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "VarianceAwareSampler": "sampler.variance_aware",
    "SamplerConfig": "sampler.config",
    "WeightedIndex": "drawing.weighted_index",
    "RolloutLedger": "contract.ledger",
    "ArcsineKalman": "posteriors.arcsine_kalman",
    "DiscountedBeta": "posteriors.discounted_beta",
    "HierarchicalBeta": "posteriors.hierarchical_beta",
    "NormalGamma": "posteriors.normal_gamma",
    "PassRatePrior": "prediction.pass_rate_prior",
    "PredictedBeta": "posteriors.predicted_beta",
    "embedding_clusters": "clusters",
    "PassRatePosterior": "posteriors.discounted_beta",
    "expected_group_signal": "scores",
    "mixed_group_probability": "scores",
    "outcome_variance_score": "scores",
    "reward_variance_score": "scores",
    "trajectory_diversity_score": "scores",
    "variance_promotion_score": "scores",
    "padded_distinct_n": "released",
    "padded_self_bleu": "released",
    "distinct_n": "diversity",
    "distinct_n_groups": "diversity",
    "edit_distance": "diversity",
    "edit_distance_groups": "diversity",
    "from_lists": "diversity",
    "from_padded": "diversity",
    "mean_squared_distance": "diversity",
    "mean_squared_distance_groups": "diversity",
    "self_bleu": "diversity",
    "self_bleu_groups": "diversity",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    if name == "VarianceAwareSampler":
        importlib.import_module(f"{__name__}.describing").describe(found)
    return found


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
