"""One logged training run, whatever trainer wrote it: its steps, its groups, and what they come to."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from full_scale.logs.windows import windows
from vas_theory.foundation.plotting import plot

__all__ = ["Run", "label_of"]

_SEED = re.compile(r"(?P<arm>.+?)[-_.]?seed[-_=]?(?P<seed>\d+)")


def label_of(name: str) -> tuple[str, int | None]:
    """Return arm and seed of a run's name: of ``vas-seed3`` they are ``vas`` and 3; other names are all arm."""
    found = _SEED.fullmatch(name)
    return (found["arm"], int(found["seed"])) if found else (name, None)


@dataclass(frozen=True)
class Run:
    """A run as its log tells of it.

    Attributes:
        name: of the run, from its folder or file.
        source: who wrote it: ``trl``, ``verl``, ``easyr1``, ``prime-rl``, ``slime`` or ``compact`` (this project).
        path: where it was read.
        steps: one row a step: ``step`` and the columns of :data:`~full_scale.logs.metric_names.COLUMNS`, NaN where they
            were not logged. What the log of metrics lacks and the groups tell (share of silent groups, mean reward) is
            filled in from them.
        groups: one row a group, see :func:`~full_scale.logs.reading.form_groups`; None where no rollouts were logged.
            ``expected_mixed``, where it is there, is what the sampler expected before the group was drawn.
        total_steps: steps that the run is to take, None where nothing tells.
        total_rollouts: the same in rollouts.
    """

    name: str
    source: str
    path: Path
    steps: pd.DataFrame
    groups: pd.DataFrame | None = None
    total_steps: int | None = None
    total_rollouts: int | None = None

    @property
    def arm(self) -> str:
        """What runs of several seeds have in common."""
        return label_of(self.name)[0]

    @property
    def seed(self) -> int | None:
        """The seed in the run's name, None where it names none."""
        return label_of(self.name)[1]

    @property
    def done(self) -> float:
        """Share of the run that is over, NaN where its length is not known."""
        rollouts = self.steps["rollouts"].max()
        if self.total_rollouts and math.isfinite(rollouts):
            return min(float(rollouts) / self.total_rollouts, 1.0)
        if self.total_steps:
            return min(float(self.steps["step"].max()) / self.total_steps, 1.0)
        return math.nan

    @property
    def seconds_left(self) -> float:
        """Expected seconds to the end, from the speed of the last fifth of the steps; NaN where it is not known."""
        if self.done >= 1:
            return 0.0
        timed = self.steps[self.steps["seconds"] > 0]
        if timed.empty or not self.done > 0:
            return math.nan
        recent = timed.tail(max(len(timed) // 5, 1))
        return float(len(timed) * recent["seconds"].mean() * (1.0 - self.done) / self.done)

    def summary(self) -> pd.Series:
        """Return what the run comes to, with the same names whoever logged it.

        Returns:
            ``first_step``, ``last_step`` and ``steps`` (logged ones); ``reward`` (mean over steps), ``reward_first``
            and ``reward_last`` (of the first and last fifth of the steps); ``silent_share`` (mean over steps); and from
            the groups ``groups``, ``rollouts``, ``prompts`` (different ones), ``mixed_share`` and
            ``reward_variance`` (mean within a group). NaN where the log does not tell.
        """
        trained = self.steps[self.steps["reward"].notna()]
        part = max(len(trained) // 5, 1)
        found = {
            "steps": len(trained),
            "first_step": trained["step"].min(),
            "last_step": trained["step"].max(),
            "reward": trained["reward"].mean(),
            "reward_first": trained["reward"].head(part).mean(),
            "reward_last": trained["reward"].tail(part).mean(),
            "silent_share": trained["silent_share"].mean(),
            **dict.fromkeys(("groups", "rollouts", "prompts", "mixed_share", "reward_variance"), math.nan),
        }
        if self.groups is not None:
            found |= {
                "groups": len(self.groups),
                "rollouts": self.groups["rollouts"].sum(),
                "prompts": self.groups["prompt"].nunique(),
                "mixed_share": 1.0 - self.groups["silent"].mean(),
                "reward_variance": self.groups["variance"].mean(),
            }
        return pd.Series(found, name=self.name, dtype=float)

    def windows(self, most: int = 60) -> pd.DataFrame:
        """Return the run in windows of steps, see :func:`~full_scale.logs.windows.windows`."""
        return windows(self.steps, self.groups, most)

    def plot(self) -> Any:
        """Draw reward, silent groups, forecast and pass rates over the steps.

        Returns:
            A new ``matplotlib.figure.Figure``.

        Raises:
            MissingExtraError: matplotlib is not installed.
        """
        return plot("run", self.windows(), title=f"{self.name} ({self.source or 'unknown trainer'})")
