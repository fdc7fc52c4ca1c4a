"""What the sampler does with features, pass rates from elsewhere, rest, sharper scores and candidates."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from scipy import stats

from tests.false_alarms import RARE
from vas_theory.foundation.errors import ArgumentError
from vas_theory.selection import DiscountedBeta, PassRatePrior, VarianceAwareSampler
from vas_theory.selection.sampler.candidates import draw_among
from vas_theory.selection.sampler.config import INFORMED
from vas_theory.selection.sampler.tally import ARMS

"""For seeds chosen at random each test of a frequency would fail a correct sampler with this probability."""


def _observe(sampler: VarianceAwareSampler, places: np.ndarray, rates: np.ndarray) -> np.ndarray:
    rng = np.random.default_rng([3, sampler.step])
    rewards = rng.random((places.size, 8)) < rates[places, None]
    sampler.observe(places, rewards)
    return rewards.sum(1)


def _pool(prompts: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pass rates, most of them next to zero, features that tell half of them, and a column of 8 rollouts each."""
    rng = np.random.default_rng([11, seed])
    hidden = rng.standard_normal((prompts, 4))
    logits = -3.0 + 3.0 * (np.sqrt(0.7) * hidden[:, 0] + np.sqrt(0.3) * rng.standard_normal(prompts))
    rates = 1 / (1 + np.exp(-logits))
    features = hidden @ rng.standard_normal((4, 30)) + 0.5 * rng.standard_normal((prompts, 30))
    return rates, features, rng.binomial(8, rates).astype(float)


def _mixed_groups(steps: int = 80, seed: int = 0, **knowledge: Any) -> float:
    """Mixed groups of 8 that a run finds in a batch of 8, after the first ten steps."""
    rates, *_ = _pool(1200, seed)
    sampler = VarianceAwareSampler(1200, batch_size=8, seed=seed, **knowledge)
    found = []
    for _ in range(steps):
        places = sampler.draw()
        right = _observe(sampler, places, rates)
        found.append(((right > 0) & (right < 8)).sum())
    return float(np.mean(found[10:]))


def test_features_and_columns_find_what_uniform_draws_do_not() -> None:
    _, features, column = _pool(1200)
    uniform = _mixed_groups(mixture_ratio=0.0)
    assert _mixed_groups(features=features) > 1.25 * uniform
    assert _mixed_groups(prior=PassRatePrior(column, 8)) > 1.5 * uniform
    assert _mixed_groups(prior=PassRatePrior(8 - column, 8)) > 1.5 * uniform  # used reversed, on the evidence
    assert _mixed_groups(features=features, prior=PassRatePrior(column, 8)) > 1.5 * uniform


def test_knowledge_that_says_nothing_does_no_harm() -> None:
    runs = range(4)
    uniform = np.mean([_mixed_groups(seed=seed, mixture_ratio=0.0) for seed in runs])
    for kind in ("features", "prior"):
        found = []
        for seed in runs:
            _, features, column = _pool(1200, seed)
            rng = np.random.default_rng(seed)
            knowledge: dict[str, Any] = {"features": rng.standard_normal(features.shape)}
            if kind == "prior":
                knowledge = {"prior": PassRatePrior(rng.permutation(column), 8)}
            found.append(_mixed_groups(seed=seed, **knowledge))
        # about 3 groups of 8 are mixed, with a standard deviation of 1.4 a batch: .08 for the mean of 280
        assert np.mean(found) > uniform - 0.3


def test_knowledge_has_defaults_of_its_own_and_the_caller_wins() -> None:
    features = np.random.default_rng(0).standard_normal((5000, 3))
    config = VarianceAwareSampler(5000, batch_size=16, features=features).config
    for name, value in INFORMED.items():
        assert getattr(config, name) == value
    assert VarianceAwareSampler(5000, batch_size=64, features=features).config.candidates == 16 * 64
    assert VarianceAwareSampler(5000, batch_size=100, features=features).config.rest_steps == 5000 // 200 - 1
    own = {"mixture_ratio": 0.5, "exponent": 1.0, "candidates": 99, "rest_steps": 3, "optimism": 0.1, "floor": 0.2}
    config = VarianceAwareSampler(5000, batch_size=16, features=features, **own).config
    assert {name: getattr(config, name) for name in own} == own
    whole = VarianceAwareSampler(5000, batch_size=16, features=features, candidates=None).config
    assert (whole.candidates, whole.revisit_discount) == (None, 0.0)
    plain = VarianceAwareSampler(5000, batch_size=16).config
    assert (plain.mixture_ratio, plain.exponent, plain.candidates, plain.rest_steps) == (0.5, 1.0, None, 0)
    assert plain.revisit_discount == 0.0


