r"""Second moments of a group's update, in closed form: RLOO for any rewards, whitened and Dr.GRPO for binary ones.

Proofs. Given the rewards, the scores of different rollouts are independent with the mean of their reward level.

RLOO. The update is the U-statistic with kernel :math:`h = \frac12 (r-r')(g-g')`, whose mean is :math:`\nabla V`. Its
projection is :math:`E[h|y] = \frac12(A g + \nabla V)`, so :math:`\zeta_1 = \frac14(M - |\nabla V|^2)`. Expanding
:math:`(A-A')^2 |g-g'|^2` with E A = 0 and E g = 0 leaves :math:`2M + 2\mathrm{Var}\,\Gamma + 4|\nabla V|^2`, so
:math:`\zeta_2 = \frac12(M + \mathrm{Var}\,\Gamma)`. Hoeffding's formula
:math:`\frac{4(G-2)}{G(G-1)}\zeta_1 + \frac{2}{G(G-1)}\zeta_2` is the stated variance.

Binary rewards. With k correct rollouts and :math:`\hat p = k/G` the update is
:math:`c_k \hat p (1-\hat p)(\bar g_1 - \bar g_0)`, where the class means of the scores have expectations mu_1, mu_0 and
total variances :math:`\tau_1/k`, :math:`\tau_0/(G-k)`; here :math:`c_k = 1` (Dr.GRPO) or
:math:`(\hat p (1-\hat p))^{-1/2}` (whitened). Taking the binomial mean over k gives both forms.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.base import Claim, Instance, Relation, Verdict
from vas_theory.claims.lib.certificates import Step, proof_steps
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.credit import no_prior_source
from vas_theory.claims.lib.domains.groups import SMALL_SHAPES, by_group_size, group_bandits
from vas_theory.claims.lib.step_gain import group_updates
from vas_theory.foundation.arguments import unify
from vas_theory.groups import dr_grpo_second_moment, rloo_second_moment, whitened_second_moment
from vas_theory.policy.gradients import (
    between_class_dispersion,
    policy_gradient,
    reward_variance,
    score_second_moment,
    weighted_second_moment,
    within_class_traces,
)
from vas_theory.policy.softmax import tabular_score


def _enumerated(kind: str) -> Callable[..., Any]:
    """Return E|ghat|^2 by summing over the arm counts of the group."""

    def second_moment(probs: NDArray[Any], rewards: NDArray[Any], group_size: NDArray[Any]) -> Any:
        def moment(pi: NDArray[Any], r: NDArray[Any], size: int) -> Any:
            chance, updates = group_updates(pi, r, size, kind)
            return (chance * (updates**2).sum(-1)).sum(-1)

        return by_group_size(moment, group_size, *unify(probs, rewards))

    return second_moment


def _closed(function: Callable[..., Any]) -> Callable[..., Any]:
    def second_moment(probs: NDArray[Any], rewards: NDArray[Any], group_size: NDArray[Any]) -> Any:
        return by_group_size(function, group_size, *unify(probs, rewards))

    return second_moment


def _less_the_mean(second_moment: Callable[..., Any]) -> Callable[..., Any]:
    """Return E|ghat|^2 - |grad V|^2: of an unbiased update the trace of its variance."""

    def variance(probs: NDArray[Any], rewards: NDArray[Any], group_size: NDArray[Any]) -> Any:
        return second_moment(probs, rewards, group_size) - (policy_gradient(probs, rewards) ** 2).sum(-1)

    return variance


def _rloo_form(m: Any, square: Any, product: Any, size: Any) -> Any:
    """Return |grad|^2 + (M - |grad|^2)/G + (Var Gamma + |grad|^2)/(G (G-1))."""
    return square + (m - square) / size + (product + square) / (size * (size - 1))


def _whitened_form(p: Any, between: Any, tau: tuple[Any, Any], size: Any) -> Any:
    """Return the whitened form; ``between`` is q D, ``tau`` the traces within the correct and the wrong class."""
    within = tau[0] * (1 - p) * (1 - (1 - p) ** (size - 1)) + tau[1] * p * (1 - p ** (size - 1))
    return (1 - 1 / size) * between + within / size


def _dr_grpo_form(p: Any, between: Any, tau: tuple[Any, Any], size: Any) -> Any:
    """Return the Dr.GRPO form, with the arguments of :func:`_whitened_form`."""
    q = p * (1 - p)
    within = q * (tau[0] * ((size - 2) * (1 - p) + 1) + tau[1] * ((size - 2) * p + 1))
    return (size - 1) * (between * (size - 1 + (size - 2) * (size - 3) * q) + within) / size**3


def _hoeffding() -> bool:
    """Check that Hoeffding's formula with zeta_1 and zeta_2 is the stated variance, for every G."""
    import sympy

    m, square, product, size = sympy.symbols("M s x G", positive=True)
    first, second = (m - square) / 4, (m + product) / 2
    variance = 4 * (size - 2) / (size * (size - 1)) * first + 2 / (size * (size - 1)) * second
    return bool(sympy.simplify(_rloo_form(m, square, product, size) - square - variance) == 0)


