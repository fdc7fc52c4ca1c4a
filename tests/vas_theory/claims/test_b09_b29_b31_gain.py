"""The group gain against every group, its shape and its brackets."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vas_theory.bounds import group_gain_bounds
from vas_theory.claims import get_claims
from vas_theory.groups import expected_group_std, group_gain


def _gain_by_every_group(p: float, size: int) -> float:
    """Return E[A_1 | R_1 = 1] - E[A_1 | R_1 = 0] over the 2^(G-1) outcomes of the others."""
    total = 0.0
    for others in product((0.0, 1.0), repeat=size - 1):
        chance = math.prod(p if r else 1 - p for r in others)
        for own, sign in ((1.0, 1), (0.0, -1)):
            group = np.array([own, *others])
            if group.std() > 0:
                total += sign * chance * (own - group.mean()) / group.std()
    return total


@pytest.mark.parametrize("size", [2, 3, 5, 8])
@pytest.mark.parametrize("p", [0.001, 0.3, 0.5, 0.9])
def test_the_claimed_gain_agrees_with_every_group(p: float, size: int) -> None:
    (claim,) = get_claims(["B09"])
    instance = {
        "probs": np.array([[p, 1 - p]]),
        "rewards": np.array([[1.0, 0.0]]),
        "group_size": np.array([size]),
    }
    square = 2 * (p * (1 - p)) ** 2
    for side in claim.sides(instance):
        assert side[0] / square == pytest.approx(_gain_by_every_group(p, size), rel=1e-11)


def test_hand_numbers() -> None:
    assert float(group_gain(0.3, 2)) == pytest.approx(1.0)
    assert float(group_gain(0.3, 3)) == pytest.approx(math.sqrt(2))
    assert float(group_gain(0.0, 8)) == pytest.approx(math.sqrt(7))
    assert float(group_gain(0.001, 8)) * math.sqrt(0.000999) == pytest.approx(0.0835, abs=5e-5)


@given(p=st.floats(0.0, 1.0), step=st.floats(1e-3, 0.2), size=st.integers(2, 40))
def test_convex_symmetric_and_growing(p: float, step: float, size: int) -> None:
    left, right = max(0.0, p - step), min(1.0, p + step)
    middle = (left + right) / 2
    ends = (float(group_gain(left, size)) + float(group_gain(right, size))) / 2
    assert ends >= float(group_gain(middle, size)) * (1 - 1e-12)
    assert float(group_gain(1 - p, size)) == pytest.approx(float(group_gain(p, size)), rel=1e-9)
    assert float(group_gain(p, size + 1)) > float(group_gain(p, size)) * (1 - 1e-12)


@given(first=st.floats(0.0, 0.5), second=st.floats(0.0, 0.5), size=st.integers(2, 40))
def test_the_push_increases_with_the_variance(first: float, second: float, size: int) -> None:
    low, high = sorted((first, second))
    assert float(expected_group_std(high, size)) >= float(expected_group_std(low, size)) * (1 - 1e-12)


@given(p=st.floats(1e-9, 1 - 1e-9), size=st.integers(2, 60))
def test_brackets_by_their_formulas(p: float, size: int) -> None:
    gain, q = float(group_gain(p, size)), p * (1 - p)
    lower = (size - 1) / math.sqrt((size - 2) * (size - 3) * q + size - 1)
    upper = math.sqrt((size - 1) / (size * q))
    assert lower * (1 - 1e-12) <= gain <= upper * (1 + 1e-12)
    ours = [float(bound) for bound in group_gain_bounds(p, size)]
    assert ours == pytest.approx([lower, upper], rel=1e-12)


def test_the_arcsine_limit_is_slow_at_small_pass_rates() -> None:
    relative = [float(group_gain(0.001, size)) * math.sqrt(0.000999) for size in (8, 64, 4096)]
    assert relative == sorted(relative)
    assert relative[0] < 0.1
    assert relative[-1] > 0.8


def test_davis_and_recht_slope_is_the_gain_of_every_group() -> None:
    (claim,) = get_claims(["L05"])
    instance = {"pass_rate": np.array([0.2, 0.7]), "group_size": np.array([5, 6])}
    expected = [_gain_by_every_group(0.2, 5), _gain_by_every_group(0.7, 6)]
    np.testing.assert_allclose(claim.left(**instance), expected, rtol=1e-12)
