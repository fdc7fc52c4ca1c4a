"""The paper's statements on the gradient estimator's variance, against loops over outcomes and eigenvalue solvers."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from vas_theory.claims import get_claims
from vas_theory.claims.lib.base import Claim
from vas_theory.foundation.precision import exact

SEEDS = st.integers(0, 2**32 - 1)


def _claim(name: str) -> Claim:
    return get_claims([name])[0]


def _bandit(seed: int) -> dict[str, NDArray[Any]]:
    rng = np.random.default_rng(seed)
    arms, dimension = int(rng.integers(2, 6)), int(rng.integers(1, 4))
    weights = rng.standard_gamma(0.7, size=arms) + 1e-6
    return {
        "probs": (weights / weights.sum())[None],
        "features": rng.standard_normal((1, arms, dimension)),
        "rewards": rng.uniform(size=(1, arms)),
    }


def _covariance(bandit: dict[str, NDArray[Any]], baseline: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the estimator's covariance matrix and the squared score norms, outcome by outcome."""
    probs, features, rewards = (bandit[name][0] for name in ("probs", "features", "rewards"))
    centre = sum(p * phi for p, phi in zip(probs, features, strict=True))
    outcomes = [(phi - centre) * (r - baseline) for phi, r in zip(features, rewards, strict=True)]
    mean = sum(p * outcome for p, outcome in zip(probs, outcomes, strict=True))
    matrix = sum(p * np.outer(o - mean, o - mean) for p, o in zip(probs, outcomes, strict=True))
    return matrix, ((features - centre) ** 2).sum(-1)


def _moments(bandit: dict[str, NDArray[Any]]) -> tuple[float, float]:
    probs, rewards = bandit["probs"][0], bandit["rewards"][0]
    mean = float(np.average(rewards, weights=probs))
    return mean, float(np.average((rewards - mean) ** 2, weights=probs))


@given(SEEDS)
def test_the_sides_are_the_estimators_own_variance(seed: int) -> None:
    bandit = _bandit(seed)
    mean, variance = _moments(bandit)
    matrix, squared_scores = _covariance(bandit, mean)
    gamma = float(np.average(squared_scores, weights=bandit["probs"][0]))
    left, right = _claim("A01").sides(bandit)
    np.testing.assert_allclose(left, np.trace(matrix), rtol=1e-9, atol=1e-12 * squared_scores.max())
    np.testing.assert_allclose(right, variance * gamma, rtol=1e-10)
    # the matrix inequality of Lemma 1, which A03 certifies through the trace
    assert np.linalg.eigvalsh(matrix).max() <= squared_scores.max() * variance * (1 + 1e-12)
    np.testing.assert_allclose(_claim("A03").sides(bandit)[1], squared_scores.max() * variance, rtol=1e-10)


@given(SEEDS, st.floats(-2, 2))
def test_no_baseline_beats_the_score_weighted_mean(seed: int, baseline: float) -> None:
    bandit = _bandit(seed)
    mean, variance = _moments(bandit)
    probs, rewards = bandit["probs"][0], bandit["rewards"][0]
    matrix, squared_scores = _covariance(bandit, baseline)
    weights = probs * squared_scores
    best = float(np.average(rewards, weights=weights))
    least = np.trace(_covariance(bandit, best)[0])
    assert least <= np.trace(matrix) + 1e-12 * squared_scores.max()
    covariance = float(np.sum(weights * rewards) - weights.sum() * mean)
    excess = np.trace(_covariance(bandit, mean)[0]) - least
    np.testing.assert_allclose(excess, covariance**2 / weights.sum(), rtol=1e-7, atol=1e-12 * squared_scores.max())
    bound = _claim("A39").sides({**bandit, "baseline": np.array([baseline])})[1]
    np.testing.assert_allclose(bound, squared_scores.max() * (variance + (mean - baseline) ** 2), rtol=1e-9)
    assert np.trace(matrix) <= bound[0] * (1 + 1e-12)


