r"""P2: whitening the advantages of a group lengthens its expected gradient by a factor that grows with the group.

The factor is :math:`w_G = E[\hat\sigma_G] / (p(1-p))`; over several prompts, the root of
:math:`\sum |E \hat g|^2 / \sum |\nabla J|^2`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from full_scale.measuring.tables import WHITENED_SIZES
from full_scale.predictions.lib.base import Forecast, Plan, Prediction, forecast_of
from full_scale.predictions.lib.evidence import Evidence
from full_scale.predictions.lib.measurements import Measurements
from full_scale.predictions.lib.prompt_draws import FEW
from vas_theory.foundation.intervals import Estimate
from vas_theory.selection.scores import expected_group_signal

__all__ = ["instances"]


def _gain(evidence: Evidence, group_size: int) -> NDArray[np.float64]:
    draws = evidence.prompts
    squares = draws.norms_DP[:FEW] ** 2
    w = expected_group_signal(draws.rates_DP[:FEW], group_size) / draws.variance_DP[:FEW]
    return np.asarray(np.sqrt((w**2 * squares).sum(axis=1) / squares.sum(axis=1)))


def _root_of_ratio(numerator: str, denominator: str) -> Callable[[pd.DataFrame], float]:
    def statistic(frame: pd.DataFrame) -> float:
        above, below = frame[numerator].sum(), frame[denominator].sum()
        return float(np.sqrt(above / below)) if min(above, below) > 0 else float("nan")

    return statistic


@dataclass(frozen=True, kw_only=True)
class WhiteningGain(Prediction):
    """The gain of whitening for one group size."""

    group_size: int

    @property
    def id(self) -> str:
        return f"P2/whitening-gain/{self.group_size}"

    @property
    def quantity(self) -> str:
        return f"whitening_gain_{self.group_size}"

    @property
    def statement(self) -> str:
        return (
            f"norm of the expected whitened gradient of groups of {self.group_size} over that of the policy gradient, "
            "all measured prompts together: w_G with p from the pilot"
        )

    def predict(self, evidence: Evidence) -> Forecast:
        return forecast_of(_gain(evidence, self.group_size), evidence.coverage, 1.0)

    def measure(self, found: Measurements) -> Estimate:
        return found.bootstrap(found.probe, _root_of_ratio(f"whitened_squared_{self.group_size}", "plain_squared"))


@dataclass(frozen=True, kw_only=True)
class WhiteningGrowth(Prediction):
    """The gain for large groups over that for small ones."""

    large: int
    small: int

    @property
    def id(self) -> str:
        return f"P2/whitening-gain/{self.large}-over-{self.small}"

    @property
    def quantity(self) -> str:
        return f"whitening_gain_{self.large}_over_{self.small}"

    @property
    def statement(self) -> str:
        return f"the gain grows with the group: w_{self.large} / w_{self.small}"

    def predict(self, evidence: Evidence) -> Forecast:
        return forecast_of(_gain(evidence, self.large) / _gain(evidence, self.small), evidence.coverage, 1.0)

    def measure(self, found: Measurements) -> Estimate:
        columns = (f"whitened_squared_{size}" for size in (self.large, self.small))
        return found.bootstrap(found.probe, _root_of_ratio(*columns))


def instances(plan: Plan) -> Iterator[Prediction]:
    """Yield the predictions of a study; two groups must fit into one half of a prompt's rollouts."""
    sizes = [size for size in WHITENED_SIZES if 2 * size <= plan.config.probe.rollouts // 2]
    for size in sizes:
        yield WhiteningGain(group_size=size)
    if len(sizes) > 1:
        yield WhiteningGrowth(large=max(sizes), small=min(sizes))
