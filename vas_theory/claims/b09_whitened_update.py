r"""The expected whitened update of a finite group is a multiple of the gradient of the pass rate.

Proof. Let p be the pass rate, q = p(1-p), R_i the binary rewards and s the population deviation of the group. The
rollouts are exchangeable and :math:`E[g|R=1]\,p = \nabla p = -E[g|R=0]\,(1-p)`, so
:math:`E\hat g = (E[A_1|R_1=1] - E[A_1|R_1=0])\,\nabla p`. Times q the bracket is :math:`E[A_1 R_1]`, and in a group
:math:`\frac1G\sum_i A_i R_i = s`. Hence :math:`q\,w_G = E s`, the Bernstein polynomial of degree G of
:math:`\sqrt{x(1-x)}`. Its coefficients at k = 0 and G vanish, and with k = j + 1

.. math:: \binom{G}{j+1} \frac{\sqrt{(j+1)(G-1-j)}}{G} = \binom{G-2}{j} \frac{G-1}{\sqrt{(j+1)(G-1-j)}},

which takes the factor q out and leaves :math:`w_G = E[(G-1)/\sqrt{(J+1)(G-1-J)}]` with J binomial (G-2, p).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.base import Claim, Instance, Relation, Verdict
from vas_theory.claims.lib.certificates import identity
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.domains.groups import SMALL_SHAPES, by_group_size, group_bandits
from vas_theory.claims.lib.step_gain import group_updates
from vas_theory.foundation.arguments import like, unify
from vas_theory.foundation.precision import sqrt
from vas_theory.groups import expected_group_std, group_gain, silent_group_probability
from vas_theory.policy.gradients import policy_gradient


def _push_along_the_gradient(probs: NDArray[Any], rewards: NDArray[Any], group_size: NDArray[Any]) -> Any:
    """Return <E ghat, grad p>, enumerated over the arm counts of the group."""

    def push(pi: NDArray[Any], r: NDArray[Any], size: int) -> Any:
        chance, updates = group_updates(pi, r, size, "grpo")
        return (chance * (updates * policy_gradient(pi, r)[..., None, :]).sum(-1)).sum(-1)

    return by_group_size(push, group_size, *unify(probs, rewards))


def _gain_times_square(probs: NDArray[Any], rewards: NDArray[Any], group_size: NDArray[Any]) -> Any:
    """Return w_G |grad p|^2."""

    def product(pi: NDArray[Any], r: NDArray[Any], size: int) -> Any:
        rate = (pi * r).sum(-1)
        rate = np.minimum(rate, 1.0) if rate.dtype != object else rate  # a rounded sum may exceed 1 by an ulp
        return group_gain(rate, size) * (policy_gradient(pi, r) ** 2).sum(-1)

    return by_group_size(product, group_size, *unify(probs, rewards))


def _entry_of_the_mean(probs: NDArray[Any], rewards: NDArray[Any], group_size: NDArray[Any]) -> Any:
    """Return the second entry of E ghat, enumerated."""
    chance, updates = group_updates(probs, rewards, int(group_size[0]), "grpo")
    return (chance[..., None] * updates).sum(-2)[..., 1]


def _entry_of_the_gradient(probs: NDArray[Any], rewards: NDArray[Any], group_size: NDArray[Any]) -> Any:
    """Return the second entry of w_G grad p."""
    rate = (probs * rewards).sum(-1)
    return group_gain(rate, int(group_size[0])) * policy_gradient(probs, rewards)[..., 1]


def conditional_gap(p: Any, size: int, *, ddof: int = 0, eps: Any = 0) -> Any:
    """Return E[A_1 | R_1 = 1] - E[A_1 | R_1 = 0] in SymPy, over the binomial count of the other rollouts."""
    import sympy

    def advantage(reward: int, others: int) -> Any:
        mean = sympy.Rational(reward + others, size)
        if mean in (0, 1):
            return sympy.Integer(0)
        return (reward - mean) / (sympy.sqrt(mean * (1 - mean) * sympy.Rational(size, size - ddof)) + eps)

    return sum(
        sympy.binomial(size - 1, k) * p**k * (1 - p) ** (size - 1 - k) * (advantage(1, k) - advantage(0, k))
        for k in range(size)
    )


def _closed_form(p: Any, size: int) -> Any:
    import sympy

    j = range(size - 1)
    weight = [sympy.binomial(size - 2, k) * p**k * (1 - p) ** (size - 2 - k) for k in j]
    return sum(w * (size - 1) / sympy.sqrt((k + 1) * (size - 1 - k)) for w, k in zip(weight, j, strict=True))


def _identities() -> dict[str, Any]:
    import sympy

    p, eps = sympy.symbols("p epsilon", positive=True)
    q = p * (1 - p)
    expressions: dict[str, Any] = {}
    for size in range(2, 10):
        gain = group_gain(np.array([p], dtype=object), size)[0]
        expressions[f"w_G - closed form at G = {size}"] = gain - _closed_form(p, size)
        expressions[f"w_G - (E[A|1] - E[A|0]) at G = {size}"] = gain - conditional_gap(p, size)
        expressions[f"q w_G - E s at G = {size}"] = q * gain - expected_group_std(np.array([p], dtype=object), size)[0]
    for size in (2, 3, 4):
        sample = group_gain(np.array([p], dtype=object), size, ddof=1)[0]
        population = group_gain(np.array([p], dtype=object), size)[0]
        factor = sympy.sqrt(sympy.Rational(size - 1, size))
        expressions[f"sample deviation: factor sqrt((G-1)/G) at G = {size}"] = sample - factor * population
        expressions[f"sample deviation, directly, at G = {size}"] = sample - conditional_gap(p, size, ddof=1)
        added = group_gain(np.array([p], dtype=object), size, eps=eps)[0]
        expressions[f"delta > 0: E[ph(1-ph)/(s + delta)]/q at G = {size}"] = _by_powers(
            added * q - _damped(p, size, eps), p
        )
        expressions[f"delta > 0, directly, at G = {size}"] = _by_powers(added - conditional_gap(p, size, eps=eps), p)
        silent = silent_group_probability(np.array([p], dtype=object), size)[0]
        expressions[f"silent groups at G = {size}"] = silent - p**size - (1 - p) ** size
    expressions.update(_vector_identities())
    size, j = sympy.symbols("G j", positive=True, integer=True)
    ratio = sympy.binomial(size, j + 1) * (j + 1) * (size - 1 - j) / (size * (size - 1) * sympy.binomial(size - 2, j))
    expressions["C(G, j+1) (j+1)(G-1-j) = G (G-1) C(G-2, j) for every G"] = sympy.gammasimp(ratio) - 1
    return expressions


def _by_powers(polynomial: Any, p: Any) -> Any:
    """Return a polynomial in p with its coefficients, algebraic functions of delta, simplified one by one."""
    import sympy

    terms = sympy.Poly(polynomial, p, domain="EX").terms()
    return sum(sympy.simplify(coefficient) * p**power for (power,), coefficient in terms)


def _damped(p: Any, size: int, eps: Any) -> Any:
    import sympy

    shares = [sympy.Rational(k, size) for k in range(size + 1)]
    weights = [sympy.binomial(size, k) * p**k * (1 - p) ** (size - k) for k in range(size + 1)]
    inner = zip(weights[1:-1], shares[1:-1], strict=True)
    return sum(w * x * (1 - x) / (sympy.sqrt(x * (1 - x)) + eps) for w, x in inner)


def _vector_identities() -> dict[str, Any]:
    """Return every component of E ghat - w grad p for three arms, enumerated over their counts."""
    import sympy

    a, b = sympy.symbols("a b", positive=True)
    probs, rewards = np.array([a, b, 1 - a - b]), np.array([sympy.Integer(1), sympy.Integer(1), sympy.Integer(0)])
    gradient = policy_gradient(probs, rewards)
    expressions = {}
    for size in (2, 3):
        gains = {
            "grpo": group_gain(np.array([a + b], dtype=object), size)[0],
            "dr_grpo": 1 - sympy.Rational(1, size),
            "rloo": sympy.Integer(1),
        }
        for kind, gain in gains.items():
            chance, updates = group_updates(probs, rewards, size, kind)
            mean = (chance[:, None] * updates).sum(0)
            for arm in range(3):
                expressions[f"E ghat - w grad p, {kind}, arm {arm}, G = {size}"] = mean[arm] - gain * gradient[arm]
    return expressions


def _bridge(claim: Claim, instance: Instance) -> tuple[Any, Any]:
    """Compare the left side with the conditional gap that was certified, where that is symbolic in p only."""
    from math import comb

    def gap(rate: NDArray[Any], square: NDArray[Any], size: int) -> Any:
        roots = sqrt(like([max(k * (size - k), 1) for k in range(size + 1)], rate))
        total = 0 * rate
        for k in range(size):
            up = 0 if k == size - 1 else (size - k - 1) / roots[k + 1]
            down = 0 if k == 0 else -k / roots[k]
            total = total + comb(size - 1, k) * rate**k * (1 - rate) ** (size - 1 - k) * (up - down)
        return total * square

    rate = (instance["probs"] * instance["rewards"]).sum(-1)
    square = (policy_gradient(instance["probs"], instance["rewards"]) ** 2).sum(-1)
    return claim.left(**instance), by_group_size(gap, instance["group_size"], rate, square)


def _one_of_many(size: int) -> Instance:
    """Return a bandit with one correct arm among min(size, 4) and a group that can be enumerated."""
    arms = min(size, 4)
    rewards = np.eye(arms)[:1]
    probs = np.full((1, arms), 0.7 / (arms - 1))
    probs[:, 0] = 0.3
    return {"probs": probs, "rewards": rewards, "group_size": np.array([min(size, 8)])}


CLAIMS = (
    Claim(
        id="B09",
        title="Whitened group update: its mean is w_G times the gradient of the pass rate",
        source="replaces appendix A.4 of arXiv 2509.21268 (unbiasedness); first moment also in arXiv "
        "2510.13651; q w_G = E s is the group-standard-deviation identity of arXiv 2607.00152",
        statement=r"E\hat g = w_G(p)\,\nabla p,\qquad w_G = \frac{E\,\hat\sigma}{p(1-p)}"
        r" = E\Big[\frac{G-1}{\sqrt{(J+1)(G-1-J)}}\Big],\quad J\sim\mathrm{Bin}(G-2,p)",
        assumptions=(
            "any policy whose support does not move with its parameters",
            "G independent rollouts, rewards in {0, 1}",
            "population standard deviation, nothing added to it; silent groups give no update",
        ),
        relation=Relation.EQUAL,
        left=_push_along_the_gradient,
        right=_gain_times_square,
        domain=replace(group_bandits(binary=True, shapes=SMALL_SHAPES, sparse_shapes=(), thinning=4), perturb=None),
        certificate=identity(
            "closed and conditional forms for G = 2..9, coefficients for every G, whole vectors for three arms",
            _identities,
            bridge=_bridge,
            sizes="G = 2..9; whole vectors for three arms and G = 2, 3; the coefficients for all G",
            remains="exchangeability of the rollouts and the step to every G and policy",
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "GroupUpdate.whitened_mean",
            sizes="all G >= 2, every differentiable policy",
            points="tabular, binary, groups",
            left="GroupUpdate.group_expect acts pol theta (S (S n)) (GroupUpdate.whitened r g G k)",
            right="GroupGain.w (GroupUpdate.expect acts pol theta r) n * v k",
            where={
                "acts": "arms",
                "pol": "fun (_ : D -> R) (a : nat) => p a",
                "theta": "fun _ : nat => 0",
                "dims": "arms",
                "g": "fun (a k : nat) => (if Nat.eq_dec a k then 1 else 0) - p k",
                "n": "(group - 2)%nat",
                "G": "INR (S (S n))",
                "v": "fun k : nat => Sums.sum_over (fun a : nat => p a * g a k * r a) acts",
                "k": "1%nat",
            },
            sides=(_entry_of_the_mean, _entry_of_the_gradient),
        ),
        part="the first equation, along the gradient",
        experiment="finite_group_gain",
        figure="finite_group_gain",
        equality=_one_of_many,
        sharp=True,
        notes="Sample deviation: times sqrt((G-1)/G). Added delta: E[ph(1-ph)/(s + delta)]/q. Dr.GRPO: 1 - 1/G; "
        "RLOO: 1. A group is silent with probability p^G + (1-p)^G. As w_2 = 1, the whitened update is unbiased for "
        "G = 2, and for no other group size.",
    ),
)
