"""DIVER: right answers earn more when the group is diverse, so that an all-right group still gives a gradient."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from vas_theory.foundation.errors import ArgumentError
from vas_theory.selection.contract.strategy import FloatArray, Rollouts, TrainingGroups, ragged_advantages
from vas_theory.selection.strategies.uniform import Uniform

__all__ = ["STRATEGY", "Diver", "mean_dissimilarity"]


def mean_dissimilarity(lengths_R: FloatArray, sizes_P: np.ndarray) -> FloatArray:
    r"""Return how far each rollout's length is from the others' of its group, on average.

    .. math:: d_i = \frac{1}{G-1}\sum_{j\ne i} \frac{|l_i-l_j|}{\max(l_i, l_j)}

    Args:
        lengths_R: positive lengths, group after group.
        sizes_P: rollouts of each group.

    Returns:
        (R,) dissimilarities in [0, 1]; 0 in groups of one.
    """
    distances_R = np.zeros(len(lengths_R))
    start = 0
    for size in sizes_P.tolist():
        own = lengths_R[start : start + size]
        if size > 1:
            gaps = np.abs(own[:, None] - own[None]) / np.maximum(own[:, None], own[None])
            distances_R[start : start + size] = gaps.sum(1) / (size - 1)
        start += size
    return distances_R


@dataclass
class Diver(Uniform):
    r"""Walk epochs as uniform sampling; advantages come from shaped rewards, rewards stay as received.

    .. math:: r'_i = r_i + \lambda\,\mathrm{clip}(d_i, 0, \sigma)\,1[r_i = 1]

    d_i is the mean dissimilarity of rollout i to the others of its group. An all-right group, silent under plain
    rewards, pushes towards its unlike answers: diversity changes the gradient here, and not the choice of prompts.

    Args:
        weight: lambda.
        limit: sigma, the largest dissimilarity that is rewarded.

    Source: DIVER (arXiv 2509.26209).
    Costs: ``batch_size * group_size`` rollouts a step, all trained on.
    Deviations: the text distances of the source have no counterpart in a bandit; where responses have steps, d_i is
        the share of steps that differ, and otherwise the relative difference of lengths.
    """

    weight: float = 0.1
    limit: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("weight", "limit"):
            if getattr(self, name) < 0:
                raise ArgumentError(name, "be at least 0", getattr(self, name))

    def dissimilarity(self, rollouts: Rollouts) -> FloatArray:
        """Return d_i of every rollout."""
        if rollouts.actions_R is None:
            return mean_dissimilarity(rollouts.lengths_R, rollouts.counts_P)
        distances = []
        for start, size in zip(rollouts.starts_P, rollouts.counts_P, strict=True):
            own = rollouts.actions_R[start : start + size]
            distances.append((own[:, None] != own[None]).mean(2).sum(1) / max(size - 1, 1))
        joined: FloatArray = np.concatenate(distances)
        return joined

    def shaped_rewards(self, rollouts: Rollouts) -> FloatArray:
        """Return r' of every rollout."""
        bonus = self.weight * np.clip(self.dissimilarity(rollouts), 0.0, self.limit)
        shaped: FloatArray = rollouts.rewards_R + np.where(rollouts.rewards_R == 1, bonus, 0.0)
        return shaped

    def training_groups(self) -> TrainingGroups:
        received = self._received
        groups = super().training_groups()
        if received is None:
            return groups
        setting = self.setting
        advantages_R = ragged_advantages(
            self.shaped_rewards(received),
            received.counts_P,
            kind=setting.advantage,
            ddof=setting.ddof,
            eps=setting.eps,
        )
        return replace(groups, advantages_R=advantages_R)


STRATEGY = Diver
