"""Second moments and signal-to-noise against every group, and what the certificates refuse."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from vas_theory.claims.b11_best_pass_rate import dr_grpo_ratio, whitened_ratio
from vas_theory.groups import dr_grpo_second_moment, rloo_second_moment, whitened_second_moment


def _second_moment(probs: np.ndarray, rewards: np.ndarray, scores: np.ndarray, size: int, kind: str) -> float:
    """Return E|ghat|^2 over all K^G groups, for any score function."""
    total = 0.0
    for arms in product(range(len(probs)), repeat=size):
        chosen = rewards[list(arms)]
        weights = chosen - chosen.mean()
        if kind == "rloo":
            weights = weights * size / (size - 1)
        elif kind == "grpo" and chosen.std() > 0:
            weights = weights / chosen.std()
        update = weights @ scores[list(arms)] / size
        total += np.prod(probs[list(arms)]) * (update @ update)
    return float(total)


@given(seed=st.integers(0, 2**32 - 1), size=st.integers(2, 4))
def test_closed_forms_for_any_scores(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    probs = rng.dirichlet(np.ones(3))
    features = rng.normal(size=(3, 2))
    scores = features - probs @ features
    graded, binary = rng.uniform(-1, 1, size=3), np.array([1.0, 0.0, float(rng.integers(2))])
    for kind, rewards, closed in (
        ("rloo", graded, rloo_second_moment),
        ("grpo", binary, whitened_second_moment),
        ("dr_grpo", binary, dr_grpo_second_moment),
    ):
        expected = _second_moment(probs, rewards, scores, size, kind)
        assert float(closed(probs, rewards, size, scores=scores)) == pytest.approx(expected, rel=1e-9)


def test_best_pass_rates_of_one_correct_arm_among_many() -> None:
    wrong = 10**9
    found = []
    for ratio in (dr_grpo_ratio, whitened_ratio):
        result = minimize_scalar(
            lambda p, ratio=ratio: -float(ratio(np.asarray(p), 16, 1 + 1 / wrong, 0, 1 - 1 / wrong)),
            bounds=(0.1, 0.9),
            method="bounded",
            options={"xatol": 1e-9},
        )
        found.append(result.x)
    assert found == pytest.approx([0.4221, 0.3425], abs=5e-5)


def test_the_ratios_agree_with_every_group() -> None:
    probs, rewards, size = np.array([0.4, 0.35, 0.25]), np.array([1.0, 0.0, 0.0]), 4
    scores = np.eye(3) - probs
    means = [scores[0], (0.35 * scores[1] + 0.25 * scores[2]) / 0.6]
    spread = float(((means[0] - means[1]) ** 2).sum())
    wrong = sum(c * ((scores[i] - means[1]) ** 2).sum() for i, c in ((1, 0.35 / 0.6), (2, 0.25 / 0.6)))
    for kind, ratio in (("dr_grpo", dr_grpo_ratio), ("grpo", whitened_ratio)):
        mean = np.zeros(3)
        for arms in product(range(3), repeat=size):
            chosen = rewards[list(arms)]
            weights = chosen - chosen.mean()
            if kind == "grpo" and chosen.std() > 0:
                weights = weights / chosen.std()
            mean += np.prod(probs[list(arms)]) * (weights @ scores[list(arms)]) / size
        expected = mean @ mean / _second_moment(probs, rewards, scores, size, kind)
        assert float(ratio(np.asarray(0.4), size, spread, 0.0, wrong)) == pytest.approx(expected, rel=1e-10)


def test_the_ball_certificate_refuses_what_is_not_positive() -> None:
    flint = pytest.importorskip("flint")
    from vas_theory.claims.b11_best_pass_rate import _derivative_conditions, _positive

    first, second = _derivative_conditions(8)
    assert _positive(first)
    assert _positive(second)
    assert not _positive(-first)
    # the margin at q = 1/4 is small: taking 2 % of the value at 0 away breaks it
    assert not _positive(_derivative_conditions(64)[0] - flint.arb_poly([flint.arb("0.04")]))
