"""Potentials against quadrature and against the flow they are said to generate."""

from __future__ import annotations

import itertools
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import scipy.integrate
import scipy.stats
import sympy
from hypothesis import given
from hypothesis import strategies as st

from vas_theory.foundation.errors import ArgumentError, UnknownNameError
from vas_theory.foundation.precision import exact
from vas_theory.groups import arcsine_gain, group_gain
from vas_theory.policy.softmax import bernoulli_logit_probability
from vas_theory.potentials import (
    Weights,
    beta_pool_gain,
    flow,
    integrability_defect,
    mixture_expected_variance,
    plain_potential,
    sampling_weights,
    whitened_limit_potential,
    whitened_potential,
)

BOTH: tuple[Weights, ...] = ("uniform", "vas")


def _integral(function: object, p: float) -> float:
    # x = sin^2 a removes the square-root ends
    return scipy.integrate.quad(
        lambda a: function(np.sin(a) ** 2) * np.sin(2 * a), 0, np.arcsin(np.sqrt(p)), epsabs=1e-14, epsrel=1e-12
    )[0]


@pytest.mark.parametrize("weights", BOTH)
@pytest.mark.parametrize("p", [1e-9, 0.001, 0.3, 0.5, 0.97, 1.0])
def test_potentials_are_the_integrals_of_push(weights: Weights, p: float) -> None:
    def share(x: float) -> float:
        return 1.0 if weights == "uniform" else x * (1 - x)

    assert plain_potential(p, weights) == pytest.approx(_integral(share, p), rel=1e-10)
    limit = _integral(lambda x: share(x) * arcsine_gain(x) if 0 < x < 1 else 0.0, p)
    assert whitened_limit_potential(p, weights) == pytest.approx(limit, rel=1e-10)
    for size, ddof, eps in ((2, 0, 0.0), (3, 1, 0.0), (8, 0, 1e-3), (5, 1, 0.2)):
        finite = _integral(lambda x: share(x) * group_gain(x, size, ddof=ddof, eps=eps), p)  # noqa: B023
        assert whitened_potential(p, size, weights, ddof=ddof, eps=eps) == pytest.approx(finite, rel=1e-10)


def test_potentials_start_at_zero_and_grow() -> None:
    p = np.array([0.0, 5e-324, 1e-12, 0.2, 0.9, 1 - 2**-53, 1.0])
    for weights in BOTH:
        for values in (
            plain_potential(p, weights),
            whitened_limit_potential(p, weights),
            whitened_potential(p, 8, weights),
        ):
            assert values[0] == 0
            assert np.isfinite(values).all()
            assert (np.diff(values) >= 0).all()


def test_uniform_whitening_of_two_or_three_rollouts_ascends_the_pass_rate() -> None:
    p = np.linspace(0, 1, 11)
    np.testing.assert_allclose(whitened_potential(p, 2, "uniform"), p, atol=1e-15)
    np.testing.assert_allclose(whitened_potential(p, 3, "uniform"), np.sqrt(2) * p, atol=1e-15)


def test_arcsine_limit_fails_at_small_pass_rates_of_practical_groups() -> None:
    assert group_gain(0.001, 8) / arcsine_gain(0.001) == pytest.approx(0.084, abs=5e-4)
    ratio = whitened_potential(0.5, 4096, "uniform") / whitened_limit_potential(0.5, "uniform")
    assert 0.98 < ratio < 1


def test_potentials_in_exact_arithmetic() -> None:
    assert plain_potential(Fraction(1, 2), "vas") == Fraction(1, 12)
    assert whitened_potential(Fraction(1, 3), 2, "uniform") == Fraction(1, 3)
    assert whitened_potential(Fraction(1, 3), 2, "vas") == Fraction(7, 162)
    x = sympy.Symbol("x", positive=True)
    slope = sympy.diff(whitened_limit_potential(x, "vas"), x)
    assert sympy.simplify(slope - sympy.sqrt(x * (1 - x))) == 0
    assert sympy.expand(sympy.diff(whitened_potential(x, 6, "uniform"), x) - group_gain(x, 6)) == 0
    assert sympy.expand(sympy.diff(whitened_potential(x, 6, "vas"), x) - x * (1 - x) * group_gain(x, 6)) == 0
    with mpmath.workdps(50):
        precise = whitened_limit_potential(mpmath.mpf("0.001"), "vas")
    assert float(precise) == pytest.approx(float(whitened_limit_potential(0.001, "vas")), rel=1e-13)


@pytest.mark.parametrize("weights", BOTH)
def test_flow_ascends_the_sum_of_potentials_up_to_its_speed(weights: Weights) -> None:
    logits, step = np.array([-2.0, 0.3, 1.0, -0.5]), 1e-6
    rate = bernoulli_logit_probability(logits)
    settings = {
        "plain": (lambda p: plain_potential(p, weights), {"whitened": False}),
        "limit": (lambda p: whitened_limit_potential(p, weights), {}),
        "finite": (lambda p: whitened_potential(p, 6, weights, ddof=1), {"group_size": 6, "ddof": 1}),
    }
    for potential, options in settings.values():
        velocity = flow(rate, mixture_ratio=1.0 if weights == "vas" else 0.0, **options)  # type: ignore[arg-type]
        slope = (
            potential(bernoulli_logit_probability(logits + step))
            - potential(bernoulli_logit_probability(logits - step))
        ) / (2 * step)
        speed = velocity / slope  # common to all prompts
        np.testing.assert_allclose(speed, speed[0], rtol=1e-8)


