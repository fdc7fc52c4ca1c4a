"""B07's argument, inequality by inequality, where it was once wrong and at random exact points."""

from __future__ import annotations

import random
from fractions import Fraction

from vas_theory.claims import get_claims
from vas_theory.claims.b07_smoothness import remaining_form, weights_slack


def _points() -> list[tuple[Fraction, ...]]:
    """Return (p, x, y, alpha, beta) with -alpha <= x <= beta; first the one that refuted the former argument."""
    rng = random.Random(5)
    points = [tuple(Fraction(value) for value in ("0.3", "-0.6", "-0.1", "0.9", "0.1"))]
    for _ in range(300):
        alpha, beta, share = (Fraction(rng.randint(0, 30), 30) for _ in range(3))
        x = -alpha + share * (alpha + beta)
        points.append((Fraction(rng.randint(0, 40), 40), x, Fraction(rng.randint(-30, 30), 30), alpha, beta))
    return points


def test_every_inequality_of_the_argument_holds() -> None:
    for p, x, y, alpha, beta in _points():
        assert all(slack >= 0 for slack in weights_slack(p))
        form, squares = remaining_form(x, y, alpha, beta)
        assert form == squares <= alpha**2 + beta**2 + y**2
        # the bound itself: p (1 - p) f <= t (alpha^2 + beta^2 + y^2) with t = 1/(3 sqrt 3), compared by squares
        value = p * (1 - p) * ((x + alpha) * (beta - x) + (1 - 2 * p) * (x - y) ** 2)
        assert value <= 0 or 27 * value**2 <= (alpha**2 + beta**2 + y**2) ** 2


def test_the_former_inequality_is_gone() -> None:
    """f <= alpha beta + s n^2 + 2 p beta^2 fails at the first point: .31 against .10."""
    p, x, y, alpha, beta = _points()[0]
    s, n = 1 - 2 * p, -y
    f = x * (beta - alpha) + alpha * beta - x**2 + s * (x + n) ** 2
    assert f > alpha * beta + s * n**2 + 2 * p * beta**2
    (claim,) = get_claims(["B07"])
    evidence = claim.certificate.check()
    assert evidence.passed
    assert "2 p beta^2" not in evidence.detail
    assert "interior maximum" not in evidence.detail
