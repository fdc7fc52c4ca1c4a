"""LSPO: dynamic sampling that keeps prompts with short or long answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vas_theory.foundation.errors import ArgumentError
from vas_theory.selection.contract.strategy import Rollouts
from vas_theory.selection.strategies._groups import mixed_P, select_groups
from vas_theory.selection.strategies.dapo import Dapo

__all__ = ["STRATEGY", "Lspo"]


@dataclass
class Lspo(Dapo):
    """Refill as DAPO does, and keep mixed groups only if their mean length is in the short or the long part.

    Of a round's mixed groups those stay whose mean length is at most the ``short`` quantile, or from the ``long`` to
    the ``longest`` quantile.

    Args:
        short: quantile up to which short groups stay.
        long, longest: quantiles between which long groups stay.

    Source: LSPO (arXiv 2510.01459); its quantiles .3, .65 and .95 are taken anew from every round.
    Costs: as DAPO, and the mixed groups that the length filter drops.
    Deviations: none known beyond those of DAPO; where all lengths are alike every mixed group stays.
    """

    short: float = 0.3
    long: float = 0.65
    longest: float = 0.95

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.short <= self.long <= self.longest <= 1:
            quantiles = (self.short, self.long, self.longest)
            raise ArgumentError("short, long, longest", "ascend within [0, 1]", quantiles)

    def kept_lengths(self, lengths_P: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return which mean lengths are in the short or the long part of all of them."""
        short, long, longest = np.quantile(lengths_P, (self.short, self.long, self.longest), method="inverted_cdf")
        kept: NDArray[np.bool_] = (lengths_P <= short) | ((lengths_P >= long) & (lengths_P <= longest))
        return kept

    def receive(self, rollouts: Rollouts) -> None:
        mixed = np.flatnonzero(mixed_P(rollouts))
        if len(mixed):
            lengths_P = np.add.reduceat(rollouts.lengths_R, rollouts.starts_P) / rollouts.counts_P
            mixed = mixed[self.kept_lengths(lengths_P[mixed])]
        self._kept.append(select_groups(rollouts, mixed[: self._missing()], self.setting))


STRATEGY = Lspo
