"""Rewards of groups of rollouts, validated and summed by prompt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vas_theory.foundation.arguments import from_tensor
from vas_theory.foundation.errors import ArgumentError
from vas_theory.foundation.refusals import refuse_masked
from vas_theory.selection.refusals import refuse_unreadable

__all__ = [
    "ALL_RIGHT",
    "ALL_WRONG",
    "MIXED",
    "Feedback",
    "FeedbackRules",
    "as_numbers",
    "as_positions",
    "read_feedback",
]

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

MIXED, ALL_RIGHT, ALL_WRONG = 0, 1, 2
"""What a group showed. A group that is judged by its rewards alone is silent where they are all the same, and all
right where that reward lies above the middle of the range."""

_TOLERANCE = 1e-6
"""Share of the width of the range by which a reward may pass it: sums in single precision do."""

_SAME = 1e-9
"""Share of the width of the range up to which rewards of a group count as the same."""


@dataclass(frozen=True)
class FeedbackRules:
    """What feedback has to be like.

    Attributes:
        num_prompts: P.
        name: the key of a position, for messages.
        reward_range: least and largest possible reward.
        needs_successes: whether it has to be known how many rollouts were right.
        graded: whether groups are judged by their rewards, not by their successes.
        with_variance: whether the variance of the rewards is needed.
    """

    num_prompts: int
    name: Callable[[int], str]
    reward_range: tuple[float, float] = (0.0, 1.0)
    needs_successes: bool = True
    graded: bool = False
    with_variance: bool = False


@dataclass(frozen=True)
class Feedback:
    """What groups of rollouts say, by group and by prompt.

    Attributes:
        group_positions: prompt of each group that has a usable reward, shape (n,).
        group_successes: right rollouts of each group, shape (n,), NaN where it is not known.
        group_sizes: usable rollouts of each group, shape (n,).
        group_rewards: rewards of each group, NaN where unusable, shape (n, G).
        group_outcomes: ``MIXED``, ``ALL_RIGHT`` or ``ALL_WRONG``, shape (n,).
        group_weight: what the evidence of each group counts, in [0, 1], shape (n,); None for 1.
        group_varies: whether the usable rewards of a group differ, so that it has a gradient, shape (n,).
        positions: the distinct prompts, shape (p,).
        successes: right rollouts of each prompt, shape (p,), NaN where it is not known.
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
    group_rewards: Array
    group_outcomes: Integers
    group_weight: Array | None
    group_varies: NDArray[np.bool_]
    positions: Integers
    successes: Array
    sizes: Array
    reward_variance: Array | None
    diversity: Array | None
    weight: Array
    excluded_rewards: int
    excluded_groups: int


def as_numbers(argument: str, values: Any) -> Array:
    """Return float64 values, and refuse by name what is ragged or text.

    Raises:
        ArgumentError: the values are no array of numbers.
    """
    refuse_masked(argument, values)
    try:
        return np.asarray(from_tensor(values), dtype=np.float64)
    except (TypeError, ValueError, RuntimeError):  # the last from lists of tensors that need a gradient
        raise ArgumentError(argument, "be an array of numbers whose rows have one length", values) from None


def read_feedback(
    rules: FeedbackRules,
    positions: ArrayLike,
    rewards: ArrayLike,
    *,
    successes: ArrayLike | None,
    diversity: ArrayLike | None,
    weight: Array | None,
) -> Feedback:
    """Validate groups and sum those of the same prompt, so that their order does not matter.

    Args:
        rules: what they have to be like.
        positions: prompt of each group, shape (n,).
        rewards: shape (n, G); NaN and infinite rewards are left out and counted.
        successes: rollouts that were right, as counts (n,) or as booleans (n, G).
        diversity: of each group, in [0, 1], shape (n,).
        weight: of each group's evidence, in [0, 1], shape (n,).

    Raises:
        ArgumentError: a shape or a value is not allowed; the message names the prompt.
    """
    places, values = _check_shapes(rules.num_prompts, positions, rewards)
    usable = np.isfinite(values)
    excluded = values.size - int(np.count_nonzero(usable))
    sizes = np.full(places.size, float(values.shape[1])) if excluded == 0 else usable.sum(1).astype(np.float64)
    _check_range(rules, places, values, usable)
    right, binary = _count_right(rules, places, values, usable, sizes, successes)
    spread = None if diversity is None else _check_diversity(places, rules.name, diversity)
    kept = sizes > 0
    excluded_groups = kept.size - int(np.count_nonzero(kept))
    if excluded_groups:
        places, values, usable, sizes, right = places[kept], values[kept], usable[kept], sizes[kept], right[kept]
        spread = spread if spread is None else spread[kept]
        weight = weight if weight is None else weight[kept]
    outcomes, varies = _judge(rules, values, usable, sizes, right, binary)

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
        group_rewards=values,
        group_outcomes=outcomes,
        group_weight=weight,
        group_varies=varies,
        positions=unique,
        successes=summed(right),
        sizes=total,
        reward_variance=_pooled_variance(values, usable, inverse, unique.size) if rules.with_variance else None,
        diversity=None if spread is None else summed(spread * sizes) / total,
        weight=np.ones(unique.size) if weight is None else summed(weight * sizes) / total,
        excluded_rewards=excluded,
        excluded_groups=excluded_groups,
    )


