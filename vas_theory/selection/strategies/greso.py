"""GRESO: skip prompts whose groups were silent in their last visits, with probabilities that adapt to a target."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from vas_theory.selection.contract.strategy import IntArray, Rollouts, TrainingGroups
from vas_theory.selection.strategies.dapo import Dapo

__all__ = ["STRATEGY", "Greso"]


@dataclass
class Greso(Dapo):
    """Keep a prompt with probability max(p^c, floor), c its run of silent visits; then refill as DAPO does.

    c counts consecutive visits that were all right (p = p_easy) or all wrong (p = p_hard). From the second epoch
    on, after each step, p_hard falls by ``change`` when the share of all-wrong groups is at least
    ``target_hard``, and rises by it otherwise; p_easy likewise with the all-right share.

    Args:
        oversampling: prompts a round, in batches.
        start: p_easy and p_hard at first.
        floor: least probability to keep a prompt.
        change: what the probabilities move by.
        target_easy, target_hard: shares of all-right and all-wrong groups that are aimed at.
        least, largest: limits of the probabilities.

    Source: GRESO (arXiv 2506.02177) and its public code.
    Costs: as DAPO for the prompts that survive; skipped prompts cost nothing.
    Deviations: a round has the size it has left after skipping (the code adapts its batch); graded rewards count
        as all right or all wrong by their sign against the pool's middle, 1/2.
    """

    oversampling: int = 1
    start: float = 0.5
    floor: float = 0.01
    change: float = 0.01
    target_easy: float = 0.25 / 3
    target_hard: float = 0.25 * 2 / 3
    least: float = 0.05
    largest: float = 0.95
    runs_P: IntArray = field(init=False, repr=False)
    """Signed run of silent visits: positive all right, negative all wrong."""
    p_easy: float = field(init=False)
    p_hard: float = field(init=False)
    rolled: int = field(default=0, init=False)

    remembered: ClassVar[tuple[str, ...]] = ("order", "position", "runs_P", "p_easy", "p_hard", "rolled")

    def __post_init__(self) -> None:
        super().__post_init__()
        self.runs_P = np.zeros(self.setting.prompts, dtype=np.int64)
        self.p_easy = self.p_hard = self.start
        self._silent = np.zeros(3, dtype=np.int64)  # groups, all right, all wrong of this step

    def keep_probability(self, prompts_P: IntArray) -> np.ndarray:
        """Return the probability that each prompt is not skipped."""
        runs = self.runs_P[prompts_P]
        base = np.where(runs > 0, self.p_easy, self.p_hard)
        return np.where(runs == 0, 1.0, np.maximum(base ** np.abs(runs), self.floor))

    def round_prompts(self, rng: np.random.Generator) -> IntArray:
        wanted, chosen, seen = self.oversampling * self.setting.batch_size, [np.empty(0, np.int64)], 0
        while sum(map(len, chosen)) < wanted and seen < 4 * self.setting.prompts:
            window = self.walk(rng, wanted - sum(map(len, chosen)))
            if not len(window):
                break
            seen += len(window)
            chosen.append(window[rng.random(len(window)) < self.keep_probability(window)])
        return np.concatenate(chosen)

    def observe(self, rollouts: Rollouts) -> None:
        rates = rollouts.pass_rates_P
        least = np.minimum.reduceat(rollouts.rewards_R, rollouts.starts_P)
        largest = np.maximum.reduceat(rollouts.rewards_R, rollouts.starts_P)
        silent = least == largest
        right, wrong = silent & (rates > 0.5), silent & (rates <= 0.5)
        for prompt, is_right, is_wrong in zip(rollouts.prompts_P, right, wrong, strict=True):
            run = self.runs_P[prompt]
            self.runs_P[prompt] = max(run, 0) + 1 if is_right else min(run, 0) - 1 if is_wrong else 0
        self._silent += len(rates), right.sum(), wrong.sum()
        self.rolled += len(rates)

    def training_groups(self) -> TrainingGroups:
        groups, right, wrong = self._silent
        if groups and self.rolled > self.setting.prompts:
            easy_step = -self.change if right / groups >= self.target_easy else self.change
            hard_step = -self.change if wrong / groups >= self.target_hard else self.change
            self.p_easy = min(max(self.p_easy + easy_step, self.least), self.largest)
            self.p_hard = min(max(self.p_hard + hard_step, self.least), self.largest)
        self._silent = np.zeros(3, dtype=np.int64)
        return super().training_groups()


STRATEGY = Greso
