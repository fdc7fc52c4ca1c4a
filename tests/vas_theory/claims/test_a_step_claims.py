"""Theorem 1 and its repairs, against policies whose objective is evaluated after the step itself."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from vas_theory.claims import get_claims
from vas_theory.claims.lib.base import Claim
from vas_theory.claims.lib.taylor_step import moments
from vas_theory.foundation.precision import exact
from vas_theory.policy import gradients
from vas_theory.policy.softmax import feature_score

SEEDS = st.integers(0, 2**32 - 1)


def _claim(name: str) -> Claim:
    return get_claims([name])[0]


def _softmax(logits: NDArray[Any]) -> NDArray[Any]:
    weights = np.exp(logits - logits.max())
    probs: NDArray[Any] = weights / weights.sum()
    return probs


class _Tabular:
    """A random tabular softmax bandit with everything that the theorem's constants need."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        arms = int(rng.integers(2, 6))
        self.logits = 2.0 * rng.standard_normal(arms)
        self.rewards = rng.uniform(size=arms)
        self.probs = _softmax(self.logits)
        self.value = float(self.probs @ self.rewards)
        self.scores = np.eye(arms) - self.probs
        self.estimates = self.scores * (self.rewards - self.value)[:, None]
        self.gradient = self.probs @ self.estimates
        self.norm = float(self.gradient @ self.gradient)
        self.variance = float(self.probs @ (self.rewards - self.value) ** 2)
        self.second_moment = float(self.probs @ (self.estimates**2).sum(-1))
        self.gamma = float(self.probs @ (self.scores**2).sum(-1))
        self.largest = float((self.scores**2).sum(-1).max())
        self.smoothness = float(np.ptp(self.rewards)) / (3 * np.sqrt(3))

    def after(self, step: NDArray[Any]) -> float:
        return float(_softmax(self.logits + step) @ self.rewards)

    def one_sample_gain(self, eta: float) -> float:
        values = [p * (self.after(eta * g) - self.value) for p, g in zip(self.probs, self.estimates, strict=True)]
        return sum(values)


@given(SEEDS, st.floats(0.05, 1.0))
def test_the_repaired_steps_hold_on_softmax_policies(seed: int, share: float) -> None:
    bandit = _Tabular(seed)
    c = bandit.norm / bandit.variance
    rounding = 1e-13
    eta = share * c / (4 * bandit.smoothness * bandit.gamma)
    exact_gain = bandit.after(eta * bandit.gradient) - bandit.value
    assert exact_gain >= 7 / 8 * eta * c * bandit.variance - rounding
    tabular = {"probs": bandit.probs[None], "rewards": bandit.rewards[None], "share": np.array([share])}
    np.testing.assert_allclose(_claim("A07").sides(tabular)[0], exact_gain, rtol=1e-6, atol=rounding)
    np.testing.assert_allclose(_claim("A07").sides(tabular)[1], eta * c * bandit.variance / 4, rtol=1e-8)
    eta = share * bandit.norm / (bandit.smoothness * bandit.second_moment)
    assert bandit.one_sample_gain(eta) >= eta * bandit.norm / 2 - rounding
    eta = share * c / (2 * bandit.smoothness * (c + len(bandit.rewards) * bandit.largest))
    assert bandit.one_sample_gain(eta) >= 3 / 4 * eta * c * bandit.variance - rounding


@given(SEEDS)
def test_the_moments_are_those_of_the_public_functions(seed: int) -> None:
    rng = np.random.default_rng(seed)
    probs, rewards = rng.dirichlet(np.ones(4), size=3), rng.uniform(size=(3, 4))
    features = rng.standard_normal((3, 4, 2))
    scores = feature_score(probs, features)
    measured = moments(probs, features, rewards)
    np.testing.assert_allclose(
        measured.gradient, (gradients.policy_gradient_from_scores(probs, scores, rewards) ** 2).sum(-1), rtol=1e-9
    )
    np.testing.assert_allclose(measured.variance, gradients.reward_variance(probs, rewards), rtol=1e-12)
    np.testing.assert_allclose(measured.score, gradients.score_second_moment(probs, scores), rtol=1e-12)
    np.testing.assert_allclose(measured.estimator, gradients.weighted_second_moment(probs, scores, rewards), rtol=1e-12)
    np.testing.assert_allclose(measured.largest_score, (scores**2).sum(-1).max(-1), rtol=1e-12)


