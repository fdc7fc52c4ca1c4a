"""P4: variance-aware sampling compared with uniform sampling at equal rollouts."""

from __future__ import annotations

from collections.abc import Iterator

from full_scale.predictions.lib.arms import comparisons
from full_scale.predictions.lib.base import Plan, Prediction

__all__ = ["instances"]


def instances(plan: Plan) -> Iterator[Prediction]:
    """Yield the predictions of a study."""
    yield from comparisons("P4", plan, [arm for arm in plan.config.arms if arm.weighted_share is not None])
