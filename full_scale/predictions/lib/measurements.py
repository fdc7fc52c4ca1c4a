"""What was measured: the tables of a study beside what its document of predictions holds from before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from full_scale.predictions.lib.base import Plan
from full_scale.predictions.lib.pool import row_correlations
from vas_theory.foundation.intervals import UNKNOWN, Estimate, bootstrap_draws, percentile_interval
from vas_theory.foundation.streams import stream

__all__ = ["Measurements", "mixed", "rank_correlation"]

RESAMPLES = 1000
FEWEST_ROWS = 3
"""Different rows that a bootstrap sample must hold: fewer show no correlation and no slope."""


@dataclass(frozen=True)
class Measurements:
    """Everything that measurements may use.

    Args:
        plan: the study and its measured prompts.
        content: the document of predictions.
        tables: ``probe``, ``recount``, ``training_steps``, ``training_prompts`` and ``evaluation_prompts``.
        seed: of the bootstrap.
    """

    plan: Plan
    content: Mapping[str, Any]
    tables: Mapping[str, pd.DataFrame]
    seed: int

    @property
    def coverage(self) -> float:
        """Coverage of the intervals."""
        return float(self.content["coverage"])

    @cached_property
    def probe(self) -> pd.DataFrame:
        """The measured prompts, with the variance and diversity that the pilot showed."""
        probe = self.tables["probe"]
        return probe.assign(
            pilot_variance=probe.prompt_key.map(self.content["pilot_variance"]),
            pilot_diversity=probe.prompt_key.map(self.content["pilot_diversity"]),
        )

    @cached_property
    def pool(self) -> pd.DataFrame:
        """The pilot's prompts counted again: their variance, and weight and diversity that the pilot showed."""
        recount, content = self.tables["recount"], self.content
        rate = recount.successes / recount.rollouts
        return recount.assign(
            pilot_diversity=recount.prompt_key.map(content["diversity"]),
            weight=recount.prompt_key.map(content["weights"]),
            variance=rate * (1 - rate) * recount.rollouts / (recount.rollouts - 1),
        )

    def trained(self, arm: str) -> pd.DataFrame:
        """Return the groups that an arm trained on."""
        groups = self.tables["training_prompts"]
        return groups[groups.trained & (groups.group_size > 0) & (groups.arm == arm)]

    def bootstrap(self, frame: pd.DataFrame, statistic: Callable[[pd.DataFrame], float]) -> Estimate:
        """Return a statistic of independent rows with its percentile bootstrap interval."""

        def of_rows(rows: NDArray[np.int64]) -> float:
            return statistic(frame.iloc[rows[0]]) if len(np.unique(rows)) >= FEWEST_ROWS else float("nan")

        draws = bootstrap_draws(of_rows, (len(frame),), stream(self.seed, "validation bootstrap"), RESAMPLES)
        if np.isfinite(draws).sum() < RESAMPLES / 2:
            return UNKNOWN
        return Estimate(float(statistic(frame)), *percentile_interval(draws, self.coverage))


def mixed(groups: pd.DataFrame) -> pd.Series:
    """Return which groups show both outcomes."""
    return (groups.successes > 0) & (groups.successes < groups.group_size)


def rank_correlation(left: str, right: str) -> Callable[[pd.DataFrame], float]:
    """Return the statistic of a frame that is Spearman's correlation of two columns; NaN where one is constant."""

    def statistic(frame: pd.DataFrame) -> float:
        x, y = frame[left].to_numpy(float), frame[right].to_numpy(float)
        return float(row_correlations(x[None], y)[0]) if np.ptp(x) > 0 and np.ptp(y) > 0 else float("nan")

    return statistic
