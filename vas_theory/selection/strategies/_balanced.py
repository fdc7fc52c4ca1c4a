"""Groups in which the better and the worse rollouts of a prompt weigh alike, measured against all it had in a step."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.selection.contract.strategy import FloatArray, IntArray, Rollouts, SelectionSetting, TrainingGroups

__all__ = ["Outcomes", "balanced_groups", "balanced_pushes", "outcomes"]


@functools.lru_cache(maxsize=256)
def balanced_pushes(group_size: int, rolled: int = 0, right: int = 0) -> FloatArray:
    r"""Return the push of a balanced group by how many of its last ``group_size`` rollouts are right.

    With q the share right of all its rollouts,

    .. math:: d = \frac{q^2 + (1-q)^2}{2\sqrt{q(1-q)}}

    and 0 where all agree. The usual group would push by :math:`\sqrt{q(1-q)}`: both are 1/2 at q = 1/2, and the rarer
    one outcome is, the harder the balanced group pushes.

    Args:
        group_size: G.
        rolled: rollouts the prompt had before in this step.
        right: how many of those were right.

    Returns:
        Shape (G + 1,), for advantages whitened by the deviation of all rollouts.
    """
    total = group_size + rolled
    rights_M = right + np.arange(group_size + 1)
    mixed_M = (rights_M > 0) & (rights_M < total)
    shares = rights_M[mixed_M] / total
    pushes_M = np.zeros(group_size + 1)
    pushes_M[mixed_M] = (np.square(shares) + np.square(1 - shares)) / (2 * np.sqrt(shares * (1 - shares)))
    pushes_M.flags.writeable = False
    return pushes_M


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What a step has shown of its prompts, one row a prompt that was rolled equally often.

    Args:
        prompts_P: the prompts.
        ids_PN: their rollouts in the order of their making.
        rewards_PN: the rewards, NaN where there is none.
    """

    prompts_P: IntArray
    ids_PN: IntArray
    rewards_PN: FloatArray

    @cached_property
    def graded_P(self) -> IntArray:
        """Number of rollouts with a reward."""
        return np.isfinite(self.rewards_PN).sum(1)

    @cached_property
    def right_P(self) -> FloatArray:
        """How many were right: the sum of the rewards, kept in what rewards in [0, 1] could add up to."""
        right_P: FloatArray = np.clip(np.nansum(self.rewards_PN, axis=1), 0.0, self.graded_P)
        return right_P

    @cached_property
    def over_mean_PN(self) -> FloatArray:
        """Rewards over their mean, 0 where there is none."""
        means_P = np.nansum(self.rewards_PN, axis=1) / np.maximum(self.graded_P, 1)
        return np.where(np.isfinite(self.rewards_PN), self.rewards_PN - means_P[:, None], 0.0)

    @cached_property
    def deviation_P(self) -> FloatArray:
        """Population standard deviation of the rewards."""
        deviation_P: FloatArray = np.sqrt(np.square(self.over_mean_PN).sum(1) / np.maximum(self.graded_P, 1))
        return deviation_P

    @cached_property
    def mixed_P(self) -> NDArray[np.bool_]:
        """Whether two rewards differ."""
        least = np.where(np.isfinite(self.rewards_PN), self.rewards_PN, np.inf).min(1)
        mixed: NDArray[np.bool_] = np.where(np.isfinite(self.rewards_PN), self.rewards_PN, -np.inf).max(1) > least
        return mixed


def outcomes(rounds: Sequence[Rollouts]) -> list[Outcomes]:
    """Sort the rollouts of a step's rounds, which give every prompt a group of equal size, by how many a prompt has."""
    if not rounds:
        return []
    prompts_K = np.concatenate([rollouts.prompts_P for rollouts in rounds])
    order = np.argsort(prompts_K, kind="stable")
    prompts_P, first_P, groups_P = np.unique(prompts_K[order], return_index=True, return_counts=True)
    size = len(rounds[0].ids_R) // len(rounds[0].prompts_P)
    ids_KG, rewards_KG = (
        np.concatenate([getattr(rollouts, name) for rollouts in rounds]).reshape(-1, size)[order]
        for name in ("ids_R", "rewards_R")
    )
    parts = []
    for groups in np.unique(groups_P):
        rows = first_P[groups_P == groups][:, None] + np.arange(groups)
        shape = (len(rows), groups * size)
        parts.append(
            Outcomes(prompts_P[groups_P == groups], ids_KG[rows].reshape(shape), rewards_KG[rows].reshape(shape))
        )
    return parts


def balanced_groups(shown: Outcomes, setting: SelectionSetting) -> tuple[TrainingGroups, FloatArray]:
    r"""Return groups of rollouts above and below the mean reward, each kind with half of the weight.

    .. math:: A_i = \frac{r_i - \bar r}{\hat\sigma}\,\frac{G}{2 n_i}

    with mean and deviation over all rollouts of the prompt in this step and :math:`n_i` how many of the group are on
    the side of i. Of more than G rollouts the newest are taken, but half of either kind where there are so many. Those
    without a reward have no advantage.

    Args:
        shown: what the step has shown.
        setting: says how large a group is and how rewards become advantages.

    Returns:
        A group, newest rollouts first, of every prompt of which two rewards differ; and the push on every prompt: the
        mean product of advantage and reward over the mean, by which a Bernoulli logit moves a unit of step size.
    """
    mixed_P, size = shown.mixed_P, setting.group_size
    # newest first from here on
    over_mean_PN = shown.over_mean_PN[mixed_P, ::-1]
    graded_PN = np.isfinite(shown.rewards_PN[mixed_P, ::-1])
    above_PN = graded_PN & (over_mean_PN > 0)
    below_PN = graded_PN & ~above_PN
    half = size // 2
    first_PN = (above_PN & (above_PN.cumsum(1) <= half)) | (below_PN & (below_PN.cumsum(1) <= half))
    kept_PG = np.sort(np.argsort(~first_PN, axis=1, kind="stable")[:, :size], axis=1)

    def chosen(values_PN: NDArray[Any]) -> NDArray[Any]:
        return np.take_along_axis(values_PN, kept_PG, 1)

    above_PG, below_PG, over_mean_PG = chosen(above_PN), chosen(below_PN), chosen(over_mean_PN)
    scale_P = np.ones(len(kept_PG))
    if setting.advantage == "grpo":
        graded_P = shown.graded_P[mixed_P]
        scale_P = shown.deviation_P[mixed_P] * np.sqrt(graded_P / (graded_P - setting.ddof)) + setting.eps
    alike_PG = np.where(above_PG, above_PG.sum(1, keepdims=True), below_PG.sum(1, keepdims=True))
    advantages_PG = over_mean_PG / scale_P[:, None] * size / (2 * alike_PG)
    push_P = np.zeros(len(mixed_P))
    push_P[mixed_P] = (advantages_PG * over_mean_PG).mean(1)
    prompts_P = shown.prompts_P[mixed_P]
    groups = TrainingGroups(
        prompts_P,
        np.full(len(prompts_P), size),
        chosen(shown.ids_PN[mixed_P, ::-1]).ravel(),
        chosen(shown.rewards_PN[mixed_P, ::-1]).ravel(),
        advantages_PG.ravel(),
    )
    return groups, push_P
