r"""Theorem 1 for the exact gradient step: true given its assumption (ii), with the sharp constant 7/8 instead of 1/4.

Proof (A28). Write N = \|\nabla J\|^2, V = Var[R], c the constant of (ii) (N >= c V) and eta = s c / (4 L Gamma) with
0 < s <= 1. Taylor and |H| <= L give gain >= eta N (1 - L eta / 2) = eta N (1 - s c / (8 Gamma)). Cauchy-Schwarz gives
N = |E[g (R - E R)]|^2 <= Gamma V, so c <= Gamma wherever V > 0. Now

    N (1 - s c / (8 Gamma)) - (7/8) c V = (N - c V) (1 - s c / (8 Gamma)) + (c V / 8) (1 - s c / Gamma),

and both terms are non-negative. The constant is sharp even when (ii) holds along the whole step: take one parameter
with pi_theta(1) = 3/4 + theta - theta^2 / 2 on [0, 1/4]. There L = 1, Gamma(0) = c = 16/3, |J'|^2 >= c Var on the
interval, the step is 1/4 and the gain 7/32 = (7/8) eta c Var.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.base import Claim, Instance, Relation, Verdict
from vas_theory.claims.lib.certificates import Step, proof_steps
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.credit import no_prior_source
from vas_theory.claims.lib.domains.bandits import bandits
from vas_theory.claims.lib.domains.extra import extended, shares
from vas_theory.claims.lib.taylor_step import Moments, moments, one_logit_step, taylor_steps
from vas_theory.foundation.arguments import unify
from vas_theory.foundation.precision import exp, sqrt
from vas_theory.policy.gradients import hessian, policy_gradient, reward_variance


def _gain(
    probs: NDArray[Any],
    features: NDArray[Any],
    rewards: NDArray[Any],
    curvature: NDArray[Any],
    smoothness: NDArray[Any],
    share: NDArray[Any],
    constant_share: NDArray[Any],
) -> Any:
    m = moments(probs, features, rewards)
    _, eta = _constant_and_step(m, smoothness, share, constant_share)
    return eta * m.gradient + curvature * smoothness * eta**2 * m.gradient / 2


def _constant_and_step(
    m: Moments, smoothness: NDArray[Any], share: NDArray[Any], constant_share: NDArray[Any]
) -> tuple[Any, Any]:
    """Return c, a share of |grad|^2 / Var, and eta = share c / (4 L Gamma)."""
    gradient, variance, gamma, bound, part, of_constant = unify(
        m.gradient, m.variance, m.score, smoothness, share, constant_share
    )
    constant = of_constant * gradient / variance
    return constant, part * constant / (4 * bound * gamma)


def _seven_eighths(
    probs: NDArray[Any],
    features: NDArray[Any],
    rewards: NDArray[Any],
    curvature: NDArray[Any],
    smoothness: NDArray[Any],
    share: NDArray[Any],
    constant_share: NDArray[Any],
) -> Any:
    m = moments(probs, features, rewards)
    constant, eta = _constant_and_step(m, smoothness, share, constant_share)
    return 7 * eta * constant * m.variance / 8


def _largest_step(probs: NDArray[Any], rewards: NDArray[Any]) -> tuple[Any, Any]:
    """Return c = |grad|^2 / Var and c / (4 L Gamma) for a tabular softmax, L = Delta / (3 sqrt 3)."""
    pi, r = unify(probs, rewards)
    constant = (policy_gradient(pi, r) ** 2).sum(-1) / reward_variance(pi, r)
    bound, gamma = unify((r.max(-1) - r.min(-1)) / (3 * sqrt(unify(3, pi)[0])), 1 - (pi**2).sum(-1))
    return constant, constant / (4 * bound * gamma)


def _tabular_gain(probs: NDArray[Any], rewards: NDArray[Any], share: NDArray[Any]) -> Any:
    """Return V(theta + eta grad) - V(theta) = sum pi_i A_i (e^(eta grad_i) - 1) / sum pi_i e^(eta grad_i)."""
    _, largest = _largest_step(probs, rewards)
    push = policy_gradient(probs, rewards)
    growth = exp((share * largest)[..., None] * push)
    return (push * (growth - 1)).sum(-1) / (probs * growth).sum(-1)


def _quarter(probs: NDArray[Any], rewards: NDArray[Any], share: NDArray[Any]) -> Any:
    constant, largest = _largest_step(probs, rewards)
    return share * largest * constant * reward_variance(probs, rewards) / 4


def _taylor_bridge(claim: Claim, instance: Instance) -> tuple[Any, Any]:
    """Compare the gain with eta N + eta^2 integral of (1 - s) <grad, H(theta + s eta grad) grad> ds, by quadrature."""
    probs, rewards = instance["probs"], instance["rewards"]
    eta = instance["share"] * _largest_step(probs, rewards)[1]
    push = policy_gradient(probs, rewards)
    nodes, weights = np.polynomial.legendre.leggauss(12)
    curvature = np.zeros(len(probs))
    for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
        moved = probs * exp(node * eta[:, None] * push)
        matrix = hessian(moved / moved.sum(-1, keepdims=True), rewards)
        curvature += weight * (1 - node) * (push[:, None, :] @ matrix @ push[:, :, None])[:, 0, 0]
    return claim.sides(instance)[0], eta * (push**2).sum(-1) + eta**2 * curvature


def _slack_identity() -> bool:
    import sympy

    n, v, c, gamma, s = sympy.symbols("N V c Gamma s", positive=True)
    factor = 1 - s * c / (8 * gamma)
    slack = n * factor - sympy.Rational(7, 8) * c * v
    return bool(sympy.expand(slack - (n - c * v) * factor - c * v / 8 * (1 - s * c / gamma)) == 0)


def _taylor_factor() -> bool:
    import sympy

    n, c, gamma, s, bound = sympy.symbols("N c Gamma s L", positive=True)
    eta = s * c / (4 * bound * gamma)
    return bool(sympy.expand(eta * n - bound * eta**2 * n / 2 - eta * n * (1 - s * c / (8 * gamma))) == 0)


def _cauchy_schwarz() -> bool:
    """Lagrange's identity for one coordinate of g: E g^2 E A^2 - (E g A)^2 is a sum over pairs."""
    import sympy

    p, g, a = (np.array(sympy.symbols(f"{name}1:4"), dtype=object) for name in "pga")
    first, second = np.triu_indices(3, 1)
    pairs = (p[first] * p[second] * (g[first] * a[second] - g[second] * a[first]) ** 2).sum()
    return bool(sympy.expand((p * g**2).sum() * (p * a**2).sum() - (p * g * a).sum() ** 2 - pairs) == 0)


