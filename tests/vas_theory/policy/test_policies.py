"""Policies against torch autograd, direct sums and 50 digits."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import mpmath
import numpy as np
import pytest
import sympy
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vas_theory.foundation.errors import ArgumentError
from vas_theory.policy.softmax import (
    AutoregressivePolicy,
    bernoulli_logit_probability,
    exponential_tilt,
    feature_score,
    linear_softmax_probabilities,
    softmax,
    tabular_score,
)

LOGITS = arrays(np.float64, st.integers(1, 6), elements=st.floats(-1e308, 1e308))


@given(LOGITS)
def test_softmax_of_any_finite_logits_is_a_distribution(logits: np.ndarray) -> None:
    probs = softmax(logits)
    assert (probs >= 0).all()
    assert abs(probs.sum() - 1) < 1e-14
    assert probs[logits.argmax()] == probs.max()


@given(arrays(np.float64, st.integers(2, 6), elements=st.floats(-745, 745)))
def test_softmax_agrees_with_50_digits(logits: np.ndarray) -> None:
    with mpmath.workdps(50):
        weights = [mpmath.exp(mpmath.mpf(float(z))) for z in logits]
        expected = np.array([float(w / mpmath.fsum(weights)) for w in weights])
    # an exponent of size 1490 is rounded by 1e-13, hence the relative error; denormals have absolute steps
    np.testing.assert_allclose(softmax(logits), expected, rtol=1e-12, atol=1e-322)


def test_softmax_underflows_to_exact_zero_where_documented() -> None:
    assert softmax([0.0, -745.1])[1] > 0
    assert softmax([0.0, -745.2])[1] == 0
    assert softmax([1e308, -1e308]).tolist() == [1.0, 0.0]
    assert softmax([0.0, -np.inf]).tolist() == [1.0, 0.0]
    with mpmath.workdps(50):
        tiny = softmax(np.array([mpmath.mpf(0), mpmath.mpf(-2000)], dtype=object))[1]
        assert mpmath.almosteq(tiny, 1 / (1 + mpmath.exp(2000)))


@pytest.mark.parametrize("logits", [[np.nan, 0.0], [np.inf, 0.0], [-np.inf, -np.inf], 1.0, []])
def test_softmax_refuses_what_has_no_probabilities(logits: object) -> None:
    with pytest.raises(ArgumentError, match="logits"):
        softmax(logits)  # type: ignore[arg-type]


def _autograd_scores(function: object, theta: np.ndarray) -> np.ndarray:
    parameters = torch.tensor(theta, dtype=torch.float64)
    return torch.autograd.functional.jacobian(function, parameters).numpy()


def test_scores_are_the_gradients_of_log_probabilities() -> None:
    rng = np.random.default_rng(1)
    logits, theta, features = rng.normal(size=5), rng.normal(size=3), rng.normal(size=(5, 3))
    np.testing.assert_allclose(
        tabular_score(softmax(logits)), _autograd_scores(lambda z: torch.log_softmax(z, -1), logits), atol=1e-14
    )
    phi = torch.tensor(features)
    probs = linear_softmax_probabilities(theta, features)
    np.testing.assert_allclose(
        feature_score(probs, features), _autograd_scores(lambda t: torch.log_softmax(phi @ t, -1), theta), atol=1e-14
    )


def test_leading_axes_are_instances() -> None:
    rng = np.random.default_rng(2)
    theta, features = rng.normal(size=(4, 3)), rng.normal(size=(5, 3))
    together = linear_softmax_probabilities(theta, features)
    for row, parameters in zip(together, theta, strict=True):
        np.testing.assert_array_equal(row, linear_softmax_probabilities(parameters, features))
    assert tabular_score(together).shape == (4, 5, 5)
    assert feature_score(together, features).shape == (4, 5, 3)
    with pytest.raises(ArgumentError, match="features"):
        linear_softmax_probabilities(theta, features[:, :2])


def test_scores_are_exact_on_fractions_and_symbols() -> None:
    probs = np.array([Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)], dtype=object)
    score = tabular_score(probs)
    assert score[1].tolist() == [Fraction(-1, 2), Fraction(2, 3), Fraction(-1, 6)]
    assert (probs[:, None] * score).sum(0).tolist() == [0, 0, 0]
    a = sympy.Symbol("a")
    mean = (np.array([a, 1 - a])[:, None] * feature_score(np.array([a, 1 - a]), [[2], [5]])).sum(0)
    assert sympy.expand(mean[0]) == 0


@given(st.floats(-800, 800))
def test_logit_probability_keeps_both_tails(z: float) -> None:
    with mpmath.workdps(50):
        expected = float(1 / (1 + mpmath.exp(-mpmath.mpf(z))))
    np.testing.assert_allclose(bernoulli_logit_probability(z), expected, rtol=1e-13, atol=1e-322)


def test_logit_probability_refuses_nan() -> None:
    with pytest.raises(ArgumentError, match="z must be a number"):
        bernoulli_logit_probability(np.nan)


@pytest.mark.parametrize("eta", [0.0, 0.7, -3.0, 1e5])
def test_tilt_reweights_by_the_exponential_of_the_reward(eta: float) -> None:
    probs, rewards = np.array([0.0, 0.2, 0.3, 0.5]), np.array([900.0, 1.0, -1.0, 0.25])
    with mpmath.workdps(50):
        weights = [mpmath.mpf(float(p)) * mpmath.exp(mpmath.mpf(eta) * float(r)) for p, r in zip(probs, rewards)]  # noqa: B905
        expected = [float(w / mpmath.fsum(weights)) for w in weights]
    np.testing.assert_allclose(exponential_tilt(probs, rewards, eta), expected, rtol=1e-10, atol=1e-300)


def _forms(size: int, length: int, end: int | None) -> list[AutoregressivePolicy]:
    rng = np.random.default_rng(3)
    tabular = AutoregressivePolicy(size, length, end)
    return [
        tabular,
        AutoregressivePolicy(size, length, end, rng.normal(size=(size, 2))),
        AutoregressivePolicy(size, length, end, rng.normal(size=(len(tabular.contexts), size, 3))),
    ]


@pytest.mark.parametrize(("size", "length", "end"), [(2, 4, None), (3, 3, None), (3, 3, 0), (2, 4, 1), (4, 1, 2)])
def test_sequences_and_scores_agree_with_a_walk_through_torch(size: int, length: int, end: int | None) -> None:
    for policy in _forms(size, length, end):
        theta = np.random.default_rng(4).normal(size=policy.parameter_count)
        jacobian = torch.tensor(policy.token_features().astype(np.float64))

        def log_probabilities(t: torch.Tensor, policy: AutoregressivePolicy = policy, jacobian: object = jacobian):
            logs = torch.log_softmax(jacobian @ t, -1)
            context = {prefix: number for number, prefix in enumerate(policy.contexts)}
            return torch.stack(
                [sum(logs[context[s[:i]], token] for i, token in enumerate(s)) for s in policy.sequences]
            )

        expected = log_probabilities(torch.tensor(theta)).exp().numpy()
        probs = policy.probabilities(theta)
        np.testing.assert_allclose(probs, expected, atol=1e-14)
        assert abs(probs.sum() - 1) < 1e-13
        scores = policy.sequence_scores(theta)
        np.testing.assert_allclose(scores, _autograd_scores(log_probabilities, theta), atol=1e-12)
        np.testing.assert_allclose((probs[:, None] * scores).sum(0), 0, atol=1e-13)
        np.testing.assert_allclose(policy.expected_length(theta), probs @ policy.lengths)


def test_sequences_end_at_the_end_token_or_at_the_limit() -> None:
    policy = AutoregressivePolicy(3, 2, end_token=0)
    assert set(policy.sequences) == {(0,), (1, 0), (2, 0), *product((1, 2), repeat=2)}
    assert policy.lengths.max() == 2
    assert AutoregressivePolicy(3, 2).sequences == tuple(product(range(3), repeat=2))


def test_batched_parameters_and_multiprecision() -> None:
    policy = AutoregressivePolicy(2, 3, features=np.array([[1.0], [-1.0]]))
    theta = np.array([[0.3], [-2.0]])
    together = policy.probabilities(theta)
    np.testing.assert_array_equal(together[1], policy.probabilities(theta[1]))
    assert policy.sequence_scores(theta).shape == (2, 8, 1)
    with mpmath.workdps(50):
        exact = policy.probabilities(np.array([mpmath.mpf("0.3")], dtype=object))
        assert abs(exact.sum() - 1) < mpmath.mpf(10) ** -48
        np.testing.assert_allclose(together[0], exact.astype(float), rtol=1e-14)


def test_jacobian_norm_is_the_largest_of_the_contexts() -> None:
    features = np.zeros((3, 2, 2))
    features[1] = [[3.0, 0.0], [0.0, 4.0]]
    assert AutoregressivePolicy(2, 2, features=features).jacobian_norm() == 4.0
    assert AutoregressivePolicy(2, 3).jacobian_norm() == 1.0


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ((1, 2), "vocabulary_size"),
        ((2, 0), "max_length"),
        ((2, 2, 2), r"end_token .* 0\.\.1\b"),
        ((10, 7), r"vocabulary_size \*\* max_length"),
        ((1_000_001, 1), r"vocabulary_size \*\* max_length"),
        ((2, 2, None, np.zeros((3, 1))), "features"),
    ],
)
def test_policies_that_cannot_be_enumerated_are_refused(arguments: tuple[object, ...], name: str) -> None:
    with pytest.raises(ArgumentError, match=name):
        AutoregressivePolicy(*arguments)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="theta"):
        AutoregressivePolicy(2, 1).probabilities(np.zeros(5))
