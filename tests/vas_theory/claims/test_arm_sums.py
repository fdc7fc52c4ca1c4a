"""Sums over arms by symbols: they are what is written out for a few arms, and a wrong identity does not vanish."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
import sympy

from vas_theory.claims import get_claims
from vas_theory.claims.lib.bridge.arm_sums import Arms, Row
from vas_theory.claims.lib.certificates import identity


def _drawn(count: int) -> list[tuple[Fraction, Fraction]]:
    rng = random.Random(count)
    return [(Fraction(rng.randint(-9, 9), 7), Fraction(rng.randint(1, 9), 5)) for _ in range(count)]


def _at(expression: Any, values: list[tuple[Fraction, Fraction]]) -> Any:
    """Return a symbolic sum at some arms: every symbol S[...] is what it stands for."""
    x, y = sympy.symbols("x y")
    expression = sympy.sympify(expression)
    written = {}
    for symbol in expression.free_symbols:
        monomial = sympy.sympify(str(symbol).removeprefix("S[").removesuffix("]"), {"x": x, "y": y})
        written[symbol] = sum(
            sympy.sympify(monomial).subs({x: sympy.Rational(a), y: sympy.Rational(b)}) for a, b in values
        )
    return expression.subs(written)


ROWS: dict[str, Callable[[Any, Any], Any]] = {
    "sum of rows": lambda x, y: x + y,
    "number before a row": lambda x, y: 3 + x,
    "difference": lambda x, y: x - y * 2,
    "number less a row": lambda x, y: 5 - x,
    "product": lambda x, y: 2 * x * y * x,
    "quotient by a number": lambda x, y: (x - y) / 7,
    "power": lambda x, y: (x - 3 * y) ** 3,
}


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("name", ROWS)
def test_a_sum_is_the_sum_over_the_arms(name: str, count: int) -> None:
    values = _drawn(count)
    x, y = Arms("x y")
    row = ROWS[name](x, y)
    assert isinstance(row, Row)
    assert _at(row.sum(-1, keepdims=True), values) == sum(sympy.Rational(ROWS[name](a, b)) for a, b in values)


@pytest.mark.parametrize("count", [1, 2, 4])
def test_a_sum_over_pairs_counts_both_orders_and_an_arm_with_itself(count: int) -> None:
    values = _drawn(count)
    term = lambda one, other: (one[0] * other[1] ** 2 - one[1]) ** 2 + 1  # noqa: E731
    expected = sum(sympy.Rational(term(a, b)) for a in values for b in values)
    assert _at(Arms("x y").over_pairs(term), values) == expected


def test_what_is_known_of_a_sum_is_used_and_no_more() -> None:
    arms = Arms("p r", {"1": "K", "p": 1, "p*r": "V"}, label="T")
    p, r = arms
    assert arms.count == sympy.Symbol("K")
    assert (3 * p * r - 2 * p).sum() == 3 * sympy.Symbol("V") - 2
    assert str((p**2 * r).sum()) == "T[p**2*r]"
    assert str(Arms("p").count) == "S[1]"


def test_a_row_divided_by_a_row_is_no_polynomial() -> None:
    x, y = Arms("x y")
    with pytest.raises(sympy.PolynomialError):
        (x / y).sum()


WRONG = {
    "A11": ("w z", {"w": 1}, lambda w, z: (w * z).sum() * (1 - (w * z).sum()) - (w * z * (1 + z)).sum()),
    "sign of a square": ("p r", {"p": 1}, lambda p, r: (p * (r - (p * r).sum()) ** 2).sum() + (p * r).sum() ** 2),
    "number of arms": ("v", {}, lambda v: (v**2).sum() - v.sum() ** 2),
    "constant": ("p r", {"p": 1}, lambda p, r: (2 * p * r - p).sum() - 2 * (p * r).sum() - 1),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_identity_does_not_vanish(name: str) -> None:
    letters, known, expression = WRONG[name]
    assert not identity(name, lambda: {"": expression(*Arms(letters, known))}, sizes="all").check().passed


@pytest.mark.parametrize("name", ["A11", "A22", "B02", "B03", "B12", "B22", "C06", "C10", "C12"])
def test_these_identities_hold_for_every_number_of_arms(name: str) -> None:
    (claim,) = get_claims([name])
    assert claim.certificate.check().passed
    assert claim.certificate.machine[0].sizes.startswith("all")