def _extremal_policy() -> bool:
    """Check pi_theta(1) = 3/4 + theta - theta^2/2 on [0, 1/4] in rational arithmetic and by Sturm's theorem."""
    import sympy

    theta = sympy.Symbol("theta")
    p = sympy.Rational(3, 4) + theta - theta**2 / 2
    slope, variance = sympy.diff(p, theta), p * (1 - p)
    c = (slope**2 / variance).subs(theta, 0)
    eta = sympy.Rational(1, 4)  # c / (4 L Gamma) with L = 1 and Gamma = c
    end = eta * slope.subs(theta, 0)
    gain = p.subs(theta, end) - p.subs(theta, 0)
    attained = gain == sympy.Rational(7, 8) * eta * c * variance.subs(theta, 0) == sympy.Rational(7, 32)
    excess = sympy.Poly(sympy.cancel((slope**2 - c * variance) / theta), theta)  # (ii) along the step; equality at 0
    holds = excess.count_roots(0, end) == 0 and excess.eval(end / 2) > 0
    inside = sympy.Poly(variance, theta).count_roots(0, end) == 0
    return bool(attained and holds and inside and sympy.diff(p, theta, 2) == -1)


_STEPS = [
    ("Taylor and |H| <= L: gain >= eta N - L eta^2 N / 2 = eta N (1 - s c / (8 Gamma))", _taylor_factor),
    Step(
        "Cauchy-Schwarz N <= Gamma V coordinate by coordinate, hence c <= Gamma",
        _cauchy_schwarz,
        "K = 3, one coordinate of the score",
    ),
    ("slack = (N - c V)(1 - s c/(8 Gamma)) + (c V / 8)(1 - s c/Gamma) >= 0", _slack_identity),
]


def _bridge(claim: Claim, instance: Instance) -> tuple[Any, Any]:
    """Compare the slack with its two certified terms plus what a milder curvature than -L adds."""
    m = moments(instance["probs"], instance["features"], instance["rewards"])
    bound, share = instance["smoothness"], instance["share"]
    constant, eta = _constant_and_step(m, bound, share, instance["constant_share"])
    first = (m.gradient - constant * m.variance) * (1 - share * constant / (8 * m.score))
    second = constant * m.variance / 8 * (1 - share * constant / m.score)
    milder = (instance["curvature"] + 1) * bound * eta**2 * m.gradient / 2
    left, right = claim.sides(instance)
    return left, right + eta * (first + second) + milder