def test_the_quadratic_policy_loses_91_over_30720() -> None:
    def success(theta: Fraction) -> Fraction:
        return Fraction(1, 16) + theta / 8 - theta**2 / 2

    p = success(Fraction(0))
    slope = Fraction(1, 8)
    steps = [Fraction(1, 4) * slope / p * (1 - p), Fraction(1, 4) * -slope / (1 - p) * (0 - p)]
    assert steps == [Fraction(15, 32), Fraction(1, 480)]
    assert all(0 < success(step) < 1 for step in steps)
    gain = p * success(steps[0]) + (1 - p) * success(steps[1]) - p
    gamma = p * (slope / p) ** 2 + (1 - p) * (slope / (1 - p)) ** 2
    assert slope**2 == gamma * p * (1 - p)  # (ii) with c = Gamma
    assert gain == Fraction(-91, 30720)
    instance = _claim("A08").counterexample
    assert instance is not None
    left, right = _claim("A08").sides({name: exact(values) for name, values in instance.items()})
    assert (left[0], right[0]) == (gain, Fraction(1, 4) * gamma / 4 * p * (1 - p))


def _one_parameter_gain(success: Any, slope: Any, theta: Any, eta: Any) -> tuple[Any, Any]:
    """Return the expected one-sample gain and c = Gamma, both from the policy alone."""
    p, derivative = success(theta), slope(theta)
    rise = derivative / p * (1 - p)
    fall = derivative / (1 - p) * p
    gain = p * success(theta + eta * rise) + (1 - p) * success(theta + eta * fall) - p
    return gain, derivative**2 / (p * (1 - p))


def test_the_smooth_counterexamples_at_50_digits() -> None:
    with mpmath.workdps(50):
        phi = mpmath.asin(mpmath.mpf(3) / 5)
        middle = mpmath.mpf(13) / 420

        def sine(theta: Any) -> Any:
            return middle + mpmath.sin(theta + phi) / 36

        gain, c = _one_parameter_gain(sine, lambda theta: mpmath.cos(theta + phi) / 36, mpmath.mpf(0), 9)
        assert gain < 0 < middle - mpmath.mpf(1) / 36  # a probability on the whole line
        claimed = mpmath.mpf(9) / 4 * c * sine(0) * (1 - sine(0))
        left, right = _claim("A29").sides({k: exact(v) for k, v in (_claim("A29").counterexample or {}).items()})
        np.testing.assert_allclose([float(left[0]), float(right[0])], [float(gain), float(claimed)], rtol=1e-12)

        theta = mpmath.mpf(81) / 500
        gain, c = _one_parameter_gain(lambda x: mpmath.sin(x / 2) ** 2, lambda x: mpmath.sin(x) / 2, theta, 0.5)
        assert gain < 0
        assert abs(c - 1) < mpmath.mpf(10) ** -45  # at every theta
        left, right = _claim("A30").sides({"angle": np.array([0.162])})
        np.testing.assert_allclose(left, float(gain), rtol=1e-10)
        np.testing.assert_allclose(right, float(mpmath.sin(theta) ** 2 / 32), rtol=1e-12)


def test_the_appendix_step_overshoots() -> None:
    def success(theta: Fraction) -> Fraction:
        return Fraction(1, 2) + Fraction(3, 2) * theta - 2 * theta**2

    c = Fraction(3, 2) ** 2 / Fraction(1, 4)
    eta = c / 16
    end = eta * Fraction(3, 2)
    assert c == 9
    assert success(end) - success(Fraction(0)) == Fraction(-81, 512)
    assert 0 < success(end) < success(Fraction(3, 8)) < 1  # the maximum is at 3/8
    smoothness = 64 / (6 * np.sqrt(3))
    assert 16 / (4 * smoothness) == pytest.approx(3 * np.sqrt(3) / 8)
    assert 3 * np.sqrt(3) / 8 > 0.5
    left, right = _claim("A32").sides({"scale": np.array([8.0]), "step": np.array([0.5])})
    assert left[0] == pytest.approx(1 / (1 + np.exp(-8.0)) - 0.5, rel=1e-12)
    assert right[0] == 0.5


