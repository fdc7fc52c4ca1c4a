"""One formula, four number systems: the generic functions agree with numpy and stay exact where they can."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy

from vas_theory.foundation import precision


@pytest.mark.parametrize("name", ["sqrt", "exp", "log", "sin", "cos"])
def test_elementary_functions_agree_in_every_number_system(name: str) -> None:
    values = np.array([[0.25, 0.5], [2.0, 3.75]])
    expected = getattr(np, name)(values)
    function = getattr(precision, name)
    np.testing.assert_array_equal(function(values), expected)
    with mpmath.workdps(50):
        multi = precision.multiprecision({"x": values})["x"]
        for system in (precision.exact(values), precision.symbolic(values), multi):
            np.testing.assert_allclose(precision.floating(function(system)), expected, rtol=1e-15)


def test_square_roots_of_squares_stay_rational_and_others_do_not_lose_digits() -> None:
    roots = precision.sqrt(precision.exact([Fraction(4, 9), 16]))
    assert list(roots) == [Fraction(2, 3), Fraction(4)]
    with mpmath.workdps(50):
        (root,) = precision.sqrt(precision.exact([2]))
        assert abs(root**2 - 2) < mpmath.mpf(10) ** -48


def test_extremes_follow_the_number_system() -> None:
    np.testing.assert_array_equal(precision.maximum(np.array([1.0, 3.0]), 2.0), [2.0, 3.0])
    assert list(precision.minimum(precision.exact([0.5, 0.25]), Fraction(1, 3))) == [Fraction(1, 3), Fraction(1, 4)]
    x = sympy.Symbol("x", real=True)
    (value,) = precision.maximum(np.array([x], dtype=object), np.array([0], dtype=object))
    assert value == sympy.Max(x, 0)


def test_multiprecision_normalises_probabilities_and_keeps_integers() -> None:
    with mpmath.workdps(50):
        converted = precision.multiprecision({"probs": np.array([[0.1, 0.2, 0.7]]), "group_size": np.array([8])})
        assert abs(converted["probs"].sum() - 1) < mpmath.mpf(10) ** -49
    assert converted["group_size"].dtype.kind == "i"
