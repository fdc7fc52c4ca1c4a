"""Training on equal numbers of better and worse rollouts of a prompt, measured against all of them."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from vas_theory.selection.strategies.base import FloatArray, IntArray, SelectionSetting

__all__ = ["BalancedGroup", "balanced_group", "balanced_pushes"]


@functools.lru_cache(maxsize=256)
def balanced_pushes(group_size: int, rolled: int = 0, right: int = 0) -> FloatArray:
    r"""Return the push of a balanced group by how many of its last ``group_size`` rollouts are right.

    With q the share right of all its rollouts,

    .. math:: d = \frac{q^2 + (1-q)^2}{2\sqrt{q(1-q)}}

    for any number kept of each kind, 0 where all agree. The whole group would push by :math:`\sqrt{q(1-q)}`: both are
    1/2 at q = 1/2, and the rarer one outcome is, the harder the balanced group pushes.

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
class BalancedGroup:
    """What is trained on of a prompt's rollouts, possibly nothing.

    Args:
        ids_R: the rollouts.
        rewards_R: their rewards.
        advantages_R: their advantages.
        push: mean product of advantage and reward over the mean: how far a Bernoulli logit moves a unit of step size.
    """

    ids_R: IntArray
    rewards_R: FloatArray
    advantages_R: FloatArray
    push: float


def balanced_group(ids_R: IntArray, rewards_R: FloatArray, setting: SelectionSetting) -> BalancedGroup:
    """Keep the earliest rollouts above the mean reward and as many of the others, at most a group in all.

    Mean and standard deviation of the advantages are those of all rollouts, kept or not.

    Args:
        ids_R: all rollouts of the prompt in this step.
        rewards_R: their rewards, finite.
        setting: says how rewards become advantages.
    """
    if not len(ids_R) or rewards_R.min() == rewards_R.max():
        return BalancedGroup(ids_R[:0], rewards_R[:0], rewards_R[:0], 0.0)
    above_R = rewards_R > rewards_R.mean()
    each = min(np.count_nonzero(above_R), np.count_nonzero(~above_R), setting.group_size // 2)
    kept = np.sort(np.concatenate([np.flatnonzero(above_R)[:each], np.flatnonzero(~above_R)[:each]]))
    over_mean_R = rewards_R[kept] - rewards_R.mean()
    scale = rewards_R.std(ddof=setting.ddof) + setting.eps if setting.advantage == "grpo" else 1.0
    advantages_R = over_mean_R / scale
    return BalancedGroup(ids_R[kept], rewards_R[kept], advantages_R, float((advantages_R * over_mean_R).mean()))
