"""Bounds: they hold on random bandits, are reached where they are said to be, and are exact on fractions."""

from __future__ import annotations

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import scipy.integrate
import scipy.optimize
import sympy
from hypothesis import given
from hypothesis import strategies as st

from vas_theory.bounds import (
    KAPPA_POLYNOMIAL,
    between_class_bound,
    binary_gradient_excess,
    binary_gradient_floor,
    binary_gradient_supremum,
    centred_reward_norm,
    curvature_bound,
    dr_grpo_step_gain,
    effective_counts,
    exact_step_gain,
    fisher_bounds,
    gradient_l1_bound,
    gradient_supremum,
    group_gain_bounds,
    improvement_time_bound,
    kappa,
    length_bound,
    mei_gradient_bound,
    mei_smoothness,
    minimum_gradient,
    probability_order_bound,
    razin_gradient_bound,
    razin_time_bound,
    reward_range,
    smoothness,
    variance_over_rho,
    whitened_step_gain,
)
from vas_theory.bounds.gradient import _extreme_eigenvalues
from vas_theory.foundation.errors import ArgumentError
from vas_theory.foundation.precision import exact, multiprecision
from vas_theory.groups import group_gain
from vas_theory.policy.gradients import (
    fisher_matrix,
    hessian,
    policy_gradient,
    policy_gradient_from_scores,
    reward_variance,
)
from vas_theory.policy.softmax import (
    AutoregressivePolicy,
    bernoulli_logit_probability,
    feature_score,
    softmax,
    tabular_score,
)

ROUNDING = 1e-9  # bounds are compared relative to themselves; far above rounding, far below any 1 % change


