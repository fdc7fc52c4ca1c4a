"""The paper's statements on scores, whitening, penalties and clipping, against enumeration and finite differences."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from vas_theory.claims import get_claims
from vas_theory.claims.a19_ablation_table import CLAIMED_ORDER, TABLE_2_AVERAGE, TABLE_2_MMR1_3B, TABLE_4
from vas_theory.claims.lib.base import Claim
from vas_theory.foundation.precision import exact

SEEDS = st.integers(0, 2**32 - 1)


def _claim(name: str) -> Claim:
    return get_claims([name])[0]


def _exact_sides(name: str) -> tuple[Any, Any]:
    instance = _claim(name).counterexample
    assert instance is not None
    return _claim(name).sides({key: exact(values) for key, values in instance.items()})


def _softmax(logits: NDArray[Any]) -> NDArray[Any]:
    weights = np.exp(logits - logits.max())
    probs: NDArray[Any] = weights / weights.sum()
    return probs


@given(SEEDS, st.floats(0.05, 2.0))
def test_the_penalised_gradient_is_the_derivative_of_the_penalised_objective(seed: int, beta: float) -> None:
    rng = np.random.default_rng(seed)
    arms = int(rng.integers(2, 6))
    logits, rewards = rng.standard_normal(arms), rng.uniform(size=arms)
    reference = _softmax(rng.standard_normal(arms))

    def objective(z: NDArray[Any]) -> float:
        pi = _softmax(z)
        return float(pi @ rewards - beta * stats.entropy(pi, reference))

    h = 1e-5
    differences = np.array([objective(logits + h * e) - objective(logits - h * e) for e in np.eye(arms)]) / (2 * h)
    instance = {
        "probs": _softmax(logits)[None],
        "reference": reference[None],
        "rewards": rewards[None],
        "temperature": np.array([beta]),
    }
    norm, bound = _claim("A34").sides(instance)
    np.testing.assert_allclose(norm, np.linalg.norm(differences), rtol=1e-6, atol=1e-9)
    assert norm[0] >= bound[0] * (1 - 1e-12)


@given(SEEDS)
def test_the_law_of_total_variance_by_enumerating_chain_and_outcome(seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights, rates = rng.dirichlet(np.ones(4)), rng.uniform(size=4)
    outcomes = np.tile([1.0, 0.0], 4)
    joint = np.stack([weights * rates, weights * (1 - rates)], axis=-1).reshape(-1)
    variance = float(np.cov(outcomes, aweights=joint, ddof=0))
    left, right = _claim("A11").sides({"probs": weights[None], "chain_pass_rates": rates[None]})
    np.testing.assert_allclose([left[0], right[0]], variance, rtol=1e-10)


@given(st.floats(0.001, 0.999), st.integers(2, 40))
def test_the_expected_outcome_score_against_scipy(p: float, size: int) -> None:
    expected = stats.binom(size, p).expect(lambda k: k / size * (1 - k / size))
    left, right = _claim("A35").sides({"pass_rate": np.array([p]), "group_size": np.array([size])})
    np.testing.assert_allclose([left[0], right[0]], expected, rtol=1e-9)


def test_the_reversed_inequality_has_the_numbers_of_the_page() -> None:
    left, right = _exact_sides("A13")
    assert (left[0], right[0]) == (Fraction(9, 100), Fraction(9, 40))


@given(st.fractions(Fraction(1, 1000), 1000), st.fractions(Fraction(1, 1000), 1000))
def test_no_positive_weights_make_the_score_monotone(alpha: Fraction, beta: Fraction) -> None:
    variance = beta / (4 * (alpha + beta))
    instance = {
        "variance": np.array([[variance, Fraction(0)]], dtype=object),
        "diversity": exact([[0, 1]]),
        "alpha": np.array([alpha], dtype=object),
        "beta": np.array([beta], dtype=object),
    }
    assert 0 < variance < Fraction(1, 4)
    assert _claim("A14").slack(instance)[0] < 0


@given(SEEDS, st.floats(0.05, 0.95))
def test_diversity_helps_exactly_under_the_stated_condition(seed: int, alpha: float) -> None:
    rng = np.random.default_rng(seed)
    variance, diversity = rng.uniform(0.01, 0.25, size=6), rng.uniform(0.01, 1, size=6)
    mixed = np.average(variance, weights=alpha * variance + (1 - alpha) * diversity)
    alone = np.average(variance, weights=variance)
    condition = np.cov(variance, diversity, ddof=0)[0, 1] / diversity.mean() - variance.var() / variance.mean()
    if abs(condition) > 1e-9:
        assert (mixed > alone) == (condition > 0)
    pool = {
        "variance": variance[None],
        "diversity": diversity[None],
        "alpha": np.array([alpha]),
        "beta": np.array([1 - alpha]),
    }
    np.testing.assert_allclose(_claim("A38").sides(pool), [[mixed], [mixed]], rtol=1e-12)


@pytest.mark.parametrize("group_size", [2, 3])
def test_the_whitened_update_by_brute_force(group_size: int) -> None:
    probs, rewards = np.array([0.95, 0.04, 0.01]), np.array([0.0, -1 / 30, 1.0])
    gradient = probs * (rewards - probs @ rewards)
    update = np.zeros(3)
    for group in product(range(3), repeat=group_size):
        drawn = rewards[list(group)]
        deviation = drawn.std()
        if deviation > 0:
            advantages = (drawn - drawn.mean()) / deviation
            terms = [a * (np.eye(3)[y] - probs) for a, y in zip(advantages, group, strict=True)]
            update += probs[list(group)].prod() * sum(terms) / group_size
    alignment = float(update @ gradient)
    assert alignment < 0
    instance = {"probs": probs[None], "rewards": rewards[None], "group_size": np.array([group_size])}
    left, right = _claim("A15").sides(instance)
    np.testing.assert_allclose(left, alignment, rtol=1e-9)
    np.testing.assert_allclose(right, gradient @ gradient, rtol=1e-12)


def test_the_whitened_counterexample_is_exact() -> None:
    assert _exact_sides("A15")[0][0] == Fraction(-17999, 250000000)


def test_more_variance_with_a_smaller_gradient_has_the_numbers_of_the_page() -> None:
    left, right = _exact_sides("A16")
    assert (left[0], right[0]) == (Fraction(1, 400), Fraction(81, 5000))


@given(SEEDS)
def test_expected_scores_by_listing_every_group(seed: int) -> None:
    """Two rollouts of three chains: draw both chains and both outcomes."""
    rng = np.random.default_rng(seed)
    weights, rates, alpha = rng.dirichlet(np.ones(3)), rng.uniform(size=3), float(rng.uniform())
    distances = rng.uniform(size=(3, 3))
    distances = np.triu(distances, 1) + np.triu(distances, 1).T
    expected = 0.0
    for (i, j), (a, b) in product(product(range(3), repeat=2), product((0, 1), repeat=2)):
        chance = weights[i] * weights[j] * abs(1 - a - rates[i]) * abs(1 - b - rates[j])
        corrected = 2 * np.mean([a, b]) * (1 - np.mean([a, b]))
        expected += chance * (alpha * corrected + (1 - alpha) * distances[i, j] ** 2)
    instance = {
        "probs": weights[None],
        "chain_pass_rates": rates[None],
        "distances": distances[None],
        "alpha": np.array([alpha]),
        "rollouts": np.array([2]),
    }
    np.testing.assert_allclose(_claim("A21").sides(instance), [[expected], [expected]], rtol=1e-10)


def test_the_table_contradicts_the_prose_and_averages_as_printed() -> None:
    mean = sum(Fraction(value) for value in TABLE_2_MMR1_3B.values()) / len(TABLE_2_MMR1_3B)
    assert round(float(mean), 1) == float(TABLE_2_AVERAGE)
    for column, better, worse in CLAIMED_ORDER:
        assert Fraction(TABLE_4[column][better]) <= Fraction(TABLE_4[column][worse])


@given(SEEDS, st.sampled_from([0.05, 0.2, 0.3]))
def test_the_clipping_bias_is_the_difference_of_two_derivatives(seed: int, clip: float) -> None:
    rng = np.random.default_rng(seed)
    arms = int(rng.integers(2, 6))
    feature, rewards = rng.standard_normal(arms), rng.uniform(size=arms)
    old = _softmax(rng.standard_normal(arms))
    offset = np.log(old) + rng.standard_normal(arms)
    advantage = rewards - old @ rewards

    def surrogates(theta: float) -> NDArray[Any]:
        ratio = _softmax(offset + theta * feature) / old
        clipped = np.minimum(ratio * advantage, np.clip(ratio, 1 - clip, 1 + clip) * advantage)
        return np.array([old @ (ratio * advantage), old @ clipped])

    ratio = _softmax(offset) / old
    if min(np.abs(ratio - 1 - clip).min(), np.abs(ratio - 1 + clip).min()) < 1e-3:
        return  # a kink between the two evaluations
    unclipped, clipped = (surrogates(1e-6) - surrogates(-1e-6)) / 2e-6
    instance = {
        "probs": _softmax(offset)[None],
        "old_probs": old[None],
        "feature": feature[None],
        "rewards": rewards[None],
        "clip": np.array([clip]),
    }
    left, right = _claim("A41").sides(instance)
    np.testing.assert_allclose(np.sqrt(left), abs(unclipped - clipped), rtol=1e-5, atol=1e-8)
    assert left[0] <= right[0] * (1 + 1e-12)


def test_clipping_can_remove_the_whole_gradient() -> None:
    left, _ = _exact_sides("A20")
    assert list(left) == [Fraction(21, 100) ** 2] * 3