def _judge(
    rules: FeedbackRules, values: Array, usable: NDArray[np.bool_], sizes: Array, right: Array, binary: bool
) -> tuple[Integers, NDArray[np.bool_]]:
    """Say what each group showed, and whether its rewards vary."""
    by_successes = (right == sizes) * ALL_RIGHT + (right == 0) * ALL_WRONG
    if binary:
        return by_successes, by_successes == MIXED
    low, high = rules.reward_range
    least = np.where(usable, values, np.inf).min(1)
    largest = np.where(usable, values, -np.inf).max(1)
    varies = largest - least > _SAME * (high - low)
    by_rewards = np.where(varies, MIXED, np.where(largest > (low + high) / 2, ALL_RIGHT, ALL_WRONG))
    known = ~np.isnan(right) & (not rules.graded)
    return np.where(known, by_successes, by_rewards), varies


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


def as_positions(num_prompts: int, positions: Any) -> Integers:
    """Return positions as int64, shape (n,).

    Raises:
        ArgumentError: they are no integers in [0, P).
    """
    refuse_masked("positions", positions)
    try:
        places = np.asarray(positions)
    except (TypeError, ValueError, RuntimeError):
        raise ArgumentError("positions", "be a one-dimensional array of integers", positions) from None
    if places.ndim != 1 or (places.size and places.dtype.kind not in "iu"):
        raise ArgumentError("positions", "be a one-dimensional array of integers", positions)
    if places.size and not (places.min() >= 0 and places.max() < num_prompts):
        wrong = places[(places < 0) | (places >= num_prompts)][0]
        raise ArgumentError("positions", f"lie in [0, {num_prompts})", int(wrong))
    return places.astype(np.int64, copy=False)


def _check_shapes(num_prompts: int, positions: ArrayLike, rewards: ArrayLike) -> tuple[Integers, Array]:
    places, values = as_positions(num_prompts, positions), as_numbers("rewards", rewards)
    if values.ndim != 2 or values.shape[0] != places.size or values.shape[1] < 1:
        raise ArgumentError("rewards", f"have shape ({places.size}, G) with G >= 1", f"shape {values.shape}")
    return places, values


def _check_range(rules: FeedbackRules, places: Integers, values: Array, usable: NDArray[np.bool_]) -> None:
    low, high = rules.reward_range
    margin = _TOLERANCE * (high - low)
    outside = usable & ((values < low - margin) | (values > high + margin))
    if outside.any():
        row, column = np.argwhere(outside)[0]
        raise ArgumentError(
            f"rewards of prompt {rules.name(int(places[row]))}",
            f"lie in reward_range = ({low:g}, {high:g}); set reward_range to what the rewards can be",
            float(values[row, column]),
        )


def _count_right(
    rules: FeedbackRules,
    places: Integers,
    values: Array,
    usable: NDArray[np.bool_],
    sizes: Array,
    successes: ArrayLike | None,
) -> tuple[Array, bool]:
    """Return how many were right, NaN where that is not known, and whether the rewards themselves say so."""
    if successes is None:
        ones = values == 1
        binary = ones | (values == 0) | ~usable
        if binary.all():
            return ones @ np.ones(values.shape[1]), True
        if not rules.needs_successes:
            return np.full(places.size, np.nan), False
        row, column = np.argwhere(~binary)[0]
        raise ArgumentError(
            "successes",
            f"be given unless all rewards are 0 or 1 (prompt {rules.name(int(places[row]))}); "
            "for graded rewards without a right and wrong take posterior='normal_gamma'",
            float(values[row, column]),
        )
    refuse_unreadable(successes=successes)
    given = as_numbers("successes", successes)
    if given.shape == values.shape and np.asarray(successes).dtype.kind == "b":
        return ((given > 0) & usable).sum(1).astype(np.float64), False
    if given.shape != places.shape:
        raise ArgumentError(
            "successes",
            f"be counts of shape {places.shape} or booleans of shape {values.shape}",
            f"shape {given.shape}",
        )
    wrong = ~((given >= 0) & (given <= sizes) & (given == np.floor(given)))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise ArgumentError(
            f"successes of prompt {rules.name(int(places[row]))}",
            f"be a whole number in [0, {sizes[row]:g}], the usable rewards of its group",
            float(given[row]),
        )
    return given, False


def _check_diversity(places: Integers, name: Callable[[int], str], diversity: ArrayLike) -> Array:
    values = as_numbers("diversity", diversity)
    if values.shape != places.shape:
        raise ArgumentError("diversity", f"have shape {places.shape}", f"shape {values.shape}")
    wrong = ~((values >= 0) & (values <= 1))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise ArgumentError(f"diversity of prompt {name(int(places[row]))}", "lie in [0, 1]", float(values[row]))
    return values
