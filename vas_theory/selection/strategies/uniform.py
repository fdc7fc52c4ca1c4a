"""Uniform sampling: every prompt once an epoch, in a fresh random order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from vas_theory.selection.contract.strategy import IntArray, OneRoundStrategy

__all__ = ["STRATEGY", "Uniform"]


@dataclass
class Uniform(OneRoundStrategy):
    """Shuffle the pool each epoch and take the next ``batch_size`` prompts.

    Counts of visits differ by at most one within a pass. Groups whose rewards are all equal give no gradient
    and are charged like all others. A batch that reaches the end of an epoch is filled from the next one,
    except under a limit of visits, where it stays short.

    Source: the default of public GRPO trainers.
    Costs: ``batch_size * group_size`` rollouts a step, all trained on.
    Deviations: none.
    """

    order: IntArray = field(init=False, repr=False)
    position: int = field(default=0, init=False)

    remembered: ClassVar[tuple[str, ...]] = ("order", "position")

    def __post_init__(self) -> None:
        self.order = np.arange(self.setting.prompts)
        self.position = self.setting.prompts

    def choose(self, rng: np.random.Generator) -> IntArray:
        return self.walk(rng, self.setting.batch_size)

    def walk(self, rng: np.random.Generator, count: int) -> IntArray:
        """Return the next ``count`` prompts of the epochs (fewer under a limit of visits)."""
        chosen: list[IntArray] = []
        missing, passes = count, 0
        while missing:
            if self.position == self.setting.prompts:
                if self.available is not None and (passes or missing < count):
                    break  # a second pass would bring prompts that are in the batch already
                self.order, self.position = rng.permutation(self.setting.prompts), 0
                passes += 1
            window = self.order[self.position : self.position + missing]
            self.position += len(window)
            if self.available is not None:
                window = window[self.available[window]]
            chosen.append(window)
            missing -= len(window)
        return np.concatenate(chosen)


STRATEGY = Uniform