@pytest.mark.parametrize("informed", [False, True])
@pytest.mark.parametrize("ratio", [0.0, 0.4, 1.0])
def test_no_prompt_comes_again_before_it_has_rested(informed: bool, ratio: float) -> None:
    knowledge = {"features": np.random.default_rng(0).standard_normal((60, 3))} if informed else {}
    sampler = VarianceAwareSampler(60, batch_size=5, mixture_ratio=ratio, rest_steps=7, seed=2, **knowledge)
    rates = np.linspace(0, 1, 60)
    last = np.full(60, -100)
    counts = np.zeros(60, dtype=int)
    for step in range(150):
        assert (step - last[sampler.next_candidates()] > 7).all()
        places = sampler.draw()
        assert len(set(places.tolist())) == 5
        assert (step - last[places] > 7).all()
        last[places] = step
        walked = places[sampler.last_arms == ARMS.index("uniform")]
        np.add.at(counts, walked, 1)
        assert counts.max() - counts.min() <= 2
        _observe(sampler, places, rates)


def test_a_rest_that_the_pool_cannot_hold_is_refused() -> None:
    VarianceAwareSampler(60, batch_size=5, rest_steps=11)
    with pytest.raises(ArgumentError, match="rest_steps must be at most 11 where 60 prompts fill batches of 5"):
        VarianceAwareSampler(60, batch_size=5, rest_steps=12)
    sampler = VarianceAwareSampler(60, batch_size=5, rest_steps=11, mixture_ratio=0.5)
    assert all(sampler.draw().size == 5 for _ in range(40))


@pytest.mark.parametrize("exponent", [0.0, 0.5, 3.0])
def test_weights_are_a_power_of_the_score(exponent: float) -> None:
    plain, sharp = (
        VarianceAwareSampler(30, batch_size=2, floor=0.0, exponent=e, posterior=DiscountedBeta(30, drift=0.0))
        for e in (1.0, exponent)
    )
    for sampler in (plain, sharp):
        _observe(sampler, np.arange(30), np.linspace(0, 1, 30))
    ratio = np.log(sharp.weights[1:] / sharp.weights[0])
    assert ratio == pytest.approx(exponent * np.log(plain.weights[1:] / plain.weights[0]), abs=1e-9)
    floored = VarianceAwareSampler(30, batch_size=2, floor=0.1, exponent=exponent)
    assert floored.weights.min() >= 0.1 * floored.rule.largest_score


def test_draws_among_candidates_are_successive_draws_by_weight() -> None:
    weights = np.array([0.05, 0.1, 0.2, 0.3, 0.75, 0.0])
    shares = weights / weights.sum()
    expected = {(i, j): shares[i] * shares[j] / (1 - shares[i]) for i, j in itertools.permutations(range(5), 2)}
    counts = dict.fromkeys(expected, 0)
    rng = np.random.default_rng(4)
    for _ in range(20_000):
        drawn, reason = draw_among(rng, np.arange(6), weights, 2)
        assert reason is None
        counts[tuple(drawn.tolist())] += 1  # type: ignore[index]
    assert stats.chisquare(list(counts.values()), 20_000 * np.array(list(expected.values()))).pvalue > RARE
    assert sorted(draw_among(rng, np.arange(6), weights, 6)[0].tolist()) == [0, 1, 2, 3, 4]
    assert draw_among(rng, np.arange(6), np.zeros(6), 2)[1] == "all scores are zero"
    assert draw_among(rng, np.arange(6), np.ones(6), 2)[1] == "all scores are equal"


@pytest.mark.parametrize("discount", [0.0, 1.0, 2.0])
def test_a_prompt_weighs_less_by_a_power_of_its_visits(discount: float) -> None:
    sampler = VarianceAwareSampler(5, batch_size=1, mixture_ratio=1.0, candidates=5, revisit_discount=discount)
    visits = np.array([0, 0, 1, 2, 5])
    found = np.zeros(5)
    for _ in range(4000):  # nothing is observed, so that all scores are equal
        sampler.draw_counts[:] = visits
        found[sampler.draw()] += 1
    weights = (1.0 + visits) ** -discount
    assert stats.chisquare(found, 4000 * weights / weights.sum()).pvalue > RARE


def test_candidates_are_known_before_the_draw_and_drawn_uniformly() -> None:
    sampler = VarianceAwareSampler(40, batch_size=2, candidates=6, mixture_ratio=1.0, rest_steps=4, seed=8)
    offered = np.zeros(40, dtype=int)
    for _ in range(1500):
        candidates = sampler.next_candidates()
        assert np.array_equal(candidates, sampler.next_candidates())
        assert len(set(candidates.tolist())) == 6
        places = sampler.draw()
        assert set(places.tolist()) <= set(candidates.tolist())
        offered[candidates] += 1
    assert offered.min() > 0.8 * offered.mean()  # those that rest are offered less, all alike


