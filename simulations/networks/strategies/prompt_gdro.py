"""Prompt-GDRO: multiplicative weights over bins of difficulty that move with the policy."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from simulations.networks.strategies._drawing import draw_by_weight
from vas_theory.foundation.errors import ArgumentError
from vas_theory.selection.contract.strategy import FloatArray, IntArray, OneRoundStrategy, Rollouts

__all__ = ["STRATEGY", "PromptGdro"]


@dataclass
class PromptGdro(OneRoundStrategy):
    r"""Choose a bin in proportion to :math:`e^{\eta \bar L_b}` for each place of the batch, then one of its prompts.

    Bins divide the pass rates of the prompts' last groups evenly; prompts that were never rolled are a bin of their
    own. :math:`\bar L_b` is a moving average of the loss 1 - p of the bin's groups, over the same average of how often
    the bin was drawn, so that frequent bins are not favoured. A share of the places is uniform over bins.

    Args:
        bins: number of bins besides the one of new prompts.
        step_size: eta.
        memory: weight of the past in the averages, a step.
        exploration: share of the places that is uniform over bins.

    Source: arXiv 2601.19280, abstract and reviews.
    Costs: ``batch_size * group_size`` rollouts a step, all trained on.
    Deviations: settings are ours; bins are by the pass rate of the last group, not by pass@k of several.
    """

    bins: int = 5
    step_size: float = 1.0
    memory: float = 0.9
    exploration: float = 0.1
    bin_P: IntArray = field(init=False, repr=False)
    loss_B: FloatArray = field(init=False, repr=False)
    drawn_B: FloatArray = field(init=False, repr=False)

    remembered: ClassVar[tuple[str, ...]] = ("bin_P", "loss_B", "drawn_B")

    def __post_init__(self) -> None:
        if self.bins < 2:
            raise ArgumentError("bins", "be at least 2", self.bins)
        for name in ("memory", "exploration"):
            if not 0 <= getattr(self, name) < 1:
                raise ArgumentError(name, "lie in [0, 1)", getattr(self, name))
        self.bin_P = np.full(self.setting.prompts, self.bins)
        self.loss_B, self.drawn_B = np.zeros(self.bins + 1), np.zeros(self.bins + 1)

    def shares(self) -> FloatArray:
        """Return the share of the batch of each bin; a bin without a prompt that may be rolled has none."""
        there = self.bin_P if self.available is None else self.bin_P[self.available]
        count_B = np.bincount(there, minlength=self.bins + 1)
        mean = self.loss_B.sum() / self.drawn_B.sum() if self.drawn_B.any() else 0.0
        losses_B = np.divide(self.loss_B, self.drawn_B, out=np.full(self.bins + 1, mean), where=self.drawn_B > 0)
        pull_B = np.where(count_B > 0, np.exp(self.step_size * losses_B), 0.0)
        return (1 - self.exploration) * pull_B / pull_B.sum() + self.exploration * (count_B > 0) / (count_B > 0).sum()

    def choose(self, rng: np.random.Generator) -> IntArray:
        there = np.ones(self.setting.prompts, bool) if self.available is None else self.available
        if not there.any():
            return np.empty(0, np.int64)
        count_B = np.bincount(self.bin_P[there], minlength=self.bins + 1)
        weights_B = np.divide(self.shares(), count_B, out=np.zeros(self.bins + 1), where=count_B > 0)
        return draw_by_weight(rng, np.where(there, weights_B[self.bin_P], 0.0), self.setting.batch_size)

    def observe(self, rollouts: Rollouts) -> None:
        seen = rollouts.graded_P > 0
        prompts_P, rates_P = rollouts.prompts_P[seen], rollouts.pass_rates_P[seen]
        old_P = self.bin_P[prompts_P]
        fresh = 1 - self.memory
        drawn_B = np.bincount(old_P, minlength=self.bins + 1)
        self.loss_B = self.memory * self.loss_B + fresh * np.bincount(old_P, 1 - rates_P, minlength=self.bins + 1)
        self.drawn_B = self.memory * self.drawn_B + fresh * drawn_B
        self.bin_P[prompts_P] = np.clip((rates_P * self.bins).astype(np.int64), 0, self.bins - 1)


STRATEGY = PromptGdro
