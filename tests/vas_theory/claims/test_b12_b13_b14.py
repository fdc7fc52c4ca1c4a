"""Pools, potentials and times against integrals, curls and trajectories computed elsewhere."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad, solve_ivp
from scipy.stats import beta, binom

from vas_theory.bounds import improvement_time_bound
from vas_theory.claims import get_claims
from vas_theory.claims.b14_time_lower_bound import improved_time_bound
from vas_theory.claims.lib.flow_time import flow_facts, time_to_rise
from vas_theory.potentials import integrability_defect


@pytest.mark.parametrize(("a", "b", "rollouts"), [(1.0, 1.0, 2), (1.0, 1.0, 8), (2.5, 0.7, 5), (0.5, 3.0, 3)])
def test_beta_pools_by_quadrature(a: float, b: float, rollouts: int) -> None:
    def mean(function: object) -> float:
        return quad(lambda p: function(p) * beta.pdf(p, a, b), 0, 1, limit=200)[0]  # type: ignore[operator]

    def score(p: float, power: int) -> float:
        k = np.arange(rollouts + 1)
        return float(binom.pmf(k, rollouts, p) @ ((k / rollouts) * (1 - k / rollouts)) ** power)

    plain = mean(lambda p: p * (1 - p))
    drawn = mean(lambda p: p * (1 - p) * score(p, 1)) / mean(lambda p: score(p, 1))
    seen = mean(lambda p: score(p, 2)) / mean(lambda p: score(p, 1))
    one = {"a": np.array([a]), "b": np.array([b]), "rollouts": np.array([rollouts])}
    gain, inflation = get_claims(["B50", "B51"])
    for side in gain.sides(one):
        assert side[0] == pytest.approx(drawn / plain, rel=1e-6)
    for side in inflation.sides(one):
        assert side[0] == pytest.approx(seen / drawn, rel=1e-6)


def test_uniform_prior_numbers() -> None:
    gain, inflation = get_claims(["B50", "B51"])
    for rollouts in (2, 8, 32):
        one = {"a": np.array([1.0]), "b": np.array([1.0]), "rollouts": np.array([rollouts])}
        assert gain.left(**one)[0] == pytest.approx(1.2)
        assert inflation.left(**one)[0] == pytest.approx(1 + 1 / rollouts**2)


def test_a_pool_drawn_prompt_by_prompt() -> None:
    pool = np.array([0.1, 0.5, 0.95])
    variance = pool * (1 - pool)
    (claim,) = get_claims(["B12"])
    instance = {"pool": pool[None], "mixture": np.array([0.3])}
    expected = 0.3 * (variance**2).sum() / variance.sum() + 0.7 * variance.mean()
    for side in claim.sides(instance):
        assert side[0] == pytest.approx(expected, rel=1e-13)


def test_the_defect_is_the_curl_of_the_mixed_flow() -> None:
    def field(z: np.ndarray) -> np.ndarray:
        q = 1 / (2 + 2 * np.cosh(z))
        return q * (q / q.sum() / 3 + (1 - 1 / 3) / 3)

    rates = np.array([0.2, 0.45, 0.9])
    z, h = np.log(rates / (1 - rates)), 1e-4
    slopes = np.array([(field(z + h * e) - field(z - h * e)) / (2 * h) for e in np.eye(3)])  # slopes[i, j] = d_i F_j
    curl = np.array([slopes[i, j] - slopes[j, i] for i, j in ((1, 2), (2, 0), (0, 1))])
    expected = float(field(z) @ curl)
    assert abs(expected) > 1e-6
    assert float(integrability_defect(rates, 1 / 3)) == pytest.approx(expected, rel=1e-6)
    for ends in (0.0, 1.0):
        assert float(integrability_defect(rates, ends)) == 0.0


def test_variance_proportional_training_does_no_work_around_a_loop() -> None:
    (claim,) = get_claims(["B13"])
    corners = np.array([[0.2, 0.3, 0.6], [0.8, 0.3, 0.6], [0.8, 0.9, 0.2], [0.2, 0.3, 0.6]])
    work = claim.right(start=corners[:-1], end=corners[1:])
    assert np.abs(work).min() > 1e-3
    assert abs(work.sum()) < 1e-15


@given(
    start=st.floats(0.02, 0.98),
    way=st.floats(0.05, 0.9),
    scale=st.floats(0.05, 1.0),
    penalty=st.sampled_from([0.0, 0.5, 0.9]),
)
def test_times_agree_with_a_trajectory(start: float, way: float, scale: float, penalty: float) -> None:
    one = {
        name: np.array([value])
        for name, value in {"start": start, "way": way, "scale": scale, "penalty": penalty}.items()
    }
    facts, time = flow_facts(**one), float(time_to_rise(**one)[0])
    z0 = math.log(start / (1 - start))

    def speed(_: float, z: np.ndarray) -> np.ndarray:
        p = 1 / (1 + np.exp(-z))
        return p * (1 - p) * (2 * scale - facts.kl_weight[0] * (z - z0))

    end = solve_ivp(speed, (0, time), [z0], rtol=1e-9, atol=1e-12).y[0, -1]
    assert 2 / (1 + math.exp(-end)) - 2 * start == pytest.approx(facts.rise[0], rel=1e-5)


def test_several_prompts_with_shared_features_and_a_penalty_respect_the_bound() -> None:
    """Two prompts, three arms each, shared features: an integrated trajectory never beats the bounds."""
    rng = np.random.default_rng(11)
    features = rng.normal(size=(2, 3, 2))
    rewards, target = rng.uniform(-1, 1, size=(2, 2, 3))
    rewards *= 0.3
    kl_weight = 0.05

    def policy(theta: np.ndarray) -> np.ndarray:
        logits = features @ theta
        weights = np.exp(logits - logits.max(-1, keepdims=True))
        return weights / weights.sum(-1, keepdims=True)

    first = policy(np.zeros(2))

    def speed(_: float, theta: np.ndarray) -> np.ndarray:
        pi = policy(theta)
        shaped = rewards - kl_weight * np.log(pi / first)
        centred = shaped - (pi * shaped).sum(-1, keepdims=True)
        scores = features - np.einsum("xa,xad->xd", pi, features)[:, None, :]
        return np.einsum("xa,xa,xad->d", pi, centred, scores) / 2

    path = solve_ivp(speed, (0, 40), np.zeros(2), rtol=1e-9, atol=1e-12, dense_output=True)
    times = np.linspace(0, 40, 400)
    policies = np.array([policy(path.sol(t)) for t in times])
    scores = features - np.einsum("txa,xad->txd", policies, features)[:, :, None, :]
    norm = np.maximum.accumulate(np.linalg.norm(scores, axis=-1).max((1, 2)))
    means = (policies * target).sum(-1)
    variance = ((first * rewards**2).sum(-1) - (first * rewards).sum(-1) ** 2).mean()
    checked = 0
    for prompt in range(2):
        rises = np.abs(means[:, prompt] - means[0, prompt])  # the bound holds for the target and for its negative
        for step in range(1, 400, 20):
            bounds = [
                float(improvement_time_bound(rises[step], norm[step], variance)),
                float(improved_time_bound(rises[step], norm[step], np.asarray(variance))),
            ]
            assert times[step] >= max(bounds)
            assert bounds[1] >= bounds[0]
            checked += rises[step] > 0.05
    assert checked > 5


def test_times_without_a_penalty_in_closed_form() -> None:
    def height(p: float) -> float:
        return 2 * math.log(p / (1 - p)) + 1 / (1 - p) - 1 / p

    one = {"start": np.array([0.2]), "way": np.array([0.5]), "scale": np.array([0.7]), "penalty": np.array([0.0])}
    assert time_to_rise(**one)[0] == pytest.approx((height(0.6) - height(0.2)) / 1.4, rel=1e-12)


def test_literature_bounds_by_hand() -> None:
    four, three = get_claims(["L02", "L06"])
    one = {"start": np.array([0.5]), "way": np.array([0.5]), "scale": np.array([0.1]), "penalty": np.array([0.0])}
    # gamma = 1/2, Var_0 = 0.01, J^2 = 1/2, no penalty
    assert four.right(**one)[0] == pytest.approx((1 - math.exp(-0.5 / 9)) / 4 * 0.01 ** (-1 / 3), rel=1e-12)
    assert three.right(**one)[0] == pytest.approx(2 * (1 - math.exp(-0.25)) / 0.1, rel=1e-12)
    ours = get_claims(["B14"])[0].right(**one)[0]
    assert ours == pytest.approx((1 - math.exp(-0.5)) / (0.75**2 * 0.1), rel=1e-12)
