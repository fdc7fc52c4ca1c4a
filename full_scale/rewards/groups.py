"""Rewards of whole groups, and what happens to completions that cannot be scored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from full_scale.rewards.compose import ACCURACY, Reward
from full_scale.tasks.prompt import Prompt
from vas_theory.foundation.errors import VASError
from vas_theory.groups import usable_groups

__all__ = ["RewardFunction", "ScoredGroups", "score_groups"]

RewardFunction = Callable[[Prompt, str], float | None]


@dataclass(frozen=True)
class ScoredGroups:
    """Rewards of whole groups.

    Args:
        rewards_PG: float64; NaN where there is no reward, infinities as they came.
        valid_PG: bool; False where the rollout takes no part: no finite reward, or a group that cannot be used.
        right_PG: bool; which rollouts count as right. None: those with a reward above one half.
    """

    rewards_PG: NDArray[np.float64]
    valid_PG: NDArray[np.bool_]
    right_PG: NDArray[np.bool_] | None = None

    @property
    def excluded(self) -> int:
        """Rollouts that take no part in the update."""
        return int((~self.valid_PG).sum())

    @property
    def mean(self) -> float:
        """Mean reward of the rollouts that take part; NaN if none does."""
        return float(self.rewards_PG[self.valid_PG].mean()) if self.valid_PG.any() else float("nan")

    @property
    def successes_P(self) -> NDArray[np.int64]:
        """Valid rollouts that are right, a prompt."""
        right_PG = self.rewards_PG > 0.5 if self.right_PG is None else self.right_PG
        return (right_PG & self.valid_PG).sum(axis=1)


def score_groups(
    prompts: Sequence[Prompt],
    texts: Sequence[str],
    group_size: int,
    reward: Reward | RewardFunction = ACCURACY,
    *,
    largest_excluded_share: float = 1.0,
) -> ScoredGroups:
    """Score the rollouts of each prompt; missing rewards and groups with infinite ones are excluded and counted.

    Args:
        prompts: P prompts.
        texts: P * G completions, the group of a prompt contiguous.
        group_size: G.
        reward: of all completions together, or a function of one. With parts, a completion is right when its accuracy
            is full, whatever its format and length earn.
        largest_excluded_share: above this share of excluded rollouts the batch is refused.

    Raises:
        VASError: too many rollouts could not be scored.
    """
    repeated = [prompts[row // group_size] for row in range(len(texts))]
    shape = (len(prompts), group_size)
    right_PG = None
    if isinstance(reward, Reward):
        parts = reward.values(repeated, texts)
        values_PG = _array(reward.total(parts), shape)
        if "accuracy" in parts:
            right_PG = _array(parts["accuracy"], shape) >= 1.0
    else:
        values_PG = _array([reward(prompt, text) for prompt, text in zip(repeated, texts, strict=True)], shape)
    valid_PG = np.isfinite(values_PG)
    if group_size > 1:  # a single completion is scored in evaluation, where no group is needed
        valid_PG &= usable_groups(values_PG)[:, None]
    share = 1.0 - valid_PG.mean()
    if share > largest_excluded_share:
        raise VASError(
            f"{share:.0%} of the rollouts of this batch have no finite reward, "
            f"more than the {largest_excluded_share:.0%} allowed"
        )
    return ScoredGroups(values_PG, valid_PG, right_PG)


def _array(values: Sequence[float | None], shape: tuple[int, int]) -> NDArray[np.float64]:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64).reshape(shape)
