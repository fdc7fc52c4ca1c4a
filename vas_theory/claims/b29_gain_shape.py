r"""The shape of the group gain w_G: convex with its minimum at 1/2, and increasing in the group size.

Convexity. w_G is the Bernstein polynomial of degree n = G - 2 with coefficients
:math:`c_j = (G-1)\,((j+1)(G-1-j))^{-1/2}`, symmetric under j -> n - j. The function
:math:`(x(G-x))^{-1/2}` is log-convex, hence the coefficients are convex in j, and
:math:`w_G'' = n(n-1) \sum_j \Delta^2 c_j\, b_{j,n-2} \ge 0`. A symmetric convex function is least at 1/2. It is
constant exactly when its coefficients agree, which :math:`c_0^2 - c_1^2 = (G-1)(G-3)/(2(G-2))` allows for G = 3
only (for G = 2 there is one coefficient). At the ends :math:`w_G = c_0 = \sqrt{G-1}`.

Growth. :math:`q w_G = B_G f` with :math:`f(x) = \sqrt{x(1-x)}`. Raised to degree G + 1, the coefficients of B_G f are
the averages :math:`\frac{k}{G+1} f(\frac{k-1}{G}) + (1-\frac{k}{G+1}) f(\frac{k}{G})`, and the two points average to
:math:`k/(G+1)`. As f is strictly concave, those of :math:`B_{G+1} f` are larger.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.base import Claim, Instance, Relation, Verdict
from vas_theory.claims.lib.certificates import Step, proof_steps
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.credit import no_prior_source
from vas_theory.claims.lib.domains.bandits import pass_rates
from vas_theory.claims.lib.domains.groups import by_group_size
from vas_theory.groups import bernstein, group_gain


def _gain(pass_rate: NDArray[Any], group_size: NDArray[Any]) -> Any:
    return by_group_size(group_gain, group_size, pass_rate)


def _gain_at_half(pass_rate: NDArray[Any], group_size: NDArray[Any]) -> Any:
    return by_group_size(lambda rate, size: group_gain((0 * rate + 1) / 2, size), group_size, pass_rate)


def _next_gain(pass_rate: NDArray[Any], group_size: NDArray[Any]) -> Any:
    return by_group_size(lambda rate, size: group_gain(rate, size + 1), group_size, pass_rate)


def _log_convex() -> bool:
    """Check that the logarithm of (x(G-x))^(-1/2) has second derivative (1/x^2 + 1/(G-x)^2)/2."""
    import sympy

    x, size = sympy.symbols("x G", positive=True)
    log = -(sympy.log(x) + sympy.log(size - x)) / 2
    return bool(sympy.simplify(sympy.diff(log, x, 2) - (1 / x**2 + 1 / (size - x) ** 2) / 2) == 0)


def _second_derivative() -> bool:
    """Check w'' = n (n-1) sum of second differences times Bernstein polynomials, for free coefficients, n = 2..4."""
    import sympy

    p = sympy.Symbol("p")
    point = np.array([p], dtype=object)
    for degree in range(2, 5):
        c = np.array(sympy.symbols(f"c0:{degree + 1}"), dtype=object)
        curved = degree * (degree - 1) * bernstein(np.diff(c, 2), point)[0]
        if sympy.expand(sympy.diff(bernstein(c, point)[0], p, 2) - curved) != 0:
            return False
    return True


def _constant_for_two_and_three_only() -> bool:
    """Check c_0^2 - c_1^2 = (G-1)(G-3)/(2(G-2)), c_0^2 = G - 1, and w_2 = 1, w_3 = sqrt 2 for every p."""
    import sympy

    size, p = sympy.symbols("G p", positive=True)
    square = [(size - 1) ** 2 / ((j + 1) * (size - 1 - j)) for j in (0, 1)]
    difference = sympy.simplify(square[0] - square[1] - (size - 1) * (size - 3) / (2 * (size - 2)))
    point = np.array([p], dtype=object)
    values = [sympy.expand(group_gain(point, g)[0]) for g in (2, 3)]
    return bool(difference == 0 and sympy.simplify(square[0] - size + 1) == 0 and values == [1, sympy.sqrt(2)])


def _degree_raising() -> bool:
    """Check B_n f raised to degree n + 1 for free values of f, n = 2..4, and that the two points average to k/(n+1)."""
    import sympy

    p, k, n = sympy.symbols("p k n")
    point = np.array([p], dtype=object)
    average = k / (n + 1) * (k - 1) / n + (1 - k / (n + 1)) * k / n
    if sympy.simplify(average - k / (n + 1)) != 0:
        return False
    for degree in range(2, 5):
        f = np.array(sympy.symbols(f"f0:{degree + 1}"), dtype=object)
        share = np.array([sympy.Rational(i, degree + 1) for i in range(degree + 2)], dtype=object)
        raised = share * np.concatenate([[0], f]) + (1 - share) * np.concatenate([f, [0]])
        if sympy.expand(bernstein(f, point)[0] - bernstein(raised, point)[0]) != 0:
            return False
    return True


def _strictly_concave() -> bool:
    """Check that the second derivative of sqrt(x(1-x)) is -1/(4 (x(1-x))^(3/2))."""
    import sympy

    x = sympy.Symbol("x", positive=True)
    curve = sympy.sqrt(x * (1 - x))
    return bool(sympy.simplify(sympy.diff(curve, x, 2) + 1 / (4 * (x * (1 - x)) ** sympy.Rational(3, 2))) == 0)


def _fair(size: int) -> Instance:
    return {"pass_rate": np.array([0.5]), "group_size": np.array([size])}


CLAIMS = (
    Claim(
        id="B29",
        title="The group gain is convex in the pass rate with its minimum at 1/2",
        source=no_prior_source("groups"),
        statement=r"w_G''(p)\ge 0,\quad w_G(p)=w_G(1-p)\ge w_G(\tfrac12),\quad w_G(0)=w_G(1)=\sqrt{G-1},\quad"
        r" w_G \text{ constant} \iff G\in\{2,3\}",
        assumptions=("population standard deviation", "rewards in {0, 1}"),
        not_computed={r"\{2,3\}": "group sizes, at which the gain is constant"},
        relation=Relation.AT_LEAST,
        left=_gain,
        right=_gain_at_half,
        domain=pass_rates(),
        certificate=proof_steps(
            "convex and symmetric Bernstein coefficients",
            [
                ("(x(G-x))^(-1/2) is log-convex, so the coefficients are convex in j", _log_convex),
                Step(
                    "w'' has the second differences of the coefficients as its own coefficients",
                    _second_derivative,
                    "degree 2, 3, 4",
                ),
                ("the coefficients are symmetric, so w_G(p) = w_G(1-p) and the minimum is at 1/2", None),
                ("w_G is constant for G = 2, 3 only, and sqrt(G-1) at the ends", _constant_for_two_and_three_only),
            ],
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "GainBounds.group_gain_shape",
            sizes="all G >= 2, all p",
            points="groups",
            left="GroupGain.w p n",
            right="GroupGain.w (1 / 2) n",
            where={"n": "(group - 2)%nat", "p": "rate"},
        ),
        part="w_G(p) >= w_G(1/2)",
        experiment="finite_group_gain",
        figure="finite_group_gain",
        equality=_fair,
        sharp=True,
    ),
    Claim(
        id="B30",
        title="The group gain increases with the group size; the push p(1-p) w_G is concave in p",
        source=no_prior_source("groups"),
        statement=r"w_{G+1}(p) > w_G(p)\ \ (0<p<1),\qquad p(1-p)\,w_G = B_G\sqrt{x(1-x)}"
        r"\ \text{concave, symmetric, increasing in } p(1-p)",
        assumptions=("population standard deviation", "rewards in {0, 1}"),
        not_computed={"(0<p<1)": "an open interval"},
        relation=Relation.AT_LEAST,
        left=_next_gain,
        right=_gain,
        domain=pass_rates(),
        certificate=proof_steps(
            "raising the degree of a Bernstein polynomial of a concave function",
            [
                ("q w_G is the Bernstein polynomial of degree G of sqrt(x(1-x)) (claim B09)", None),
                Step(
                    "raised by one degree, its coefficients average f at two points whose mean is k/(G+1)",
                    _degree_raising,
                    "degree 2, 3, 4",
                ),
                ("f is strictly concave, so f(k/(G+1)) exceeds that average", _strictly_concave),
                (
                    "concave coefficients make q w_G concave (as in claim B29); symmetric and concave, it grows with q",
                    None,
                ),
            ],
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "GainBounds.group_gain_growth",
            sizes="all G >= 2, all p",
            points="groups",
            left="GroupGain.w p (S n)",
            right="GroupGain.w p n",
            where={"n": "(group - 2)%nat", "p": "rate"},
        ),
        part="w_(G+1)(p) >= w_G(p)",
        experiment="finite_group_gain",
        figure="finite_group_gain",
    ),
)
