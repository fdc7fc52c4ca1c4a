"""Groups in which the better and the worse rollouts of a prompt weigh alike, measured against all it had in a step."""

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
class BalancedGroup:
    """A group to train on.

    Args:
        ids_R: its rollouts, newest first.
        rewards_R: their rewards.
        advantages_R: their advantages.
        push: mean product of advantage and reward over the mean: how far a Bernoulli logit moves a unit of step size.
    """

    ids_R: IntArray
    rewards_R: FloatArray
    advantages_R: FloatArray
    push: float


def balanced_group(ids_R: IntArray, rewards_R: FloatArray, setting: SelectionSetting) -> BalancedGroup | None:
    r"""Return a group of rollouts above and below the mean reward, each kind with half of the weight.

    .. math:: A_i = \frac{r_i - \bar r}{\hat\sigma}\,\frac{G}{2 n_i}

    with mean and deviation over all rollouts of the prompt in this step and :math:`n_i` how many of the group are on
    the side of i. Of more than G rollouts the newest are taken, but half of either kind where there are so many. Those
    without a reward have no advantage.

    Args:
        ids_R: all rollouts of the prompt in this step, in the order of their making.
        rewards_R: their rewards, NaN where there is none.
        setting: says how large a group is and how rewards become advantages.

    Returns:
        The group, or ``None`` where no two rewards differ.
    """
    graded_R = np.isfinite(rewards_R)
    known = rewards_R[graded_R]
    if not len(known) or known.min() == known.max():
        return None
    above_R = graded_R & (rewards_R > known.mean())
    below_R = graded_R & ~above_R
    size = min(setting.group_size, len(ids_R))
    newest = np.arange(len(ids_R))[::-1]
    half = size // 2
    first = np.concatenate([newest[above_R[::-1]][:half], newest[below_R[::-1]][:half]])
    rest = newest[~np.isin(newest, first)]
    kept = np.sort(np.concatenate([first, rest])[:size])[::-1]
    over_mean_R = np.where(graded_R, rewards_R - known.mean(), 0.0)[kept]
    scale = known.std(ddof=setting.ddof) + setting.eps if setting.advantage == "grpo" else 1.0
    alike_R = np.where(above_R[kept], np.count_nonzero(above_R[kept]), np.count_nonzero(below_R[kept]))
    advantages_R = over_mean_R / scale * size / (2 * alike_R)
    return BalancedGroup(ids_R[kept], rewards_R[kept], advantages_R, float((advantages_R * over_mean_R).mean()))
