"""Instance families with further arrays beside those of another domain: baselines, directions, shares of a step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.base import Domain, Instance

__all__ = ["Extra", "extended", "shares", "simplex", "thinned", "with_some_score"]


class Extra(NamedTuple):
    """One further array of an instance.

    Args:
        draw: generator and instance -> the array, leading axis over instances.
        move: generator, array and scale in (0, 1] -> a nearby array, for the adversarial search.
    """

    draw: Callable[[np.random.Generator, Instance], NDArray[Any]]
    move: Callable[[np.random.Generator, NDArray[Any], float], NDArray[Any]]


def shares(low: float = 0.0, high: float = 1.0) -> Extra:
    """Return numbers in [low, high], one an instance; a third of them sits exactly at the upper end.

    Args:
        low: smallest value.
        high: largest value.
    """

    def draw(rng: np.random.Generator, instance: Instance) -> NDArray[Any]:
        count = len(next(iter(instance.values())))
        drawn = rng.uniform(low, high, size=count)
        return np.where(rng.uniform(size=count) < 1 / 3, high, np.maximum(drawn, low + 1e-3 * (high - low)))

    def move(rng: np.random.Generator, values: NDArray[Any], scale: float) -> NDArray[Any]:
        step = scale * (high - low) * rng.standard_normal(values.shape)
        return np.clip(values + step, low + 1e-3 * (high - low), high)

    return Extra(draw, move)


def extended(domain: Domain, **extras: Extra) -> Domain:
    """Return a domain whose instances carry further arrays.

    Args:
        domain: where the other arrays come from.
        extras: name -> the array to add.
    """

    def extend(name: str) -> Callable[[np.random.Generator, int], Iterator[Instance]]:
        def family(rng: np.random.Generator, size: int) -> Iterator[Instance]:
            for instance in domain.families[name](rng, size):
                yield {**instance, **{key: extra.draw(rng, instance) for key, extra in extras.items()}}

        return family

    def perturb(rng: np.random.Generator, instance: Instance, scale: float) -> Instance:
        assert domain.perturb is not None
        inner = {name: values for name, values in instance.items() if name not in extras}
        moved = {key: extra.move(rng, instance[key], scale) for key, extra in extras.items()}
        return {**domain.perturb(rng, inner, scale), **moved}

    return Domain({name: extend(name) for name in domain.families}, perturb if domain.perturb else None)


def simplex(domain: Domain) -> Domain:
    """Return the probabilities of a domain's bandits alone, ``{probs (N, K)}``.

    Args:
        domain: bandits.
    """

    def strip(name: str) -> Callable[[np.random.Generator, int], Iterator[Instance]]:
        def family(rng: np.random.Generator, size: int) -> Iterator[Instance]:
            for instance in domain.families[name](rng, size):
                yield {"probs": instance["probs"]}

        return family

    def perturb(rng: np.random.Generator, instance: Mapping[str, NDArray[Any]], scale: float) -> Instance:
        probs = instance["probs"]
        moved = np.maximum(probs * np.exp(3.0 * scale * rng.standard_normal(probs.shape)), 1e-14)
        return {"probs": moved / moved.sum(-1, keepdims=True)}

    return Domain({name: strip(name) for name in domain.families}, perturb)


def thinned(domain: Domain, factor: int) -> Domain:
    """Return a domain with fewer instances a family, for equalities: all of theirs are evaluated at 50 digits.

    Args:
        domain: where the instances come from.
        factor: how many times fewer.
    """

    def thin(name: str) -> Callable[[np.random.Generator, int], Iterator[Instance]]:
        return lambda rng, size: domain.families[name](rng, max(1, size // factor))

    return replace(domain, families={name: thin(name) for name in domain.families})


def with_some_score(domain: Domain) -> Domain:
    """Return a domain of scored bandits without the policies whose scores all vanish: their first arm's feature moves.

    Args:
        domain: scored bandits.
    """

    def repair(instance: Instance) -> Instance:
        features = instance["features"].copy()
        scoreless = (features == features[:, :1]).all((-2, -1))
        features[scoreless, 0] += 1.0
        return {**instance, "features": features}

    def mend(name: str) -> Callable[[np.random.Generator, int], Iterator[Instance]]:
        return lambda rng, size: map(repair, domain.families[name](rng, size))

    def perturb(rng: np.random.Generator, instance: Instance, scale: float) -> Instance:
        assert domain.perturb is not None
        return repair(domain.perturb(rng, instance, scale))

    return replace(domain, families={name: mend(name) for name in domain.families}, perturb=perturb)