def _kernel_moment() -> bool:
    """Check (A-A')^2 |g-g'|^2 = the three terms with nonzero mean plus terms that vanish, for a scalar score."""
    import sympy

    a, b, g, h = sympy.symbols("a b g h")
    kept = a**2 * g**2 + b**2 * h**2 + a**2 * h**2 + b**2 * g**2 + 4 * a * g * b * h
    vanishing = -2 * a**2 * g * h - 2 * b**2 * g * h - 2 * a * b * g**2 - 2 * a * b * h**2
    return bool(sympy.expand((a - b) ** 2 * (g - h) ** 2 - kept - vanishing) == 0)


def _binomial_means() -> bool:
    """Check the means behind the Dr.GRPO form for every G, by factorial moments, and the whitened form for G = 2..7."""
    import sympy

    p, size, k = sympy.symbols("p G k", positive=True)
    q = p * (1 - p)

    def falling(base: Any, order: int) -> Any:
        return sympy.prod([base - i for i in range(order)])

    def mean(powers: tuple[int, int]) -> Any:
        """Return E[k^a (G-k)^b] from E[falling(k, i) falling(G-k, j)] = falling(G, i+j) p^i (1-p)^j."""
        stirling = {1: {1: 1}, 2: {1: 1, 2: 1}}
        return sum(falling(size, i + j) * p**i * (1 - p) ** j for i in stirling[powers[0]] for j in stirling[powers[1]])

    tau = sympy.symbols("t1 t0")
    spread = sympy.Symbol("D")
    moment = (mean((2, 2)) * spread / size + mean((1, 2)) * tau[0] / size + mean((2, 1)) * tau[1] / size) / size**3
    if sympy.simplify(moment - _dr_grpo_form(p, q * spread, tau, size)) != 0:
        return False
    for g in range(2, 8):
        total = sympy.Integer(0)
        for k in range(1, g):
            share = sympy.Rational(k, g)
            inside = share * (1 - share) * spread + ((1 - share) * tau[0] + share * tau[1]) / g
            total += sympy.binomial(g, k) * p**k * (1 - p) ** (g - k) * inside
        if sympy.expand(total - _whitened_form(p, q * spread, tau, sympy.Integer(g))) != 0:
            return False
    return True


def _enumeration_agrees(
    kind: str, closed: Callable[..., Any], rewards: tuple[Any, ...], sizes: tuple[int, ...]
) -> bool:
    """Check the closed form against the enumeration of arm counts with free probabilities (and rewards)."""
    import sympy

    arms = len(rewards)
    free = sympy.symbols(f"p1:{arms}", positive=True)
    probs = np.array([*free, 1 - sum(free)], dtype=object)
    values = np.array([sympy.sympify(r) for r in rewards], dtype=object)
    for size in sizes:
        chance, updates = group_updates(probs, values, size, kind)
        enumerated = (chance * (updates**2).sum(-1)).sum(-1)
        difference = sympy.together(enumerated - closed(probs, values, size))
        if sympy.expand(sympy.numer(difference)) != 0:
            return False
    return True


def _rloo_enumerated() -> bool:
    import sympy

    return _enumeration_agrees("rloo", rloo_second_moment, sympy.symbols("r1:4"), (2, 3))


def _whitened_enumerated() -> bool:
    return _enumeration_agrees("grpo", whitened_second_moment, (1, 1, 0), (2, 3, 4))


def _dr_grpo_enumerated() -> bool:
    return _enumeration_agrees("dr_grpo", dr_grpo_second_moment, (1, 0, 0), (2, 3, 4))


def _moments(instance: Instance) -> tuple[Any, Any, Any, Any, Any, Any]:
    probs, rewards = instance["probs"], instance["rewards"]
    scores = tabular_score(probs)
    square = (policy_gradient(probs, rewards) ** 2).sum(-1)
    product = reward_variance(probs, rewards) * score_second_moment(probs, scores)
    return probs, rewards, scores, unify(instance["group_size"], square)[0], square, product


def _rloo_bridge(claim: Claim, instance: Instance) -> tuple[Any, Any]:
    probs, rewards, scores, size, square, product = _moments(instance)
    return claim.left(**instance), _rloo_form(weighted_second_moment(probs, scores, rewards), square, product, size)


