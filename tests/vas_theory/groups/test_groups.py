"""Groups: advantages, and expectations against brute force over all K^G groups."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import scipy.stats
import sympy
from hypothesis import given
from hypothesis import strategies as st

from vas_theory.foundation.errors import ArgumentError, UnknownNameError
from vas_theory.foundation.precision import exact
from vas_theory.groups import (
    AdvantageKind,
    arcsine_gain,
    bernstein,
    dr_grpo_second_moment,
    enumerate_second_moment,
    enumerate_update,
    expected_group_std,
    expected_update,
    group_advantages,
    group_gain,
    rloo_second_moment,
    silent_group_probability,
    update_second_moment,
    whitened_second_moment,
)
from vas_theory.policy.gradients import policy_gradient
from vas_theory.policy.softmax import feature_score, softmax, tabular_score

KINDS: tuple[AdvantageKind, ...] = ("grpo", "dr_grpo", "rloo")
EXTREME_RATES = [0.0, 5e-324, 1e-300, 1e-9, 0.5, 1 - 2**-53, 1.0]


def _advantages(rewards: list[float], kind: str, ddof: int, eps: float) -> list[float]:
    """The definitions in plain Python, apart from the package."""
    size, mean = len(rewards), math.fsum(rewards) / len(rewards)
    if max(rewards) == min(rewards):
        return [0.0] * size
    if kind == "rloo":
        return [r - (math.fsum(rewards) - r) / (size - 1) for r in rewards]
    unit = max(abs(r - mean) for r in rewards)
    std = unit * math.sqrt(math.fsum(((r - mean) / unit) ** 2 for r in rewards) / (size - ddof))
    return [(r - mean) / (std + eps if kind == "grpo" else 1) for r in rewards]


def _brute_force(
    probs: np.ndarray, scores: np.ndarray, rewards: np.ndarray, size: int, kind: str, ddof: int, eps: float
) -> tuple[np.ndarray, float]:
    """First and second moment of the update by a sum over all K^G groups."""
    first, second = np.zeros(scores.shape[1]), 0.0
    for group in itertools.product(range(len(probs)), repeat=size):
        values = _advantages([float(rewards[arm]) for arm in group], kind, ddof, eps)
        update = sum(a * scores[arm] for a, arm in zip(values, group, strict=True)) / size
        weight = math.prod(probs[arm] for arm in group)
        first, second = first + weight * update, second + weight * float(update @ update)
    return first, second


REWARDS = {
    "binary": [1.0, 0.0, 1.0, 0.0],
    "two levels": [-3.0, 0.5, -3.0, -3.0],
    "graded": [0.3, -1.2, 2.0, 0.7],
    "a tie": [0.0, 1.0, 2.0, 1.0],
    "constant": [0.1, 0.1, 0.1, 0.1],
    "tiny": [0.0, 1e-200, 3e-200, 1e-200],
}


@pytest.mark.parametrize("rewards", REWARDS.values(), ids=REWARDS.keys())
@pytest.mark.parametrize(("arms", "size"), [(2, 2), (2, 6), (3, 4), (4, 3)])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("ddof", "eps"), [(0, 0.0), (1, 0.0), (0, 0.1), (1, 1e-6)])
def test_moments_agree_with_all_groups(
    rewards: list[float], arms: int, size: int, kind: AdvantageKind, ddof: int, eps: float
) -> None:
    rng = np.random.default_rng(1)
    probs, r = rng.dirichlet(np.ones(arms)), np.array(rewards[:arms])
    features = feature_score(probs, rng.normal(size=(arms, 2)))
    scale = max(float(np.ptp(r)), 1e-300) if kind != "grpo" else 1.0
    for scores in (tabular_score(probs), features):
        first, second = _brute_force(probs, scores, r, size, kind, ddof, eps)
        moments = (
            update_second_moment(probs, r, size, scores=scores, kind=kind, ddof=ddof, eps=eps),
            enumerate_second_moment(probs, r, size, scores=scores, kind=kind, ddof=ddof, eps=eps),
        )
        np.testing.assert_allclose(moments, second, rtol=1e-12, atol=1e-15 * scale**2)
    first, _ = _brute_force(probs, tabular_score(probs), r, size, kind, ddof, eps)
    for function in (expected_update, enumerate_update):
        update = function(probs, r, size, kind=kind, ddof=ddof, eps=eps)
        np.testing.assert_allclose(update, first, rtol=1e-11, atol=1e-15 * scale)


@pytest.mark.parametrize("function", [expected_update, enumerate_update, update_second_moment, enumerate_second_moment])
def test_whitening_is_by_the_population_deviation_unless_another_is_named(function: Callable[..., np.ndarray]) -> None:
    probs, rewards = [0.2, 0.5, 0.3], [0.3, -1.2, 2.0]
    np.testing.assert_array_equal(
        function(probs, rewards, 3), function(probs, rewards, 3, kind="grpo", ddof=0, eps=0.0)
    )


def test_shapes_broadcast_and_rows_stand_alone() -> None:
    rng = np.random.default_rng(2)
    probs = rng.dirichlet(np.ones(4), size=(3, 2))
    for rewards in (rng.normal(size=(2, 4)), rng.integers(0, 2, size=(2, 4)), rng.normal(size=4)):
        update = expected_update(probs, rewards, 5)
        moment = update_second_moment(probs, rewards, 5)
        assert update.shape == (3, 2, 4)
        assert moment.shape == (3, 2)
        rows = np.broadcast_to(rewards, (3, 2, 4))
        for index in np.ndindex(3, 2):
            np.testing.assert_allclose(update[index], expected_update(probs[index], rows[index], 5), rtol=1e-13)
            np.testing.assert_allclose(moment[index], update_second_moment(probs[index], rows[index], 5), rtol=1e-13)


@given(
    st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=3, max_size=6),
    st.lists(st.floats(-40, 40), min_size=6, max_size=6),
    st.integers(2, 7),
    st.sampled_from([0, 1]),
)
def test_updates_are_finite_sum_to_zero_and_vanish_for_constant_rewards(
    rewards: list[float], logits: list[float], size: int, ddof: int
) -> None:
    probs = softmax(logits[: len(rewards)])
    update = expected_update(probs, rewards, size, ddof=ddof)
    assert np.isfinite(update).all()
    assert abs(update.sum()) < 1e-13
    assert update_second_moment(probs, rewards, size, ddof=ddof) >= (update @ update) * (1 - 1e-12)
    assert (expected_update(probs, np.full(len(rewards), 0.3), size) == 0).all()


def test_known_reversal_of_the_whitened_direction_is_exact() -> None:
    probs, rewards = exact([Fraction(19, 20), Fraction(1, 25), Fraction(1, 100)]), exact([0, Fraction(-1, 30), 1])
    inner = (expected_update(probs, rewards, 2) * policy_gradient(probs, rewards)).sum()
    assert inner == Fraction(-17999, 250000000)
    assert update_second_moment(probs, rewards, 2) == Fraction(479, 10000)
    floats = expected_update(probs.astype(float), rewards.astype(float), 2)
    np.testing.assert_allclose(floats, expected_update(probs, rewards, 2).astype(float), rtol=1e-13)


def test_enumeration_at_50_digits_agrees_with_floats() -> None:
    rng = np.random.default_rng(3)
    probs, rewards = rng.dirichlet(np.ones(4)), rng.normal(size=4)
    with mpmath.workdps(50):
        pi = np.array([mpmath.mpf(float(p)) for p in probs], dtype=object)
        r = np.array([mpmath.mpf(float(x)) for x in rewards], dtype=object)
        np.testing.assert_allclose(
            expected_update(probs, rewards, 6), expected_update(pi, r, 6).astype(float), rtol=1e-12
        )
        moment = update_second_moment(pi, r, 6, ddof=1, eps=1e-3)
    np.testing.assert_allclose(update_second_moment(probs, rewards, 6, ddof=1, eps=1e-3), float(moment), rtol=1e-12)


def test_large_groups_of_three_levels_do_not_overflow() -> None:
    update = expected_update([0.2, 0.3, 0.5], [0.0, 0.4, 1.0], 700)
    gradient = policy_gradient([0.2, 0.3, 0.5], [0.0, 0.4, 1.0])
    # the law of large numbers: the group's deviation tends to the population's
    np.testing.assert_allclose(update, gradient / np.sqrt(0.2 * 0.3844 + 0.3 * 0.0484 + 0.5 * 0.1444), rtol=5e-3)


def test_too_many_levels_are_refused_with_their_number() -> None:
    with pytest.raises(ArgumentError, match="64 levels in a group of 15: 4367914309753280 compositions"):
        expected_update(np.full(64, 1 / 64), np.arange(64.0), 16)
    assert rloo_second_moment(np.full(64, 1 / 64), np.arange(64.0), 16) > 0


def test_closed_forms_of_second_moments_agree_with_enumeration_exactly() -> None:
    probs = exact([Fraction(1, 2), Fraction(1, 5), Fraction(1, 5), Fraction(1, 10)])
    binary, graded = exact([1, 0, 1, 0]), exact([1, 0, Fraction(1, 2), 3])
    for size in (2, 3, 4, 6):
        for rewards in (binary, graded):
            closed = rloo_second_moment(probs, rewards, size)
            assert closed == enumerate_second_moment(probs, rewards, size, kind="rloo")
            assert (closed * Fraction(size - 1, size) ** 2) == update_second_moment(
                probs, rewards, size, kind="dr_grpo"
            )
        assert dr_grpo_second_moment(probs, binary, size) == enumerate_second_moment(
            probs, binary, size, kind="dr_grpo"
        )
        whitened = enumerate_second_moment(probs.astype(float), binary.astype(float), size)
        np.testing.assert_allclose(float(whitened_second_moment(probs, binary, size)), whitened, rtol=1e-13)


# --- the pass rate alone -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [2, 3, 4, 8, 33])
@pytest.mark.parametrize(("ddof", "eps"), [(0, 0.0), (1, 0.0), (0, 1e-4), (1, 0.5)])
def test_gain_and_deviation_agree_with_binomial_sums(size: int, ddof: int, eps: float) -> None:
    k = np.arange(size + 1)
    share = k / size
    std = np.sqrt(share * (1 - share) * size / (size - ddof))
    push = np.divide(share * (1 - share), std + eps, out=np.zeros(size + 1), where=std > 0)
    for p in (1e-6, 0.03, 0.5, 0.9):
        weights = scipy.stats.binom.pmf(k, size, p)
        np.testing.assert_allclose(
            group_gain(p, size, ddof=ddof, eps=eps), weights @ push / (p * (1 - p)), rtol=1e-9
        )  # the oracle divides a rounded sum by p(1-p)
        np.testing.assert_allclose(expected_group_std(p, size, ddof=ddof), weights @ std, rtol=1e-12)
        np.testing.assert_allclose(silent_group_probability(p, size), weights[0] + weights[-1], rtol=1e-12)


@pytest.mark.parametrize("size", [2, 3, 8, 64])
def test_gain_at_the_ends_of_the_unit_interval(size: int) -> None:
    gain = group_gain(EXTREME_RATES, size)
    assert np.isfinite(gain).all()
    assert gain[0] == gain[-1] == pytest.approx(math.sqrt(size - 1), rel=1e-15)
    np.testing.assert_allclose(gain[[1, 2, 5]], math.sqrt(size - 1), rtol=1e-12)
    deviation = expected_group_std(EXTREME_RATES, size)
    assert deviation[0] == deviation[-1] == 0
    assert deviation[1] == round(math.sqrt(size - 1)) * 5e-324
    assert deviation[2] == pytest.approx(1e-300 * math.sqrt(size - 1), rel=1e-13)
    assert silent_group_probability(EXTREME_RATES, size)[[0, 1, 6]].tolist() == [1, 1, 1]


def test_gain_shape_is_convex_and_grows_with_the_group() -> None:
    p = np.linspace(0, 1, 101)
    previous = np.zeros_like(p)
    for size in (2, 3, 4, 5, 9, 16):
        gain = group_gain(p, size)
        if size <= 3:
            np.testing.assert_allclose(gain, math.sqrt(size - 1), rtol=1e-14)
        else:
            assert (np.diff(gain, 2) > 0).all()
            assert gain.argmin() == 50
        assert (gain > previous - 1e-14).all()
        assert (gain[1:-1] < arcsine_gain(p[1:-1])).all()
        previous = gain
    assert arcsine_gain([0.0, 0.5]).tolist() == [np.inf, 2.0]


def test_push_is_the_bernstein_polynomial_of_the_deviation_on_rationals() -> None:
    p = exact([Fraction(1, 3), Fraction(2, 7), Fraction(0), Fraction(1)])
    # G = 2 and 5 have rational entries where k(G - k) is a square; Dr.GRPO's are rational always
    assert expected_group_std(p, 2).tolist() == (p * (1 - p)).tolist()
    for size in (2, 3, 6):
        squares = exact([Fraction(k * (size - k), size**2) for k in range(size + 1)])
        assert (group_gain(p, size, kind="dr_grpo") * p * (1 - p)).tolist() == bernstein(squares, p).tolist()
        assert group_gain(p, size, kind="rloo").tolist() == [1, 1, 1, 1]
    x = sympy.Symbol("x")
    roots = [sympy.sqrt(k * (5 - k)) / 5 for k in range(6)]
    definition = sum(sympy.binomial(5, k) * x**k * (1 - x) ** (5 - k) * roots[k] for k in range(6))
    assert sympy.expand(group_gain(x, 5) * x * (1 - x) - definition) == 0
    assert sympy.expand(expected_group_std(x, 5) - definition) == 0


def test_gain_at_50_digits() -> None:
    with mpmath.workdps(50):
        p = mpmath.mpf("0.3")
        direct = mpmath.fsum(
            mpmath.binomial(9, k) * p**k * (1 - p) ** (9 - k) * mpmath.sqrt(k * (9 - k)) / 9 for k in range(10)
        ) / (p * (1 - p))
        assert abs(group_gain(p, 9) - direct) < mpmath.mpf(10) ** -47
    np.testing.assert_allclose(group_gain(0.3, 9), float(direct), rtol=1e-14)


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=9), st.floats(0, 1))
def test_bernstein_is_a_binomial_mean(coefficients: list[float], x: float) -> None:
    n = len(coefficients) - 1
    p = Fraction(x)  # exact: scipy's probabilities overflow at the smallest x
    expected = sum(math.comb(n, k) * p**k * (1 - p) ** (n - k) * Fraction(c) for k, c in enumerate(coefficients))
    np.testing.assert_allclose(bernstein(coefficients, x), float(expected), atol=1e-12)


def test_bernstein_at_the_smallest_positive_number() -> None:
    np.testing.assert_allclose(bernstein([0.5, 3.0, 1.0], np.finfo(float).tiny), 0.5)


# --- arguments -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "error", "name"),
    [
        ({"rewards": [1.0]}, ArgumentError, "rewards must have at least two"),
        ({"rewards": [1.0, 0.0], "ddof": 2}, ArgumentError, "ddof"),
        ({"rewards": [1.0, 0.0], "eps": -1e-9}, ArgumentError, "eps"),
        ({"rewards": [1.0, 0.0], "eps": np.nan}, ArgumentError, "eps"),
        ({"rewards": [1.0, 0.0], "kind": "drgrpo"}, UnknownNameError, "did you mean dr_grpo"),
    ],
)
def test_bad_arguments_are_named(arguments: dict[str, object], error: type[Exception], name: str) -> None:
    with pytest.raises(error, match=name):
        group_advantages(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [1, 0, 2.0, True])
def test_group_size_is_checked_everywhere(size: object) -> None:
    for function in (group_gain, expected_group_std, silent_group_probability):
        with pytest.raises(ArgumentError, match="group_size must be an integer of at least 2"):
            function(0.5, size)  # type: ignore[operator]
    for update in (expected_update, update_second_moment, enumerate_update, enumerate_second_moment):
        with pytest.raises(ArgumentError, match="group_size"):
            update([0.5, 0.5], [1.0, 0.0], size)  # type: ignore[operator]


@pytest.mark.parametrize("p", [-1e-9, 1.0000001, np.nan])
def test_pass_rates_lie_in_the_unit_interval(p: float) -> None:
    with pytest.raises(ArgumentError, match=r"p must lie in \[0, 1\]"):
        group_gain(p, 4)
