"""Exact quantities: closed form against torch autograd, finite differences, direct sums and exact numbers."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from vas_theory.foundation.errors import ArgumentError
from vas_theory.foundation.precision import exact, multiprecision
from vas_theory.policy.gradients import (
    advantages,
    between_class_dispersion,
    class_score_means,
    estimator_variance,
    expected_reward,
    explained_variance,
    fisher_matrix,
    hessian,
    natural_gradient,
    optimal_baseline,
    policy_gradient,
    policy_gradient_from_scores,
    reward_variance,
    score_second_moment,
    weighted_second_moment,
    within_class_traces,
)
from vas_theory.policy.softmax import (
    AutoregressivePolicy,
    feature_score,
    linear_softmax_probabilities,
    softmax,
    tabular_score,
)


@st.composite
def bandits(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    arms = draw(st.integers(2, 6))
    logits = draw(st.lists(st.floats(-30, 30), min_size=arms, max_size=arms))
    rewards = draw(st.lists(st.floats(-3, 3) | st.sampled_from([0.0, 1.0]), min_size=arms, max_size=arms))
    return np.array(logits), np.array(rewards)


def _random(seed: int, arms: int = 5, parameters: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    probs = rng.dirichlet(np.ones(arms), size=4)
    return probs, feature_score(probs, rng.normal(size=(arms, parameters))), rng.normal(size=(4, arms))


@given(bandits())
def test_gradient_and_hessian_agree_with_autograd(bandit: tuple[np.ndarray, np.ndarray]) -> None:
    logits, rewards = bandit
    reward = torch.tensor(rewards)

    def value(z: torch.Tensor) -> torch.Tensor:
        return torch.softmax(z, -1) @ reward

    z = torch.tensor(logits)
    probs = softmax(logits)
    np.testing.assert_allclose(
        policy_gradient(probs, rewards), torch.autograd.functional.jacobian(value, z).numpy(), atol=5e-15
    )
    np.testing.assert_allclose(hessian(probs, rewards), torch.autograd.functional.hessian(value, z).numpy(), atol=5e-15)


def test_gradient_and_hessian_agree_with_differences_at_50_digits() -> None:
    rng = np.random.default_rng(0)
    with mpmath.workdps(50):
        logits = np.array([mpmath.mpf(float(z)) for z in rng.normal(size=4)], dtype=object)
        rewards = np.array([mpmath.mpf(float(r)) for r in rng.normal(size=4)], dtype=object)
        probs, step = softmax(logits), mpmath.mpf(10) ** -16
        gradient, curvature = policy_gradient(probs, rewards), hessian(probs, rewards)
        for arm in range(4):
            nudge = np.array([step if i == arm else mpmath.mpf(0) for i in range(4)], dtype=object)
            up, down = softmax(logits + nudge), softmax(logits - nudge)
            slope = (expected_reward(up, rewards) - expected_reward(down, rewards)) / (2 * step)
            assert abs(slope - gradient[arm]) < 1e-30  # the error of a central difference is of order step^2
            bend = (policy_gradient(up, rewards) - policy_gradient(down, rewards)) / (2 * step)
            assert max(abs(bend - curvature[arm])) < 1e-30


def _forms() -> list[tuple[str, Callable[..., np.ndarray], Callable[..., np.ndarray], int]]:
    features = np.random.default_rng(5).normal(size=(6, 2))
    policy = AutoregressivePolicy(2, 3, end_token=1)
    return [
        (
            "linear",
            lambda t: linear_softmax_probabilities(t, features),
            lambda t: feature_score(linear_softmax_probabilities(t, features), features),
            2,
        ),
        ("sequences", policy.probabilities, policy.sequence_scores, policy.parameter_count),
    ]


@pytest.mark.parametrize("form", _forms(), ids=lambda form: form[0])
def test_gradient_from_scores_agrees_with_differences_of_the_value(
    form: tuple[str, Callable[..., np.ndarray], Callable[..., np.ndarray], int],
) -> None:
    _, probabilities, scores, size = form
    rng = np.random.default_rng(6)
    theta = rng.normal(size=size)
    rewards = rng.normal(size=len(probabilities(theta)))
    gradient = policy_gradient_from_scores(probabilities(theta), scores(theta), rewards)
    for index in range(size):
        nudge = 1e-5 * np.eye(size)[index]
        slope = (probabilities(theta + nudge) - probabilities(theta - nudge)) @ rewards / 2e-5
        assert abs(slope - gradient[index]) < 1e-9  # step^2 plus rounding / step


@given(bandits())
def test_tabular_scores_give_the_tabular_gradient(bandit: tuple[np.ndarray, np.ndarray]) -> None:
    probs, rewards = softmax(bandit[0]), bandit[1]
    np.testing.assert_allclose(
        policy_gradient_from_scores(probs, tabular_score(probs), rewards), policy_gradient(probs, rewards), atol=5e-15
    )


@given(bandits())
@example((np.array([0.0, 0.0, 22.0, 0.0, 21.0]), np.array([0.0, 0.0, 1.0, 0.0, 1.0])))
@example((np.array([0.0, -28.0, 0.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0, 0.0, 0.0])))
def test_moments_agree_with_numpy_and_stay_finite(bandit: tuple[np.ndarray, np.ndarray]) -> None:
    probs, rewards = softmax(bandit[0]), bandit[1]
    mean = np.average(rewards, weights=probs)
    assert abs(expected_reward(probs, rewards) - mean) < 1e-14
    assert abs(reward_variance(probs, rewards) - np.average((rewards - mean) ** 2, weights=probs)) < 1e-13
    score = tabular_score(probs)
    # dividing by the smallest singular value that is not taken as zero magnifies the rounding of the scores
    singular = np.linalg.svd(np.sqrt(probs)[:, None] * score, compute_uv=False)
    kept = singular[singular > len(probs) * np.finfo(float).eps * np.abs(score).max()]
    rounding = 8 * np.finfo(float).eps * (singular[0] / kept[-1] if len(kept) else 1.0)
    assert 0 <= explained_variance(probs, score, rewards) <= 1 + 1e-12 + rounding
    for value in (
        natural_gradient(probs, score, rewards),
        between_class_dispersion(probs, score, rewards),
        weighted_second_moment(probs, score, rewards),
    ):
        assert np.isfinite(value).all()


def test_advantages_keep_their_digits_near_a_vertex() -> None:
    probs = np.array([1e-14, 1e-13, 1.0])
    rewards = np.array([0.1, 0.2, 0.3])
    with mpmath.workdps(50):
        converted = multiprecision({"probs": probs, "rewards": rewards})
        expected = policy_gradient(converted["probs"], converted["rewards"]).astype(float)
    # probs themselves miss the simplex by 1e-13 relative
    np.testing.assert_allclose(policy_gradient(probs, rewards), expected, rtol=1e-12)


def test_constant_rewards_have_no_gradient_at_all() -> None:
    probs = np.random.default_rng(7).dirichlet(np.ones(9))
    rewards = np.full(9, 0.1)
    assert (policy_gradient(probs, rewards) == 0).all()
    assert reward_variance(probs, rewards) == 0
    assert explained_variance(probs, tabular_score(probs), rewards) == 1


def test_fisher_geometry_agrees_with_direct_linear_algebra() -> None:
    probs, scores, rewards = _random(8)
    for pi, g, r in zip(probs, scores, rewards, strict=True):
        fisher = sum(p * np.outer(row, row) for p, row in zip(pi, g, strict=True))
        np.testing.assert_allclose(fisher_matrix(pi, g), fisher, atol=1e-14)
        gradient = policy_gradient_from_scores(pi, g, r)
        np.testing.assert_allclose(natural_gradient(pi, g, r), np.linalg.solve(fisher, gradient), rtol=1e-9)
        share = gradient @ np.linalg.solve(fisher, gradient) / reward_variance(pi, r)
        np.testing.assert_allclose(explained_variance(pi, g, r), share, rtol=1e-10)
    together = explained_variance(probs, scores, rewards)
    assert together.shape == (4,)


def test_natural_gradients_of_several_policies_at_many_digits() -> None:
    probs = exact([[Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)], [Fraction(1, 4), Fraction(1, 4), Fraction(1, 2)]])
    rewards = exact([0, 1, 3])
    natural = natural_gradient(probs, tabular_score(probs), rewards)
    assert natural.shape == (2, 3)
    np.testing.assert_allclose(natural.astype(float), np.tile(np.array([-4, -1, 5]) / 3, (2, 1)), rtol=1e-12)


def test_natural_gradient_of_a_tabular_softmax_is_the_centred_reward() -> None:
    rng = np.random.default_rng(9)
    rewards = rng.normal(size=6)
    for logits in (rng.normal(size=6), np.array([0.0, -5.0, -15.0, -25.0, -35.0, -45.0])):  # down to 3e-20
        probs = softmax(logits)
        natural = natural_gradient(probs, tabular_score(probs), rewards)
        np.testing.assert_allclose(natural, rewards - rewards.mean(), atol=1e-8)
        assert abs(explained_variance(probs, tabular_score(probs), rewards) - 1) < 1e-12


def test_natural_gradient_at_50_digits_and_on_dependent_scores() -> None:
    probs = np.array([0.5, 0.3, 0.2])
    rewards = np.array([1.0, 0.0, 2.0])
    features = np.array([[1.0, 2.0], [0.0, 0.0], [-1.0, -2.0]])  # rank one
    score = feature_score(probs, features)
    natural = natural_gradient(probs, score, rewards)
    np.testing.assert_allclose(
        natural,
        np.linalg.pinv(fisher_matrix(probs, score)) @ (policy_gradient_from_scores(probs, score, rewards)),
        atol=1e-13,
    )
    with mpmath.workdps(50):
        converted = multiprecision({"probs": probs, "rewards": rewards})
        precise = natural_gradient(
            converted["probs"], feature_score(converted["probs"], features), converted["rewards"]
        )
        np.testing.assert_allclose(precise.astype(float), natural, atol=1e-13)
        whole = explained_variance(converted["probs"], tabular_score(converted["probs"]), converted["rewards"])
        assert abs(whole - 1) < mpmath.mpf(10) ** -40


def test_score_moments_agree_with_loops() -> None:
    probs, scores, _ = _random(10)
    rewards = np.array([1.0, 0.0, 1.0, 1.0, 0.0])
    for pi, g in zip(probs, scores, strict=True):
        right = rewards == 1
        mean_right = np.average(g[right], axis=0, weights=pi[right])
        mean_wrong = np.average(g[~right], axis=0, weights=pi[~right])
        p = pi[right].sum()
        means = class_score_means(pi, g, rewards)
        np.testing.assert_allclose(means[0], mean_right)
        np.testing.assert_allclose(means[1], mean_wrong)
        dispersion = p * (1 - p) * ((mean_right - mean_wrong) ** 2).sum()
        np.testing.assert_allclose(between_class_dispersion(pi, g, rewards), dispersion)
        traces = within_class_traces(pi, g, rewards)
        np.testing.assert_allclose(traces[0], np.average(((g[right] - mean_right) ** 2).sum(-1), weights=pi[right]))
        np.testing.assert_allclose(traces[1], np.average(((g[~right] - mean_wrong) ** 2).sum(-1), weights=pi[~right]))
        np.testing.assert_allclose(score_second_moment(pi, g), dispersion + p * traces[0] + (1 - p) * traces[1])
        weighted = sum(pi[i] * (g[i] @ g[i]) * (rewards[i] - p) ** 2 for i in range(5))
        np.testing.assert_allclose(weighted_second_moment(pi, g, rewards), weighted)


def test_levels_of_graded_rewards_are_kept_apart() -> None:
    probs, scores, _ = _random(11)
    rewards = np.array([0.5, 2.0, 0.5, -1.0, 2.0])
    pi, g = probs[0], scores[0]
    total = 0.0
    for level in set(rewards.tolist()):
        inside = rewards == level
        mean = np.average(g[inside], axis=0, weights=pi[inside])
        total += pi[inside].sum() * (mean @ mean)
    np.testing.assert_allclose(between_class_dispersion(pi, g, rewards), total)


def test_classes_without_mass_count_as_zero() -> None:
    probs = np.array([0.0, 0.4, 0.6])
    rewards = np.array([1.0, 0.0, 0.0])
    score = tabular_score(probs)
    assert (class_score_means(probs, score, rewards)[0] == 0).all()
    assert within_class_traces(probs, score, rewards)[0] == 0
    assert between_class_dispersion(probs, score, rewards) < 1e-30


def test_estimator_variance_is_the_spread_of_its_samples_and_least_at_the_best_baseline() -> None:
    probs, scores, rewards = _random(12)
    best = optimal_baseline(probs, scores, rewards)
    for shift in (-0.3, 0.0, 0.2):
        spread = estimator_variance(probs, scores, rewards, best + shift)
        for row in range(4):
            samples = scores[row] * (rewards[row] - best[row] - shift)[:, None]
            mean = probs[row] @ samples
            direct = probs[row] @ ((samples - mean) ** 2).sum(-1)
            np.testing.assert_allclose(spread[row], direct, rtol=1e-11)
        assert (spread >= estimator_variance(probs, scores, rewards, best)).all()


def test_counterexample_to_the_mean_as_the_best_baseline() -> None:
    probs = exact([Fraction(1, 4), Fraction(3, 4)])
    score = exact([[Fraction(3, 4)], [Fraction(-1, 4)]])  # one logit, p = 1/4
    assert estimator_variance(probs, score, [1, 0], Fraction(1, 4)) == Fraction(3, 64)
    assert optimal_baseline(probs, score, [1, 0]) == Fraction(3, 4)
    assert estimator_variance(probs, score, [1, 0], Fraction(3, 4)) == 0


def test_exact_arithmetic_stays_exact() -> None:
    probs, rewards = exact([Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)]), exact([1, 0, 0])
    assert policy_gradient(probs, [1, 0, 0]).tolist() == [Fraction(1, 4), Fraction(-1, 6), Fraction(-1, 12)]
    assert reward_variance(probs, rewards) == Fraction(1, 4)
    score = tabular_score(probs)
    square = (policy_gradient(probs, rewards) ** 2).sum()
    assert square == reward_variance(probs, rewards) * between_class_dispersion(probs, score, rewards)
    a, b, x, y = sympy.symbols("a b x y")
    symbols = np.array([a, b, 1 - a - b])
    inner = (policy_gradient(symbols, [x, y, 0]) * np.array([x, y, 0])).sum()
    assert sympy.expand(inner - reward_variance(symbols, [x, y, 0])) == 0


@pytest.mark.parametrize(
    ("probs", "rewards", "name"),
    [
        ([0.5, 0.6], [1.0, 0.0], "probs must sum to 1"),
        ([-0.1, 1.1], [1.0, 0.0], "probs must be non-negative"),
        ([np.nan, 1.0], [1.0, 0.0], "probs must be non-negative"),
        ([0.5, 0.5], [1.0, 0.0, 0.0], "rewards must have 2 arms"),
        ([0.5, 0.5], 1.0, "rewards must have 2 arms"),
    ],
)
def test_bad_bandits_are_named(probs: object, rewards: object, name: str) -> None:
    for function in (policy_gradient, reward_variance, expected_reward, advantages, hessian):
        with pytest.raises(ArgumentError, match=name):
            function(probs, rewards)  # type: ignore[arg-type]


def test_bad_scores_and_classes_are_named() -> None:
    with pytest.raises(ArgumentError, match="scores"):
        fisher_matrix([0.5, 0.5], [[1.0], [2.0], [3.0]])
    with pytest.raises(ArgumentError, match="rewards must be 0 or 1"):
        class_score_means([0.5, 0.5], [[1.0], [-1.0]], [0.5, 0.0])


def test_a_weak_direction_is_kept_among_many_instances() -> None:
    """What counts as no direction depends on arms and parameters, not on how many policies are asked for at once."""
    probs, features = np.array([0.2, 0.3, 0.5]), np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 1e-14]])
    alone = natural_gradient(probs, feature_score(probs, features), [1.0, 0.0, 0.5])
    many = np.tile(probs, (2000, 1))
    together = natural_gradient(many, feature_score(many, features), np.tile([1.0, 0.0, 0.5], (2000, 1)))
    np.testing.assert_allclose(together[7], alone, rtol=1e-12)
    assert abs(alone[1]) > 1e12
