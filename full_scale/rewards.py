"""Rewards: what a completion is worth, and what happens to the ones that cannot be scored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from full_scale.tasks import Prompt
from vas_theory.errors import VASError
from vas_theory.groups import usable_groups

__all__ = ["RewardFunction", "ScoredGroups", "exact_match", "score_groups"]

RewardFunction = Callable[[Prompt, str], float | None]


@dataclass(frozen=True)
class ScoredGroups:
    """Rewards of whole groups.

    Args:
        rewards_PG: float64; NaN where there is no reward, infinities as they came.
        valid_PG: bool; False where the rollout takes no part: no finite reward, or a group that cannot be used.
    """

    rewards_PG: NDArray[np.float64]
    valid_PG: NDArray[np.bool_]

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
        """Valid rollouts with a reward above one half, a prompt."""
        return ((self.rewards_PG > 0.5) & self.valid_PG).sum(axis=1)


def exact_match(prompt: Prompt, completion: str) -> float:
    """Return 1 if the completion, stripped of surrounding white space, is the reference answer, else 0."""
    return float(completion.strip() == prompt.answer)


def score_groups(
    prompts: Sequence[Prompt],
    texts: Sequence[str],
    group_size: int,
    reward: RewardFunction = exact_match,
    *,
    largest_excluded_share: float = 1.0,
) -> ScoredGroups:
    """Score the rollouts of each prompt; missing rewards and groups with infinite ones are excluded and counted.

    Args:
        prompts: P prompts.
        texts: P * G completions, the group of a prompt contiguous.
        group_size: G.
        reward: the reward of one completion.
        largest_excluded_share: above this share of excluded rollouts the batch is refused.

    Raises:
        VASError: too many rollouts could not be scored.
    """
    raw = [reward(prompts[row // group_size], text) for row, text in enumerate(texts)]
    values = np.array([np.nan if value is None else value for value in raw], dtype=np.float64)
    values_PG = values.reshape(len(prompts), group_size)
    valid_PG = np.isfinite(values_PG)
    if group_size > 1:  # a single completion is scored in evaluation, where no group is needed
        valid_PG &= usable_groups(values_PG)[:, None]
    share = 1.0 - valid_PG.mean()
    if share > largest_excluded_share:
        raise VASError(
            f"{share:.0%} of the rollouts of this batch have no finite reward, "
            f"more than the {largest_excluded_share:.0%} allowed"
        )
    return ScoredGroups(values_PG, valid_PG)
