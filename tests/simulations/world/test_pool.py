"""Pools have the difficulty, coupling and lengths their config asks for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from scipy import stats
from scipy.special import softmax

from simulations.world.pool import COUPLINGS, DIFFICULTIES, PoolConfig, build_pool, draw_pass_rates
from tests.false_alarms import USUAL


def _rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize(("rewards", "arms"), [("binary", 16), ("graded", 6), ("bernoulli", 2), ("binary", 2)])
def test_expected_rewards_are_the_drawn_pass_rates(rewards: Any, arms: int) -> None:
    config = PoolConfig(prompts=300, held_out=20, rewards=rewards, arms=arms, difficulty="mostly_hard")
    pool = build_pool(config, _rng())
    rates = draw_pass_rates("mostly_hard", _rng(), 320)
    np.testing.assert_allclose((softmax(pool.base_PA, axis=1) * pool.rewards_PA).sum(1), rates, rtol=1e-12)
    assert pool.rewards_PA.min() == 0
    assert pool.rewards_PA.max() == 1
    assert pool.binary == (rewards != "graded")


@pytest.mark.parametrize("difficulty", DIFFICULTIES)
def test_mixes_have_the_mean_of_their_beta_parts(difficulty: str) -> None:
    rates = draw_pass_rates(difficulty, _rng(), 20_000)
    mean = sum(share * stats.beta(a, b).mean() for share, a, b in DIFFICULTIES[difficulty])
    assert abs(rates.mean() - mean) < 5 * rates.std() / np.sqrt(20_000) + 0.002  # the edges are cut off at .002
    if difficulty == "bimodal":
        middle = np.mean((rates > 0.4) & (rates < 0.6))
        assert middle < 0.5 * np.mean(rates < 0.2)
        assert middle < 0.5 * np.mean(rates > 0.8)


def test_measured_pass_rates_are_resampled() -> None:
    drawn = draw_pass_rates("measured", _rng(), 4000, measured=(0.25, 0.5, 0.5, 1.0))
    values, counts = np.unique(drawn, return_counts=True)
    assert values.tolist() == [0.25, 0.5, 0.998]
    assert stats.chisquare(counts, [1000, 2000, 1000]).pvalue > USUAL


@pytest.mark.parametrize("coupling", COUPLINGS)
def test_the_kernel_has_the_stated_spectrum(coupling: str) -> None:
    eigenvalues, forgetting = COUPLINGS[coupling]
    pool = build_pool(PoolConfig(prompts=80, held_out=10, coupling=coupling), _rng())
    found = np.linalg.eigvalsh(pool.features_PF @ pool.features_PF.T)[::-1]
    np.testing.assert_allclose(found[: len(eigenvalues)], sorted(eigenvalues, reverse=True), atol=1e-12)
    np.testing.assert_allclose(found[len(eigenvalues) :], 0, atol=1e-12)
    assert pool.forgetting == forgetting
    if eigenvalues:
        common = pool.features_PF[:, 0]
        np.testing.assert_allclose(common, np.sqrt(eigenvalues[0] / 90), atol=1e-12)


def test_hard_prompts_are_longer_where_the_slope_says_so() -> None:
    config = PoolConfig(prompts=3000, length_slope=2.0, difficulty="uniform")
    pool, rates = build_pool(config, _rng()), draw_pass_rates("uniform", _rng(), 3200)
    slope = stats.linregress(1 - rates, pool.lengths_PA.mean(1))
    assert slope.slope / slope.intercept == pytest.approx(2.0, rel=0.05)


def test_pools_with_one_seed_are_equal() -> None:
    config = PoolConfig(prompts=20, coupling="shared")
    one, two, other = (build_pool(config, _rng(seed)) for seed in (1, 1, 2))
    for name in ("base_PA", "features_PF", "known_PF", "lengths_PA"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
        assert (getattr(one, name) != getattr(other, name)).any()


@pytest.mark.parametrize(
    "values",
    [
        {"difficulty": "odd"},
        {"coupling": "odd"},
        {"difficulty": "measured"},
        {"measured": (0.5,)},
        {"rewards": "bernoulli", "arms": 3},
        {"false_positive": 1.5},
    ],
)
def test_bad_configs_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PoolConfig(**values)