def test_candidates_are_enough_beside_any_uniform_share() -> None:
    sampler = VarianceAwareSampler(12, batch_size=6, candidates=6, mixture_ratio=0.5, seed=1)
    for _ in range(60):
        places = sampler.draw()
        assert len(set(places.tolist())) == 6
    assert sampler.metrics()["filled_places"] == 0


def test_features_can_come_later_and_be_renewed_for_some() -> None:
    rates, features, _ = _pool(300)
    sampler = VarianceAwareSampler(300, batch_size=4, posterior="predicted_beta", candidates=40)
    for step in range(60):
        places = sampler.next_candidates()
        if step >= 5:
            sampler.set_features(features[places], places)
        _observe(sampler, sampler.draw(), rates)
    assert sampler.metrics()["predictor/used"] == 1
    assert sampler.metrics()["predictor/gain"] > 0
    for wrong in (features[:, :3], features[:5], features * np.inf):
        before = sampler.state_dict()["checksum"]
        with pytest.raises(ArgumentError, match="features"):
            sampler.set_features(wrong)
        assert sampler.state_dict()["checksum"] == before
    with pytest.raises(ArgumentError, match="predicted_beta"):
        VarianceAwareSampler(300, batch_size=4).set_features(features)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"candidates": 3}, "candidates"),
        ({"candidates": 5.5}, "candidates"),
        ({"rest_steps": -1}, "rest_steps"),
        ({"exponent": -1.0}, "exponent"),
        ({"exponent": np.nan}, "exponent"),
        ({"revisit_discount": -0.5, "candidates": 8}, "revisit_discount"),
        ({"revisit_discount": 1.0}, "revisit_discount must be 0 without candidates"),
        ({"strict": "yes"}, "strict"),
        ({"rest_steps": 1, "replace": True}, "rest_steps"),
        ({"candidates": 8, "refresh": "periodic"}, "candidates"),
        ({"candidates": 8, "score": "vps"}, "candidates"),
        ({"features": np.zeros((3, 2))}, "features"),
        ({"prior": PassRatePrior([1.0], 8)}, "prior"),
        ({"prior": np.zeros(20)}, "PassRatePrior"),
        ({"prior": PassRatePrior(np.ones(20), 8), "posterior": "arcsine_kalman"}, "posterior"),
        ({"prior": PassRatePrior(np.ones(20), 8), "score": "vps"}, "score"),
        ({"prior": PassRatePrior(np.ones(20), 8), "mode": "paper"}, "mode"),
    ],
)
def test_settings_that_do_not_go_together_are_named(options: dict[str, Any], named: str) -> None:
    with pytest.raises(ArgumentError, match=named):
        VarianceAwareSampler(20, **{"batch_size": 4, **options})


def test_resuming_with_other_prompts_keeps_what_is_known_of_the_rest() -> None:
    rates, features, column = _pool(200)
    keys = [f"p{i}" for i in range(200)]
    sampler = VarianceAwareSampler(keys, batch_size=4, features=features, prior=PassRatePrior(column, 8), seed=1)
    for _ in range(30):
        _observe(sampler, sampler.draw(), rates)
    order = np.r_[np.arange(199, 20, -1), 0:10]  # ten gone, another order
    receiver = VarianceAwareSampler(
        [keys[i] for i in order],
        batch_size=4,
        features=features[order],
        prior=PassRatePrior(column[order], 8),
        rest_steps=sampler.config.rest_steps,
    )
    receiver.load_state_dict(sampler.state_dict(), match_keys=True)
    assert np.array_equal(receiver.posterior.mean(), sampler.posterior.mean(order))
    assert receiver.draw().size == 4


@pytest.mark.slow
def test_a_large_pool_with_wide_features_costs_little() -> None:
    import time

    rng = np.random.default_rng(0)
    features = rng.standard_normal((300_000, 600), dtype=np.float32)
    sampler = VarianceAwareSampler(300_000, batch_size=128, features=features)
    assert sampler.posterior.state_dict()["feature_rows"].nbytes <= 300_000 * 128
    rates = rng.random(300_000)
    seconds = []
    for _ in range(30):
        began = time.perf_counter()
        places = sampler.draw()
        sampler.observe(places, rng.random((128, 8)) < rates[places, None])
        seconds.append(time.perf_counter() - began)
    assert np.median(seconds) < 0.5  # a training step of 1,024 rollouts takes many times as long
