r"""Sharp smoothness of the tabular objective, absolute (B07) and relative to the gradient (B46).

For a unit vector u let U be the coordinate of the drawn arm and m = E U. Then u^T H u = Cov(r, (U - m)^2).

B07. The covariance is linear in r, so on [0, Delta]^K it is largest at r = Delta 1_C; let p = P(C). Let x and y be the
means of U on C and off it, beta and alpha the lengths of the positive and the negative part of u on C, and n^2 the
square of the rest of u: alpha^2 + beta^2 + n^2 = 1. On C, (U + alpha)(beta - U) >= 0, and off it E[U^2] >= y^2, so

    Cov(1_C, (U - m)^2) <= p (1 - p) ((x + alpha)(beta - x) + (1 - 2 p)(x - y)^2).

Let t = 1/(3 sqrt 3). Both factors are non-negative in x in [-alpha, beta], p (1 - p) <= 1/4 < 2 t, and p (1 - p)(1 -
2 p) <= t/2 with equality at p = (3 - sqrt 3)/6. What is left is

    t (2 (x + alpha)(beta - x) + (x - y)^2 / 2) = t (alpha^2 + beta^2 + y^2 - (x + alpha - beta)^2 - (x + y)^2 / 2),

at most t since y^2 <= n^2.

B46. With g = pi A, sum g_i = 0 and W_i = (u_i - m)^2, u^T H u = sum g_i (W_i - c) for every c, so |u^T H u|^2 is at
most |g|^2 sum (W_i - c)^2; at c = m^2 that is |g|^2 sum u_i^2 (u_i - 2 m)^2. The sum is convex in m in [min u, max
u], so largest where m = -b is an entry of u (up to sign): b^4 + a^2 (a + 2 b)^2 at most, with a^2 + b^2 = 1. Its
maximum is the largest root of 10 y^3 - 38 y^2 + 30 y - 1. It is approached as K grows by u = (a, -b, 0, ...) and a
policy that concentrates on the arm of -b.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.bounds import KAPPA_POLYNOMIAL, curvature_bound, mei_smoothness, reward_range, smoothness
from vas_theory.claims.lib.base import Claim, Instance, Limit, Relation, Verdict
from vas_theory.claims.lib.certificates import Step, proof_steps
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.credit import no_prior_source
from vas_theory.claims.lib.domains.bandits import bandits
from vas_theory.claims.lib.step_gain import KAPPA_ROUNDED_UP, kappa_exceeds_its_root, kappa_term
from vas_theory.policy.gradients import hessian


def _hessian_norm(probs: NDArray[Any], rewards: NDArray[Any]) -> Any:
    return np.abs(np.linalg.eigvalsh(hessian(probs, rewards))).max(-1)


def _range_bound(probs: NDArray[Any], rewards: NDArray[Any]) -> Any:
    return smoothness(reward_range(rewards))


def _mei_bound(probs: NDArray[Any], rewards: NDArray[Any]) -> Any:
    return np.broadcast_to(mei_smoothness(_UNIT_RANGE), (len(probs),))


def _below_mei() -> bool:
    return bool(smoothness(_UNIT_RANGE) < mei_smoothness(_UNIT_RANGE))


@cache
def _best_angle() -> tuple[float, float, float]:
    """Return a, b and kappa at the maximum of b^4 + a^2 (a + 2 b)^2, from t^3 + 3 t^2 - t - 1 = 0, t = b/a."""
    t = max(root.real for root in np.roots([1.0, 3.0, -1.0, -1.0]) if abs(root.imag) < 1e-12)
    a = 1.0 / math.sqrt(1.0 + t * t)
    b = t * a
    return a, b, math.sqrt(b**4 + a**2 * (a + 2 * b) ** 2)


def _kappa_bound(probs: NDArray[Any], rewards: NDArray[Any]) -> Any:
    return curvature_bound(probs, rewards)


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


def _form(probs: NDArray[Any], rewards: NDArray[Any], direction: NDArray[Any]) -> Any:
    """Return u^T H u, of which the Hessian's norm is the largest over unit vectors u."""
    return (direction[..., :, None] * hessian(probs, rewards) * direction[..., None, :]).sum((-2, -1))


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


