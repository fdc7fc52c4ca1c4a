"""Instance families with general scores: ``{probs (N, K), features (N, K, d), rewards (N, K)}``.

The score function is the centred feature, so that its mean stays zero in every arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.base import Domain, Instance
from vas_theory.claims.lib.domains.bandits import bandits

__all__ = ["scored_bandits"]


def scored_bandits(
    *, binary: bool, arm_counts: tuple[int, ...] = (2, 3, 4, 8, 32), sparse_arm_counts: tuple[int, ...] = (256,)
) -> Domain:
    """Bandits with features of 1 to 3 dimensions; every second instance has collinear ones (a singular Fisher matrix).

    Args:
        binary: rewards in {0, 1} with both classes present; otherwise in [0, 1].
        arm_counts: the values of K.
        sparse_arm_counts: further values of K with a hundredth of the instances.
    """
    plain = bandits(binary=binary, arm_counts=arm_counts, sparse_arm_counts=sparse_arm_counts)

    def features(rng: np.random.Generator, count: int, arms: int) -> NDArray[Any]:
        dimension = int(rng.integers(1, 4))
        drawn = rng.standard_normal((count, arms, dimension))
        drawn[::2, :, -1] = drawn[::2, :, 0]
        return drawn

    def extend(name: str) -> Any:
        def family(rng: np.random.Generator, size: int) -> Iterator[Instance]:
            for instance in plain.families[name](rng, size):
                count, arms = instance["probs"].shape
                yield {**instance, "features": features(rng, count, arms)}

        return family

    def perturb(rng: np.random.Generator, instance: Instance, scale: float) -> Instance:
        assert plain.perturb is not None
        moved = plain.perturb(rng, instance, scale)
        noise = scale * rng.standard_normal(instance["features"].shape)
        return {**moved, "features": instance["features"] + noise}

    return Domain({name: extend(name) for name in plain.families}, perturb)
