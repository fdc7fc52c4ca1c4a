"""P7: what consecutive visits of uniformly drawn prompts show, where prompts are visited again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from full_scale.predictions.lib.base import Forecast, Plan, Prediction, forecast_of
from full_scale.predictions.lib.dynamics import BINS, stay_shares, success_drift, transitions
from full_scale.predictions.lib.evidence import Evidence
from full_scale.predictions.lib.measurements import Measurements
from vas_theory.foundation.intervals import Estimate, student, wilson

__all__ = ["instances"]

FEWEST_REVISITS = 20


def _uniform_groups(evidence: Evidence) -> Iterator[pd.DataFrame]:
    """Yield the rehearsed groups of the uniform arm, draw by draw."""
    groups = evidence.rehearsals.groups
    for _, frame in groups[groups.arm == evidence.plan.uniform].groupby("draw"):
        yield frame


@dataclass(frozen=True, kw_only=True)
class Stay(Prediction):
    """How often a prompt's next group has the same outcome."""

    outcome: str

    @property
    def id(self) -> str:
        return f"P7/stay/{self.outcome}"

    @property
    def quantity(self) -> str:
        return f"stay_{self.outcome}"

    @property
    def statement(self) -> str:
        return (
            f"share of groups that are {self.outcome} again at their prompt's next visit; no effect: the share of "
            "such groups at any visit"
        )

    def predict(self, evidence: Evidence) -> Forecast | None:
        stays = pd.DataFrame(
            [stay_shares(frame.assign(run=frame.seed), "prompt") for frame in _uniform_groups(evidence)]
        )
        shares = stays[self.outcome].dropna()
        if not len(shares) or stays[f"{self.outcome}_count"].median() < FEWEST_REVISITS:
            return None
        return forecast_of(shares.to_numpy(), evidence.coverage, float(stays[f"{self.outcome}_base"].median()))

    def measure(self, found: Measurements) -> Estimate:
        own = found.trained(found.content["uniform"])
        place = BINS.index(self.outcome)
        counts = transitions(own.assign(run=own.seed), "prompt_key")[place]
        total = int(counts.sum())
        return wilson(float(counts[place]) / max(total, 1), total, found.coverage)


@dataclass(frozen=True, kw_only=True)
class SuccessDrift(Prediction):
    """How far the success rate moves over training."""

    id = "P7/success-drift"
    quantity = "success_drift"
    statement = "mean success rate of uniformly drawn groups, last third of training minus first third"

    def predict(self, evidence: Evidence) -> Forecast:
        steps = evidence.plan.config.training.steps
        drift = np.array([success_drift(frame, steps) for frame in _uniform_groups(evidence)])
        return forecast_of(drift, evidence.coverage, 0.0)

    def measure(self, found: Measurements) -> Estimate:
        own = found.trained(found.content["uniform"])
        drift = [success_drift(frame, found.content["steps"]) for _, frame in own.groupby("seed")]
        return student(np.array(drift), found.coverage)


def instances(plan: Plan) -> Iterator[Prediction]:
    """Yield the predictions of a study; without a uniform arm there is nothing to predict."""
    if plan.uniform:
        for outcome in BINS:
            yield Stay(outcome=outcome)
        yield SuccessDrift()
