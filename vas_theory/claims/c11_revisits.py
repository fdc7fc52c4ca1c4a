r"""The price of drawing k rollouts of one prompt instead of k prompts.

A batch has m independent blocks, each a prompt drawn from q and k rollouts of it; N = m k rollouts in all. Of one
coordinate of the update let W be the mean over prompts of a rollout's variance and B the variance over prompts of
the mean. A block's mean has the variance B + W/k (law of total variance), and the batch's

.. math:: \frac{1}{m}\Big(B + \frac Wk\Big) = \frac{k B + W}{N}.

Revisiting a prompt k times multiplies the spread between prompts by k and leaves the noise of the rollouts as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.base import Claim, Domain, Instance, Relation, Verdict
from vas_theory.claims.lib.certificates import identity
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.domains.groups import by_group_size
from vas_theory.claims.lib.predictions import NetworkPrediction
from vas_theory.foundation.arguments import unify


def _enumerated(
    weights: NDArray[Any], probs: NDArray[Any], values: NDArray[Any], visits: NDArray[Any], blocks: NDArray[Any]
) -> Any:
    """Return the variance of a block's mean, enumerated over prompts and rollouts, over the number of blocks."""

    def variance(w: NDArray[Any], pi: NDArray[Any], u: NDArray[Any], m: NDArray[Any], size: int) -> Any:
        q = w / w.sum(-1, keepdims=True)
        first, second = 0 * m, 0 * m
        for draw in product(range(pi.shape[-1]), repeat=size):
            chance, total = q, 0 * q
            for arm in draw:
                chance, total = chance * pi[..., arm], total + u[..., arm]
            first = first + (chance * total / size).sum(-1)
            second = second + (chance * (total / size) ** 2).sum(-1)
        return (second - first**2) / m

    return by_group_size(variance, visits, *unify(weights, probs, values, blocks))


def spread_and_noise(weights: Any, probs: Any, values: Any) -> tuple[Any, Any]:
    """Return the variance over prompts of the mean value, and the mean over prompts of a rollout's variance.

    Args:
        weights: (..., X) weights of the prompts, normalised here.
        probs: (..., X, K) chances of the rollouts.
        values: (..., X, K) one coordinate of a rollout's update.

    Returns:
        (...) both.
    """
    q = weights / weights.sum(-1, keepdims=True)
    mean = (probs * values).sum(-1)
    noise = (probs * (values - mean[..., None]) ** 2).sum(-1)
    whole = (q * mean).sum(-1)
    return (q * (mean - whole[..., None]) ** 2).sum(-1), (q * noise).sum(-1)


def _closed(
    weights: NDArray[Any], probs: NDArray[Any], values: NDArray[Any], visits: NDArray[Any], blocks: NDArray[Any]
) -> Any:
    w, pi, u, m, k = unify(weights, probs, values, blocks, visits)
    spread, noise = spread_and_noise(w, pi, u)
    return (k * spread + noise) / (m * k)


def _identities() -> dict[str, Any]:
    import sympy

    a, b, q, m = sympy.symbols("a b q m", positive=True)
    values = np.array([[sympy.symbols("u0:2"), sympy.symbols("v0:2")]], dtype=object)
    one = {
        "weights": np.array([[q, 1 - q]], dtype=object),
        "probs": np.array([[[a, 1 - a], [b, 1 - b]]], dtype=object),
        "values": values,
        "blocks": np.array([m], dtype=object),
    }
    return {
        f"two prompts of two answers, k = {k}": (
            _enumerated(**one, visits=np.array([k])) - _closed(**one, visits=np.array([k]))
        )[0]
        for k in (1, 2, 3)
    }


def _bridge(claim: Claim, instance: Instance) -> tuple[Any, Any]:
    spread, noise = spread_and_noise(instance["weights"], instance["probs"], instance["values"])
    return claim.left(**instance), (spread + noise / instance["visits"]) / instance["blocks"]


def _batches() -> Domain:
    def family(spread: float) -> Any:
        def generate(rng: np.random.Generator, size: int) -> Iterator[Instance]:
            for prompts, arms in ((2, 2), (4, 3)):
                count = max(1, size // 16)
                probs = rng.dirichlet(np.ones(arms), size=(count, prompts)) + 1e-9
                values = rng.normal(size=probs.shape) + spread * rng.normal(size=(count, prompts, 1))
                yield {
                    "weights": rng.uniform(0.05, 1, size=(count, prompts)),
                    "probs": probs / probs.sum(-1, keepdims=True),
                    "values": values,
                    "visits": rng.choice([1, 2, 3, 4], size=count),
                    "blocks": rng.choice([1, 2, 8, 64], size=count),
                }

        return generate

    return Domain({"alike": family(0.1), "different": family(10.0)})


def _coins(size: int) -> Instance:
    return {
        "weights": np.ones((1, 2)),
        "probs": np.array([[[0.5, 0.5], [0.2, 0.8]]]),
        "values": np.array([[[1.0, 0.0], [1.0, 0.0]]]),
        "visits": np.array([min(size, 6)]),
        "blocks": np.array([size]),
    }


CLAIMS = (
    Claim(
        id="C11",
        title="Price of revisits: k rollouts of one prompt multiply the spread between prompts by k",
        source="the variance of two-stage (cluster) sampling, as in survey statistics (Kish 1965), here for rollouts; "
        "a search for a prior statement for GRPO (rollouts per prompt, prompts per batch, between and within prompts) "
        "found none",
        statement=r"\mathrm{Var}\Big[\frac1{mk}\sum_{j\le m}\sum_{i\le k}u_{ji}\Big]=\frac{k\,B+W}{mk},\qquad"
        r" B=\mathrm{Var}_x E[u\mid x],\ W=E_x\mathrm{Var}[u\mid x]",
        assumptions=(
            "m prompts drawn independently from q, k independent rollouts of each",
            "one coordinate u of a rollout's update, which depends on no other rollout (no group baseline)",
        ),
        relation=Relation.EQUAL,
        left=_enumerated,
        right=_closed,
        domain=_batches(),
        certificate=identity(
            "two prompts of two answers with free chances and values, k = 1..3",
            _identities,
            bridge=_bridge,
            sizes="two prompts, two answers, k = 1..3",
            remains="the step to every pool, policy and k; the blocks' independence",
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Transfer.revisit_price",
            sizes="all m, k >= 1, any finite pool and policy",
            points="visits",
            left="Transfer.blocks prompts acts q pol k m (fun l : list (X * list Y) => "
            "(Transfer.batch_update u k m l - Transfer.whole_mean prompts acts q pol u) ^ 2)",
            right="(INR k * Transfer.between prompts acts q pol u + Transfer.within prompts acts q pol u) / "
            "INR (m * k)",
            where={
                "Y": "nat",
                "prompts": "arms",
                "acts": "seq 0 2",
                "q": "fun x : nat => weights x / Sums.sum_over weights prompts",
                "pol": "p",
                "k": "visits",
                "m": "blocks",
            },
        ),
        equality=_coins,
        sharp=True,
        predicts=(
            NetworkPrediction(
                "chains-short",
                "index",
                "index@2",
                -1,
                "since it returns to the same prompts, whose spread then counts many times, while the cap of two "
                "visits leaves the choice otherwise the same",
            ),
        ),
        notes="The price in rollouts of k visits instead of one is the factor (k B + W)/(B + W): near 1 while the "
        "noise W dominates, near k where the prompts differ. A batch that revisits prompts k times is as noisy as one "
        "of N (B + W)/(k B + W) rollouts of distinct draws. Visits at different steps add drift, which this does not "
        "count.",
    ),
)
