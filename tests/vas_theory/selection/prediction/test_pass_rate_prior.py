"""A column of pass rates: what it says of each prompt, and what it must not hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import integrate, special, stats

from vas_theory.foundation.errors import ArgumentError
from vas_theory.selection import PassRatePrior


def test_logits_are_posterior_means_under_the_pool_that_was_measured() -> None:
    rng = np.random.default_rng(0)
    rates = rng.beta(0.4, 0.8, 200_000)
    logits, centre = PassRatePrior(rng.binomial(8, rates), 8).logits()
    by_count = np.unique(logits.round(9))
    assert by_count.size == 9
    for m, found in zip((0, 3, 8), by_count[[0, 3, 8]], strict=True):
        belief = stats.beta(0.4 + m, 0.8 + 8 - m)

        def weighted(x: float, belief: Any = belief) -> float:
            p = 1 / (1 + np.exp(-x))
            return float(x * belief.pdf(p) * p * (1 - p))

        exact = integrate.quad(weighted, -35, 35)[0]
        assert found + centre == pytest.approx(exact, abs=0.05)


def test_few_trials_say_little_and_unknown_rows_nothing() -> None:
    successes = np.array([0.0, 0.0, 3.0, 5.0, 64.0, np.nan, 2.0])
    trials = np.array([1.0, 64.0, 8.0, 8.0, 64.0, 8.0, np.nan])
    prior = PassRatePrior(successes, trials)
    logits, _ = prior.logits()
    assert logits[1] < logits[0] < logits[2] < logits[3] < logits[4]
    assert logits[5] == logits[6] == 0.0
    assert prior.known.tolist() == [True] * 5 + [False] * 2
    assert len(prior) == 7


def test_rates_and_a_strength_are_counts() -> None:
    rates = np.array([0.25, np.nan, 1.0])
    one = PassRatePrior.from_rates(rates, strength=16)
    other = PassRatePrior([4.0, None, 16.0], 16)
    assert np.array_equal(one.logits()[0], other.logits()[0])


@pytest.mark.parametrize(
    ("right", "trials", "mean", "concentration"),
    [
        ([0, 0, 0], 8, 0.02, 20),  # nobody is ever right: as much as a fiftieth
        ([8, 8], 8, 0.98, 20),
        ([0, 8, 0, 8], 8, 0.5, 0.2),  # two camps: the least concentration
        ([4, 4, 4], 8, 0.5, 20),  # closer than chance alone would let them be: the largest
    ],
)
def test_the_pool_that_was_measured_is_fitted_by_moments_within_bounds(
    right: list[int], trials: float, mean: float, concentration: float
) -> None:
    a, b = mean * concentration, (1 - mean) * concentration
    column = PassRatePrior(right, trials)
    wanted = np.array([special.digamma(a + m) - special.digamma(b + trials - m) for m in right])
    logits, centre = column.logits()
    assert centre == pytest.approx(wanted.mean(), rel=1e-9)
    assert logits + centre == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize(
    ("build", "named"),
    [
        (lambda: PassRatePrior([9, 1], 8), r"successes must lie in \[0, trials\].*row 0"),
        (lambda: PassRatePrior([-1, 1], 8), "successes"),
        (lambda: PassRatePrior([1, 1], 0), "trials > 0"),
        (lambda: PassRatePrior([1, 1], [8, 8, 8]), "successes"),
        (lambda: PassRatePrior([np.nan, np.nan], 8), "known of at least one"),
        (lambda: PassRatePrior(["a", "b"], 8), "successes"),
        (lambda: PassRatePrior([], 8), "successes"),
        (lambda: PassRatePrior.from_rates([50.0, 0.5]), "percentages"),
        (lambda: PassRatePrior.from_rates([1.001, 0.5]), "percentages"),
        (lambda: PassRatePrior.from_rates([[0.5]]), "rates"),
        (lambda: PassRatePrior.from_rates([0.5], strength=-1), "trials > 0"),
    ],
)
def test_wrong_columns_are_named(build: Any, named: str) -> None:
    with pytest.raises(ArgumentError, match=named):
        build()
