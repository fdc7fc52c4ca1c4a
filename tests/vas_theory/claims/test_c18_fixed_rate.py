"""Training at a fixed rate, step by step: where it stagnates below 100 % and where it cannot."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vas_theory.claims import get_claims
from vas_theory.claims.c18_fixed_rate import ascent_step, pass_rate_after, returning_rate

RIGHT = np.array([1.0, 1.0, 0.0, 0.0, 0.0])
FEATURES = np.array([[0.0, 0.0], [2.0, 0.0], [-1.0, 0.0], [1.0, 1.0], [1.0, -1.0]])


def _trained(level: float, rate: float, steps: int, *, moved: float = 0.0, free: bool = False) -> float:
    """Return the pass rate after gradient steps by differences of the pass rate itself; no formula of the claim."""
    base = np.log([25 * level, 5 * level, 10 * (1 - level), 8 * (1 - level), 8 * (1 - level)])
    start = np.array([0.0, math.log(2) + moved])
    base, features, theta = (base + FEATURES @ start, np.eye(5), np.zeros(5)) if free else (base, FEATURES, start)

    def pass_rate(at: np.ndarray) -> float:
        weights = np.exp(base + features @ at - (base + features @ at).max())
        return float(weights @ RIGHT / weights.sum())

    h = 1e-5
    for _ in range(steps):
        slopes = [(pass_rate(theta + h * e) - pass_rate(theta - h * e)) / (2 * h) for e in np.eye(len(theta))]
        theta = theta + rate * np.array(slopes)
    return pass_rate(theta)


@pytest.mark.parametrize("level", [0.3, 2 / 3, 0.95])
def test_the_pass_rate_stays_at_the_fixed_rate_and_rises_at_half_of_it(level: float) -> None:
    rate = 5 * math.log(2) / (level * (1 - level))
    assert [_trained(level, rate, steps) for steps in (0, 1, 2, 5)] == pytest.approx([level] * 4, abs=1e-6)
    assert _trained(level, rate / 2, 1) > level
    assert _trained(level, rate / 2, 300) > 0.999
    code = pass_rate_after(np.array([level] * 2), np.array([1, 300]), np.array([rate / 2] * 2))
    assert code[0] == pytest.approx(_trained(level, rate / 2, 1), abs=1e-6)
    assert code[1] > 0.999


def test_at_half_the_rate_it_comes_as_near_to_1_as_one_likes() -> None:
    level = np.full(3, 0.7)
    after = pass_rate_after(level, np.array([20, 200, 4000]), returning_rate(level) / 2)
    assert after[0] < after[1] < after[2]
    assert after[2] > 1 - 1e-4


def test_training_that_starts_near_the_two_points_ends_between_them() -> None:
    level = 2 / 3
    rate = 5 * math.log(2) / (level * (1 - level))
    assert abs(_trained(level, rate, 1, moved=0.05) - level) > 1e-3
    assert _trained(level, rate, 400, moved=0.05) == pytest.approx(level, abs=1e-5)


@pytest.mark.parametrize("level", [0.005, 0.2, 0.5, 0.995])
def test_the_two_points_attract(level: float) -> None:
    """The derivative of a step from one point, read in the coordinates of the other (s and -s), is a contraction."""
    rows = np.full(4, level)
    first, second = np.array([1e-6, -1e-6, 0, 0]), math.log(2) + np.array([0, 0, 1e-6, -1e-6])
    a, s = ascent_step(rows, first, second, returning_rate(rows))
    derivative = np.array([[v[0] - v[1], v[2] - v[3]] for v in (a, -s)]) / 2e-6
    assert np.abs(np.linalg.eigvals(derivative)).max() < 0.91


def test_free_logits_do_not_stagnate_at_the_same_rate() -> None:
    level = 2 / 3
    rate = 5 * math.log(2) / (level * (1 - level))
    assert _trained(level, rate, 200, free=True) > 0.999
    (claim,) = get_claims(["C19"])
    probs, rewards = np.array([[0.3, 0.2, 0.4, 0.1]]), np.array([[1.0, 1.0, 0.0, 0.0]])
    for steps in (0, 1, 3):
        grown, promised = claim.sides(
            {"probs": probs, "rewards": rewards, "step": np.array([rate]), "steps": np.array([steps])}
        )
        assert promised[0] == pytest.approx(1 + steps * rate * 0.25 / 2)
        assert grown[0] >= promised[0]


def test_the_bound_of_free_logits_is_the_first_order_with_many_wrong_answers() -> None:
    """One short step, alike right answers, wrong ones each rare: the odds rise by eta p^2/m and little more."""
    (claim,) = get_claims(["C19"])
    wrong = 10_000
    probs = np.concatenate([[0.2, 0.2], np.full(wrong, 0.6 / wrong)])[None]
    rewards = np.concatenate([[1.0, 1.0], np.zeros(wrong)])[None]
    step = {"step": np.array([1e-3]), "steps": np.array([1])}
    grown, promised = claim.sides({"probs": probs, "rewards": rewards, **step})
    start = 0.4 / 0.6
    assert promised[0] - start == pytest.approx(1e-3 * 0.16 / 2)
    assert grown[0] - start == pytest.approx(promised[0] - start, rel=1e-3)
