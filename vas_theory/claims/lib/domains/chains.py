"""Instance families of reasoning chains: ``{probs (N, Z), chain_pass_rates (N, Z)}`` and distances between chains."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.base import Domain, Instance

__all__ = ["chains", "mean_squared_distance", "spaced_chains"]

_CHAIN_COUNTS = (2, 3, 5, 12)
_MANY_CHAINS = 64


def _shapes(size: int) -> Iterator[tuple[int, int]]:
    """Yield (instances, chains); many chains cost their square, so few instances have as many."""
    each = size // len(_CHAIN_COUNTS)
    yield from ((max(1, each), count) for count in _CHAIN_COUNTS)
    yield max(1, each // 100), _MANY_CHAINS


def _normalised(weights: NDArray[Any]) -> NDArray[Any]:
    probs: NDArray[Any] = weights / weights.sum(-1, keepdims=True)
    return probs


def chains() -> Domain:
    """Chains with random, decisive (0 or 1), equal or extremely unlikely pass rates; never all decided alike."""

    def spread(rng: np.random.Generator, size: int) -> Iterator[Instance]:
        for shape in _shapes(size):
            yield {
                "probs": _normalised(rng.standard_gamma(0.7, size=shape) + 1e-12),
                "chain_pass_rates": rng.uniform(size=shape),
            }

    def decisive(rng: np.random.Generator, size: int) -> Iterator[Instance]:
        for shape in _shapes(size):
            rates = (rng.uniform(size=shape) < 0.5).astype(float)
            rates[:, 0], rates[:, 1] = 0.0, 1.0
            yield {"probs": _normalised(10.0 ** rng.uniform(-12, 0, size=shape)), "chain_pass_rates": rates}

    def rare(rng: np.random.Generator, size: int) -> Iterator[Instance]:
        for shape in _shapes(size):
            yield {
                "probs": _normalised(rng.integers(1, 4, size=shape).astype(float)),
                "chain_pass_rates": 10.0 ** rng.uniform(-12, -1, size=shape),
            }

    return Domain({"random": spread, "decisive": decisive, "rare": rare}, _perturb)


def _perturb(rng: np.random.Generator, instance: Instance, scale: float) -> Instance:
    probs, rates = instance["probs"], instance["chain_pass_rates"]
    moved = np.maximum(probs * np.exp(2.0 * scale * rng.standard_normal(probs.shape)), 1e-14)
    inside = np.clip(rates, 1e-12, 1.0 - 1e-9)
    odds = inside / (1 - inside) * np.exp(scale * rng.standard_normal(rates.shape))
    return {**instance, "probs": _normalised(moved), "chain_pass_rates": odds / (1 + odds)}


def mean_squared_distance(probs: NDArray[Any], distances: NDArray[Any]) -> Any:
    """Return E d(Z, Z')^2 for two independent chains, shape (N,).

    Args:
        probs: (N, Z) chain probabilities.
        distances: (N, Z, Z) distances.
    """
    return (probs[..., :, None] * probs[..., None, :] * distances**2).sum((-2, -1))


def spaced_chains(*, upper: bool) -> Domain:
    """Chains with distances and a constant that satisfies the claim's condition on every pair.

    Args:
        upper: the constant ``slope`` satisfies |p_z - p_z'| <= slope d; otherwise |p_z - p_z'| >= slope d.
    """
    plain = chains()

    def space(rng: np.random.Generator, instance: Instance) -> Instance:
        rates = instance["chain_pass_rates"]
        shape = (*rates.shape, rates.shape[-1])
        gaps = np.abs(rates[:, :, None] - rates[:, None, :])
        noise = rng.uniform(0.0, 2.0, size=shape)
        stretch = 1.0 + np.where(rng.uniform(size=(len(rates), 1, 1)) < 1 / 3, 0.0, noise + noise.swapaxes(-1, -2))
        slope = 10.0 ** rng.uniform(-1, 1, size=len(rates))
        # dividing by one ulp more (or less) keeps the condition exact after rounding
        margin = 1.0 - 4e-16 if upper else 1.0 + 4e-16
        distances = gaps / (slope[:, None, None] * margin) * (stretch if upper else 1.0 / stretch)
        return {**instance, "distances": distances, "slope": slope}

    def family(name: str) -> Any:
        def spaced(rng: np.random.Generator, size: int) -> Iterator[Instance]:
            for instance in plain.families[name](rng, size):
                yield space(rng, instance)

        return spaced

    def perturb(rng: np.random.Generator, instance: Instance, scale: float) -> Instance:
        return space(rng, _perturb(rng, instance, scale))

    return Domain({name: family(name) for name in plain.families}, perturb)