def _chord_form() -> bool:
    """With class means x and y, E[U^2 | C] on the chord and E[U^2] = y^2 off C, the covariance is the stated form."""
    import sympy

    x, y, alpha, beta, p = sympy.symbols("x y alpha beta p")
    mean = p * x + (1 - p) * y
    squares = x * (beta - alpha) + alpha * beta, y**2
    # Cov(1_C, (U - m)^2) = p (1 - p) (E[(U - m)^2 | C] - E[(U - m)^2 | not C])
    covariance = p * (1 - p) * (squares[0] - 2 * mean * x - (squares[1] - 2 * mean * y))
    return bool(sympy.expand(covariance - p * (1 - p) * ((x + alpha) * (beta - x) + (1 - 2 * p) * (x - y) ** 2)) == 0)


def weights_slack(p: Any) -> tuple[Any, Any]:
    """Return 4 (2 t)^2 - 1 and t^2 - (2 p (1 - p)(1 - 2 p))^2 for t^2 = 1/27: what the two weights leave, squared."""
    third = Fraction(1, 27)
    return 16 * 4 * third - 1, third - (2 * p * (1 - p) * (1 - 2 * p)) ** 2


def _weights() -> bool:
    """p (1 - p) <= 1/4 <= 2 t and 2 p (1 - p)(1 - 2 p) <= t: a square times 4 - 3 s is left, s = (1 - 2 p)^2."""
    import sympy

    p, s = sympy.symbols("p s")
    first, second = weights_slack(p)
    quarter = sympy.expand(sympy.Rational(1, 4) - p * (1 - p) - (p - sympy.Rational(1, 2)) ** 2) == 0
    square = sympy.expand(second - ((3 * s - 1) ** 2 * (4 - 3 * s) / 108).subs(s, (1 - 2 * p) ** 2)) == 0
    return bool(quarter and first > 0 and square)


def remaining_form(x: Any, y: Any, alpha: Any, beta: Any) -> tuple[Any, Any]:
    """Return 2 (x + alpha)(beta - x) + (x - y)^2 / 2, and the same as alpha^2 + beta^2 + y^2 minus two squares."""
    form = 2 * (x + alpha) * (beta - x) + (x - y) ** 2 / 2
    return form, alpha**2 + beta**2 + y**2 - (x + alpha - beta) ** 2 - (x + y) ** 2 / 2


def _remaining_squares() -> bool:
    import sympy

    form, squares = remaining_form(*sympy.symbols("x y alpha beta"))
    return bool(sympy.expand(form - squares) == 0)


def _kappa_polynomial() -> bool:
    """The stationary points of the form are the roots of the cubic in y; kappa^2 is the largest."""
    import sympy

    t, y = sympy.symbols("t y", real=True)
    top, bottom = (1 + 2 * t) ** 2 + t**4, (1 + t**2) ** 2
    stationary = sympy.numer(sympy.together(sympy.diff(top / bottom, t)))
    condition = t**3 + 3 * t**2 - t - 1
    divides = sympy.rem(sympy.Poly(stationary, t), sympy.Poly(condition, t)).is_zero
    cubic = sympy.Poly(KAPPA_POLYNOMIAL, y)
    resultant = sympy.Poly(sympy.resultant(y * bottom - top, condition, t), y)
    proportional = sympy.rem(resultant, cubic).is_zero
    largest = max(sympy.real_roots(cubic), key=lambda root: root.evalf(30))
    near = abs(_best_angle()[2] ** 2 - float(largest)) < 1e-12
    return bool(divides and proportional and near and kappa_exceeds_its_root())


def _kappa_sum() -> bool:
    """W_i - m^2 = u_i (u_i - 2 m), and the sum is convex in m."""
    import sympy

    u, m = sympy.symbols("u m", real=True)
    same = sympy.expand((u - m) ** 2 - m**2 - u * (u - 2 * m)) == 0
    return bool(same and sympy.expand(sympy.diff(u**2 * (u - 2 * m) ** 2, m, 2) - 8 * u**2) == 0)


_CUBIC = f"{KAPPA_POLYNOMIAL[0]}y^3{KAPPA_POLYNOMIAL[1]:+d}y^2{KAPPA_POLYNOMIAL[2]:+d}y{KAPPA_POLYNOMIAL[3]:+d}"
_UNIT_RANGE = 1.0
"""L03 is about rewards in [0, 1]."""
_DOMAIN = bandits(arm_counts=(2, 3, 4, 8, 24), sparse_arm_counts=(256,))

