"""P8: what an arm learns relative to uniform sampling, as it came out in the laboratory's small networks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from full_scale.advising.evidence import read_evidence
from full_scale.predictions.lib.arms import ArmComparison
from full_scale.predictions.lib.base import Forecast, Plan, Prediction
from full_scale.predictions.lib.evidence import Evidence
from full_scale.predictions.lib.measurements import Measurements
from vas_theory.foundation.intervals import UNKNOWN, Estimate, bootstrap_draws, percentile_interval
from vas_theory.foundation.streams import stream

__all__ = ["instances"]

RESAMPLES = 2000


@dataclass(frozen=True, kw_only=True)
class NetworkLearning(ArmComparison):
    """The gain in held-out accuracy over the start, in multiples of uniform sampling's.

    Args:
        network: the arm of the network laboratory that chooses prompts in the same way.
    """

    network: str
    quantity = "learning"

    @property
    def id(self) -> str:
        return f"{self.number}/learning/{self.arm}"

    @property
    def statement(self) -> str:
        return (
            f"gain in sampled held-out accuracy over the start in multiples of {self.uniform}'s, on the side of 1 "
            f"where the arm {self.network} of small networks has its mean"
        )

    def predict(self, evidence: Evidence) -> Forecast | None:
        """Return the mean of the worlds; the interval holds those worlds that lie on its side of 1."""
        worlds = [world.arms[self.network].learning[0] for world in read_evidence() if self.network in world.arms]
        if not worlds:
            return None
        mean = float(np.mean(worlds))
        agreeing = [value for value in worlds if (value > 1) == (mean > 1)]
        return Forecast(mean, min(agreeing), max(agreeing), 1.0)

    def measure(self, found: Measurements) -> Estimate:
        frame = found.tables["evaluation_prompts"]
        accuracy = frame.assign(rate=frame.successes / frame.rollouts).groupby(["arm", "seed"])["rate"].mean()
        pair = self.measured(accuracy)
        if pair is None or len(pair[0]) < 2:
            return UNKNOWN
        start = float(accuracy.loc["start"].mean())
        arm, uniform = (values - start for values in pair)

        def learning(rows: NDArray[np.int64]) -> float:
            base = uniform[rows[0]].mean()
            return float(arm[rows[0]].mean() / base) if base > 0 else float("nan")

        draws = bootstrap_draws(learning, (len(arm),), stream(found.seed, "learning bootstrap"), RESAMPLES)
        if not np.isfinite(draws).all():  # uniform sampling learned nothing: there is no multiple of it
            return UNKNOWN
        return Estimate(learning(np.arange(len(arm))[None]), *percentile_interval(draws, found.coverage))


def instances(plan: Plan) -> Iterator[Prediction]:
    """Yield the predictions of a study that says which arms of the network laboratory its arms are."""
    for arm, network in plan.networks.items():
        yield NetworkLearning(number="P8", arm=arm, uniform=plan.uniform, network=network)
