r"""Clipping removes whole terms of the gradient: its bias is not of the order of the clip range.

One logit, old policy 1/2, new policy 7/10, rewards (1, 0), baseline 1/2: for every clip range under .4 both arms are
clipped, the gradient of the surrogate is 0, and the unclipped one is 21/100. So no constant C gives |bias| <= C eps,
and the lower bound on the improvement does not stay positive.

The bias is what is clipped (A41): E_old[ratio A g 1{clipped}], which is at most G_max E_pi[|A| 1{clipped}]. It
vanishes while no ratio leaves the range (one step on fresh rollouts), and it is attained where all clipped terms
point one way.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.base import CertificateKind, Claim, Instance, Relation, Verdict
from vas_theory.claims.lib.certificates import counterexample, identity
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.domains.bandits import bandits
from vas_theory.claims.lib.domains.extra import Extra, extended, shares, thinned
from vas_theory.foundation.arguments import unify
from vas_theory.foundation.precision import maximum, minimum, sqrt

Arrays = NDArray[Any]


def _terms(probs: Arrays, old_probs: Arrays, feature: Arrays, rewards: Arrays, clip: Arrays) -> tuple[Any, Any, Any]:
    """Return pi A, the scores of one parameter and which arms are clipped, with the old policy's mean as baseline.

    An arm is clipped where moving its probability no longer changes min(pi A, clip(pi, (1 -+ eps) pi_old) A).
    """
    pi, old, phi, r, eps = unify(probs, old_probs, feature, rewards, clip)
    score = phi - (pi * phi).sum(-1, keepdims=True)
    advantage = r - (old * r).sum(-1, keepdims=True)
    low, high = (1 - eps)[..., None] * old, (1 + eps)[..., None] * old
    inside = minimum(maximum(pi, low), high)
    return pi * advantage, score, pi * advantage > inside * advantage


def _bias_squared(probs: Arrays, old_probs: Arrays, feature: Arrays, rewards: Arrays, clip: Arrays) -> Any:
    """Return |unclipped - clipped gradient|^2, each summed over its own arms, shape (N,)."""
    push, score, clipped = _terms(probs, old_probs, feature, rewards, clip)
    unclipped = (push * score).sum(-1)
    kept = (np.where(clipped, 0, push) * score).sum(-1)
    return (unclipped - kept) ** 2


def _bias_with_constant(
    probs: Arrays, old_probs: Arrays, feature: Arrays, rewards: Arrays, clip: Arrays, constant: Arrays
) -> Any:
    return _bias_squared(probs, old_probs, feature, rewards, clip)


def _order_of_clip(
    probs: Arrays, old_probs: Arrays, feature: Arrays, rewards: Arrays, clip: Arrays, constant: Arrays
) -> Any:
    factor, eps = unify(constant, clip)
    return (factor * eps) ** 2


def _mass_clipped(probs: Arrays, old_probs: Arrays, feature: Arrays, rewards: Arrays, clip: Arrays) -> Any:
    """Return (G_max E_pi[|A| 1{clipped}])^2, shape (N,)."""
    push, score, clipped = _terms(probs, old_probs, feature, rewards, clip)
    mass = np.where(clipped, abs(push), 0).sum(-1)
    return abs(score).max(-1) ** 2 * mass**2


def _bias(probs: Arrays, old_probs: Arrays, feature: Arrays, rewards: Arrays, clip: Arrays) -> Any:
    """Return the root of the left side, as the theorem states it."""
    return sqrt(_bias_squared(probs, old_probs, feature, rewards, clip))


def _bound(probs: Arrays, old_probs: Arrays, feature: Arrays, rewards: Arrays, clip: Arrays) -> Any:
    return sqrt(_mass_clipped(probs, old_probs, feature, rewards, clip))


def _pairs(push: Arrays, score: Arrays, bound: Any) -> Any:
    """Return (G sum |a_i|)^2 - (sum a_i g_i)^2 as sum_ij |a_i a_j| (G^2 - s_i s_j g_i g_j), with s the signs of a."""
    top = np.asarray(bound)[..., None, None] ** 2
    size = abs(push)[..., :, None] * abs(push)[..., None, :]
    signed = (push * score)[..., :, None] * (push * score)[..., None, :]
    return (size * top - signed).sum((-2, -1))


def _identity() -> dict[str, Any]:
    import sympy

    # clipped arms with any signs: a_i = s_i m_i with m_i >= 0
    expressions = {}
    for signs in ((1, 1, 1), (1, -1, 1), (-1, -1, 1)):
        sizes = np.array(sympy.symbols("m1:4", nonnegative=True), dtype=object)
        scores = np.array(sympy.symbols("g1:4", real=True), dtype=object)
        bound = sympy.Symbol("G", positive=True)
        push = sizes * np.array(signs)
        slack = bound**2 * sizes.sum() ** 2 - (push * scores).sum() ** 2
        expressions[f"slack - sum over pairs, signs {signs}"] = slack - _pairs(push, scores, bound)
    return expressions


def _bridge(claim: Claim, instance: Instance) -> tuple[Any, Any]:
    push, score, clipped = _terms(**instance)
    left, right = claim.sides(instance)
    return right, left + _pairs(np.where(clipped, push, 0), score, abs(score).max(-1))


def _all_clipped(size: int) -> Instance:
    """Return a policy that moved from 2/5 to 1/2 on the correct arms, ``size`` arms a class, clip range 1/10."""
    correct = np.arange(2 * size) < size
    return {
        "probs": np.full((1, 2 * size), 0.5 / size),
        "old_probs": np.where(correct, 0.4, 0.6)[None] / size,
        "feature": correct[None].astype(float),
        "rewards": correct[None].astype(float),
        "clip": np.array([0.1]),
    }


def _draw_old(rng: np.random.Generator, instance: Instance) -> Arrays:
    moved = instance["probs"] * np.exp(rng.uniform(0.05, 1.5) * rng.standard_normal(instance["probs"].shape))
    drawn: Arrays = moved / moved.sum(-1, keepdims=True)
    return drawn


def _move_old(rng: np.random.Generator, values: Arrays, scale: float) -> Arrays:
    moved = values * np.exp(scale * rng.standard_normal(values.shape))
    result: Arrays = moved / moved.sum(-1, keepdims=True)
    return result


_FEATURE = Extra(
    lambda rng, instance: rng.standard_normal(instance["probs"].shape),
    lambda rng, values, scale: values + scale * rng.standard_normal(values.shape),
)
_DOMAIN = extended(
    bandits(arm_counts=(2, 3, 8, 64), sparse_arm_counts=(256,)),
    old_probs=Extra(_draw_old, _move_old),
    feature=_FEATURE,
    clip=shares(0.0, 0.3),
)


def _no_constant(*ranges: tuple[Fraction, Fraction]) -> Instance:
    count = len(ranges)
    return {
        "probs": np.array([[Fraction(7, 10), Fraction(3, 10)]] * count, dtype=object),
        "old_probs": np.array([[Fraction(1, 2), Fraction(1, 2)]] * count, dtype=object),
        "feature": np.array([[1, 0]] * count),
        "rewards": np.array([[1, 0]] * count),
        "clip": np.array([eps for eps, _ in ranges], dtype=object),
        "constant": np.array([constant for _, constant in ranges], dtype=object),
    }


_INSTANCE = _no_constant(
    (Fraction(2, 10), Fraction(1)), (Fraction(1, 100), Fraction(20)), (Fraction(1, 10**6), Fraction(2 * 10**5))
)

CLAIMS = (
    Claim(
        id="A20",
        title="Clipping costs a bias of the order of the clip range",
        source="arXiv 2509.21268, appendix A.4",
        statement=r"\exists\,C\;\forall\varepsilon:\quad\|E[\hat g_{\mathrm{clip}}]-E[\hat g]\|\le C\,\varepsilon",
        assumptions=("one parameter", "baseline the old policy's mean reward", "same clip range on both sides"),
        relation=Relation.AT_MOST,
        left=_bias_with_constant,
        right=_order_of_clip,
        domain=extended(_DOMAIN, constant=shares()),
        certificate=counterexample(
            "old 1/2, new 7/10, r = (1, 0): every clip range under .4 leaves 0 of 21/100; eps, C = .2, 1; .01, 20; "
            "1e-6, 2e5 shown (squares)",
            Relation.AT_MOST,
            _bias_with_constant,
            _order_of_clip,
            _INSTANCE,
        ),
        verdict=Verdict.REFUTED,
        formal=Formal(
            "RefutedSteps.clipping_bias_is_not_of_the_order_of_the_range", sizes="the negation of the statement"
        ),
        counterexample=_INSTANCE,
        lacked="ratios inside the clip range: the bias is everything that is clipped, whatever the range",
        corrected_by=("A41",),
    ),
    Claim(
        id="A41",
        title="The clipping bias is at most the clipped advantage mass times the largest score",
        source="corrects appendix A.4 of arXiv 2509.21268",
        statement=r"E[\hat g]-E[\hat g_{\mathrm{clip}}]=E_{\mathrm{old}}[\rho A g\,1\{\text{clipped}\}],\qquad"
        r"\|\cdot\|\le G_{\max}\,E_\pi\big[|A|\,1\{\text{clipped}\}\big]",
        assumptions=("old policy with positive probabilities", "scores bounded by G_max"),
        relation=Relation.AT_MOST,
        left=_bias_squared,
        right=_mass_clipped,
        domain=thinned(_DOMAIN, 2),
        certificate=identity(
            "the slack of the squares is a sum over pairs of clipped arms, each term non-negative",
            _identity,
            bridge=_bridge,
            kind=CertificateKind.SUM_OF_SQUARES,
            sizes="three clipped arms with three patterns of signs, one parameter",
            remains="that every coincidence of indices occurs at these sizes; that the clipped terms are the bias",
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Clipping.clipping_bias",
            sizes="every differentiable policy, advantages, old policy and clip range",
            also=(
                "Clipping.mean_update_is_gradient",
                "Clipping.mean_clipped_update_is_gradient",
            ),
            points="tabular, clipping",
            left="Tabular.norm dims (fun k : D => Clipping.mean_update acts pol theta g old adv k - "
            "Clipping.mean_clipped_update acts pol theta g old adv clipped k)",
            right="Gmax * Sums.sum_over (fun a : A => pol theta a * (Rabs (adv a) * clipped a)) acts",
            where={
                "acts": "arms",
                "D": "unit",
                "dims": "[tt]",
                "pol": "fun (_ : D -> R) (a : nat) => p a",
                "theta": "fun _ : D => 0",
                "g": "fun (a : nat) (_ : D) => feature a - Sums.sum_over (fun b => p b * feature b) arms",
                "adv": "fun a : nat => r a - Sums.sum_over (fun b => old b * r b) arms",
                "Gmax": "largest",
            },
            sides=(_bias, _bound),
        ),
        part="the bound; not the form of the bias",
        equality=_all_clipped,
        sharp=True,
        notes="The sides are the squares. A pair contributes |a_i a_j| (G_max^2 -+ g_i g_j) >= 0 since |g| <= G_max.",
    ),
)
