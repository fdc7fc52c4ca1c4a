"""P3: how many groups of a batch give a gradient: under uniform sampling, by weight, and as the posterior expects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from full_scale.predictions.lib.base import Forecast, Plan, Prediction, forecast_of
from full_scale.predictions.lib.evidence import Evidence
from full_scale.predictions.lib.measurements import Measurements, mixed
from vas_theory.foundation.intervals import UNKNOWN, Estimate, wilson

__all__ = ["instances"]


@dataclass(frozen=True, kw_only=True)
class MixedShare(Prediction):
    """The share of mixed groups under uniform sampling."""

    id = "P3/mixed-share"
    quantity = "mixed_share"
    statement = "share of groups with both outcomes under uniform sampling, first steps of training"

    def predict(self, evidence: Evidence) -> Forecast:
        return forecast_of(evidence.pool.mixed_share_D, evidence.coverage, None)

    def measure(self, found: Measurements) -> Estimate:
        groups = found.trained(found.content["uniform"])
        first = groups[groups.seed == groups.seed.min()].sort_values(["step", "slot"]).head(found.content["groups"])
        return wilson(float(mixed(first).mean()), len(first), found.coverage)


@dataclass(frozen=True, kw_only=True)
class BatchVariance(Prediction):
    """How much weighting raises the mean reward variance of the drawn prompts."""

    mixture_ratio: float

    @property
    def id(self) -> str:
        return f"P3/batch-variance/{self.mixture_ratio:g}"

    @property
    def quantity(self) -> str:
        return f"batch_variance_{self.mixture_ratio:g}"

    @property
    def statement(self) -> str:
        return (
            "mean reward variance of prompts drawn by the pilot's outcome variance over that of uniform ones: "
            f"1 + {self.mixture_ratio:g} CV^2 of the fitted Beta pool"
        )

    def predict(self, evidence: Evidence) -> Forecast:
        return forecast_of(1 + self.mixture_ratio * evidence.pool.squared_variation_D, evidence.coverage, 1.0)

    def measure(self, found: Measurements) -> Estimate:
        return found.bootstrap(found.pool, self._ratio)

    def _ratio(self, pool: pd.DataFrame) -> float:
        """Return the expected variance of a prompt drawn by the pilot's weights over that of a uniform one."""
        uniform, total = pool.variance.mean(), pool.weight.sum()
        if not total or not uniform:
            return float("nan")
        weighted = float((pool.weight * pool.variance).sum() / total)
        return (self.mixture_ratio * weighted + (1 - self.mixture_ratio) * uniform) / uniform


@dataclass(frozen=True, kw_only=True)
class PosteriorCalibration(Prediction):
    """Whether an arm's posterior expects the mixed groups that come."""

    quantity = "posterior_calibration"
    statement = (
        "mixed groups that were trained on, over the number that the sampler's posterior expected of them before they "
        "were sampled; the posterior starts from a prior that is not this pool's"
    )

    @property
    def id(self) -> str:
        return f"P3/posterior-calibration/{self.arm}"

    def predict(self, evidence: Evidence) -> Forecast:
        runs = evidence.rehearsals.runs
        return forecast_of(runs[runs.arm == self.arm].calibration.to_numpy(), evidence.coverage, None)

    def measure(self, found: Measurements) -> Estimate:
        """Return observed over expected mixed groups; given what was expected, groups count as independent."""
        known = found.trained(self.arm).dropna(subset=["expected_mixed"])
        expected = known.expected_mixed.to_numpy(float)
        if not len(known):
            return UNKNOWN
        ratio = float(mixed(known).sum() / expected.sum())
        deviation = np.sqrt((expected * (1 - expected)).sum())
        reach = float(stats.norm.ppf((1 + found.coverage) / 2) * deviation / expected.sum())
        return Estimate(ratio, ratio - reach, ratio + reach)


def instances(plan: Plan) -> Iterator[Prediction]:
    """Yield the predictions of a study."""
    yield MixedShare()
    for ratio in sorted({float(arm.weighted_share or 0) for arm in plan.weighted_arms}):
        yield BatchVariance(mixture_ratio=ratio)
    for arm in plan.weighted_arms:
        yield PosteriorCalibration(arm=arm.name)
