"""Instances with a group size or a step length beside the bandit, and functions of a group size applied to batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.base import Domain, Instance
from vas_theory.claims.lib.domains.bandits import bandits

__all__ = ["GROUP_SHAPES", "SMALL_SHAPES", "by_group_size", "group_bandits", "with_steps"]

GROUP_SHAPES = ((2, 2), (2, 8), (2, 16), (3, 2), (3, 4), (3, 8), (4, 3))
"""(arms, group size) of the instances whose groups are enumerated."""

SMALL_SHAPES = ((2, 2), (2, 8), (3, 3))
"""The same for identities, where every instance is evaluated at 50 digits."""


def by_group_size(function: Callable[..., Any], group_size: NDArray[Any], *arrays: NDArray[Any]) -> Any:
    """Return ``function(*rows, size)`` for every instance, calling it once for each distinct group size.

    Args:
        function: takes the rows of the arrays that have this group size, and the size; one value a row.
        group_size: (N,) group sizes.
        arrays: each (N, ...), of one arithmetic.
    """
    values = np.zeros(len(arrays[0]), dtype=arrays[0].dtype)
    for size in np.unique(group_size):
        rows = np.asarray(group_size) == size
        values[rows] = function(*(array[rows] for array in arrays), int(size))
    return values


def group_bandits(
    *,
    binary: bool = False,
    shapes: Sequence[tuple[int, int]] = GROUP_SHAPES,
    sparse_shapes: Sequence[tuple[int, int]] = ((16, 2),),
    thinning: int = 1,
) -> Domain:
    """Return bandits with ``group_size`` (N,) whose groups are few enough to enumerate.

    Args:
        binary: rewards in {0, 1} with both classes present.
        shapes: (arms, group size) of the batches.
        sparse_shapes: further ones with a hundredth of the instances.
        thinning: yield this many times fewer instances.
    """
    base = {arms: bandits(binary=binary, arm_counts=(arms,)) for arms, _ in (*shapes, *sparse_shapes)}
    first = base[shapes[0][0]]

    def family(name: str) -> Any:
        def generate(rng: np.random.Generator, size: int) -> Iterator[Instance]:
            each = size // (len(shapes) * thinning)
            for (arms, group_size), rarity in (*((shape, 1) for shape in shapes), *((s, 100) for s in sparse_shapes)):
                for bandit in base[arms].families[name](rng, max(1, each // rarity)):
                    yield {**bandit, "group_size": np.full(len(bandit["probs"]), group_size)}

        return generate

    return Domain({name: family(name) for name in first.families}, first.perturb)


def with_steps(domain: Domain, low: float, high: float) -> Domain:
    """Return a domain whose instances also have a ``step`` (N,) between two positive numbers.

    Args:
        domain: the domain to extend.
        low: smallest step.
        high: largest step.
    """
    move = domain.perturb
    assert move is not None

    def extend(family: Callable[[np.random.Generator, int], Iterator[Instance]]) -> Any:
        def generate(rng: np.random.Generator, size: int) -> Iterator[Instance]:
            for instance in family(rng, size):
                count = len(instance["probs"])
                yield {**instance, "step": np.exp(rng.uniform(np.log(low), np.log(high), size=count))}

        return generate

    def perturb(rng: np.random.Generator, instance: Instance, scale: float) -> Instance:
        factor = np.exp(scale * rng.standard_normal(instance["step"].shape))
        return {**move(rng, instance, scale), "step": np.clip(instance["step"] * factor, low, high)}

    return Domain({name: extend(family) for name, family in domain.families.items()}, perturb)
