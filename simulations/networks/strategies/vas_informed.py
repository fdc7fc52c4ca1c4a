"""The product's sampler with what it can be told: the network's own states, pass rates from elsewhere, or both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from vas_theory.foundation.errors import ArgumentError
from vas_theory.selection.contract.strategy import FloatArray, IntArray
from vas_theory.selection.prediction.pass_rate_prior import PassRatePrior
from vas_theory.selection.sampler.variance_aware import VarianceAwareSampler
from vas_theory.selection.strategies.vas import Vas

__all__ = ["COLUMNS", "STRATEGY", "VasInformed"]

COLUMNS = ("own", "reseeded", "otherwise", "shuffled", "reversed")
"""Columns of pass rates: of the start that is trained, of the same teaching with another seed, of another teaching; the
first of them in a random order, and with right and wrong exchanged."""


@dataclass
class VasInformed(Vas):
    """:class:`~vas_theory.selection.sampler.variance_aware.VarianceAwareSampler` with its defaults and more knowledge.

    Args:
        mixture_ratio: share of the batch that is drawn by weight, the sampler's own when ``None``.
        options: further settings of the sampler.
        states: whether it is given the network's states on prompts, renewed every ``refresh`` steps at no rollout.
        column: one of :data:`COLUMNS`, whose rollouts are not charged, or "" for none.
        trials: rollouts of each prompt behind the column.
        refresh: steps between renewals of the states.

    Source: this project.
    Costs: ``batch_size * group_size`` rollouts a step, all trained on; the column's are free, and named so.
    """

    mixture_ratio: float | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    states: bool = True
    column: str = ""
    trials: int = 8
    refresh: int = 20
    step: int = field(default=0, init=False)

    needs_truth: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.column and self.column not in COLUMNS:
            raise ArgumentError("column", f"be empty or one of {', '.join(COLUMNS)}", self.column)
        if not self.states and not self.column:
            raise ArgumentError("states", "be true, or a column be given", self.states)

    def choose(self, rng: np.random.Generator) -> IntArray:
        if self.step == 0:
            given: dict[str, Any] = {"features": self.truth.features()} if self.states else {}
            if self.column:
                given["prior"] = PassRatePrior(self._column() * self.trials, self.trials)
            if self.mixture_ratio is not None:
                given["mixture_ratio"] = self.mixture_ratio
            self.sampler = VarianceAwareSampler(
                self.setting.prompts,
                batch_size=self.setting.batch_size,
                seed=self.setting.seed,
                **{"group_size": self.setting.group_size, **given, **self.options},
            )
        elif self.states and self.step % self.refresh == 0:
            self.sampler.set_features(self.truth.features())
        self.step += 1
        return super().choose(rng)

    def _column(self) -> FloatArray:
        other = self.column if self.column in ("reseeded", "otherwise") else "own"
        rates_P: FloatArray = self.truth.column(other, self.trials)
        if self.column == "shuffled":
            return np.random.default_rng([self.setting.seed, 3]).permutation(rates_P)
        return 1 - rates_P if self.column == "reversed" else rates_P


STRATEGY = VasInformed
