"""Advantages of groups that were sampled: definitions, missing rewards, extreme scales."""

from __future__ import annotations

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from vas_theory.groups import (
    AdvantageKind,
    group_advantages,
    usable_groups,
)

KINDS: tuple[AdvantageKind, ...] = ("grpo", "dr_grpo", "rloo")


@given(
    st.lists(st.floats(-1e9, 1e9) | st.sampled_from([0.0, 1.0]), min_size=2, max_size=8),
    st.sampled_from(KINDS),
    st.sampled_from([0, 1]),
    st.sampled_from([0.0, 1e-6, 1.0]),
)
def test_advantages_follow_their_definitions(rewards: list[float], kind: AdvantageKind, ddof: int, eps: float) -> None:
    scaled = np.array(rewards)
    result = group_advantages(scaled, kind=kind, ddof=ddof, eps=eps)
    with mpmath.workdps(50):
        mean = mpmath.fsum(rewards) / len(rewards)
        deviations = [mpmath.mpf(r) - mean for r in rewards]
        std = mpmath.sqrt(mpmath.fsum(d * d for d in deviations) / (len(rewards) - ddof))
        factor = {
            "grpo": 1 / (std + eps) if std else 0,
            "dr_grpo": 1,
            "rloo": mpmath.mpf(len(rewards)) / (len(rewards) - 1),
        }
        expected = [float(d * factor[kind]) for d in deviations]
    span = float(np.ptp(scaled))
    # rewards are rounded relative to their own size, so a small spread at a large offset keeps fewer digits
    rounding = 1e-14 * float(np.abs(scaled).max()) / span if span and kind == "grpo" else 1e-14 * (1 + span)
    np.testing.assert_allclose(result, expected, rtol=1e-9, atol=max(rounding, 1e-12 * (span if kind != "grpo" else 1)))


def test_published_codes_differ_on_the_same_group() -> None:
    group = [1, 0, 0, 0]
    assert group_advantages(group)[0] == pytest.approx(math.sqrt(3))
    assert group_advantages(group, ddof=1)[0] == pytest.approx(1.5)
    assert group_advantages(group, kind="dr_grpo")[0] == 0.75
    assert group_advantages(group, kind="rloo")[0] == 1.0


@pytest.mark.parametrize("kind", KINDS)
def test_equal_rewards_give_exactly_zero(kind: AdvantageKind) -> None:
    for dtype in (np.float16, np.float32, np.float64):
        assert (group_advantages(np.full(8, 0.1, dtype=dtype), kind=kind) == 0).all()
    assert (group_advantages([7, 7, 7], kind=kind) == 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_missing_rewards_are_left_out(kind: AdvantageKind) -> None:
    full = group_advantages([1.0, 0.0, 0.5], kind=kind, ddof=1, eps=0.1)
    for missing in (None, np.nan):
        holes = group_advantages([1.0, missing, 0.0, missing, 0.5], kind=kind, ddof=1, eps=0.1)
        np.testing.assert_array_equal(holes, [full[0], 0, full[1], 0, full[2]])


def test_groups_that_cannot_be_used_give_zero_and_are_marked() -> None:
    groups = [
        [1.0, np.inf, 0.0],
        [1.0, -np.inf, np.nan],
        [np.nan, np.nan, np.nan],
        [1.0, np.nan, np.nan],
        [1e301, 0.0, 0.0],
        [1.0, 0.0, np.nan],
        [1.0, 1.0, 1.0],
    ]
    assert usable_groups(groups).tolist() == [False, False, False, False, False, True, True]
    for kind in KINDS:
        values = group_advantages(groups, kind=kind)
        assert (values[:5] == 0).all()
        assert (values[6] == 0).all()
        assert values[5, 0] > 0
    assert usable_groups([[None, None], [None, 1], [0, 1]]).tolist() == [False, False, True]


def test_extreme_scales_neither_overflow_nor_vanish() -> None:
    unit = group_advantages([1.0, 0.0, 0.0])
    for scale in (1e-300, 1e-160, 1e160, 1e299):
        np.testing.assert_allclose(group_advantages([scale, 0.0, 0.0]), unit, rtol=1e-14)
    assert np.isfinite(group_advantages([5e-324, 0.0, 0.0])).all()
    np.testing.assert_allclose(group_advantages([1e-300, 0.0], eps=1e-6), [5e-295, -5e-295], rtol=1e-12)


def test_advantages_of_exact_numbers() -> None:
    assert group_advantages([Fraction(1), Fraction(0), Fraction(1, 2)], kind="rloo").tolist() == [
        Fraction(3, 4),
        Fraction(-3, 4),
        0,
    ]
    assert group_advantages([Fraction(1), None, Fraction(0)], kind="dr_grpo").tolist() == [
        Fraction(1, 2),
        0,
        Fraction(-1, 2),
    ]
    assert group_advantages([Fraction(1), Fraction(0)]).tolist() == [1, -1]
    x, y = sympy.symbols("x y")
    assert sympy.expand(group_advantages([x, y], kind="rloo")[0] - (x - y)) == 0
