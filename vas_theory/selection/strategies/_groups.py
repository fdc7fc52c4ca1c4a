"""Which of the received groups to train on: mixed ones, chosen ones, those of several rounds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vas_theory.selection.contract.strategy import Rollouts, SelectionSetting, TrainingGroups, ragged_advantages

__all__ = ["join_groups", "mixed_P", "select_groups"]


def mixed_P(rollouts: Rollouts) -> NDArray[np.bool_]:
    """Return which groups have graded rewards that differ, so that they give a gradient."""
    graded = np.isfinite(rollouts.rewards_R)
    least = np.minimum.reduceat(np.where(graded, rollouts.rewards_R, np.inf), rollouts.starts_P)
    largest = np.maximum.reduceat(np.where(graded, rollouts.rewards_R, -np.inf), rollouts.starts_P)
    mixed: NDArray[np.bool_] = largest > least
    return mixed


def select_groups(rollouts: Rollouts, groups: NDArray[np.integer], setting: SelectionSetting) -> TrainingGroups:
    """Train on some groups of a proposal.

    Args:
        rollouts: what was received.
        groups: their numbers within the proposal, in the order to train on them.
        setting: says how rewards become advantages.
    """
    sizes_P = rollouts.counts_P[groups]
    ends = np.cumsum(sizes_P)
    # the rollouts of group k are starts[k] + 0 .. size - 1
    within = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - sizes_P, sizes_P)
    chosen_R = np.repeat(rollouts.starts_P[groups], sizes_P) + within
    rewards_R = rollouts.rewards_R[chosen_R]
    advantages_R = ragged_advantages(rewards_R, sizes_P, kind=setting.advantage, ddof=setting.ddof, eps=setting.eps)
    return TrainingGroups(rollouts.prompts_P[groups], sizes_P, rollouts.ids_R[chosen_R], rewards_R, advantages_R)


def join_groups(parts: Sequence[TrainingGroups]) -> TrainingGroups:
    """Return the groups of several rounds as one step's."""
    if not parts:
        return TrainingGroups.empty()
    names = ("prompts_P", "sizes_P", "ids_R", "rewards_R", "advantages_R")
    return TrainingGroups(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
