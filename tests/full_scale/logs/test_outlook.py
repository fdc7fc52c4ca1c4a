"""The outlook of a logged run against numeric integration, enumeration and simulated pools."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import beta as beta_distribution
from scipy.stats import binom

from full_scale.logs.outlook import beta_outlook, variance_gain
from vas_theory.foundation.errors import ArgumentError
from vas_theory.groups.beta_pools import fit_pool_to_shares
from vas_theory.potentials import beta_pool_gain

SHAPES = st.floats(0.3, 6.0)
SIZES = st.sampled_from([2, 4, 8, 16])


@given(SHAPES, SHAPES, SIZES)
def test_a_fitted_pool_is_the_one_that_was_logged(a: float, b: float, group_size: int) -> None:
    silent = beta_outlook(a, b, group_size, 0.0).uniform_silent
    assert fit_pool_to_shares(a / (a + b), silent, group_size) == pytest.approx((a, b), rel=1e-6)


@given(st.floats(1.0, 6.0), st.floats(1.0, 6.0), SIZES, st.floats(0.0, 1.0))
def test_shares_and_variances_equal_integrals(a: float, b: float, group_size: int, mixture_ratio: float) -> None:
    def average(value: object, weighted: bool) -> float:
        def density(p: float) -> float:
            return beta_distribution.pdf(p, a, b) * (p * (1 - p) if weighted else 1.0)

        return quad(lambda p: value(p) * density(p), 0, 1)[0] / quad(density, 0, 1)[0]  # type: ignore[operator]

    def mixed(value: object) -> float:
        return (1 - mixture_ratio) * average(value, False) + mixture_ratio * average(value, True)

    found = beta_outlook(a, b, group_size, mixture_ratio)
    assert found.vas_variance == pytest.approx(mixed(lambda p: p * (1 - p)), rel=1e-7)
    assert found.vas_silent == pytest.approx(mixed(lambda p: p**group_size + (1 - p) ** group_size), rel=1e-7)
    assert found.uniform_silent == pytest.approx(
        average(lambda p: p**group_size + (1 - p) ** group_size, False), rel=1e-7
    )
    assert found.variance_gain == pytest.approx(mixture_ratio * (float(beta_pool_gain(a, b)) - 1), rel=1e-7, abs=1e-12)
    assert found.signal_gain == pytest.approx((1 - found.vas_silent) / (1 - found.uniform_silent) - 1)


@pytest.mark.parametrize("group_size", [4, 8])
@pytest.mark.parametrize("rate", [0.1, 0.5, 0.7])
def test_moments_of_groups_have_the_right_expectation(group_size: int, rate: float) -> None:
    """Many copies of each group in proportion to its probability have the moments of a pool of equal prompts."""
    counts = np.arange(group_size + 1)
    copies = np.round(binom.pmf(counts, group_size, rate) * 1e7).astype(int)
    correct = np.repeat(counts, copies)
    assert variance_gain(correct, group_size, 1.0) == pytest.approx(0.0, abs=1e-5)


def test_both_ways_find_the_gain_of_a_simulated_pool() -> None:
    rng = np.random.default_rng(4)
    rates = rng.beta(0.5, 1.5, size=200_000)
    correct = rng.binomial(8, rates)
    variance = rates * (1 - rates)
    true_gain = 0.5 * (np.mean(variance**2) / np.mean(variance) ** 2 - 1)
    silent = float(np.mean((correct == 0) | (correct == 8)))
    a, b = fit_pool_to_shares(float(correct.mean() / 8), silent, 8)
    # the standard error of either estimate is near 0.003 at this size
    assert variance_gain(correct, 8, 0.5) == pytest.approx(true_gain, abs=0.012)
    assert beta_outlook(a, b, 8, 0.5).variance_gain == pytest.approx(true_gain, abs=0.012)
    drawn = rng.choice(len(rates), size=200_000, p=variance / variance.sum())
    redrawn = rng.binomial(8, rates[drawn])
    mix = 0.5 * silent + 0.5 * float(np.mean((redrawn == 0) | (redrawn == 8)))
    assert beta_outlook(a, b, 8, 0.5).vas_silent == pytest.approx(mix, abs=0.006)


@pytest.mark.parametrize(
    ("call", "needle"),
    [
        (lambda: fit_pool_to_shares(0.0, 0.5, 8), "pass_rate"),
        (lambda: fit_pool_to_shares(0.5, 0.001, 8), "silent_share must lie between 0.007812"),
        (lambda: fit_pool_to_shares(0.5, 1.0, 8), "silent_share"),
        (lambda: fit_pool_to_shares(0.5, 1.0 - 1e-9, 8), "further from its limits"),
        (lambda: fit_pool_to_shares(0.5, 0.5, 1), "group_size"),
        (lambda: beta_outlook(0.0, 1.0, 8, 0.5), "a, b"),
        (lambda: beta_outlook(1.0, 1.0, 8, 1.5), "mixture_ratio"),
        (lambda: variance_gain([1, 2], 3, 0.5), "rollouts"),
        (lambda: variance_gain([1, 9], 8, 0.5), "correct"),
        (lambda: variance_gain([0, 8], 8, 0.5), "both right and wrong"),
        (lambda: variance_gain([1, 2], 8, -0.5), "mixture_ratio"),
    ],
)
def test_impossible_values_are_named(call: object, needle: str) -> None:
    with pytest.raises(ArgumentError, match=needle.replace("(", r"\(")):
        call()  # type: ignore[operator]