@pytest.mark.parametrize("p", [Fraction(1, 2), Fraction(1, 10), Fraction(1, 1000)])
def test_one_logit_has_the_moments_of_the_page(p: Fraction) -> None:
    """One logit: E|g|^2 A^2 over Var Gamma is (1 - 3q)/q with q = p (1 - p), unbounded for small p."""
    bandit = {
        "probs": np.array([[p, 1 - p]], dtype=object),
        "features": exact([[[1], [0]]]),
        "rewards": exact([[1, 0]]),
    }
    q = p * (1 - p)
    second_moment = _claim("A22").sides(bandit)[0][0]
    assert second_moment / _claim("A01").sides(bandit)[1][0] == (1 - 3 * q) / q
    assert _claim("A01").sides(bandit)[0][0] == q * (1 - 4 * q)


def test_the_rational_counterexamples_have_the_numbers_of_the_page() -> None:
    expected = {
        "A02": (Fraction(3, 64), Fraction(0)),
        "A04": (Fraction(0), Fraction(1, 16)),
        "A06": (Fraction(0), Fraction(2, 3) * Fraction(2, 9)),
        "A17": (Fraction(9, 64), Fraction(1, 64)),
    }
    for name, sides in expected.items():
        instance = _claim(name).counterexample
        assert instance is not None
        left, right = _claim(name).sides({key: exact(values) for key, values in instance.items()})
        assert (left[0], right[0]) == sides


@pytest.mark.parametrize("t", [Fraction(1, 2), Fraction(9, 10), Fraction(999, 1000)])
def test_the_restored_outer_product_has_ratio_one_minus_t_over_t(t: Fraction) -> None:
    instance = {
        "probs": np.array([[t / 2, t / 2, 1 - t]], dtype=object),
        "features": exact([[[1], [-1], [0]]]),
        "rewards": exact([[0, 0, 1]]),
        "constant": exact([1]),
    }
    left, right = _claim("A24").sides(instance)
    assert left[0] / right[0] == (1 - t) / t


@given(SEEDS)
def test_fisher_bounds_agree_with_an_eigenvalue_solver(seed: int) -> None:
    rng = np.random.default_rng(seed)
    arms = int(rng.integers(2, 9))
    weights = rng.standard_gamma(1.0, size=arms) + 1e-3
    probs = weights / weights.sum()
    values, vectors = np.linalg.eigh(np.diag(probs) - np.outer(probs, probs))
    assert abs(values[0]) < 1e-14
    ordered = np.sort(probs)
    assert ordered[0] - 1e-14 <= values[1] <= ordered[1] + 1e-14
    assert values[-1] <= 0.5 + 1e-14
    instance = {"probs": probs[None], "direction": vectors[:, 1][None]}
    form, bound = _claim("A25").sides(instance)
    np.testing.assert_allclose(form, values[1], atol=1e-14)
    np.testing.assert_allclose(bound, ordered[0], atol=1e-14)
    top = {"probs": probs[None], "direction": vectors[:, -1][None]}
    np.testing.assert_allclose(_claim("A26").sides(top)[0], values[-1], atol=1e-14)


@given(SEEDS)
def test_no_uniform_constant_survives_bounded_scores(seed: int) -> None:
    """|grad|^2 / Var of a binary bandit never exceeds G_max^2 min(p, 1-p) / max(p, 1-p)."""
    bandit = _bandit(seed)
    rewards = np.zeros_like(bandit["rewards"])
    rewards[0, 0] = 1.0
    probs, features = bandit["probs"][0], bandit["features"][0]
    scores = features - probs @ features
    gradient = probs[0] * scores[0]
    p = probs[0]
    largest = (scores**2).sum(-1).max()
    assert gradient @ gradient / (p * (1 - p)) <= largest * min(p, 1 - p) / max(p, 1 - p) * (1 + 1e-9)
    left, right = _claim("A27").sides({**bandit, "rewards": rewards})
    np.testing.assert_allclose(left, np.linalg.norm(gradient), rtol=1e-8, atol=1e-300)
    np.testing.assert_allclose(right, np.sqrt(largest) * min(p, 1 - p), rtol=1e-8)