CLAIMS = (
    Claim(
        id="B07",
        title="The Hessian is at most Delta / (3 sqrt 3)",
        source=f"sharpens Lemma 2 of Mei et al. 2020 (5/2), see L03; {no_prior_source('smoothness')}",
        statement=r"\|\nabla^2 V\|\le\frac{\Delta}{3\sqrt3},\qquad \Delta=\max r-\min r",
        assumptions=("tabular softmax policy",),
        relation=Relation.AT_MOST,
        left=_hessian_norm,
        right=_range_bound,
        domain=_DOMAIN,
        certificate=proof_steps(
            "covariance form, two class means, a sum of squares",
            [
                Step("u^T H u = Cov(r, (U - m)^2)", _second_order_form, "K = 3"),
                Step("linear in r, so largest at r = Delta 1_C", None),
                Step("(U + alpha)(beta - U) >= 0 on C and E[U^2] >= y^2 off C, for K arms", None),
                Step("so Cov <= p (1 - p) ((x + alpha)(beta - x) + (1 - 2 p)(x - y)^2)", _chord_form),
                Step("p (1 - p) <= 1/4 <= 2 t and 2 p (1 - p)(1 - 2 p) <= t = 1/(3 sqrt 3)", _weights),
                Step("2 (x + alpha)(beta - x) + (x - y)^2/2 = alpha^2 + beta^2 + y^2 - squares", _remaining_squares),
            ],
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Hessian.hessian_at_most_range",
            sizes="all K",
            also=("Curvature.curvature_bound",),
            points="tabular, direction",
            left="Curvature.curvature arms p r u",
            right="(hi - lo) / (3 * sqrt 3)",
            where={"lo": "Sums.min_over r arms", "hi": "Sums.max_over r arms"},
            sides=(_form, None),
        ),
        equality=_two_arms,
        sharp=True,
        float_tolerance=1e-10,
        notes="The supremum for every non-constant reward vector; attained by two arms at p = (3 +- sqrt 3)/6.",
    ),
    Claim(
        id="B46",
        title=f"The Hessian is at most kappa |grad|, kappa = {KAPPA_ROUNDED_UP} (rounded up)",
        source="non-uniform smoothness of softmax policies: Mei et al. 2020 (Lemma 3) and arXiv 2105.06072, for "
        f"stochastic steps arXiv 2402.17235; {no_prior_source('smoothness', 'of this constant')}",
        statement=rf"\|\nabla^2 V\|\le\kappa\|\nabla V\|,\quad\kappa^2=\max\{{y:{_CUBIC}=0\}}",
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
                (f"its maximum is the largest root of {_CUBIC}", _kappa_polynomial),
            ],
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Kappa.hessian_at_most_kappa_gradient",
            sizes="all K",
            also=(
                "Kappa.curvature_at_most_gradient",
                "Kappa.kappa_exists",
                "Kappa.kappa_digits",
            ),
            points="tabular, direction",
            left="Curvature.curvature arms p r u",
            right="k * sqrt (Tabular.norm2 arms (Tabular.grad arms p r))",
            where={"k": kappa_term},
            sides=(_form, None),
        ),
        part="the bound; not that kappa is that root",
        limit=Limit(_concentrated, _concentrated_gap, "policies concentrating on one arm, as K grows"),
        sharp=True,
        float_tolerance=1e-9,
        notes="Best constant over all K; approached, never attained.",
    ),
    Claim(
        id="L03",
        title="Mei et al.: the objective is 5/2-smooth",
        source="Mei et al., ICML 2020 (arXiv 2005.06392), Lemma 2",
        statement=rf"\|\nabla^2 V\|\le {float(mei_smoothness(_UNIT_RANGE))},\qquad r\in[0,1]^K",
        assumptions=("tabular softmax policy", "rewards in [0, 1]"),
        not_computed={"[0,1]": "an interval"},
        relation=Relation.AT_MOST,
        left=_hessian_norm,
        right=_mei_bound,
        domain=_DOMAIN,
        certificate=proof_steps(
            "follows from B07",
            [("1/(3 sqrt 3) = 0.1925 is below 5/2", _below_mei)],
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Hessian.mei_smoothness",
            sizes="all K",
            untied={"left": "a spectral norm; the theorem bounds the quadratic form"},
            points="softmax",
            right="5 / 2",
        ),
        float_tolerance=1e-10,
        notes="B07 is 13 times smaller.",
    ),
)
