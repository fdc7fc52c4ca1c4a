"""A fit of a pool says when it has too little to go by."""

from __future__ import annotations

import numpy as np
import pytest

from vas_theory.foundation.errors import ArgumentError
from vas_theory.groups.beta_pools import FEW_GROUPS, fit_pool_to_counts, fit_pool_to_shares


def test_shares_of_few_groups_are_called_uncertain(caplog: pytest.LogCaptureFixture) -> None:
    found = fit_pool_to_shares(0.4, 0.5, 8, groups=16)
    assert "fitted to 16 groups only" in caplog.text
    assert "standard error of 12 points" in caplog.text  # sqrt(1/4 / 16) = 0.125
    caplog.clear()
    assert fit_pool_to_shares(0.4, 0.5, 8) == fit_pool_to_shares(0.4, 0.5, 8, groups=FEW_GROUPS) == found
    assert caplog.text == ""


def test_counts_of_few_prompts_and_of_certain_ones_are_called_uncertain(caplog: pytest.LogCaptureFixture) -> None:
    rng = np.random.default_rng(0)
    right = rng.binomial(8, rng.beta(0.8, 1.2, FEW_GROUPS)).astype(float)
    fit_pool_to_counts(right, np.full(FEW_GROUPS, 8.0))
    assert caplog.text == ""
    fit_pool_to_counts(right[:5], np.full(5, 8.0))
    assert "fitted to 5 prompts only" in caplog.text
    caplog.clear()
    found = fit_pool_to_counts(np.zeros(FEW_GROUPS), np.full(FEW_GROUPS, 8.0))
    assert "at the limit of what is tried" in caplog.text
    np.testing.assert_allclose(np.log(found), [-5, 5])


def test_shares_of_the_smallest_groups_are_fitted() -> None:
    a, b = fit_pool_to_shares(0.5, 2 / 3, 2)  # E[p^2 + (1 - p)^2] of the uniform prior
    assert (a, b) == pytest.approx((1, 1))
    with pytest.raises(ArgumentError, match="group_size must be 2 or more"):
        fit_pool_to_shares(0.5, 2 / 3, 1)
