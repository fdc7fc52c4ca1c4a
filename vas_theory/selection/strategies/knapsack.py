"""Knapsack: give each prompt of the batch the rollouts that are worth most, at the batch's total budget."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from vas_theory.foundation.errors import ArgumentError
from vas_theory.selection.contract.strategy import FloatArray, IntArray, Proposal, Rollouts
from vas_theory.selection.strategies.uniform import Uniform

__all__ = ["STRATEGY", "Knapsack", "allocate"]


def allocate(rates_P: FloatArray, total: int, least: int, most: int) -> IntArray:
    r"""Return the numbers of rollouts that maximise :math:`\sum_i (1-p_i^{n_i}-(1-p_i)^{n_i})\,p_i(1-p_i)^2`.

    The value is concave in n from n = 2 on for every p, so giving one rollout after the other to the largest gain is
    optimal.

    Args:
        rates_P: pass rates.
        total: sum of the allocation, at least ``least`` times the number of prompts.
        least, most: limits of each number.
    """
    import heapq

    def gain(p: float, n: int) -> float:
        """Return the value of rollout n + 1: p^n (1-p) + (1-p)^n p, times p (1-p)^2."""
        return (p**n * (1 - p) + (1 - p) ** n * p) * p * (1 - p) ** 2

    counts = np.full(len(rates_P), least, dtype=np.int64)
    left = total - int(counts.sum())
    heap = [(-gain(float(p), least), index) for index, p in enumerate(rates_P) if least < most]
    heapq.heapify(heap)
    while left > 0 and heap and heap[0][0] < 0:
        _, index = heapq.heappop(heap)
        counts[index] += 1
        left -= 1
        if counts[index] < most:
            heapq.heappush(heap, (-gain(float(rates_P[index]), int(counts[index])), index))
    hopeless = np.flatnonzero(rates_P == 0)  # no gain is known for them: they get what is left
    for turn in range(left if len(hopeless) else 0):
        counts[hopeless[turn % len(hopeless)]] += 1
    return counts


@dataclass
class Knapsack(Uniform):
    """Walk epochs like uniform sampling, but split the batch's rollouts by the value of each prompt's next one.

    Args:
        least, most: limits of the rollouts a prompt gets.

    Source: Knapsack RL (arXiv 2509.25849); taken from summaries.
    Costs: ``batch_size * group_size`` rollouts a step, as uniform sampling.
    Deviations: p is the pass rate of the prompt's last visit, and prompts without one get ``group_size``; what
        is left over goes to prompts with p = 0 of the batch, beyond ``most`` if need be.
    """

    least: int = 2
    most: int = 128
    rates_P: FloatArray = field(init=False, repr=False)

    remembered: ClassVar[tuple[str, ...]] = ("order", "position", "rates_P")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.least <= self.setting.group_size <= self.most:
            raise ArgumentError("least, most", "enclose the group size", (self.least, self.most))
        self.rates_P = np.full(self.setting.prompts, np.nan)

    def propose(self, rng: np.random.Generator) -> Proposal | None:
        if self._proposed:
            return None
        self._proposed = True
        prompts_P = self.choose(rng)
        if not len(prompts_P):
            return None
        size = self.setting.group_size
        counts_P = np.full(len(prompts_P), size, dtype=np.int64)
        known = np.flatnonzero(np.isfinite(self.rates_P[prompts_P]))
        if len(known):
            rates = self.rates_P[prompts_P[known]]
            counts_P[known] = allocate(rates, size * len(known), self.least, self.most)
        return prompts_P, counts_P

    def observe(self, rollouts: Rollouts) -> None:
        self.rates_P[rollouts.prompts_P] = rollouts.pass_rates_P


STRATEGY = Knapsack
