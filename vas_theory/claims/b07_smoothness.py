r"""Sharp smoothness of the tabular objective, absolute (B07) and relative to the gradient (B46).

For a unit vector u let U be the coordinate of the drawn arm and m = E U. Then u^T H u = Cov(r, (U - m)^2).

B07. The covariance is linear in r, so on [0, Delta]^K it is largest at r = Delta 1_C; let p = P(C). With conditional
means m_1, m_0 and d = m_1 - m_0 it is at most Delta p (1 - p) f, f = E[U^2 | C] - x^2 + s (x - m_0)^2, x = m_1, s = 1
- 2 p. If s <= 0, f <= Var(U | C) <= 1/2 and p (1 - p) f <= 1/8. Otherwise flip u so that m_0 = -n <= 0, let beta and
-alpha be the largest and smallest value of U on C, widened to contain 0: alpha^2 + beta^2 + n^2 <= 1 and the chord of
the square gives E[U^2 | C] <= x (beta - alpha) + alpha beta. As a concave function of x in [-alpha, beta], f has
- its maximum at x = beta: f = s (beta + n)^2 <= 2 s, or at x = -alpha: f = s (alpha - n)^2 <= s; and 2 p (1 - p)(1 -
  2 p) <= 1/(3 sqrt 3), with equality at p = (3 - sqrt 3)/6; or
- an interior maximum, where beta - alpha + 2 s n <= 4 p beta and f = alpha beta + s n^2 + (beta - alpha + 2 s n)^2/(8
  p). For p <= 31/100 the first condition gives f <= alpha beta + s n^2 + 2 p beta^2, at most max(s, p + sqrt(p^2 +
  1/4)); for p >= 31/100 dropping the term -alpha n leaves a quadratic form whose eigenvalues are enclosed. Both are <
  1/(3 sqrt 3).

B46. With g = pi A, sum g_i = 0 and W_i = (u_i - m)^2, u^T H u = sum g_i (W_i - c) for every c, so |u^T H u|^2 is at
most |g|^2 sum (W_i - c)^2; at c = m^2 that is |g|^2 sum u_i^2 (u_i - 2 m)^2. The sum is convex in m in [min u, max
u], so largest where m = -b is an entry of u (up to sign): b^4 + a^2 (a + 2 b)^2 at most, with a^2 + b^2 = 1. Its
maximum is the largest root of 10 y^3 - 38 y^2 + 30 y - 1. It is approached as K grows by u = (a, -b, 0, ...) and a
policy that concentrates on the arm of -b.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.b02_variance_over_rho import gradient_norm
from vas_theory.claims.lib.base import Claim, Instance, Limit, Relation, Verdict
from vas_theory.claims.lib.certificates import enclosure, proof_steps
from vas_theory.claims.lib.domains import bandits
from vas_theory.policy.gradients import hessian

_SUPREMUM = 1.0 / (3.0 * math.sqrt(3.0))


def _hessian_norm(probs: NDArray[Any], rewards: NDArray[Any]) -> Any:
    return np.abs(np.linalg.eigvalsh(hessian(probs, rewards))).max(-1)


def _range_bound(probs: NDArray[Any], rewards: NDArray[Any]) -> Any:
    return (rewards.max(-1) - rewards.min(-1)) * _SUPREMUM


def _mei_bound(probs: NDArray[Any], rewards: NDArray[Any]) -> Any:
    return np.full(len(probs), 2.5)


@cache
def _best_angle() -> tuple[float, float, float]:
    """Return a, b and kappa at the maximum of b^4 + a^2 (a + 2 b)^2, from t^3 + 3 t^2 - t - 1 = 0, t = b/a."""
    t = max(root.real for root in np.roots([1.0, 3.0, -1.0, -1.0]) if abs(root.imag) < 1e-12)
    a = 1.0 / math.sqrt(1.0 + t * t)
    b = t * a
    return a, b, math.sqrt(b**4 + a**2 * (a + 2 * b) ** 2)


def _kappa_bound(probs: NDArray[Any], rewards: NDArray[Any]) -> Any:
    return _best_angle()[2] * gradient_norm(probs, rewards)


def _two_arms(size: int) -> Instance:
    p = (3.0 - math.sqrt(3.0)) / 6.0
    return {"probs": np.array([[p, 1.0 - p]]), "rewards": np.array([[1.0, 0.0]]) * size}


def _worst_push(size: int) -> NDArray[Any]:
    """Return the gradient g = W - mean(W) that is worst for u = (a, -b, 0, ...) and m = -b."""
    a, b, _ = _best_angle()
    squares = np.full(size, b * b)
    squares[:2] = (a + b) ** 2, 0.0
    return squares - squares.mean()


def _concentrated(size: int) -> Instance:
    """Return K = size arms near the vertex of arm 2 with the worst gradient."""
    push = _worst_push(size)
    rare = 1e-13
    probs = np.full(size, rare)
    probs[1] = 1.0 - rare * (size - 1)
    return {"probs": probs[None], "rewards": (push / probs)[None]}


def _concentrated_gap(size: int) -> float:
    """Return 1 - |H| / (kappa |g|) at the vertex, where H = diag(g) - g e_2^T - e_2 g^T acts on three dimensions.

    At least u^T H u = |g|^2 by construction, and |g| tends to kappa, so the gap vanishes as K grows.
    """
    push = _worst_push(size)
    others = -push[2] * math.sqrt(size - 2)
    matrix = np.array([[push[0], -push[0], 0.0], [-push[0], -push[1], others], [0.0, others, push[2]]])
    norm = float(np.abs(np.linalg.eigvalsh(matrix)).max())
    return 1.0 - norm / (_best_angle()[2] * float(np.linalg.norm(push)))


def _second_order_form() -> bool:
    """u^T H u = E[A (U - m)^2] identically, at K = 3."""
    import sympy

    p1, p2 = sympy.symbols("p1 p2")
    probs = np.array([p1, p2, 1 - p1 - p2], dtype=object)
    rewards = np.array(sympy.symbols("r1:4"), dtype=object)
    u = np.array(sympy.symbols("u1:4"), dtype=object)
    form = (u[:, None] * hessian(probs, rewards) * u[None, :]).sum()
    value, mean = (probs * rewards).sum(), (probs * u).sum()
    return bool(sympy.expand(form - (probs * (rewards - value) * (u - mean) ** 2).sum()) == 0)


def _chord_maxima() -> bool:
    """The values of f at the ends and in the interior, and 2 p (1 - p)(1 - 2 p) <= 1/(3 sqrt 3), squared."""
    import sympy

    x, alpha, beta, n, p = sympy.symbols("x alpha beta n p")
    s = 1 - 2 * p
    f = x * (beta - alpha) + alpha * beta - x**2 + s * (x + n) ** 2
    middle = (beta - alpha + 2 * s * n) / (4 * p)
    interior = alpha * beta + s * n**2 + (beta - alpha + 2 * s * n) ** 2 / (8 * p)
    ends = sympy.expand(f.subs(x, beta) - s * (beta + n) ** 2) == 0
    ends &= sympy.expand(f.subs(x, -alpha) - s * (alpha - n) ** 2) == 0
    inner = sympy.simplify(f.subs(x, middle) - interior) == 0 and sympy.simplify(sympy.diff(f, x).subs(x, middle)) == 0
    # with y = s^2: (2 p (1-p) s)^2 = (1 - y)^2 y / 4 <= 1/27, since the difference is (3y - 1)^2 (4 - 3y) / 108
    y = sympy.Symbol("y")
    cubic = sympy.Rational(1, 27) - (1 - y) ** 2 * y / 4 - (3 * y - 1) ** 2 * (4 - 3 * y) / 108
    return bool(ends and inner and sympy.expand(cubic) == 0)


def _interior_small(p: Any) -> Any:
    """Ball of 1/(3 sqrt 3) - p (1 - p)(p + sqrt(p^2 + 1/4)).

    The other branch of the maximum, p (1 - p)(1 - 2 p), is half of what the ends already bound.
    """
    import flint

    supremum = 1 / (3 * flint.arb(3).sqrt())
    weight = p * (1 - p)
    return supremum - weight * (p + (p * p + flint.arb(1) / 4).sqrt())


def _interior_large(p: Any) -> Any:
    """Ball of the smallest leading minor of t I - M(p), t = 1/(3 sqrt 3); positive minors mean eigenvalues below t.

    M is the form p (1-p)(alpha beta + s n^2) + (1-p)(beta - alpha + 2 s n)^2 / 8 without its term in alpha n, which is
    not positive; variables in the order (alpha, beta, n).
    """
    import flint

    t = 1 / (3 * flint.arb(3).sqrt())
    s = 1 - 2 * p
    e, w = (1 - p) / 8, p * (1 - p)
    off = w / 2 - e
    corner = t - (4 * s * s * e + w * s)
    diagonal, tail = t - e, -2 * s * e
    first = diagonal
    second = diagonal * diagonal - off * off
    third = corner * second - tail * tail * diagonal
    return first.min(second).min(third)


def _decided(function: Any, low: str, high: str) -> bool:
    from fractions import Fraction

    return enclosure("", function, [[(Fraction(low), Fraction(high))]]).check().passed


def _kappa_polynomial() -> bool:
    """The stationary points of the form are the roots of the cubic in y; kappa^2 is the largest."""
    import sympy

    t, y = sympy.symbols("t y", real=True)
    top, bottom = (1 + 2 * t) ** 2 + t**4, (1 + t**2) ** 2
    stationary = sympy.numer(sympy.together(sympy.diff(top / bottom, t)))
    condition = t**3 + 3 * t**2 - t - 1
    divides = sympy.rem(sympy.Poly(stationary, t), sympy.Poly(condition, t)).is_zero
    cubic = sympy.Poly(10 * y**3 - 38 * y**2 + 30 * y - 1, y)
    resultant = sympy.Poly(sympy.resultant(y * bottom - top, condition, t), y)
    proportional = sympy.rem(resultant, cubic).is_zero
    largest = max(sympy.real_roots(cubic), key=lambda root: root.evalf(30))
    low, high = sympy.Rational("1.644490") ** 2, sympy.Rational("1.644491") ** 2
    _, _, kappa = _best_angle()
    return bool(divides and proportional and low < largest < high and abs(kappa**2 - float(largest)) < 1e-12)


def _kappa_sum() -> bool:
    """W_i - m^2 = u_i (u_i - 2 m), and the sum is convex in m."""
    import sympy

    u, m = sympy.symbols("u m", real=True)
    same = sympy.expand((u - m) ** 2 - m**2 - u * (u - 2 * m)) == 0
    return bool(same and sympy.expand(sympy.diff(u**2 * (u - 2 * m) ** 2, m, 2) - 8 * u**2) == 0)


_DOMAIN = bandits(arm_counts=(2, 3, 4, 8, 24), sparse_arm_counts=(256,))

CLAIMS = (
    Claim(
        id="B07",
        title="The Hessian is at most Delta / (3 sqrt 3)",
        source="sharpens Lemma 2 of Mei et al. 2020 (5/2), see L03; we found no prior source",
        statement=r"\|\nabla^2 V\|\le\frac{\Delta}{3\sqrt3},\qquad \Delta=\max r-\min r",
        assumptions=("tabular softmax policy",),
        relation=Relation.AT_MOST,
        left=_hessian_norm,
        right=_range_bound,
        domain=_DOMAIN,
        certificate=proof_steps(
            "covariance form, reduction to three values, two enclosures in p",
            [
                ("u^T H u = Cov(r, (U - m)^2)", _second_order_form),
                ("linear in r, so largest at r = Delta 1_C; for p >= 1/2 at most Delta/8", None),
                ("the chord bound, its maxima over x, and the exact bound at the ends", _chord_maxima),
                ("interior maximum, p in [0, 31/100]", lambda: _decided(_interior_small, "0", "0.31")),
                ("interior maximum, p in [31/100, 1/2]", lambda: _decided(_interior_large, "0.31", "0.5")),
            ],
        ),
        verdict=Verdict.PROVED,
        equality=_two_arms,
        sharp=True,
        float_tolerance=1e-10,
        notes="The supremum for every non-constant reward vector; attained by two arms at p = (3 +- sqrt 3)/6.",
    ),
    Claim(
        id="B46",
        title="The Hessian is at most kappa |grad|, kappa = 1.644491 (rounded up)",
        source="we found no prior source; compare Lemma 3 of Mei et al. 2020 and its non-uniform smoothness",
        statement=r"\|\nabla^2 V\|\le\kappa\|\nabla V\|,\quad\kappa^2=\max\{y:10y^3-38y^2+30y-1=0\}",
        assumptions=("tabular softmax policy",),
        relation=Relation.AT_MOST,
        left=_hessian_norm,
        right=_kappa_bound,
        domain=_DOMAIN,
        certificate=proof_steps(
            "a sum of squares bound, convex in the mean, and an exact resultant",
            [
                ("u^T H u = sum g_i (W_i - c) for every c, hence <= |g| sqrt(sum (W_i - c)^2)", _second_order_form),
                ("at c = m^2 the sum is sum u_i^2 (u_i - 2m)^2, convex in m, so m is an entry -b of u", _kappa_sum),
                ("the other entries have |u_i| <= a, a^2 + b^2 = 1: at most b^4 + a^2 (a + 2b)^2", None),
                ("its maximum is the largest root of 10 y^3 - 38 y^2 + 30 y - 1", _kappa_polynomial),
            ],
        ),
        verdict=Verdict.PROVED,
        limit=Limit(_concentrated, _concentrated_gap, "policies concentrating on one arm, as K grows"),
        sharp=True,
        float_tolerance=1e-9,
        notes="Best constant over all K; approached, never attained.",
    ),
    Claim(
        id="L03",
        title="Mei et al.: the objective is 5/2-smooth",
        source="Mei et al., ICML 2020 (arXiv 2005.06392), Lemma 2",
        statement=r"\|\nabla^2 V\|\le \tfrac52,\qquad r\in[0,1]^K",
        assumptions=("tabular softmax policy", "rewards in [0, 1]"),
        relation=Relation.AT_MOST,
        left=_hessian_norm,
        right=_mei_bound,
        domain=_DOMAIN,
        certificate=proof_steps("follows from B07", [("1/(3 sqrt 3) = 0.1925 is below 5/2", lambda: _SUPREMUM < 2.5)]),
        verdict=Verdict.PROVED,
        float_tolerance=1e-10,
        notes="B07 is 13 times smaller.",
    ),
)