@pytest.mark.parametrize("tilt", [Fraction(1, 2), Fraction(1, 16)])
def test_the_limit_of_the_first_appendix_range_is_a_real_policy(tilt: Fraction) -> None:
    """Four arms (s, t) of signs: pi_theta = pi_0 (1 + s theta) - pi_0' theta^2 / 2 with mean reward curvature -1."""
    arms = [(s, t, (1 + tilt * s * t) / 4) for s in (1, -1) for t in (1, -1)]
    square = sum(p * Fraction(t, 2) ** 2 for _, t, p in arms)

    def policy(theta: Fraction) -> list[Fraction]:
        return [p * (1 + s * theta - theta**2 * Fraction(t, 2) / (2 * square)) for s, t, p in arms]

    def value(theta: Fraction) -> Fraction:
        return sum((w * Fraction(t, 2) for w, (_, t, _) in zip(policy(theta), arms, strict=True)), Fraction(0))

    c = tilt**2
    eta = c / (2 * (c + 1))
    gain = Fraction(0)
    for s, t, p in arms:
        theta = eta * s * Fraction(t, 2)
        assert sum(policy(theta)) == 1
        assert min(policy(theta)) > 0
        gain += p * (value(theta) - value(Fraction(0)))
    ratio = Fraction(3, 4) * eta * c * square / gain
    assert 1 - ratio == c / (3 + 4 * c)
    limit = _claim("A33").limit
    assert limit is not None
    assert limit.gap(tilt.denominator) == pytest.approx(float(c / (3 + 4 * c)))


def _softmax_gain(probs: list[Any], rewards: list[Any], eta: Any) -> tuple[Any, Any]:
    """Return the expected one-sample gain and |grad|^2 of a tabular softmax, arm by arm in mpmath."""
    value = mpmath.fdot(probs, rewards)
    gain = mpmath.mpf(0)
    for y, chance in enumerate(probs):
        push = eta * (rewards[y] - value)
        weights = [p * mpmath.exp(push * ((i == y) - p)) for i, p in enumerate(probs)]
        gain += chance * (mpmath.fdot(weights, rewards) / mpmath.fsum(weights) - value)
    return gain, mpmath.fsum((p * (r - value)) ** 2 for p, r in zip(probs, rewards, strict=True))


@given(st.floats(1e-6, 1 - 1e-6), st.floats(1e-3, 50), st.floats(0.1, 10))
def test_two_arms_gain_at_least_the_closed_form(p: float, reach: float, width: float) -> None:
    with mpmath.workdps(40):
        rate = mpmath.mpf(p)
        gain, squared = _softmax_gain([rate, 1 - rate], [mpmath.mpf(width), mpmath.mpf(0)], mpmath.mpf(reach) / width)
        bound = squared * (1 - mpmath.exp(-2 * mpmath.mpf(reach))) / (2 * mpmath.mpf(width))
        assert gain >= bound
    instance = {
        "probs": np.array([[p, 1 - p]]),
        "rewards": np.array([[width, 0.0]]),
        "step": np.array([reach]),
    }
    np.testing.assert_allclose(_claim("A42").sides(instance), [[float(gain)], [float(bound)]], rtol=1e-6)


def test_three_arms_can_fall_below_the_two_armed_bound() -> None:
    with mpmath.workdps(40):
        rare, rarer = mpmath.mpf(4) / 10**5, mpmath.mpf(2) / 10**6
        arms = [rarer, rare, 1 - rare - rarer], [mpmath.mpf(0), mpmath.mpf(1), mpmath.mpf(985) / 1000]
        gain, squared = _softmax_gain(*arms, mpmath.mpf(3))
        assert gain / (squared * (1 - mpmath.exp(-6)) / 2) == pytest.approx(0.467126, rel=1e-5)
        assert _softmax_gain(*arms, mpmath.mpf(30))[0] < 0
