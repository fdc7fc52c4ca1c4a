"""Noise, budgets and transfer: the claims C01 to C17 against simulation, optimisers and numbers by hand."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import minimize, minimize_scalar

from vas_theory.claims import get_claims
from vas_theory.claims.c03_group_size import pool_moments
from vas_theory.claims.c04_maxrl import maxrl_gain, maxrl_potential
from vas_theory.claims.c05_rare_mode import missed
from vas_theory.claims.c11_revisits import spread_and_noise
from vas_theory.groups import rloo_second_moment
from vas_theory.policy.gradients import policy_gradient


def _sides(name: str, **instance: object) -> list[float]:
    (claim,) = get_claims([name])
    return [float(np.ravel(side)[0]) for side in claim.sides({k: np.asarray([v]) for k, v in instance.items()})]


@pytest.mark.parametrize(("tpr", "fpr"), [(0.9, 0.2), (0.2, 0.6), (1.0, 0.0)])
def test_a_noisy_verifier_rollout_by_rollout(tpr: float, fpr: float) -> None:
    """Every sequence of three rollouts with its verdicts, with its advantages."""
    probs, rewards = np.array([0.3, 0.5, 0.2]), np.array([1.0, 0.0, 1.0])
    passes = fpr + (tpr - fpr) * rewards
    gradient, mean = policy_gradient(probs, rewards), np.zeros(3)
    for arms in itertools.product(range(3), repeat=3):
        for verdicts in itertools.product((0, 1), repeat=3):
            chance = math.prod(
                probs[a] * (passes[a] if v else 1 - passes[a]) for a, v in zip(arms, verdicts, strict=True)
            )
            if 0 < sum(verdicts) < 3:
                verdict = np.array(verdicts, dtype=float)
                advantage = (verdict - verdict.mean()) / verdict.std()
                mean += chance * (advantage[:, None] * (np.eye(3)[list(arms)] - probs)).mean(0)
    left, right = _sides("C01", probs=probs, rewards=rewards, tpr=tpr, fpr=fpr, group_size=3)
    assert left == pytest.approx(float(mean @ gradient), rel=1e-12)
    assert right == pytest.approx(left, rel=1e-12)
    assert np.sign(left) == np.sign(tpr - fpr)
    np.testing.assert_allclose(mean * gradient[0], gradient * mean[0], atol=1e-15)  # parallel


@pytest.mark.parametrize(("p", "above"), [(0.2, True), (0.5, False), (0.7, False)])
def test_silent_groups_left_out_group_by_group(p: float, above: bool) -> None:
    total = weight = 0.0
    for draws in itertools.product((0, 1), repeat=5):
        if 0 < sum(draws) < 5:
            chance = p ** sum(draws) * (1 - p) ** (5 - sum(draws))
            total, weight = total + chance * sum(draws) / 5, weight + chance
    for side in _sides("C02", pass_rate=p, group_size=5):
        assert side == pytest.approx(total / weight, rel=1e-13)
        assert (side > p + 1e-12) == above
    assert (total / weight < p - 1e-12) == (p > 0.5)


def test_the_group_size_with_the_least_noise() -> None:
    rng = np.random.default_rng(3)
    probs, rewards = rng.dirichlet(np.ones(3), size=4), rng.uniform(size=(4, 3))
    v, _, c = pool_moments(probs, rewards)

    def noise(size: float) -> float:
        return _sides("C03", probs=probs, rewards=rewards, budget=60.0, group=size)[0]

    found = minimize_scalar(noise, bounds=(1.01, 200), method="bounded", options={"xatol": 1e-9})
    assert found.x == pytest.approx(1 + math.sqrt(c / v), rel=1e-4)
    assert found.fun == pytest.approx(_sides("C03", probs=probs, rewards=rewards, budget=60.0, group=2.0)[1], rel=1e-9)
    gradient = policy_gradient(probs, rewards)
    for size in (2, 5):  # the trace of the variance of the mean over 60/G prompts, from the second moments
        trace = float(np.mean(rloo_second_moment(probs, rewards, size))) - float((gradient.mean(0) ** 2).sum())
        assert noise(size) == pytest.approx(trace * size / 60, rel=1e-12)


def test_maxrl_by_simulation_and_by_slope() -> None:
    rng, probs, rewards = np.random.default_rng(5), np.array([0.15, 0.6, 0.25]), np.array([1.0, 0.0, 0.0])
    arms = rng.choice(3, size=(200_000, 4), p=probs)
    correct = rewards[arms]
    along = policy_gradient(probs, rewards) - float(probs @ policy_gradient(probs, rewards))
    samples = (correct * along[arms]).sum(1) / np.maximum(correct.sum(1), 1)
    error = samples.std() / math.sqrt(len(samples))
    for side in _sides("C04", probs=probs, rewards=rewards, group_size=4):
        assert abs(side - samples.mean()) < 5 * error
        assert error < 0.01 * side
    h = 1e-6
    slope = (maxrl_potential(0.3 + h, 7) - maxrl_potential(0.3 - h, 7)) / (2 * h)
    assert slope == pytest.approx(maxrl_gain(0.3, 7), rel=1e-8)


def test_a_rare_mode_sequence_by_sequence() -> None:
    p, rare = 0.5, 0.4
    for size in (2, 3, 4):
        chance = 0.0
        for draw in itertools.product((rare, p - rare, 1 - p), repeat=size):
            kinds = [(rare, p - rare, 1 - p).index(x) for x in draw]
            if 0 not in kinds and 1 in kinds and 2 in kinds:
                chance += math.prod(draw)
        for side in _sides("C05", pass_rate=p, rare_share=0.8, group_size=size):
            assert side == pytest.approx(chance, rel=1e-12)
    one, two, three = (missed(Fraction(1, 2), Fraction(2, 5), size) for size in (1, 2, 3))
    assert (one, two > three > 0) == (0, True)  # up, then down


def test_the_best_allocation_follows_the_square_root() -> None:
    rates = np.array([0.02, 0.1, 0.5])
    noise = rates * (1 - rates)

    def total(logits: np.ndarray) -> float:
        share = np.exp(logits) / np.exp(logits).sum()
        return float((noise / (30 * share)).sum())

    best = minimize(total, np.zeros(3), tol=1e-14).x
    share = np.exp(best) / np.exp(best).sum()
    np.testing.assert_allclose(share, np.sqrt(noise) / np.sqrt(noise).sum(), rtol=1e-4)
    by_root, least = _sides("C06", noise=noise, rollouts=30 * np.sqrt(noise) / np.sqrt(noise).sum())
    by_variance, _ = _sides("C06", noise=noise, rollouts=30 * noise / noise.sum())
    assert by_root == pytest.approx(least, rel=1e-13)
    # in proportion to p (1-p) it is as bad as uniform: both are 3 sum(noise)/30
    assert by_variance == pytest.approx(3 * noise.sum() / 30)
    assert by_variance > 1.2 * least


def test_the_regularised_optimum_by_its_definition() -> None:
    probs, rewards, beta = np.array([0.2, 0.5, 0.3]), np.array([1.0, 0.0, 1.0]), 0.4

    def penalised(logits: np.ndarray) -> float:
        pi = np.exp(logits) / np.exp(logits).sum()
        return float(-(pi * rewards).sum() + beta * (pi * np.log(pi / probs)).sum())

    best = minimize(penalised, np.zeros(3), tol=1e-14).x
    best = np.exp(best) / np.exp(best).sum()
    gain, bound = _sides("C08", probs=probs, rewards=rewards, inverse_beta=1 / beta)
    assert gain == pytest.approx(float((best - probs) @ rewards), rel=1e-5)
    assert bound == pytest.approx((1 - math.exp(-2.5)) * 0.25, rel=1e-12)
    assert gain > bound


def test_the_shaped_order_is_the_reverse_of_the_outcomes() -> None:
    (claim,) = get_claims(["C09"])
    assert claim.counterexample is not None
    evidence = claim.certificate.check()
    assert evidence.passed
    assert "shaped variances 1/400 > 80919/100000000" in evidence.detail


def test_the_format_alone_moves_a_shaped_deviation_by_a_twentieth_at_most() -> None:
    silent = {"probs": np.array([0.5, 0.5]), "outcome": np.zeros(2), "form": np.array([1.0, 0.0])}
    gap, spread = _sides("C13", **silent, weight=0.9)
    assert gap == pytest.approx(0.05)
    assert spread == pytest.approx(0.05)


def test_held_out_progress_of_a_small_step() -> None:
    """The difference is that of real steps on a linear softmax, to first order."""
    rng = np.random.default_rng(8)
    features, held, theta = rng.normal(size=(4, 3)), rng.normal(size=(2, 3)), rng.normal(size=3)

    def rate(phi: np.ndarray, at: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-phi @ at))

    p, q = rate(features, theta), rate(held, theta)
    variance, eta, progress = p * (1 - p), 1e-6, []
    for chances in (variance / variance.sum(), np.full(4, 0.25)):
        step = eta * (chances[:, None] * variance[:, None] * features).sum(0)
        progress.append(float((rate(held, theta + step) - rate(held, theta - step)).mean()) / (2 * eta))
    for side in _sides("C10", rates=p, features=features, held_rates=q, held_features=held):
        assert side == pytest.approx(progress[0] - progress[1], rel=1e-6)
    drawn, uniform = _sides("C14", rates=p, features=features, held_rates=q, held_features=held)
    assert (drawn, uniform) == (pytest.approx(progress[0], rel=1e-6), pytest.approx(progress[1], rel=1e-6))


def test_variance_can_lower_held_out_progress() -> None:
    (claim,) = get_claims(["C14"])
    assert claim.counterexample is not None
    assert [side[0] for side in claim.sides(claim.counterexample)] == [Fraction(27, 1792), Fraction(9, 512)]
    same = {"rates": np.array([0.5, 0.25]), "features": np.ones((2, 1))}
    drawn, uniform = _sides("C14", **same, held_rates=np.array([0.25]), held_features=np.ones((1, 1)))
    assert drawn > uniform  # where both prompts transfer alike


def test_revisits_batch_by_batch() -> None:
    """Two blocks of two visits, enumerated whole: the blocks' independence is not taken for granted."""
    weights, probs = np.array([0.3, 0.7]), np.array([[0.5, 0.5], [0.2, 0.8]])
    values = np.array([[1.0, -1.0], [3.0, 0.5]])
    first = second = 0.0
    for prompts in itertools.product(range(2), repeat=2):
        for arms in itertools.product(range(2), repeat=4):
            where = (prompts[0], prompts[0], prompts[1], prompts[1])
            chance = math.prod(weights[list(prompts)]) * math.prod(probs[where, arms])
            mean = values[where, arms].mean()
            first, second = first + chance * mean, second + chance * mean**2
    instance = {"weights": weights, "probs": probs, "values": values}
    for side in _sides("C11", **instance, visits=2, blocks=2):
        assert side == pytest.approx(second - first**2, rel=1e-12)
    spread, noise = spread_and_noise(*(array[None] for array in instance.values()))
    once, twice = (_sides("C11", **instance, visits=k, blocks=4 // k)[1] for k in (1, 2))
    assert twice / once == pytest.approx(float((2 * spread[0] + noise[0]) / (spread[0] + noise[0])))


def test_an_unrelated_error_of_the_score_is_free() -> None:
    score, transfer = np.array([0.2, 0.4, 0.1, 0.3]), np.array([1.0, 1.0, 2.0, 2.0])
    error = np.array([0.05, -0.05, -0.02, 0.02])  # mean zero, E[e t] = 0
    exact, noisy = (_sides("C12", score=s, transfer=transfer) for s in (score, score + error))
    np.testing.assert_allclose(noisy, exact, rtol=1e-14)
    related = _sides("C12", score=score + np.array([0.05, 0.05, -0.05, -0.05]), transfer=transfer)
    assert related[0] < exact[0] - 0.01


def test_paying_more_than_the_break_even_share_loses() -> None:
    pool = {"score": np.array([0.1, 0.4]), "transfer": np.array([0.5, 1.5])}
    c = 1.3 / 1.0 - 1  # (0.1 * 0.5 + 0.4 * 1.5)/0.5 over the mean transfer
    for part, better in ((0.5, True), (1.2, False)):
        left, right = _sides("C15", **pool, part=part)
        assert left == pytest.approx((1 - part * c / (1 + c)) * 1.3)
        assert (left > right) == better


def test_the_divergence_by_its_definition() -> None:
    probs, rewards = np.array([0.2, 0.5, 0.3]), np.array([1.0, 0.0, 1.0])
    best = probs * np.exp(5 * rewards)
    best /= best.sum()
    divergence = float((probs * np.log(probs / best)).sum())
    instance = {"probs": probs, "rewards": rewards, "inverse_beta": 5.0}
    kl, quadratic = _sides("C16", **instance)
    assert kl == pytest.approx(divergence, rel=1e-12)
    assert quadratic == pytest.approx(25 / 8)
    assert kl <= 0.5 * 5 < quadratic  # at most (1 - p)/beta
    assert _sides("C17", **instance) == pytest.approx([divergence, (4 + math.exp(-5)) / 4])
    objective = float(best @ rewards - (best * np.log(best / probs)).sum() / 5) - 0.5
    assert objective == pytest.approx(divergence / 5, rel=1e-12)  # beta KL is the rise of the objective


def test_a_step_beyond_the_threshold_can_lower_the_pass_rate() -> None:
    bandit = {"probs": [0.5, 0.25, 0.25], "rewards": [1.0, 0.0, 0.0], "direction": [1.0, 3.0, -3.0], "width": 6.0}
    threshold = 8 * 1.0 / 36
    for step, rises in ((0.5 * threshold, True), (0.99 * threshold, True), (math.log(2), False)):
        odds, promised = _sides("C07", **bandit, step=step)
        assert odds >= promised
        assert (promised > 1) == (step < threshold)
        assert (odds > 1) == rises
    assert odds == pytest.approx(32 / 65)  # the pass rate is 32/97


def test_the_promised_factor_is_hoeffdings_for_short_steps() -> None:
    """Wrong answers at both ends of the interval and no gap: the loss of log-odds is (eta D)^2/8 to fourth order."""
    bandit = {"probs": [0.5, 0.25, 0.25], "rewards": [1.0, 0.0, 0.0], "direction": [0.0, 1.0, -1.0], "width": 2.0}
    odds, promised = _sides("C07", **bandit, step=0.01)
    assert math.log(odds) == pytest.approx(math.log(promised), rel=1e-4)
