"""From the rewards that TRL gathers to what the sampler learns and what TRL may train on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from full_scale.trl_adapter.config import SuccessFunction
from vas_theory.foundation.errors import ArgumentError, VASError

__all__ = ["GroupedRewards", "check_groups", "group_rewards"]


@dataclass(frozen=True)
class GroupedRewards:
    """Rewards of whole groups.

    Attributes:
        rewards_PG: weighted totals; NaN where no function gave a reward, infinities as they came.
        successes_PG: which rollouts are right; ``None`` where nothing says so and rewards are not all 0 or 1.
        silent_P: groups whose usable rewards are all equal: no gradient.
        infinite_P: groups with an infinite reward, which has no mean to compare the others with.
        incomplete_P: groups with a rollout that no function scored.
    """

    rewards_PG: NDArray[np.float64]
    successes_PG: NDArray[np.bool_] | None
    silent_P: NDArray[np.bool_]
    infinite_P: NDArray[np.bool_]
    incomplete_P: NDArray[np.bool_]

    @property
    def excluded_PG(self) -> NDArray[np.bool_]:
        """Rollouts that take no part in the update: without a finite reward, or beside an infinite one."""
        return np.isnan(self.rewards_PG) | self.infinite_P[:, None]


def group_rewards(
    rewards_NF: NDArray[np.float64],
    weights_F: NDArray[np.float64],
    group_size: int,
    *,
    success: SuccessFunction | None = None,
    success_column: int | None = None,
) -> GroupedRewards:
    """Sum the rewards of each rollout over the functions and sort out the groups.

    Args:
        rewards_NF: of each rollout by each function, NaN where there is none; groups are contiguous.
        weights_F: of the functions.
        group_size: G.
        success: see :class:`~full_scale.trl_adapter.config.VASConfig`.
        success_column: of the function that says what is right; without both, rewards of 0 and 1 say it themselves.

    Raises:
        ArgumentError: ``success`` returned something else than booleans (P, G).
    """
    rewards_PGF = rewards_NF.reshape(-1, group_size, rewards_NF.shape[1])
    with np.errstate(invalid="ignore"):  # opposite infinities
        totals_PG = np.nansum(rewards_PGF * weights_F, axis=2)
    totals_PG[np.isnan(rewards_PGF).all(axis=2)] = np.nan
    usable_PG = np.isfinite(totals_PG)
    lowest_P = np.where(usable_PG, totals_PG, np.inf).min(axis=1)
    highest_P = np.where(usable_PG, totals_PG, -np.inf).max(axis=1)
    successes_PG: NDArray[np.bool_] | None = None
    if success_column is not None:
        successes_PG = rewards_PGF[..., success_column] > 0.5
    elif success is None:
        binary = ((totals_PG == 0) | (totals_PG == 1) | ~usable_PG).all()
        successes_PG = totals_PG == 1 if binary else None
    else:
        successes_PG = np.asarray(success(rewards_PGF))
        if successes_PG.dtype != bool or successes_PG.shape != totals_PG.shape:
            raise ArgumentError(
                "success", f"return booleans of shape {totals_PG.shape}", (successes_PG.dtype, successes_PG.shape)
            )
    return GroupedRewards(
        rewards_PG=totals_PG,
        successes_PG=None if successes_PG is None else successes_PG & usable_PG,
        silent_P=lowest_P >= highest_P,
        infinite_P=np.asarray(np.isinf(rewards_PGF).any(axis=(1, 2))),
        incomplete_P=np.isnan(totals_PG).any(axis=1),
    )


def check_groups(keys_N: Sequence[str] | Sequence[int], drawn_P: Sequence[str] | Sequence[int], size: int) -> None:
    """Check that the gathered rollouts are whole groups of the prompts that this process drew.

    Raises:
        VASError: another process drew other prompts, or a group is incomplete.
    """
    for place, key in enumerate(keys_N):
        if key != drawn_P[place // size]:
            raise VASError(
                f"rollout {place} of the gathered batch belongs to prompt {key!r}, but {drawn_P[place // size]!r} was "
                "drawn for it here: all processes need the same training data set, in the same order, and seed"
            )
    if len(keys_N) != len(drawn_P) * size:
        raise VASError(f"{len(keys_N)} rollouts were gathered, not {len(drawn_P)} groups of {size}")