def test_flow_mixes_both_kinds_of_weights() -> None:
    p = np.array([0.1, 0.5, 0.8])
    mixed = flow(p, mixture_ratio=0.3, group_size=4)
    np.testing.assert_allclose(
        mixed, 0.3 * flow(p, mixture_ratio=1.0, group_size=4) + 0.7 * flow(p, group_size=4), rtol=1e-14
    )
    assert (flow([0.0, 1.0], mixture_ratio=1.0, group_size=4) == 0).all()


def test_whitening_is_by_the_population_deviation_unless_another_is_named() -> None:
    p = np.array([0.1, 0.5, 0.8])
    np.testing.assert_array_equal(flow(p, group_size=4), flow(p, group_size=4, ddof=0, eps=0.0))
    np.testing.assert_array_equal(flow(p), flow(p, mixture_ratio=0.0, group_size=None, whitened=True))
    for weights in BOTH:
        potential = whitened_potential(p, 4, weights)
        np.testing.assert_array_equal(potential, whitened_potential(p, 4, weights, ddof=0, eps=0.0))


def test_defect_agrees_with_differences_of_the_flow() -> None:
    logits, step = np.array([0.3, -1.0, 2.0]), 1e-5
    for ratio in (0.0, 0.25, 0.5, 1.0):

        def field(z: np.ndarray, ratio: float = ratio) -> np.ndarray:
            return flow(bernoulli_logit_probability(z), mixture_ratio=ratio, whitened=False)

        columns = [(field(logits + step * e) - field(logits - step * e)) / (2 * step) for e in np.eye(3)]
        jacobian = np.array(columns).T
        curl = [jacobian[2, 1] - jacobian[1, 2], jacobian[0, 2] - jacobian[2, 0], jacobian[1, 0] - jacobian[0, 1]]
        defect = integrability_defect(bernoulli_logit_probability(logits), ratio)
        assert defect == pytest.approx(field(logits) @ curl, abs=1e-11)


def test_a_mix_has_no_potential_at_a_rational_point() -> None:
    p = exact([Fraction(1, 2), Fraction(1, 3), Fraction(1, 4)])
    assert integrability_defect(p, Fraction(1, 2)) == Fraction(1, 72200)
    assert integrability_defect(p, 0) == integrability_defect(p, 1) == 0
    for order in itertools.permutations(range(3)):  # odd permutations turn the sign, none makes it vanish
        assert abs(integrability_defect(p[list(order)], Fraction(1, 2))) == Fraction(1, 72200)


# --- pools ---------------------------------------------------------------------------------------------------------


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9), st.floats(0, 1))
def test_sampling_weights_are_a_distribution_and_give_the_mixed_variance(rates: list[float], ratio: float) -> None:
    weights = sampling_weights(rates, ratio)
    assert (weights >= 0).all()
    assert abs(weights.sum() - 1) < 1e-12
    variance = np.array(rates) * (1 - np.array(rates))
    assert mixture_expected_variance(variance, ratio) == pytest.approx(weights @ variance, abs=1e-12)


def test_a_pool_without_variance_is_sampled_uniformly() -> None:
    assert sampling_weights([0.0, 1.0, 0.0, 1.0], 1.0).tolist() == [0.25] * 4
    assert sampling_weights([0.0, 0.5], 1.0).tolist() == [0.0, 1.0]


def test_expected_variance_is_the_mean_times_one_plus_lambda_cv_squared() -> None:
    variance = np.array([0.25, 0.09, 0.0, 0.16])
    cv = variance.std() / variance.mean()
    for ratio in (0.0, 0.4, 1.0):
        expected = variance.mean() * (1 + ratio * cv**2)
        assert mixture_expected_variance(variance, ratio) == pytest.approx(expected, rel=1e-13)
    assert mixture_expected_variance(np.zeros(3), 0.5) == 0
    assert mixture_expected_variance(exact([Fraction(1, 4), 0]), 1) == Fraction(1, 4)


@pytest.mark.parametrize(("a", "b"), [(1, 1), (0.3, 2.0), (5.0, 5.0)])
def test_beta_pools_agree_with_quadrature(a: float, b: float) -> None:
    pool = scipy.stats.beta(a, b)
    moments = [pool.expect(lambda x, power=power: (x * (1 - x)) ** power) for power in (1, 2)]
    assert beta_pool_gain(a, b) == pytest.approx(moments[1] / moments[0] ** 2, rel=1e-8)
    assert beta_pool_gain(Fraction(1), 1) == Fraction(6, 5)


@pytest.mark.parametrize(
    ("call", "error", "name"),
    [
        (lambda: plain_potential(0.5, "VAS"), UnknownNameError, "weights"),  # type: ignore[arg-type]
        (lambda: whitened_potential(0.5, 1, "vas"), ArgumentError, "group_size"),
        (lambda: sampling_weights([0.5], 1.5), ArgumentError, "mixture_ratio"),
        (lambda: sampling_weights([], 0.5), ArgumentError, "p must hold at least one prompt"),
        (lambda: sampling_weights(0.5, 0.5), ArgumentError, "p must hold at least one prompt"),
        (lambda: sampling_weights([0.5], "half"), ArgumentError, "mixture_ratio"),  # type: ignore[arg-type]
        (lambda: mixture_expected_variance([], 0.5), ArgumentError, "variances must hold at least one prompt"),
        (lambda: plain_potential(0.5, None), UnknownNameError, "None"),  # type: ignore[arg-type]
        (lambda: flow([0.5, 2.0]), ArgumentError, "p must lie"),
        (lambda: integrability_defect([0.5, 0.5], 0.5), ArgumentError, "three pass rates"),
        (lambda: beta_pool_gain(0.0, 1.0), ArgumentError, "positive"),
    ],
)
def test_bad_arguments_are_named(call: object, error: type[Exception], name: str) -> None:
    with pytest.raises(error, match=name):
        call()  # type: ignore[operator]
