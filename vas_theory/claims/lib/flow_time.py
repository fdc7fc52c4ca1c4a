r"""How long gradient flow takes to raise an expected reward, exactly, for a policy with one logit.

The policy succeeds with probability p = 1/(1 + e^-z). It is trained on the reward +s for success and -s for failure,
with a KL penalty of weight beta towards its start, and watched through the reward +1/-1. Then
:math:`\dot z = q\,(2s - \beta (z - z_0))` with q = p(1-p) = 1/(2 + 2 cosh z), and the time is an integral over z.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.base import Domain, Instance
from vas_theory.foundation.arguments import unify
from vas_theory.foundation.precision import exp, log, maximum

__all__ = ["ONE_LOGIT", "FlowFacts", "flow_domain", "flow_facts", "time_to_rise"]

ONE_LOGIT = {
    "Y": "nat",
    "prompts": "[0%nat]",
    "acts": "seq 0 2",
    "pol": "fun (_ : D -> R) (_ a : nat) => if Nat.eq_dec a 0 then start else 1 - start",
    "mu": "fun _ : nat => 1",
    "reward": "fun _ a : nat => if Nat.eq_dec a 0 then scale else - scale",
    "theta": "fun (_ : R) (_ : nat) => 0",
    "gamma": "2 * way * (1 - start)",
}
"""The policy at the start in Rocq's terms, for the quoted sides of formal theorems."""

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(64)


class FlowFacts(NamedTuple):
    """What bounds on the time depend on; each (N,).

    Args:
        rise: gamma, by how much the mean of the watched reward grows.
        variance: reward variance at the start.
        score_norm: largest |d log pi/dz| on the way.
        kl_weight: beta.
    """

    rise: Any
    variance: Any
    score_norm: Any
    kl_weight: Any


def _logits(start: Any, end: Any) -> tuple[Any, Any, Any]:
    before, after = unify(start, end)
    low, high, one = unify(log(before / (1 - before)), log(after / (1 - after)), 1)
    return low, high, one


def flow_facts(start: NDArray[Any], way: NDArray[Any], scale: NDArray[Any], penalty: NDArray[Any]) -> FlowFacts:
    """Return the quantities that bounds use.

    Args:
        start: (N,) success probability at the start, in (0, 1).
        way: (N,) share of the way to certain success, in (0, 1).
        scale: (N,) s, in (0, 1].
        penalty: (N,) in [0, 1): beta as a share of the weight at which the goal is never reached.
    """
    p, share, s, part = unify(start, way, scale, penalty)
    goal = p + share * (1 - p)
    low, high, _ = _logits(p, goal)
    width, s_like, part_like = unify(high - low, s, part)
    return FlowFacts(2 * share * (1 - p), 4 * s**2 * p * (1 - p), maximum(1 - p, goal), 2 * part_like * s_like / width)


def time_to_rise(start: NDArray[Any], way: NDArray[Any], scale: NDArray[Any], penalty: NDArray[Any]) -> Any:
    """Return the time, by Gauss-Legendre quadrature with 64 nodes; arguments as in :func:`flow_facts`.

    The integrand (2 + 2 cosh z)/(2s - beta (z - z_0)) is analytic well beyond the interval for penalties up to 0.9.
    """
    p, share, s, part = unify(start, way, scale, penalty)
    low, high, _ = _logits(p, p + share * (1 - p))
    low, high, s, part, nodes, weights = unify(low, high, s, part, _NODES, _WEIGHTS)
    fraction = (1 + nodes) / 2
    z = low[..., None] + (high - low)[..., None] * fraction
    rate = 2 * s[..., None] * (1 - part[..., None] * fraction)
    value = (2 + exp(z) + exp(-z)) / rate
    return (value * weights).sum(-1) * (high - low) / 2


def flow_domain() -> Domain:
    """Return starts, ways, reward scales and KL penalties, ordinary and extreme."""

    def random(rng: np.random.Generator, size: int) -> Iterator[Instance]:
        count = max(1, size // 2)
        yield {
            "start": rng.uniform(0.01, 0.99, size=count),
            "way": rng.uniform(0.01, 0.99, size=count),
            "scale": rng.uniform(0.01, 1, size=count),
            "penalty": rng.choice([0.0, 1.0], size=count) * rng.uniform(0, 0.9, size=count),
        }

    def extreme(rng: np.random.Generator, size: int) -> Iterator[Instance]:
        count = max(1, size // 2)
        tails = 10.0 ** rng.uniform(-9, -0.4, size=count)
        yield {
            "start": np.where(rng.uniform(size=count) < 0.5, tails, 1 - tails),
            "way": rng.uniform(0.001, 0.999, size=count),
            "scale": 10.0 ** rng.uniform(-12, 0, size=count),
            "penalty": rng.choice([0.0, 0.9], size=count),
        }

    def perturb(rng: np.random.Generator, instance: Instance, scale: float) -> Instance:
        moved = {}
        for name in ("start", "way"):
            value = instance[name]
            odds = value / (1 - value) * np.exp(2.0 * scale * rng.standard_normal(value.shape))
            moved[name] = np.clip(odds / (1 + odds), 1e-9 if name == "start" else 1e-3, 1 - 1e-9)
        moved["scale"] = np.clip(instance["scale"] * np.exp(scale * rng.standard_normal(value.shape)), 1e-12, 1.0)
        moved["penalty"] = np.clip(instance["penalty"] + scale * rng.standard_normal(value.shape), 0.0, 0.9)
        return moved

    return Domain({"random": random, "extreme": extreme}, perturb)