CLAIMS = (
    Claim(
        id="A07",
        title="Theorem 1, exact gradient step: the gain is at least eta c Var / 4",
        source="arXiv 2509.21268, Theorem 1, with its G read as the mean",
        statement=r"0<\eta\le\frac{c_{\min}}{4L\Gamma}\;\Rightarrow\;"
        r"J(\theta^+)-J(\theta)\ge\frac{\eta\,c_{\min}}4\,\mathrm{Var}[R]",
        assumptions=(
            "|Hessian J| <= L along the step",
            "(ii) |grad J|^2 >= c_min Var[R], which does not follow from a positive Fisher matrix (A06)",
            "step along the exact gradient",
        ),
        relation=Relation.AT_LEAST,
        left=_tabular_gain,
        right=_quarter,
        domain=extended(bandits(), share=shares()),
        certificate=proof_steps("descent lemma with c <= Gamma", _STEPS, bridge=_taylor_bridge),
        verdict=Verdict.CONDITIONAL,
        formal=Formal(
            "Improvement.exact_step_gain_quarter",
            sizes="every differentiable policy with finitely many actions and parameters",
            points="softmax, two arms, share",
            left="Policy.objective acts pol r (Policy.move theta v eta) - Policy.objective acts pol r theta",
            right="eta * c / 4 * Gradients.policy_variance acts pol theta r",
            where={
                "acts": "seq 0 K",
                "dims": "seq 0 K",
                "pol": "Softmax.softmax K",
                "theta": "th",
                "v": "Derivative.partial K r th",
                "g": "fun (a k : nat) => (if Nat.eq_dec a k then 1 else 0) - Softmax.softmax K th k",
                "L": "(Sums.max_over r acts - Sums.min_over r acts) / (3 * sqrt 3)",
                "c": "Sums.sum_over (fun k : nat => v k ^ 2) dims / Gradients.policy_variance acts pol theta r",
                "eta": "share * (c / (4 * L * Improvement.score_second_moment acts dims pol theta g))",
            },
        ),
        experiment="one_step_progress",
        figure="one_step_progress",
        notes="Stressed on real tabular policies with L = Delta / (3 sqrt 3) and c = |grad|^2 / Var at the policy. Not "
        "sharp: 7/8 replaces 1/4 (A28). A constant c that is uniform over prompts cannot exist (A27).",
    ),
    Claim(
        id="A28",
        title="Theorem 1, exact gradient step, sharp: the gain is at least 7/8 of eta c Var",
        source=f"sharpens Theorem 1 of arXiv 2509.21268; {no_prior_source('steps')}",
        statement=r"0<\eta\le\frac{c}{4L\Gamma}\;\Rightarrow\;J(\theta^+)-J(\theta)\ge\tfrac78\,\eta\,c\,\mathrm{Var}[R]",
        assumptions=("|Hessian J| <= L along the step", "|grad J|^2 >= c Var[R] at theta", "exact gradient step"),
        relation=Relation.AT_LEAST,
        left=_gain,
        right=_seven_eighths,
        domain=taylor_steps(constant_share=True),
        certificate=proof_steps(
            "descent lemma with c <= Gamma, and a policy that attains it",
            [
                *_STEPS,
                ("attained by pi_theta(1) = 3/4 + theta - theta^2/2, with (ii) on all of [0, 1/4]", _extremal_policy),
            ],
            bridge=_bridge,
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Improvement.exact_step_gain",
            sizes="every differentiable policy with finitely many actions and parameters",
            also=("Improvement.exact_step_gain_is_sharp",),
            untied={"left": "the gain of a step whose curvature is given; the theorem is about every smooth objective"},
            points="scored, step, constant",
            right="7 / 8 * eta * c * Gradients.policy_variance acts pol theta r",
            where={
                "acts": "arms",
                "dims": "seq 0 2",
                "pol": "fun (_ : D -> R) (a : nat) => p a",
                "theta": "fun _ : nat => 0",
                "L": "smoothness",
                "v": "fun k : nat => Sums.sum_over (fun a : nat => p a * g a k * r a) acts",
                "c": "constant_share * (Tabular.norm2 dims v / Gradients.policy_variance acts pol theta r)",
                "eta": "share * (c / (4 * L * Improvement.score_second_moment acts dims pol theta g))",
            },
        ),
        equality=lambda size: {**one_logit_step(size), "constant_share": np.ones(1)},
        sharp=True,
    ),
)
