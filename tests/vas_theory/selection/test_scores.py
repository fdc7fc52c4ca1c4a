"""Scores against enumeration, closed forms and 50-digit sums."""

from __future__ import annotations

import itertools
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vas_theory.foundation.errors import ArgumentError
from vas_theory.selection.diversity import from_lists, self_bleu
from vas_theory.selection.group_moments import beta_binomial_expectation, mixed_values, signal_values
from vas_theory.selection.scores import (
    expected_group_signal,
    group_diversity,
    mixed_group_probability,
    outcome_variance_score,
    reward_variance_score,
    trajectory_diversity_score,
    variance_promotion_score,
)


@pytest.mark.parametrize("unbiased", [False, True])
def test_outcome_variance_has_the_stated_expectation(unbiased: bool) -> None:
    rate, rollouts = Fraction(3, 10), 4
    expected = Fraction(0)
    for outcome in itertools.product((0, 1), repeat=rollouts):
        probability = Fraction(1)
        for right in outcome:
            probability *= rate if right else 1 - rate
        expected += probability * Fraction(float(outcome_variance_score(sum(outcome), rollouts, unbiased=unbiased)))
    factor = 1 if unbiased else Fraction(rollouts - 1, rollouts)
    assert float(expected) == pytest.approx(float(factor * rate * (1 - rate)), rel=1e-15)


@given(st.lists(st.integers(0, 1), min_size=2, max_size=20))
def test_reward_variance_is_the_outcome_variance_for_binary_rewards(rewards: list[int]) -> None:
    for unbiased in (False, True):
        assert reward_variance_score(rewards, ddof=int(unbiased)) == pytest.approx(
            float(outcome_variance_score(sum(rewards), len(rewards), unbiased=unbiased)), abs=1e-15
        )


@given(st.floats(-1e6, 1e6), st.integers(2, 40))
@example(0.1, 10)  # their mean in float64 is not quite 0.1
def test_equal_rewards_have_variance_exactly_zero(reward: float, rollouts: int) -> None:
    for given_as in (np.float64, np.float32):
        assert reward_variance_score(np.full((3, rollouts), given_as(reward))).tolist() == [0.0] * 3


def test_reward_variance_of_a_scalar_reward() -> None:
    rewards = [0.0, 0.5, 1.0, 2.0]  # mean 7/8
    assert reward_variance_score(rewards) == pytest.approx((49 + 9 + 1 + 81) / 64 / 4, rel=1e-15)


def test_scales_of_the_variance_promotion_score() -> None:
    best = outcome_variance_score(4, 8)
    assert best == 0.25
    assert variance_promotion_score(best, 1.0, alpha=0.8, beta=0.2) == pytest.approx(0.8 / 4 + 0.2)
    assert variance_promotion_score(best, 1.0, alpha=0.8, beta=0.2, largest_variance=0.25) == pytest.approx(1.0)
    # at the paper's coefficients a prompt without any variance can outrank one close to the largest variance
    assert variance_promotion_score(0.0, 1.0, alpha=0.8, beta=0.2) > variance_promotion_score(
        0.24, 0.0, alpha=0.8, beta=0.2
    )
    assert trajectory_diversity_score([0.25, 1.0]).tolist() == [0.75, 0.0]


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: outcome_variance_score(3, 2), "successes"),
        (lambda: outcome_variance_score(1, 1, unbiased=True), "num_rollouts"),
        (lambda: outcome_variance_score(np.nan, 2), "successes"),
        (lambda: reward_variance_score([1.0, np.nan]), "rewards"),
        (lambda: reward_variance_score([1.0], ddof=1), "rewards"),
        (lambda: trajectory_diversity_score(1.5), "similarity"),
        (lambda: variance_promotion_score(0.1, np.nan, alpha=1, beta=1), "diversity"),
        (lambda: variance_promotion_score(-0.1, 0, alpha=1, beta=1), "outcome_variance"),
        (lambda: variance_promotion_score(0.1, 0, alpha=-1, beta=1), "alpha"),
        (lambda: expected_group_signal(1.1, 8), "pass_rate"),
        (lambda: expected_group_signal(0.5, 1), "group_size"),
    ],
)
def test_bad_input_is_named(call: object, argument: str) -> None:
    with pytest.raises(ArgumentError, match=argument):
        call()  # type: ignore[operator]


