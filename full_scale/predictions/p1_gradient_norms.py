r"""P1: the policy gradient of a prompt grows with the variance of its reward.

For binary rewards :math:`|\nabla J| = p(1-p)\,|\mu_1 - \mu_0|` exactly; p comes from the pilot, the distance between
the classes from other prompts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from full_scale.predictions.lib.base import Forecast, Plan, Prediction, forecast_of
from full_scale.predictions.lib.evidence import Evidence
from full_scale.predictions.lib.measurements import Measurements, rank_correlation
from full_scale.predictions.lib.pool import row_correlations
from full_scale.predictions.lib.prompt_draws import FEW
from vas_theory.foundation.intervals import UNKNOWN, Estimate

__all__ = ["FEWEST_PROMPTS", "instances"]

FEWEST_PROMPTS = 4
"""Prompts with both outcomes from which a slope or a correlation is predicted and measured."""
_NORM = ("gradient_norm", "gradient_norm_low", "gradient_norm_high")


@dataclass(frozen=True, kw_only=True)
class GradientNorm(Prediction):
    """The gradient norm of one prompt."""

    quantity = "gradient_norm"
    statement = "|grad J| = p(1-p) |mu_1 - mu_0|, p from the pilot, |mu_1 - mu_0| from other prompts"

    @property
    def id(self) -> str:
        return f"P1/gradient-norm/{self.prompt_key}"

    def predict(self, evidence: Evidence) -> Forecast:
        place = evidence.plan.prompts.index(self.prompt_key)
        return forecast_of(evidence.prompts.norms_DP[:, place], evidence.coverage, 0.0)

    def measure(self, found: Measurements) -> Estimate:
        row: Any = found.probe.set_index("prompt_key").loc[self.prompt_key]
        return Estimate(*(float(row[column]) for column in _NORM))


@dataclass(frozen=True, kw_only=True)
class Bound(Prediction):
    """No gradient norm is above a bound."""

    bound: str

    @property
    def id(self) -> str:
        return f"P1/bound/{self.bound}"

    @property
    def quantity(self) -> str:
        return f"bound_{self.bound}"

    @property
    def statement(self) -> str:
        return _BOUNDS[self.bound]

    def predict(self, evidence: Evidence) -> Forecast:
        return Forecast(predicted=1.0, low=0.0, high=1.0)

    def context(self, evidence: Evidence) -> Mapping[str, Mapping[str, Any]]:
        """Return the limit of each prompt, from its largest plausible reward deviation in the pilot."""
        draws = evidence.prompts
        std_P = np.sqrt(np.quantile(draws.variance_DP, (1 + evidence.coverage) / 2, axis=0))
        if self.bound == "cauchy_schwarz":
            limits_P = std_P * draws.score_norm
        else:
            limits_P = 6 / np.sqrt(2) * draws.score_norm * std_P ** (2 / 3)
        return {"norm_at_most": {self.bound: dict(zip(draws.keys, limits_P.tolist(), strict=True))}}

    def measure(self, found: Measurements) -> Estimate:
        limits = found.probe.prompt_key.map(found.content["norm_at_most"][self.bound])
        return Estimate(*(float((found.probe[column] / limits).max()) for column in _NORM))


_BOUNDS = {
    "cauchy_schwarz": "largest |grad J| / (STD(R) sqrt(E|score|^2)) over the prompts is at most 1; STD from the "
    "pilot, the score's norm the largest over the calibration prompts",
    "razin": "largest |grad J| / (6 L gamma STD(R)^(2/3)) is at most 1 even for the smallest Jacobian norm gamma "
    "that the score's norm allows (Razin et al. 2310.20703, theorem 1)",
}


@dataclass(frozen=True, kw_only=True)
class Exponent(Prediction):
    """The slope of the log gradient norm over the log variance."""

    law: str
    quantity = "exponent"

    @property
    def id(self) -> str:
        return f"P1/{self.law}"

    @property
    def statement(self) -> str:
        return _LAWS[self.law][1]

    def predict(self, evidence: Evidence) -> Forecast | None:
        draws = evidence.prompts
        kept = np.flatnonzero(draws.informative_P)
        if len(kept) < FEWEST_PROMPTS:
            return None
        x = np.log(draws.variance_DP.mean(axis=0))
        spread = np.log(draws.distance_DP[:FEW, kept])
        logs = _LAWS[self.law][0] * np.log(draws.variance_DP[:FEW, kept]) + spread
        centred = x[kept] - x[kept].mean()
        return forecast_of(logs @ centred / (centred @ centred), evidence.coverage, 0.0)

    def measure(self, found: Measurements) -> Estimate:
        frame = found.probe[found.probe.prompt_key.isin(found.content["informative"])]
        positive = frame[frame.gradient_norm > 0]
        return found.bootstrap(positive, _slope) if len(positive) >= FEWEST_PROMPTS else UNKNOWN


_LAWS = {
    "exponent": (1.0, "log |grad J| grows by 1 with log Var if the class distance does not depend on Var"),
    "linear-law": (
        0.5,
        "the law that a gain of order |grad J|^2 grows linearly in Var (2509.21268, theorem 1): log |grad J| grows by "
        "1/2 with log Var, with the same spread between prompts",
    ),
}


def _slope(frame: pd.DataFrame) -> float:
    return float(np.polyfit(np.log(frame.pilot_variance), np.log(frame.gradient_norm), 1)[0])


@dataclass(frozen=True, kw_only=True)
class RankCorrelation(Prediction):
    """The rank correlation of gradient norm and variance."""

    id = "P1/rank-correlation"
    quantity = "variance_norm_correlation"
    statement = "rank correlation of measured |grad J| with the pilot's p(1-p)"

    def predict(self, evidence: Evidence) -> Forecast | None:
        draws = evidence.prompts
        if draws.informative_P.sum() < FEWEST_PROMPTS:
            return None
        correlations = row_correlations(draws.norms_DP[:FEW], draws.variance_DP.mean(axis=0))
        return forecast_of(correlations, evidence.coverage, 0.0)

    def measure(self, found: Measurements) -> Estimate:
        return found.bootstrap(found.probe, rank_correlation("pilot_variance", "gradient_norm"))


def instances(plan: Plan) -> Iterator[Prediction]:
    """Yield the predictions of a study."""
    for key in plan.prompts:
        yield GradientNorm(prompt_key=key)
    for bound in _BOUNDS:
        yield Bound(bound=bound)
    for law in _LAWS:
        yield Exponent(law=law)
    yield RankCorrelation()
