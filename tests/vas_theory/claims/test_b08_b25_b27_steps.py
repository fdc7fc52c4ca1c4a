"""Steps: the gains and their guarantees against brute force over arms and groups."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.optimize import brentq

from vas_theory.claims import get_claims
from vas_theory.claims.lib.step_gain import group_gain_of_step, group_updates, one_sample_gain, step_gain


def _value(logits: np.ndarray, rewards: np.ndarray) -> float:
    weights = np.exp(logits - logits.max())
    return float(weights @ rewards / weights.sum())


def _advantages(rewards: np.ndarray, kind: str) -> np.ndarray:
    centred = rewards - rewards.mean()
    if kind == "grpo":
        return centred / rewards.std() if rewards.std() > 0 else 0 * centred
    return centred * len(rewards) / (len(rewards) - 1) if kind == "rloo" else centred


def _brute_force(
    probs: np.ndarray, rewards: np.ndarray, size: int, eta: float, kind: str
) -> tuple[float, np.ndarray, float]:
    """Return the expected gain, the mean update and its second moment over all K^G groups."""
    theta, start = np.log(probs), probs @ rewards
    gain, mean, second = 0.0, np.zeros(len(probs)), 0.0
    for arms in product(range(len(probs)), repeat=size):
        chance = np.prod(probs[list(arms)])
        weights = _advantages(rewards[list(arms)], kind)
        update = sum(w * (np.eye(len(probs))[arm] - probs) for w, arm in zip(weights, arms, strict=True)) / size
        gain += chance * (_value(theta + eta * update, rewards) - start)
        mean += chance * update
        second += chance * (update @ update)
    return gain, mean, second


PROBS = np.array([0.2, 0.5, 0.3])
GRADED = np.array([0.1, 0.9, 0.4])
BINARY = np.array([1.0, 0.0, 1.0])


@pytest.mark.parametrize(("kind", "rewards"), [("dr_grpo", GRADED), ("rloo", GRADED), ("grpo", BINARY)])
@pytest.mark.parametrize("size", [2, 4])
def test_group_steps_agree_with_every_group(kind: str, rewards: np.ndarray, size: int) -> None:
    gain, mean, second = _brute_force(PROBS, rewards, size, 0.7, kind)
    batch = PROBS[None], rewards[None]
    ours = group_gain_of_step(*batch, np.array([size]), np.array([0.7]), kind)
    assert ours[0] == pytest.approx(gain, rel=1e-12)
    chance, updates = group_updates(*batch, size, kind)
    np.testing.assert_allclose((chance[..., None] * updates).sum(1)[0], mean, rtol=1e-12, atol=1e-16)
    assert (chance * (updates**2).sum(-1)).sum() == pytest.approx(second, rel=1e-12)


def test_one_sample_gain_agrees_with_every_arm() -> None:
    baseline, eta, theta = 0.35, 0.8, np.log(PROBS)
    expected = sum(
        chance * (_value(theta + eta * (GRADED[y] - baseline) * (np.eye(3)[y] - PROBS), GRADED) - PROBS @ GRADED)
        for y, chance in enumerate(PROBS)
    )
    ours = one_sample_gain(PROBS[None], GRADED[None], np.array([eta]), np.array([baseline]))
    assert ours[0] == pytest.approx(expected, rel=1e-12)


def test_a_gain_keeps_its_digits_near_a_vertex() -> None:
    mpmath = pytest.importorskip("mpmath")
    probs, rewards, step = [1 - 1e-12, 1e-12], [0.0, 1.0], [-1e-3, 2e-3]
    with mpmath.workdps(50):
        weights = [mpmath.mpf(p) * mpmath.exp(d) for p, d in zip(probs, step, strict=True)]
        before = mpmath.mpf(probs[1]) / (mpmath.mpf(probs[0]) + mpmath.mpf(probs[1]))
        expected = float(weights[1] / sum(weights) - before)
    ours = step_gain(np.array([probs]), np.array([rewards]), np.array([step]))
    assert ours[0] == pytest.approx(expected, rel=1e-12)


def test_the_branches_of_the_exact_step_cross_at_10_088() -> None:
    def gap(x: float) -> float:
        return 1 - x / (6 * 3**0.5) - np.exp(-x / 4) * (1 - np.exp(-x / 4)) / (x / 4)

    assert brentq(gap, 5, 10.39) == pytest.approx(10.08799, abs=1e-5)
    (claim,) = get_claims(["B08"])
    instance = {"probs": np.array([[0.3, 0.7]]), "rewards": np.array([[0.0, 2.0]])}
    kept = []
    for x in (10.0, 10.2):
        linear = x / 2 * ((0.42 * np.array([1, -1])) ** 2).sum()
        kept.append(claim.right(**instance, step=np.array([x]))[0] / linear)
    assert kept[0] == pytest.approx(1 - 10 / (6 * 3**0.5), rel=1e-12)
    assert kept[1] == pytest.approx(gap(10.2) * -1 + 1 - 10.2 / (6 * 3**0.5), rel=1e-12)


def test_the_unweighted_mean_is_a_bad_baseline_whatever_the_rarity() -> None:
    for epsilon in (1e-3, 1e-4):
        probs = np.array([[1 - epsilon - epsilon**2, epsilon, epsilon**2]])
        rewards, eta = np.array([[1.0, 1.0, 0.0]]), np.array([0.2])
        bad = one_sample_gain(probs, rewards, eta, np.array([2 / 3]))[0]
        good = one_sample_gain(probs, rewards, eta, (probs * rewards).sum(-1))[0]
        assert bad < 0 < good
        # the leading order is -e^3 eta^2/18
        assert bad == pytest.approx(-(epsilon**3) * 0.04 / 18, rel=0.3)


def test_improved_bounds_are_never_weaker() -> None:
    rng = np.random.default_rng(5)
    for old, new, cap in (("B25", "B54", 0.1724), ("B28", "B55", 1.0)):
        weak, strong = get_claims([old, new])
        for family in weak.domain.families.values():
            for instance in family(rng, 70):
                shortened = {**instance, "step": np.minimum(instance["step"], cap)}
                assert (strong.right(**shortened) >= weak.right(**shortened) * (1 - 1e-12)).all()


def test_the_whitened_loss_no_longer_grows_with_the_group() -> None:
    (strong,) = get_claims(["B55"])
    one = {"probs": np.array([[0.3, 0.7]]), "rewards": np.array([[1.0, 0.0]]), "step": np.array([0.3])}
    bounds = [strong.right(**one, group_size=np.array([size]))[0] for size in (4, 64)]
    assert bounds[1] > bounds[0] > 0
