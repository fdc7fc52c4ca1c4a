"""Arms compared with uniform sampling at equal rollouts, paired by seed: what P4 and P5 share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from full_scale.config.training import ArmConfig, StudyConfig
from full_scale.predictions.lib.base import Forecast, Plan, Prediction, forecast_of
from full_scale.predictions.lib.evidence import Evidence
from full_scale.predictions.lib.measurements import Measurements
from vas_theory.foundation.intervals import UNKNOWN, Estimate, student

__all__ = ["comparisons", "seeds_needed"]

POWER, CONFIDENCE = 0.8, 0.95


@dataclass(frozen=True, kw_only=True)
class ArmComparison(Prediction):
    """One quantity of an arm beside that of uniform sampling.

    Args:
        number: of the prediction, P4 or P5.
        uniform: name of the uniform arm.
    """

    number: str
    uniform: str

    def rehearsed(self, runs: pd.DataFrame, column: str) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return a column of the rehearsals for the arm and for uniform sampling; rows are draws, columns seeds."""
        arm, uniform = (
            runs[runs.arm == name].pivot(index="draw", columns="seed", values=column)
            for name in (self.arm, self.uniform)
        )
        return arm, uniform

    def measured(self, values: pd.Series) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """Return the values of the arm and of uniform sampling, paired by seed; ``None`` if an arm was not run.

        Args:
            values: one value a run, indexed by arm and seed.
        """
        names = values.index.get_level_values("arm")
        if not {self.uniform, self.arm} <= set(names):
            return None
        pair = values.loc[names.isin([self.uniform, self.arm])].unstack("arm").dropna()
        return pair[self.arm].to_numpy(), pair[self.uniform].to_numpy()


@dataclass(frozen=True, kw_only=True)
class AccuracyGain(ArmComparison):
    """The gain in held-out accuracy."""

    quantity = "accuracy_gain"

    @property
    def id(self) -> str:
        return f"{self.number}/accuracy/{self.arm}"

    @property
    def statement(self) -> str:
        return (
            f"sampled held-out accuracy after training minus that of {self.uniform} at equal rollouts, paired by seed"
        )

    def predict(self, evidence: Evidence) -> Forecast:
        runs = evidence.rehearsals.runs
        arm, uniform = self.rehearsed(runs, "accuracy")
        gains = arm - uniform
        needed = seeds_needed(gains, runs, evidence.plan.config)
        return forecast_of(gains.mean(axis=1).to_numpy(), evidence.coverage, 0.0, seeds_needed=needed)

    def measure(self, found: Measurements) -> Estimate:
        frame = found.tables["evaluation_prompts"]
        accuracy = frame.assign(rate=frame.successes / frame.rollouts).groupby(["arm", "seed"])["rate"].mean()
        pair = self.measured(accuracy)
        return UNKNOWN if pair is None else student(pair[0] - pair[1], found.coverage)


@dataclass(frozen=True, kw_only=True)
class StepRatio(ArmComparison):
    """A quantity of the training steps over that of uniform sampling.

    The mean over seeds is that of the logarithms, so that an arm and its inverse are measured alike.
    """

    rehearsed_column = ""
    """What is rehearsed."""
    measured_column = ""
    """What is measured, a column of ``training_steps``."""
    over_steps = "mean"
    """How the steps of a run become one number."""

    @property
    @abstractmethod
    def _about(self) -> str: ...

    @property
    def id(self) -> str:
        return f"{self.number}/{self._about}/{self.arm}"

    def predict(self, evidence: Evidence) -> Forecast:
        arm, uniform = self.rehearsed(evidence.rehearsals.runs, self.rehearsed_column)
        return forecast_of((arm / uniform).mean(axis=1).to_numpy(), evidence.coverage, 1.0)

    def measure(self, found: Measurements) -> Estimate:
        steps = found.tables["training_steps"]
        taken = steps[(steps.step > 0) & (steps.groups > 0)]
        values = taken[self.measured_column].astype(float).fillna(0.0)  # a batch without gradient clips nothing
        pair = self.measured(values.groupby([taken.arm, taken.seed]).agg(self.over_steps))
        if pair is None:
            return UNKNOWN
        logs = student(np.log(pair[0] / pair[1]), found.coverage)
        return Estimate(*(float(np.exp(value)) for value in (logs.value, logs.low, logs.high)))


@dataclass(frozen=True, kw_only=True)
class MixedGroups(StepRatio):
    """The number of groups with a gradient."""

    quantity = "mixed_groups_ratio"
    rehearsed_column = measured_column = "mixed_groups"
    over_steps = "sum"
    _about = "mixed-groups"

    @property
    def statement(self) -> str:
        return f"groups with a gradient that the whole run trains on, over those of {self.uniform} at equal rollouts"


@dataclass(frozen=True, kw_only=True)
class GradientNorm(StepRatio):
    """The gradient norm of a step."""

    quantity = "gradient_norm_ratio"
    rehearsed_column, measured_column = "norm", "gradient_norm"
    _about = "gradient-norm"

    @property
    def statement(self) -> str:
        return (
            f"mean gradient norm of a step over that of {self.uniform}: second moments of whitened groups with the "
            "calibration prompts' traces, gradients of different prompts orthogonal"
        )


@dataclass(frozen=True, kw_only=True)
class ClipFraction(StepRatio):
    """The share of clipped tokens in the second pass."""

    quantity = "clip_fraction_ratio"
    rehearsed_column, measured_column = "mixed_share", "clip_fraction"
    _about = "clip-fraction"

    @property
    def statement(self) -> str:
        return (
            f"mean clip fraction of the second pass over that of {self.uniform}: only groups with a gradient are "
            "clipped, so it follows their share"
        )


def comparisons(number: str, plan: Plan, arms: Iterable[ArmConfig]) -> Iterator[Prediction]:
    """Yield the predictions about arms; none without a uniform arm or with a single seed.

    Args:
        number: of the prediction.
        plan: the study.
        arms: those that the prediction is about; the uniform arm itself is left out.
    """
    if not plan.uniform or len(plan.config.training.seeds) < 2:
        return
    quantities: list[Callable[..., Prediction]] = [AccuracyGain, MixedGroups, GradientNorm]
    if plan.config.objective.epochs > 1:  # one pass clips nothing
        quantities.append(ClipFraction)
    for arm in arms:
        if arm.name != plan.uniform:
            for quantity in quantities:
                yield quantity(number=number, uniform=plan.uniform, arm=arm.name)


def seeds_needed(gains: pd.DataFrame, runs: pd.DataFrame, config: StudyConfig) -> int:
    """Return how many paired seeds tell the predicted gain from 0 with 80 % power at 95 % confidence.

    The spread is that of rehearsals which differ in their seed alone, plus the sampling of the held-out answers.

    Args:
        gains: of accuracy; rows are draws, columns seeds.
        runs: summaries of the rehearsals, for the accuracy at the end.
        config: the study: held-out prompts and rollouts.
    """
    from full_scale.tasks import load_task

    rate = float(runs.accuracy.mean())
    sampling = 2 * rate * (1 - rate) / (len(load_task(config.task).held_out) * config.evaluation.rollouts)
    spread = float(gains.var(axis=1, ddof=1).mean()) + sampling
    effect = float(gains.mean(axis=1).median())
    reach = stats.norm.ppf((1 + CONFIDENCE) / 2) + stats.norm.ppf(POWER)
    return int(min(np.ceil(reach**2 * spread / max(effect**2, 1e-12)), 1_000_000))