@given(st.floats(0, 1), st.integers(2, 64))
def test_group_moments_at_a_known_pass_rate(rate: float, group_size: int) -> None:
    with mpmath.workdps(50):
        p = mpmath.mpf(rate)
        terms = [mpmath.binomial(group_size, m) * p**m * (1 - p) ** (group_size - m) for m in range(group_size + 1)]
        signal = sum(t * mpmath.sqrt(m * (group_size - m)) / group_size for m, t in enumerate(terms))
        mixed = sum(terms[1:-1])  # 1 - p^G - (1-p)^G would cancel
    # products of up to 64 factors, each rounded once
    assert expected_group_signal(rate, group_size) == pytest.approx(float(signal), rel=1e-13, abs=1e-300)
    assert mixed_group_probability(rate, group_size) == pytest.approx(float(mixed), rel=1e-13, abs=1e-300)


@given(
    st.floats(1e-3, 1e4),
    st.floats(1e-3, 1e4),
    st.sampled_from([2, 3, 8, 16, 64, 257]),
)
def test_beta_binomial_moments_against_a_direct_sum_at_50_digits(a: float, b: float, group_size: int) -> None:
    with mpmath.workdps(50):
        terms = [
            mpmath.binomial(group_size, m) * mpmath.beta(m + mpmath.mpf(a), group_size - m + mpmath.mpf(b))
            for m in range(group_size + 1)
        ]
        terms = [term / mpmath.beta(mpmath.mpf(a), mpmath.mpf(b)) for term in terms]
        signal = sum(t * mpmath.sqrt(m * (group_size - m)) / group_size for m, t in enumerate(terms))
        mixed = sum(terms[1:-1])
    # each probability is a product of up to 257 ratios of three roundings
    assert beta_binomial_expectation([a], [b], signal_values(group_size))[0] == pytest.approx(float(signal), rel=1e-12)
    assert beta_binomial_expectation([a], [b], mixed_values(group_size))[0] == pytest.approx(float(mixed), rel=1e-12)


def test_beta_binomial_moments_at_the_ends_of_double_precision() -> None:
    extremes = np.array([5e-324, 1e-300, 1e-9, 1.0, 1e9, 1e300])
    a, b = (grid.ravel() for grid in np.meshgrid(extremes, extremes))
    for group_size in (2, 8, 1024):
        signal = beta_binomial_expectation(a, b, signal_values(group_size))
        assert np.isfinite(signal).all()
        assert ((signal >= 0) & (signal <= 0.5)).all()


@pytest.mark.parametrize("group_size", range(328, 346, 2))
@pytest.mark.parametrize("b", [1e7, 2e7])
def test_beta_binomial_mean_is_right_where_the_sum_is_scaled_down(group_size: int, b: float) -> None:
    """The largest of the ratios that are summed lies near the 1e100 at which the sum is scaled."""
    rates = np.arange(group_size + 1) / group_size
    assert beta_binomial_expectation([1e7], [b], rates)[0] == pytest.approx(1e7 / (1e7 + b), rel=1e-12)


def test_diversity_is_that_of_each_group() -> None:
    groups = [[[1, 2, 3], [1, 2, 3], [4, 5]], [[7], [8, 9, 8, 9], [8, 9]]]
    expected = []
    for group in groups:
        offsets = np.cumsum([0, *map(len, group)])
        expected.append(1 - self_bleu(np.concatenate(group), offsets))
    found = group_diversity(*from_lists([*groups[0], *groups[1]]), 3)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-15)