def _bandits(seed: int, *, binary: bool = False, count: int = 300, arms: int = 5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    probs = softmax(rng.normal(size=(count, arms)) * rng.choice([0.1, 1.0, 4.0], size=(count, 1)))
    rewards = rng.integers(0, 2, size=(count, arms)).astype(float) if binary else rng.random((count, arms))
    rewards[:, :2] = [0.0, 1.0] if binary else rewards[:, :2]
    return probs, rewards


def _norm(vectors: np.ndarray) -> np.ndarray:
    return np.sqrt((vectors**2).sum(-1))


def test_lower_bounds_stay_below_the_gradient_and_upper_bounds_above() -> None:
    probs, rewards = _bandits(0)
    gradient = policy_gradient(probs, rewards)
    norm, variance, score = _norm(gradient), reward_variance(probs, rewards), tabular_score(probs)
    low, high = fisher_bounds(probs, score, rewards)
    for bound in (
        variance_over_rho(probs, rewards),
        mei_gradient_bound(probs, rewards),
        minimum_gradient(variance, 5),
        np.sqrt(probability_order_bound(probs, rewards)),
        np.sqrt(low),
    ):
        assert (norm >= bound * (1 - ROUNDING)).all()
    assert (np.abs(gradient).sum(-1) >= gradient_l1_bound(probs, rewards) * (1 - ROUNDING)).all()
    for bound in (
        gradient_supremum(variance),
        np.sqrt(between_class_bound(probs, score, rewards)),
        np.sqrt(high),
        razin_gradient_bound(1.0, 1, variance),
        length_bound(1.0, 1, variance),
    ):
        assert (norm <= bound * (1 + ROUNDING)).all()
    spectral = np.abs(np.linalg.eigvalsh(hessian(probs, rewards))).max(-1)
    for bound in (
        smoothness(reward_range(rewards)),
        mei_smoothness(reward_range(rewards)),
        curvature_bound(probs, rewards),
        curvature_bound(probs, rewards, arms=5),
    ):
        assert (spectral <= bound * (1 + ROUNDING)).all()


def test_rewards_deviate_from_their_mean_by_at_most_half_the_range_times_root_k() -> None:
    _, rewards = _bandits(1)
    np.testing.assert_allclose(centred_reward_norm(rewards), rewards.std(-1) * math.sqrt(5))
    np.testing.assert_array_equal(reward_range(rewards), np.ptp(rewards, axis=-1))
    assert (centred_reward_norm(rewards) <= reward_range(rewards) * math.sqrt(5) / 2).all()


def test_identities_for_binary_rewards() -> None:
    probs, rewards = _bandits(2, binary=True)
    square = (policy_gradient(probs, rewards) ** 2).sum(-1)
    floor = binary_gradient_floor(probs, rewards)
    np.testing.assert_allclose(floor + binary_gradient_excess(probs, rewards), square, rtol=1e-10)
    correct, wrong = effective_counts(probs, rewards)
    q = reward_variance(probs, rewards)
    np.testing.assert_allclose(q**2 * (1 / correct + 1 / wrong), square, rtol=1e-10)
    np.testing.assert_allclose(between_class_bound(probs, tabular_score(probs), rewards), square, rtol=1e-9)
    assert (np.sqrt(square) <= binary_gradient_supremum(q) * (1 + ROUNDING)).all()
    features = feature_score(probs, np.random.default_rng(3).normal(size=(5, 2)))
    shared = (policy_gradient_from_scores(probs, features, rewards) ** 2).sum(-1)
    np.testing.assert_allclose(between_class_bound(probs, features, rewards), shared, rtol=1e-9)


@pytest.mark.parametrize("rewards", [[1, 0, 1, 0, 0], [0, Fraction(1, 4), 1, 1, Fraction(3, 5)]])
def test_variance_over_rho_is_reached_exactly_on_its_family(rewards: list[Fraction]) -> None:
    r = exact(rewards)
    mean = r.sum() / len(rewards)
    centre = Fraction(9, 20) if len(set(rewards)) > 2 else Fraction(1, 3)
    # pi_i proportional to (r_i - mean) / (r_i - V) has mean reward V wherever it is a distribution
    weights = (r - mean) / (r - centre)
    assert (weights > 0).all()
    probs = weights / weights.sum()
    gradient = policy_gradient(probs, r)
    assert (gradient * (r - mean)).sum() == reward_variance(probs, r)
    assert (gradient**2).sum() * ((r - mean) ** 2).sum() == reward_variance(probs, r) ** 2


def test_minimum_gradient_at_a_variance_is_reached_by_uniform_classes() -> None:
    for arms in (2, 3, 6, 9):
        right = arms // 2
        p = 0.3
        probs = np.array([p / right] * right + [(1 - p) / (arms - right)] * (arms - right))
        rewards = np.array([1.0] * right + [0.0] * (arms - right))
        assert _norm(policy_gradient(probs, rewards)) == pytest.approx(minimum_gradient(p * (1 - p), arms), rel=1e-13)
    assert _norm(policy_gradient([0.5, 0.5], [0.7, 0.2])) == pytest.approx(gradient_supremum(0.0625), rel=1e-13)
    assert _norm(policy_gradient([0.9, 0.1], [1.0, 0.0])) == pytest.approx(binary_gradient_supremum(0.09), rel=1e-13)


def test_least_gradient_found_by_search_is_not_below_the_minimum() -> None:
    rng = np.random.default_rng(4)
    for arms in (3, 4):

        def ratio(x: np.ndarray, arms: int = arms) -> float:
            probs, rewards = softmax(x[:arms]), bernoulli_logit_probability(x[arms:])
            return float(
                _norm(policy_gradient(probs, rewards)) / minimum_gradient(reward_variance(probs, rewards), arms)
            )

        found = min(scipy.optimize.minimize(ratio, 2 * rng.normal(size=2 * arms)).fun for _ in range(4))
        assert 1 - 1e-9 <= found < 1.02


def test_smoothness_is_reached_at_two_arms() -> None:
    p = (3 + math.sqrt(3)) / 6
    spectral = np.abs(np.linalg.eigvalsh(hessian([p, 1 - p], [1.0, 0.0]))).max()
    assert spectral == pytest.approx(float(smoothness(1.0)), rel=1e-14)


def test_kappa_is_the_root_of_its_polynomial_and_bounds_every_number_of_arms() -> None:
    with mpmath.workdps(50):
        assert abs(mpmath.polyval(KAPPA_POLYNOMIAL, kappa() ** 2)) < mpmath.mpf(10) ** -46
        assert abs(kappa(3) - mpmath.mpf(3) / 2) < mpmath.mpf(10) ** -47
        assert abs(kappa(10**9) - kappa()) < 1e-8
    assert kappa(2) == pytest.approx(math.sqrt(2), rel=1e-15)
    assert [float(kappa(arms)) for arms in (4, 5)] == pytest.approx([1.5389, 1.5612], abs=5e-5)
    constants = [float(kappa(arms)) for arms in (2, 3, 4, 8, 64, 256, None)]
    assert constants == sorted(constants)
    with pytest.raises(ArgumentError, match="arms"):
        kappa(1)


@pytest.mark.parametrize("arms", [2, 3, 4, 6, 12])
def test_kappa_of_k_arms_is_the_limit_of_curvature_over_gradient_at_a_vertex(arms: int) -> None:
    def ratio(push: np.ndarray) -> float:  # H and the gradient to first order in the mass outside the vertex
        star = np.zeros((arms, arms))
        star[0, 0], star[0, 1:], star[1:, 0] = push.sum(), -push, -push
        star[1:, 1:] = np.diag(push)
        return -float(np.abs(np.linalg.eigvalsh(star)).max() / np.sqrt(push.sum() ** 2 + (push**2).sum()))

    rng = np.random.default_rng(5)
    found = -min(scipy.optimize.minimize(ratio, rng.normal(size=arms - 1)).fun for _ in range(25))
    assert found == pytest.approx(float(kappa(arms)), rel=1e-6)
    push = scipy.optimize.minimize(ratio, rng.normal(size=arms - 1)).x
    mass = 1e-7 / np.abs(push).max()
    probs = np.array([1 - mass * np.abs(push).sum(), *(mass * np.abs(push))])
    rewards = np.array([0.0, *np.sign(push)])
    near = np.abs(np.linalg.eigvalsh(hessian(probs, rewards))).max() / _norm(policy_gradient(probs, rewards))
    assert near == pytest.approx(-ratio(push), rel=1e-5)


def test_fisher_bounds_agree_with_eigenvalues_of_the_fisher_matrix() -> None:
    rng = np.random.default_rng(6)
    probs = rng.dirichlet(np.ones(6), size=5)
    scores = feature_score(probs, rng.normal(size=(6, 3)))
    rewards = rng.normal(size=(5, 6))
    for pi, g, r in zip(probs, scores, rewards, strict=True):
        fisher, gradient = fisher_matrix(pi, g), policy_gradient_from_scores(pi, g, r)
        values = np.linalg.eigvalsh(fisher)
        explained = gradient @ np.linalg.solve(fisher, gradient)
        np.testing.assert_allclose(fisher_bounds(pi, g, r), [values[0] * explained, values[-1] * explained], rtol=1e-9)
    no_scores = np.zeros((6, 2))
    for low, high in (fisher_bounds(probs[0], no_scores, rewards[0]), _extreme_eigenvalues(probs[0], no_scores)):
        assert low == high == 0
    with mpmath.workdps(50):
        pi = multiprecision({"probs": probs[0]})["probs"]
        precise = fisher_bounds(pi, tabular_score(pi), rewards[0])
    np.testing.assert_allclose(
        np.array(precise, dtype=float), fisher_bounds(probs[0], tabular_score(probs[0]), rewards[0]), rtol=1e-10
    )
    values = np.linalg.eigvalsh(fisher_matrix(probs[0], tabular_score(probs[0])))
    smallest = np.sort(probs[0])
    assert smallest[0] <= values[1] <= smallest[1]
    assert values[-1] <= 0.5


@pytest.mark.parametrize(("square", "counts"), [("3e-40", True), ("1e-41", False)])
def test_an_eigenvalue_counts_down_to_ten_digits_before_the_last(square: str, counts: bool) -> None:
    with mpmath.workdps(50):
        small = mpmath.sqrt(mpmath.mpf(square))
        pi = multiprecision({"probs": np.full(4, 0.25)})["probs"]
        scores = np.array([[1, 0], [-1, 0], [0, small], [0, -small]], dtype=object) * mpmath.mpf(1)
        low, high = _extreme_eigenvalues(pi, scores)  # of diag(1/2, small^2 / 2)
        assert float(high) == 0.5
        assert float(low) == pytest.approx(float(mpmath.mpf(square) / 2) if counts else 0.5, rel=1e-5)


def test_length_bound_is_reached_by_a_shared_logit_and_holds_with_an_end_token() -> None:
    for length in (1, 2, 5):
        shared = AutoregressivePolicy(2, length, features=np.array([[1.0], [-1.0]]) / math.sqrt(2))
        probs, scores = shared.probabilities([0.0]), shared.sequence_scores([0.0])
        rewards = np.array([sequence.count(0) for sequence in shared.sequences], dtype=float)
        norm = _norm(policy_gradient_from_scores(probs, scores, rewards))
        variance = reward_variance(probs, rewards)
        assert norm == pytest.approx(length_bound(shared.jacobian_norm(), length, variance), rel=1e-13)
    rng = np.random.default_rng(7)
    policy = AutoregressivePolicy(3, 4, end_token=0, features=rng.normal(size=(3, 2)))
    for _ in range(20):
        theta, rewards = rng.normal(size=2), rng.choice([-1.0, 1.0], size=len(policy.sequences))
        probs = policy.probabilities(theta)
        norm = _norm(policy_gradient_from_scores(probs, policy.sequence_scores(theta), rewards))
        variance = reward_variance(probs, rewards)
        assert norm <= length_bound(policy.jacobian_norm(), policy.expected_length(theta), variance) * (1 + ROUNDING)
        assert norm <= razin_gradient_bound(policy.jacobian_norm(), 4, variance) * (1 + ROUNDING)


# --- groups and time -----------------------------------------------------------------------------------------------


@given(st.floats(1e-12, 1 - 1e-12), st.integers(2, 40), st.sampled_from([0, 1]))
def test_group_gain_lies_in_its_bracket(p: float, size: int, ddof: int) -> None:
    low, high = group_gain_bounds(p, size, ddof=ddof)
    gain = group_gain(p, size, ddof=ddof)
    assert low * (1 - 1e-12) <= gain <= high * (1 + 1e-12)


@pytest.mark.parametrize("size", [2, 3, 8])
def test_the_sample_deviation_scales_both_ends_of_the_bracket(size: int) -> None:
    for ours, plain in zip(group_gain_bounds(0.3, size, ddof=1), group_gain_bounds(0.3, size), strict=True):
        assert ours == pytest.approx(plain * math.sqrt((size - 1) / size), rel=1e-14)


def test_group_gain_bracket_is_tight_where_it_should_be() -> None:
    for size in (2, 3):  # the lower bound is an equality, the gain constant
        np.testing.assert_allclose(group_gain_bounds([0.1, 0.5], size)[0], math.sqrt(size - 1), rtol=1e-15)
    assert group_gain_bounds(0.5, 2)[1] == pytest.approx(math.sqrt(2))
    low, high = group_gain_bounds(Fraction(1, 2), 4)
    assert float(low) == pytest.approx(3 / math.sqrt(3.5))
    assert float(high) == pytest.approx(math.sqrt(3))


def test_gradient_flow_takes_longer_than_both_time_bounds() -> None:
    # one logit, rewards +-1, gradient flow dz/dt = 2 p (1 - p); scores are at most 1, the logits' Jacobian is 1/sqrt 2
    for start in (-2.0, -6.0, -9.0):
        p = float(bernoulli_logit_probability(start))
        for rise in (0.1, 0.5):
            target = math.log((p + rise / 2) / (1 - p - rise / 2))
            time = scipy.integrate.quad(lambda z: (2 + math.exp(z) + math.exp(-z)) / 2, start, target)[0]
            variance = 4 * p * (1 - p)
            ours = improvement_time_bound(rise, 1.0, variance)
            assert time >= ours
            assert time >= razin_time_bound(rise, math.sqrt(0.5), 1, variance)
    assert improvement_time_bound(1.0, 2.0, 0.25) == pytest.approx((1 - math.exp(-1)) / 2)
    assert razin_time_bound(1.0, 2.0, 3, 0.125) == pytest.approx((1 - math.exp(-1 / 9)) / (8 * 9 * 4) * 2)
    assert razin_time_bound(50.0, 1.0, 1, 1.0, kl_weight=10.0) == pytest.approx((1 - math.exp(-7 / 30)) / 8)


# --- arithmetic ----------------------------------------------------------------------------------------------------


def test_bounds_at_50_digits_agree_with_floats() -> None:
    probs, rewards = _bandits(10, count=3)
    with mpmath.workdps(50):
        converted = multiprecision({"probs": probs, "rewards": rewards})
        pi, r = converted["probs"], converted["rewards"]
        for function in (
            variance_over_rho,
            gradient_l1_bound,
            mei_gradient_bound,
            probability_order_bound,
            curvature_bound,
        ):
            np.testing.assert_allclose(function(pi, r).astype(float), function(probs, rewards), rtol=1e-12)
        variance = reward_variance(pi, r)
        for scalar in (gradient_supremum, binary_gradient_supremum, smoothness, mei_smoothness):
            np.testing.assert_allclose(scalar(variance).astype(float), scalar(variance.astype(float)), rtol=1e-13)
        values = [mpmath.mpf("0.3"), mpmath.mpf("0.04"), mpmath.mpf("0.8")]
        floats = [float(value) for value in values]
        pairs = [
            (exact_step_gain(*values), exact_step_gain(*floats)),
            (dr_grpo_step_gain(*values, 1, 4), dr_grpo_step_gain(*floats, 1, 4)),
            (whitened_step_gain(*values[:2], values[0], values[2], 4), whitened_step_gain(*floats[:2], 0.3, 0.8, 4)),
            (improvement_time_bound(*values), improvement_time_bound(*floats)),
            (razin_time_bound(*values[:2], 2, values[2]), razin_time_bound(*floats[:2], 2, 0.8)),
            (length_bound(*values), length_bound(*floats)),
            (razin_gradient_bound(*values), razin_gradient_bound(*floats)),
            (minimum_gradient(values[0], 5), minimum_gradient(0.3, 5)),
        ]
        for precise, rounded in pairs:
            assert float(precise) == pytest.approx(float(rounded), rel=1e-13)


def test_bounds_are_exact_on_fractions_and_symbols() -> None:
    probs, rewards = exact([Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)]), exact([1, 0, 0])
    assert gradient_l1_bound(probs, rewards) == Fraction(1, 2)
    assert binary_gradient_floor(probs, rewards) == Fraction(3, 32)
    assert binary_gradient_excess(probs, rewards) == (policy_gradient(probs, rewards) ** 2).sum() - Fraction(3, 32)
    assert effective_counts(probs, rewards) == (1, Fraction(9, 5))
    assert mei_gradient_bound(probs, rewards) == Fraction(1, 4)
    assert probability_order_bound(probs, rewards) == Fraction(1, 24)
    assert minimum_gradient(Fraction(1, 4), 4) == Fraction(1, 4)
    assert gradient_supremum(Fraction(1, 8)) == Fraction(1, 4)
    p = sympy.Symbol("p", positive=True)
    assert sympy.expand(gradient_l1_bound(np.array([p, 1 - p]), [1, 0]) - 2 * p * (1 - p)) == 0


def test_literature_constants_are_the_published_ones() -> None:
    assert razin_gradient_bound(2.0, 3, 0.125) == pytest.approx(6 * 3 * 2 * 0.5)
    assert mei_smoothness(1.0) == 2.5
    for place in range(2):  # of two best arms the more probable one, wherever it stands
        probs = np.roll([0.3, 0.2], place)
        assert mei_gradient_bound([*probs, 0.5], [1.0, 1.0, 0.0]) == pytest.approx(0.3 * 0.5)
    for best in range(3):
        assert mei_gradient_bound([0.2, 0.3, 0.5], np.arange(3) == best) == pytest.approx(
            [0.2, 0.3, 0.5][best] * (1 - [0.2, 0.3, 0.5][best])
        )


def test_constant_rewards_and_empty_classes_give_zero() -> None:
    assert variance_over_rho([0.5, 0.5], [0.1, 0.1]) == 0
    assert gradient_l1_bound([0.5, 0.5], [0.1, 0.1]) == 0
    assert effective_counts([1.0, 0.0], [1.0, 0.0]) == (1.0, 0.0)
    with pytest.raises(ArgumentError, match="arms"):
        minimum_gradient(0.1, 1)