def _binary_bridge(form: Callable[..., Any]) -> Callable[[Claim, Instance], tuple[Any, Any]]:
    def bridge(claim: Claim, instance: Instance) -> tuple[Any, Any]:
        probs, rewards, scores, size, _, _ = _moments(instance)
        tau = within_class_traces(probs, scores, rewards)
        between = between_class_dispersion(probs, scores, rewards)
        return claim.left(**instance), form((probs * rewards).sum(-1), between, tau, size)

    return bridge


def _three_arms(size: int) -> Instance:
    rewards = np.array([[1.0, 0.0, 1.0]])
    return {"probs": np.array([[0.2, 0.5, 0.3]]), "rewards": rewards, "group_size": np.array([min(size, 8)])}


_ANY = ("any differentiable policy with E g = 0", "G independent rollouts")
_BINARY = (*_ANY, "rewards in {0, 1}, 0 < p < 1")

CLAIMS = (
    Claim(
        id="B10",
        title="Second moment of the RLOO update, any rewards",
        source="arXiv 2603.01162 has the view of RLOO and GRPO as U-statistics; the closed form is our derivation",
        statement=r"\mathrm{tr\,Var}[\hat g] = \frac{M-\|\nabla V\|^2}{G}"
        r" + \frac{\mathrm{Var}\,\Gamma+\|\nabla V\|^2}{G(G-1)},\qquad M=E\|g\|^2A^2,\ \Gamma=E\|g\|^2",
        assumptions=_ANY,
        relation=Relation.EQUAL,
        left=_enumerated("rloo"),
        right=_closed(rloo_second_moment),
        domain=replace(group_bandits(shapes=SMALL_SHAPES, sparse_shapes=(), thinning=4), perturb=None),
        certificate=proof_steps(
            "Hoeffding's decomposition of a U-statistic, for every G",
            [
                (
                    "the update is the U-statistic with kernel (r-r')(g-g')/2, whose projection is (A g + grad V)/2",
                    None,
                ),
                Step("E (A-A')^2 |g-g'|^2 = 2 M + 2 Var Gamma + 4 |grad V|^2", _kernel_moment, "a scalar score"),
                ("Hoeffding's variance formula is the stated form", _hoeffding),
                Step(
                    "the enumeration agrees, for three arms with free probabilities and rewards, G = 2, 3",
                    _rloo_enumerated,
                    "K = 3, G = 2, 3",
                ),
            ],
            bridge=_rloo_bridge,
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "GroupUpdate.rloo_trace_variance",
            sizes="all G >= 2, every differentiable policy, any rewards",
            also=("GroupUpdate.rloo_unbiased",),
            points="tabular, groups",
            left="GroupUpdate.trace_variance acts dims pol theta (S (S n)) (GroupUpdate.rloo r g G)",
            right="(GroupUpdate.weighted_square acts dims pol r theta g - GroupUpdate.squared_norm dims "
            "v) / G + (GroupUpdate.reward_var acts pol r theta * GroupUpdate.score_square acts "
            "dims pol theta g + GroupUpdate.squared_norm dims v) / (G * (G - 1))",
            where={
                "acts": "arms",
                "pol": "fun (_ : D -> R) (a : nat) => p a",
                "theta": "fun _ : nat => 0",
                "dims": "arms",
                "g": "fun (a k : nat) => (if Nat.eq_dec a k then 1 else 0) - p k",
                "n": "(group - 2)%nat",
                "G": "INR (S (S n))",
                "v": "fun k : nat => Sums.sum_over (fun a : nat => p a * g a k * r a) acts",
            },
            sides=(_less_the_mean(_enumerated("rloo")), _less_the_mean(_closed(rloo_second_moment))),
        ),
        equality=_three_arms,
        sharp=True,
    ),
    Claim(
        id="B33",
        title="Second moment of the whitened update, binary rewards",
        source=no_prior_source("groups"),
        statement=r"E\|\hat g\|^2 = \big(1-\tfrac1G\big)qD"
        r" + \tfrac1G\big[\tau_1(1-p)(1-(1-p)^{G-1})+\tau_0\,p\,(1-p^{G-1})\big]",
        assumptions=(*_BINARY, "population standard deviation, nothing added to it; silent groups give no update"),
        relation=Relation.EQUAL,
        left=_enumerated("grpo"),
        right=_closed(whitened_second_moment),
        domain=replace(group_bandits(binary=True, shapes=SMALL_SHAPES, sparse_shapes=(), thinning=4), perturb=None),
        certificate=proof_steps(
            "binomial mean over the number of correct rollouts",
            [
                (
                    "given k the update is c_k ph (1-ph) (mean score correct - mean score wrong), independent means",
                    None,
                ),
                (
                    "the binomial means give the form, G = 2..7; E[(1-ph) 1{k>=1}] = (1-p)(1-(1-p)^(G-1))",
                    _binomial_means,
                ),
                Step(
                    "the enumeration agrees, for three arms with free probabilities, G = 2, 3, 4",
                    _whitened_enumerated,
                    "K = 3, G = 2, 3, 4",
                ),
            ],
            bridge=_binary_bridge(_whitened_form),
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "GroupUpdate.whitened_second_moment",
            sizes="all G >= 2, every differentiable policy",
            points="tabular, binary, groups",
            left="Sums.sum_over (fun k : D => GroupUpdate.group_expect acts pol theta (S (S n)) (fun w "
            ": list A => GroupUpdate.whitened r g G k w ^ 2)) dims",
            right="(1 - / G) * (GroupUpdate.expect acts pol theta r * (1 - GroupUpdate.expect acts pol "
            "theta r)) * GroupUpdate.class_distance acts dims pol r theta g + / G * "
            "(GroupUpdate.spread_right acts dims pol r theta g * ((1 - GroupUpdate.expect acts pol "
            "theta r) * (1 - (1 - GroupUpdate.expect acts pol theta r) ^ S n)) + "
            "GroupUpdate.spread_wrong acts dims pol r theta g * (GroupUpdate.expect acts pol theta "
            "r * (1 - GroupUpdate.expect acts pol theta r ^ S n)))",
            where={
                "acts": "arms",
                "pol": "fun (_ : D -> R) (a : nat) => p a",
                "theta": "fun _ : nat => 0",
                "dims": "arms",
                "g": "fun (a k : nat) => (if Nat.eq_dec a k then 1 else 0) - p k",
                "n": "(group - 2)%nat",
                "G": "INR (S (S n))",
            },
        ),
        equality=_three_arms,
        sharp=True,
    ),
    Claim(
        id="B34",
        title="Second moment of the Dr.GRPO update, binary rewards",
        source=no_prior_source("groups"),
        statement=r"E\|\hat g\|^2 = \frac{q(G-1)}{G^3}\Big[D\big((G-1)+(G-2)(G-3)q\big)"
        r"+\tau_1((G-2)(1-p)+1)+\tau_0((G-2)p+1)\Big]",
        assumptions=_BINARY,
        relation=Relation.EQUAL,
        left=_enumerated("dr_grpo"),
        right=_closed(dr_grpo_second_moment),
        domain=replace(group_bandits(binary=True, shapes=SMALL_SHAPES, sparse_shapes=(), thinning=4), perturb=None),
        certificate=proof_steps(
            "binomial mean over the number of correct rollouts",
            [
                ("given k the update is ph (1-ph) (mean score correct - mean score wrong), independent means", None),
                Step(
                    "the binomial means give the form, for every G by factorial moments",
                    _binomial_means,
                    "all G for Dr.GRPO, G = 2..7 whitened",
                ),
                Step(
                    "the enumeration agrees, for three arms with free probabilities, G = 2, 3, 4",
                    _dr_grpo_enumerated,
                    "K = 3, G = 2, 3, 4",
                ),
            ],
            bridge=_binary_bridge(_dr_grpo_form),
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "GroupUpdate.dr_grpo_second_moment",
            sizes="all G >= 2, every differentiable policy",
            points="tabular, binary, groups",
            left="Sums.sum_over (fun k : D => GroupUpdate.group_expect acts pol theta (S (S n)) (fun w "
            ": list A => GroupUpdate.dr_grpo r g G k w ^ 2)) dims",
            right="GroupUpdate.expect acts pol theta r * (1 - GroupUpdate.expect acts pol theta r) * (G "
            "- 1) / G ^ 3 * (GroupUpdate.class_distance acts dims pol r theta g * (G - 1 + (G - 2) "
            "* (G - 3) * (GroupUpdate.expect acts pol theta r * (1 - GroupUpdate.expect acts pol "
            "theta r))) + GroupUpdate.spread_right acts dims pol r theta g * ((G - 2) * (1 - "
            "GroupUpdate.expect acts pol theta r) + 1) + GroupUpdate.spread_wrong acts dims pol r "
            "theta g * ((G - 2) * GroupUpdate.expect acts pol theta r + 1))",
            where={
                "acts": "arms",
                "pol": "fun (_ : D -> R) (a : nat) => p a",
                "theta": "fun _ : nat => 0",
                "dims": "arms",
                "g": "fun (a k : nat) => (if Nat.eq_dec a k then 1 else 0) - p k",
                "n": "(group - 2)%nat",
                "G": "INR (S (S n))",
            },
        ),
        equality=_three_arms,
        sharp=True,
    ),
)
