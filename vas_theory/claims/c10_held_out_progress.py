r"""When drawing prompts in proportion to a score raises the first-order progress on held-out prompts.

A step on training prompt x adds :math:`t_x = \langle g_x, h\rangle` to the held-out objective, to first order, where
g_x is the gradient of its pass rate and h that of the held-out mean. Drawn with chances :math:`s_x/\sum s`, progress is
:math:`\sum_x s_x t_x/\sum s`; drawn uniformly it is the mean of t. The difference is
:math:`\mathrm{Cov}(s,t)/\bar s`, and with h a mean over held-out prompts it is a sum over pairs of prompts of inner
products of gradients. So the outcome variance helps exactly where it correlates with transfer.

The example is a linear softmax over a right and a wrong answer: :math:`g_x = p_x(1-p_x)\varphi_x`. If every prompt
transfers alike (:math:`\langle\varphi_x,\varphi_y\rangle` the same), variance is the best score up to squares and the
gain is 1 + CV^2 (claim B12). Two prompts of orthogonal features at pass rates 1/2 and 1/4, with the held-out prompt
along the second, reverse it.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from vas_theory.claims.lib.base import Claim, Domain, Instance, Relation, Verdict
from vas_theory.claims.lib.bridge.arm_sums import Arms
from vas_theory.claims.lib.certificates import counterexample, identity
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.predictions import NetworkPrediction
from vas_theory.foundation.arguments import unify


def _gradients(rates: Any, features: Any) -> Any:
    """Return the gradient p (1-p) phi of every pass rate."""
    return (rates * (1 - rates))[..., None] * features


def transfers(rates: Any, features: Any, held_rates: Any, held_features: Any) -> Any:
    """Return what a step on each training prompt adds to the mean held-out pass rate, to first order.

    Args:
        rates: (..., X) pass rates of the training prompts.
        features: (..., X, D) difference of the features of the right and the wrong answer.
        held_rates: (..., Y) pass rates of the held-out prompts.
        held_features: (..., Y, D) their features.

    Returns:
        (..., X) inner products.
    """
    held = _gradients(held_rates, held_features).sum(-2) / held_rates.shape[-1]
    return (_gradients(rates, features) * held[..., None, :]).sum(-1)


def _variance_drawn(rates: Any, features: Any, held_rates: Any, held_features: Any) -> Any:
    """Return the progress with prompts drawn in proportion to p (1-p)."""
    p, phi, q, psi = unify(rates, features, held_rates, held_features)
    score = p * (1 - p)
    return (score / score.sum(-1, keepdims=True) * transfers(p, phi, q, psi)).sum(-1)


def _uniformly_drawn(rates: Any, features: Any, held_rates: Any, held_features: Any) -> Any:
    p, phi, q, psi = unify(rates, features, held_rates, held_features)
    return transfers(p, phi, q, psi).sum(-1) / p.shape[-1]


def _difference(rates: Any, features: Any, held_rates: Any, held_features: Any) -> Any:
    instance = (rates, features, held_rates, held_features)
    return _variance_drawn(*instance) - _uniformly_drawn(*instance)


def _over_pairs(rates: Any, features: Any, held_rates: Any, held_features: Any) -> Any:
    """Return the sum over pairs of (s_x - mean s) <g_x, g_y>, over n m times the mean of s."""
    p, phi, q, psi = unify(rates, features, held_rates, held_features)
    score = p * (1 - p)
    mean = score.sum(-1, keepdims=True) / p.shape[-1]
    inner = (_gradients(p, phi)[..., :, None, :] * _gradients(q, psi)[..., None, :, :]).sum(-1)
    pairs = ((score - mean)[..., None] * inner).sum(-1).sum(-1)
    return pairs / (p.shape[-1] * q.shape[-1] * mean[..., 0])


def _identities() -> dict[str, Any]:
    import sympy

    # u is the sum over m held-out prompts of a training prompt's inner products with them, so that t = u/m
    pool, held = Arms("s u", {"1": "n"}), sympy.Symbol("m", positive=True)
    s, u = pool
    mean = s.sum() / pool.count
    difference = (s * u / held).sum() / s.sum() - (u / held).sum() / pool.count
    covariance = (s * u / held).sum() / pool.count - mean * (u / held).sum() / pool.count
    pairs = ((s - mean) * u).sum() / (pool.count * held * mean)
    return {"difference - Cov/mean": difference - covariance / mean, "difference - pairs": difference - pairs}


def _bridge(claim: Claim, instance: Instance) -> tuple[Any, Any]:
    """Compare the difference with Cov(s, t)/mean s."""
    score = instance["rates"] * (1 - instance["rates"])
    transfer = transfers(**instance)
    covariance = (score * transfer).mean(-1) - score.mean(-1) * transfer.mean(-1)
    return claim.left(**instance), covariance / score.mean(-1)


def _pools() -> Domain:
    def family(decades: float) -> Any:
        def generate(rng: np.random.Generator, size: int) -> Iterator[Instance]:
            for prompts, held in ((2, 1), (5, 3)):
                count = max(1, size // 8)
                odds = 10.0 ** rng.uniform(-decades, decades, size=(count, prompts + held))
                rates = odds / (1 + odds)
                features = rng.normal(size=(count, prompts + held, 3)) + rng.uniform(0, 2, size=(count, 1, 1))
                yield {
                    "rates": rates[:, :prompts],
                    "features": features[:, :prompts],
                    "held_rates": rates[:, prompts:],
                    "held_features": features[:, prompts:],
                }

        return generate

    return Domain({"moderate": family(1), "extreme": family(4)})


def _ramp(size: int) -> Instance:
    return {
        "rates": np.linspace(0.1, 0.5, size)[None],
        "features": np.ones((1, size, 1)),
        "held_rates": np.array([[0.3]]),
        "held_features": np.ones((1, 1, 1)),
    }


_INSTANCE: Instance = {
    "rates": np.array([[Fraction(1, 2), Fraction(1, 4)]], dtype=object),
    "features": np.array([[[1, 0], [0, 1]]]),
    "held_rates": np.array([[Fraction(1, 4)]], dtype=object),
    "held_features": np.array([[[0, 1]]]),
}
_SOURCE = (
    "makes the aim of arXiv 2509.21268, algorithm 1, a statement on held-out prompts; arXiv 2510.26491 selects "
    "data by such inner products, arXiv 2602.03452 reports weaker transfer of variance-based selection; "
)
_POLICY = "two answers a prompt, logits linear in shared parameters"

CLAIMS = (
    Claim(
        id="C10",
        title="Held-out progress: drawing by variance adds Cov(variance, transfer) over the mean variance",
        source=_SOURCE + "we found no prior source of the identity (searched: prompt selection, held-out, gradient "
        "inner products, influence)",
        statement=r"\sum_x\Big(\frac{s_x}{\sum s}-\frac1n\Big)t_x=\frac{\mathrm{Cov}(s,t)}{\bar s}"
        r"=\frac1{nm\bar s}\sum_x\sum_y(s_x-\bar s)\langle g_x,g_y\rangle,\qquad t_x=\langle g_x,h\rangle",
        assumptions=(
            "first order in the step size",
            "prompts drawn with replacement, each updated along its gradient g_x; h is the mean gradient of m held-out "
            "prompts",
            "mean score not 0; the check uses s = p(1-p) and " + _POLICY,
        ),
        relation=Relation.EQUAL,
        left=_difference,
        right=_over_pairs,
        domain=_pools(),
        certificate=identity(
            "sums over a pool with free scores and inner products",
            _identities,
            bridge=_bridge,
            sizes="all finite pools, any scores and gradients",
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Transfer.progress_over_pairs",
            sizes="all finite pools, any gradients and scores",
            also=(
                "Transfer.proportional_progress",
                "Transfer.proportional_progress_sign",
                "Transfer.progress_is_derivative",
                "Transfer.linear_softmax_gradient",
                "Transfer.alike_prompts_gain",
            ),
            points="held-out prompts",
            left="Transfer.progress pool dims g h (Transfer.in_proportion pool s) - "
            "Transfer.progress pool dims g h (Transfer.uniform pool)",
            right="Sums.sum_over (fun x : X => Sums.sum_over (fun y : X => (s x - Transfer.average pool s) * "
            "Policy.dot dims (g x) (g y)) held) pool / (Transfer.size pool * m * Transfer.average pool s)",
            where={
                "pool": "arms",
                "dims": "seq 0 2",
                "all_rates": "fun x : nat => if Nat.ltb x K then rates x else held_rates (x - K)%nat",
                "all_features": "fun x k : nat => if Nat.ltb x K then features x k else held_features (x - K)%nat k",
                "s": "fun x : nat => all_rates x * (1 - all_rates x)",
                "g": "fun x k : nat => s x * all_features x k",
                "held": "seq K (K - 1)",
                "m": "Sums.sum_over (fun _ : nat => 1) held",
                "h": "fun k : nat => Sums.sum_over (fun y : nat => g y k) held / m",
            },
        ),
        part="the outer sides",
        equality=_ramp,
        sharp=True,
        predicts=(
            NetworkPrediction(
                "chains-short",
                "oracle",
                "uniform",
                +1,
                "since all prompts are made of the same operations, so that transfer should rise with the variance",
            ),
            NetworkPrediction(
                "chains-short", "predictor", "uniform", +1, "as oracle, by an estimate of the variance", seen=True
            ),
            NetworkPrediction(
                "chains-few", "predictor", "uniform", +1, "as in chains-short: the claim knows no revisits", seen=True
            ),
        ),
        notes="It raises held-out progress exactly where variance and transfer are positively correlated over the "
        "pool. Where all prompts transfer alike the factor is 1 + CV^2. Measured inner products of prompt gradients "
        "give the sign before training; at pools where easy or hard prompts carry the transfer, uniform drawing wins.",
    ),
    Claim(
        id="C14",
        title="Drawing by variance never lowers the first-order progress on held-out prompts",
        source=_SOURCE + "stated here to settle it",
        statement=r"\sum_x\frac{s_x}{\sum s}\,t_x\ \ge\ \frac1n\sum_x t_x,\qquad s_x=p_x(1-p_x),"
        r"\ t_x=\langle\nabla p_x,\nabla p_{\mathrm{held}}\rangle",
        assumptions=("first order in the step size", _POLICY),
        relation=Relation.AT_LEAST,
        left=_variance_drawn,
        right=_uniformly_drawn,
        domain=_pools(),
        certificate=counterexample(
            "rates 1/2 and 1/4, orthogonal features, the held-out prompt like the second: 27/1792 against 9/512",
            Relation.AT_LEAST,
            _variance_drawn,
            _uniformly_drawn,
            _INSTANCE,
        ),
        verdict=Verdict.REFUTED,
        formal=Formal("Transfer.variance_sampling_can_lower_transfer", sizes="the negation of the statement"),
        counterexample=_INSTANCE,
        lacked="a transfer that does not fall as the variance rises: Cov(s, t) >= 0",
        corrected_by=("C10",),
    ),
)
