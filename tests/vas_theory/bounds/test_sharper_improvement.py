"""The sharper guarantees against their formulas at 30 digits and against the gains that claims compute exactly."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from vas_theory.bounds.sharper_improvement import (
    sharper_improvement_time_bound,
    sharper_one_sample_step_gain,
    sharper_whitened_step_gain,
)
from vas_theory.groups import group_gain
from vas_theory.policy.curvature import kappa

KAPPA = float(kappa())


def _kernel(x: float) -> float:
    with mpmath.workdps(30):
        return float((mpmath.exp(x) - 1 - mpmath.mpf(x)) / mpmath.mpf(x) ** 2)


@pytest.mark.parametrize("eta", [1e-6, 0.03, 0.2, 0.7, 3.0])
def test_the_one_sample_gain_is_its_formula_for_every_step_length(eta: float) -> None:
    x = 2 * KAPPA * eta * 0.8
    expected = eta * 0.05 * (1 - x * _kernel(x))
    assert float(sharper_one_sample_step_gain(eta, 0.05, 0.8)) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("eta", [1e-6, 0.05, 0.4, 2.0])
@pytest.mark.parametrize("size", [2, 5, 16])
def test_the_whitened_gain_is_its_formula(eta: float, size: int) -> None:
    gain = float(group_gain(0.3, size))
    x = KAPPA * eta / 2**0.5
    expected = eta * gain * 0.05 * (1 - 2 * KAPPA * eta * 0.8 / gain * (1 - 1 / size) * _kernel(x))
    assert float(sharper_whitened_step_gain(eta, 0.05, 0.3, 0.8, size)) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("gamma", [0.1, 0.7, 1.5])
def test_the_time_bound_is_its_formula_and_above_the_plain_one(gamma: float) -> None:
    from vas_theory.bounds import improvement_time_bound

    expected = 2 * (1 - np.exp(-np.arcsin(gamma / 2))) / 1.3**2 / 0.2**0.5
    sharper = float(sharper_improvement_time_bound(gamma, 1.3, 0.2))
    assert sharper == pytest.approx(expected, rel=1e-13)
    assert sharper > float(improvement_time_bound(gamma, 1.3, 0.2))
