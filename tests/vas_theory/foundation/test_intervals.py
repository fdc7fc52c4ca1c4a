"""Intervals: Wilson's for shares, Student's for means, percentiles of draws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from vas_theory.foundation.intervals import UNKNOWN, Estimate, bootstrap_draws, percentile_interval, student, wilson


def test_students_interval_of_one_value_has_no_bounds() -> None:
    one = student(np.array([0.3, np.nan]), 0.9)
    assert one.value == 0.3
    assert np.isnan([one.low, one.high]).all()


def test_students_interval_of_three_values_by_hand() -> None:
    found = student(np.array([1.0, 2.0, 3.0]), 0.95)
    assert found.value == 2.0
    assert found.high - found.value == pytest.approx(4.302652730 / np.sqrt(3))
    assert found.value - found.low == pytest.approx(4.302652730 / np.sqrt(3))


def test_wilsons_interval_solves_the_score_equation() -> None:
    """Its ends are the shares p at which (m/n - p)^2 = z^2 p(1-p)/n."""
    found, n, z = wilson(0.15, 20, 0.95), 20, 1.959963984540054
    assert found.value == 0.15
    for end in (found.low, found.high):
        assert (0.15 - end) ** 2 == pytest.approx(z**2 * end * (1 - end) / n)
    assert found.low < 0.15 < found.high
    assert wilson(0.0, 0, 0.95) is UNKNOWN


@given(st.integers(1, 200), st.data(), st.sampled_from([0.5, 0.9, 0.95]))
def test_wilsons_interval_is_scipys_for_whole_successes(trials: int, data: st.DataObject, coverage: float) -> None:
    right = data.draw(st.integers(0, trials))
    expected = binomtest(right, trials).proportion_ci(coverage, method="wilson")
    found = wilson(right / trials, trials, coverage)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_resamples_do_not_depend_on_how_many_are_taken_at_once() -> None:
    values = np.arange(7.0)
    draws = [
        bootstrap_draws(lambda rows: values[rows].mean(axis=1), (7,), np.random.default_rng(3), 50, at_once=count)
        for count in (1, 8, 50)
    ]
    assert (draws[0] == draws[1]).all()
    assert (draws[0] == draws[2]).all()
    assert len(np.unique(draws[0])) > 10


def test_every_stratum_is_resampled_on_its_own() -> None:
    values = np.array([[0.0] * 5, [1.0] * 5])
    worlds = np.arange(2)[:, None]
    draws = bootstrap_draws(
        lambda rows: values[worlds, rows].mean(axis=(1, 2)), (2, 5), np.random.default_rng(0), 20, at_once=4
    )
    assert (draws == 0.5).all()


def test_percentiles_leave_missing_draws_out() -> None:
    draws = [*np.linspace(0, 1, 101), np.nan]
    assert percentile_interval(draws, 0.9) == pytest.approx((0.05, 0.95))


def test_root_counts_negative_squares_as_zero() -> None:
    assert Estimate(4.0, -1.0, 9.0).root() == Estimate(2.0, 0.0, 3.0)
