"""B11's argument: the signs of its pairs, and that the ratio grows with p (1 - p) far beyond the group sizes in use."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import numpy as np
import pytest

from vas_theory.claims import get_claims
from vas_theory.claims.b11_best_pass_rate import pair_slack, whitened_ratio


def _square(size: int, j: int) -> Fraction:
    """Return d_j^2 for d_j = C(G, j) sqrt(j (G - j)) / G."""
    return Fraction(comb(size, j) ** 2 * j * (size - j), size**2)


@pytest.mark.parametrize("size", [2, 3, 8, 65, 200])
def test_the_slack_is_that_of_the_pair(size: int) -> None:
    for j in range(1, size + 1):
        exact = j * ((2 * j - 1) ** 2 * _square(size, j) - (2 * (size - j) + 1) ** 2 * _square(size, j - 1))
        factor = Fraction(comb(size, j - 1) ** 2 * (size - j + 1), size**2)
        assert exact == factor * pair_slack(j, size)
        assert (exact > 0) == (2 * j < size + 1)


@pytest.mark.parametrize(("size", "trace"), [(2, 1.0), (65, 0.3), (300, 5.0)])
def test_the_ratio_grows_up_to_one_half(size: int, trace: float) -> None:
    rates = np.linspace(0.02, 0.5, 49)
    values = np.array([float(whitened_ratio(np.asarray(p), size, 1.0, trace, trace)) for p in rates])
    assert (np.diff(values) > -1e-12 * values[1:]).all()
    # with unequal spreads it does not: the better rate lies below one half (claim B56)
    uneven = np.array([float(whitened_ratio(np.asarray(p), 16, 1.0, 0.0, 1.0)) for p in rates])
    assert uneven.argmax() < 45


def test_every_checked_step_passes() -> None:
    (claim,) = get_claims(["B11"])
    assert claim.certificate.check().passed
