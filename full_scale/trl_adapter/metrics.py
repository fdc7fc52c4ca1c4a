"""A generation batch on its way, and what is logged of it beside TRL's own metrics."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from full_scale.plugins.interface import Selector
from full_scale.trl_adapter.feedback import GroupedRewards
from full_scale.trl_adapter.strategies import StrategySelector
from vas_theory.selection.sampler.tally import ARMS

__all__ = ["GenerationBatch", "batch_metrics"]

_LOGGED = (
    "effective_sample_size",
    "coverage",
    "gini",
    "staleness_max",
    "uniform_scores",
    "predicted_mixed_share",
    "realised_mixed_share",
    "varying_share",
    "excluded_rewards",
    "excluded_groups",
    "training_rollouts",
    "scoring_rollouts",
    "predictor/used",
    "predictor/gain",
    "predictor/strength",
    "predictor/slope",
)


@dataclass
class GenerationBatch:
    """A generation batch on its way: what was drawn, and later what came of it."""

    keys_P: list[Any]
    local_keys_N: list[Any]
    lag: int
    seconds: float
    rewards: GroupedRewards | None = None


def batch_metrics(
    selector: Selector | StrategySelector, batch: GenerationBatch, silent_groups_total: int
) -> dict[str, float]:
    """Return name -> number of one batch; what is not known yet is left out.

    Args:
        selector: which chose it, and has learnt from it.
        batch: with its rewards.
        silent_groups_total: of the run so far.
    """
    assert batch.rewards is not None
    started = time.perf_counter()
    known = selector.metrics()
    batch.seconds += time.perf_counter() - started
    values: dict[str, float] = {name: known[name] for name in _LOGGED if name in known}
    values |= {
        "lag": batch.lag,
        "silent_groups": int(batch.rewards.silent_P.sum()),
        "silent_groups_total": silent_groups_total,
        "excluded_rollouts": int(batch.rewards.excluded_PG.sum()),
        **{f"{arm}_places": int((selector.last_arms == ARMS.index(arm)).sum()) for arm in ARMS[1:]},
        "sampler_seconds": batch.seconds,
    }
    return {name: float(value) for name, value in values.items()}
