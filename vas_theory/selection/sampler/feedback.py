"""Rewards of groups of rollouts, validated and summed by prompt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vas_theory.foundation.errors import ArgumentError

__all__ = ["Feedback", "read_feedback"]

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Feedback:
    """What groups of rollouts say, by group and by prompt.

    Attributes:
        group_positions: prompt of each group that has a usable reward, shape (n,).
        group_successes: right rollouts of each group, shape (n,).
        group_sizes: usable rollouts of each group, shape (n,).
        positions: the distinct prompts, shape (p,).
        successes: right rollouts of each prompt, shape (p,).
        sizes: usable rollouts of each prompt, shape (p,).
        reward_variance: population variance of all usable rewards of each prompt, shape (p,), if asked for.
        diversity: mean diversity of each prompt's groups, weighted by their sizes, shape (p,).
        weight: what the evidence counts, in [0, 1], shape (p,).
        excluded_rewards: rewards that were NaN or infinite.
        excluded_groups: groups without any usable reward.
    """

    group_positions: Integers
    group_successes: Array
    group_sizes: Array
    positions: Integers
    successes: Array
    sizes: Array
    reward_variance: Array | None
    diversity: Array | None
    weight: Array
    excluded_rewards: int
    excluded_groups: int


def read_feedback(
    num_prompts: int,
    name: Callable[[int], str],
    positions: ArrayLike,
    rewards: ArrayLike,
    *,
    successes: ArrayLike | None,
    diversity: ArrayLike | None,
    weight: Array | None,
    with_variance: bool,
) -> Feedback:
    """Validate groups and sum those of the same prompt, so that their order does not matter.

    Args:
        num_prompts: P.
        name: the key of a position, for messages.
        positions: prompt of each group, shape (n,).
        rewards: shape (n, G); NaN and infinite rewards are left out and counted.
        successes: rollouts that were right, as counts (n,) or as booleans (n, G); required unless rewards are 0/1.
        diversity: of each group, in [0, 1], shape (n,).
        weight: of each group's evidence, in [0, 1], shape (n,).
        with_variance: whether the variance of the rewards is needed.

    Raises:
        ArgumentError: a shape or a value is not allowed; the message names the prompt.
    """
    places, values = _check_shapes(num_prompts, positions, rewards)
    usable = np.isfinite(values)
    excluded = values.size - int(np.count_nonzero(usable))
    sizes = np.full(places.size, float(values.shape[1])) if excluded == 0 else usable.sum(1).astype(np.float64)
    right = _count_right(places, name, values, usable, sizes, successes)
    spread = None if diversity is None else _check_diversity(places, name, diversity)
    kept = sizes > 0
    excluded_groups = kept.size - int(np.count_nonzero(kept))
    if excluded_groups:
        places, values, usable, sizes, right = places[kept], values[kept], usable[kept], sizes[kept], right[kept]
        spread = spread if spread is None else spread[kept]
        weight = weight if weight is None else weight[kept]

    unique: Integers
    in_order = np.sort(places)
    if (in_order[1:] != in_order[:-1]).all():  # the usual case, and the faster one
        unique, inverse = places, np.arange(places.size)
    else:
        unique, inverse = np.unique(places, return_inverse=True)

    def summed(per_group: Array) -> Array:
        if unique is places:
            return per_group
        return np.bincount(inverse, weights=per_group, minlength=unique.size).astype(np.float64, copy=False)

    total = summed(sizes)
    return Feedback(
        group_positions=places,
        group_successes=right,
        group_sizes=sizes,
        positions=unique,
        successes=summed(right),
        sizes=total,
        reward_variance=_pooled_variance(values, usable, inverse, unique.size) if with_variance else None,
        diversity=None if spread is None else summed(spread * sizes) / total,
        weight=np.ones(unique.size) if weight is None else summed(weight * sizes) / total,
        excluded_rewards=excluded,
        excluded_groups=excluded_groups,
    )


def _pooled_variance(values: Array, usable: NDArray[np.bool_], inverse: Integers, count: int) -> Array:
    """Population variance of the usable rewards of each prompt, shape (count,)."""
    # measured from the least reward of the prompt: identical rewards give exactly 0, whatever their size
    least = np.full(count, np.inf)
    np.minimum.at(least, inverse, np.where(usable, values, np.inf).min(1))
    centred = np.where(usable, values - least[inverse, None], 0.0)
    total = np.bincount(inverse, weights=usable.sum(1), minlength=count)
    mean = np.bincount(inverse, weights=centred.sum(1), minlength=count) / total
    deviations = np.where(usable, centred - mean[inverse, None], 0.0)
    return np.bincount(inverse, weights=np.square(deviations).sum(1), minlength=count) / total


def _check_shapes(num_prompts: int, positions: ArrayLike, rewards: ArrayLike) -> tuple[Integers, Array]:
    places = np.asarray(positions)
    if places.ndim != 1 or (places.size and places.dtype.kind not in "iu"):
        raise ArgumentError("positions", "be a one-dimensional array of integers", positions)
    values = np.asarray(rewards, dtype=np.float64)
    if values.ndim != 2 or values.shape[0] != places.size or values.shape[1] < 1:
        raise ArgumentError("rewards", f"have shape ({places.size}, G) with G >= 1", f"shape {values.shape}")
    if places.size and not (places.min() >= 0 and places.max() < num_prompts):
        wrong = places[(places < 0) | (places >= num_prompts)][0]
        raise ArgumentError("positions", f"lie in [0, {num_prompts})", int(wrong))
    return places.astype(np.int64, copy=False), values


def _count_right(
    places: Integers,
    name: Callable[[int], str],
    values: Array,
    usable: NDArray[np.bool_],
    sizes: Array,
    successes: ArrayLike | None,
) -> Array:
    if successes is None:
        ones = values == 1
        binary = ones | (values == 0) | ~usable
        if not binary.all():
            row, column = np.argwhere(~binary)[0]
            raise ArgumentError(
                "successes",
                f"be given unless all rewards are 0 or 1 (prompt {name(int(places[row]))})",
                float(values[row, column]),
            )
        return ones @ np.ones(values.shape[1])
    given = np.asarray(successes)
    if given.shape == values.shape and given.dtype.kind == "b":
        return (given & usable).sum(1).astype(np.float64)
    if given.shape != places.shape:
        raise ArgumentError(
            "successes",
            f"be counts of shape {places.shape} or booleans of shape {values.shape}",
            f"shape {given.shape}",
        )
    counts = given.astype(np.float64)
    wrong = ~((counts >= 0) & (counts <= sizes) & (counts == np.floor(counts)))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise ArgumentError(
            f"successes of prompt {name(int(places[row]))}",
            f"be a whole number in [0, {sizes[row]:g}], the usable rewards of its group",
            float(counts[row]),
        )
    return counts


def _check_diversity(places: Integers, name: Callable[[int], str], diversity: ArrayLike) -> Array:
    values = np.asarray(diversity, dtype=np.float64)
    if values.shape != places.shape:
        raise ArgumentError("diversity", f"have shape {places.shape}", f"shape {values.shape}")
    wrong = ~((values >= 0) & (values <= 1))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise ArgumentError(f"diversity of prompt {name(int(places[row]))}", "lie in [0, 1]", float(values[row]))
    return values
