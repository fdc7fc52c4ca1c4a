"""The learner against plain Python, brute force over groups, and differences of exact objectives."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.special import log_softmax, softmax

from simulations.world import kernels, reference
from simulations.world.learner import Learner, LearnerConfig
from simulations.world.pool import Pool, PoolConfig, build_pool
from tests.false_alarms import USUAL
from vas_theory.foundation.errors import ArgumentError
from vas_theory.selection.contract.strategy import Rollouts, SelectionSetting, TrainingGroups


def _pool(seed: int = 0, **values: Any) -> Pool:
    mixed = {"difficulty": "measured", "measured": (0.2, 0.4, 0.6, 0.8)}  # so that hardly any group is silent
    config = PoolConfig(**{"prompts": 12, "held_out": 3, "arms": 5, **mixed, **values})
    return build_pool(config, np.random.default_rng(seed))


def _moved(learner: Learner) -> np.ndarray:
    """What training added to the logits, relative to each prompt's mean logit."""
    moved = learner.logits() - learner.pool.base_PA
    return moved - moved.mean(1, keepdims=True)


def _centred(push: np.ndarray) -> np.ndarray:
    return push - push.mean(-1, keepdims=True)


def _step(learner: Learner, prompts: np.ndarray, size: int, first: int = 0) -> tuple[Rollouts, TrainingGroups]:
    counts = np.full(len(prompts), size)
    made = learner.generate(prompts, counts, first)
    ids = np.arange(first, first + counts.sum())
    rollouts = Rollouts(prompts, counts, ids, made.rewards_R, made.lengths_R, made.diversity_P)
    config = learner.config
    setting = SelectionSetting(
        len(learner.pool.base_PA), 1, 2, 1, advantage=config.advantage, ddof=config.ddof, eps=config.eps
    )
    return rollouts, TrainingGroups.of(rollouts, setting)


KINDS = [("grpo", "binary", 5), ("dr_grpo", "graded", 5), ("rloo", "binary", 5), ("grpo", "bernoulli", 2)]


@pytest.mark.parametrize(("advantage", "rewards", "arms"), KINDS)
def test_kernels_equal_plain_python(advantage: Any, rewards: str, arms: int) -> None:
    pool = _pool(rewards=rewards, arms=arms)
    config = LearnerConfig(learning_rate=0.7, advantage=advantage)
    schedule = np.random.default_rng(1).integers(0, 12, (30, 4))
    expected = np.array(reference.train_schedule(pool, config, 5, schedule.tolist(), 6))

    fused = Learner(pool, config, 5, budget=1)
    fused.train_schedule(schedule, 6)
    np.testing.assert_allclose(fused.logits(), expected, rtol=0, atol=1e-11)

    stepwise = Learner(pool, config, 5, budget=30 * 24)
    for index, batch in enumerate(schedule):
        _, groups = _step(stepwise, batch, 6, first=24 * index)
        stepwise.update(groups, fresh_from=24 * index)
    np.testing.assert_allclose(stepwise.logits(), expected, rtol=0, atol=1e-11)
    rates = (softmax(expected, axis=1) * pool.rewards_PA).sum(1)
    np.testing.assert_allclose(stepwise.pass_rates(), rates, atol=1e-12)


@pytest.mark.parametrize("advantage", ["grpo", "dr_grpo", "rloo"])
@pytest.mark.parametrize("rewards", ["binary", "graded"])
def test_mean_push_is_the_expectation_over_all_groups(advantage: Any, rewards: str) -> None:
    """Every one of K^G groups is weighted by its probability; the exact mode must apply just that."""
    pool = _pool(rewards=rewards, arms=3, prompts=1, held_out=0)
    config = LearnerConfig(learning_rate=1.0, advantage=advantage, exact=True, eps=0.01)
    probs, size = softmax(pool.base_PA[0]), 4
    expected = np.zeros(3)
    for arms in itertools.product(range(3), repeat=size):
        push = reference.group_push(probs.tolist(), arms, pool.rewards_PA[0, list(arms)].tolist(), config)
        expected += np.prod(probs[list(arms)]) * np.array(push)
    learner = Learner(pool, config, 0, budget=size)
    _, groups = _step(learner, np.array([0]), size)
    learner.update(groups, fresh_from=0)
    np.testing.assert_allclose(_moved(learner)[0], _centred(expected), atol=1e-13)


def test_sampled_updates_average_to_the_exact_one() -> None:
    pool = _pool(arms=4, prompts=1, held_out=0)
    prompts, size, repeats = np.zeros(4000, dtype=np.int64), 4, 4000
    sampled = Learner(pool, LearnerConfig(learning_rate=1e-6), 3, budget=size * repeats)
    _, groups = _step(sampled, prompts, size)
    sampled.update(groups, fresh_from=0)
    exact = Learner(pool, LearnerConfig(learning_rate=1.0, exact=True), 3, budget=size)
    exact.update(_step(exact, prompts[:1], size)[1], fresh_from=0)
    # |push| <= 1 a group, so 5 standard errors of the mean are at most 5 / sqrt(4000)
    np.testing.assert_allclose(_moved(sampled)[0] * 1e6 / repeats, _moved(exact)[0], atol=5 / np.sqrt(repeats))


def test_arms_are_drawn_with_their_probabilities() -> None:
    pool = _pool(arms=5, prompts=3, held_out=0)
    learner = Learner(pool, LearnerConfig(), 7, budget=60_000)
    learner.generate(np.array([0, 1, 2]), np.full(3, 20_000), 0)
    for prompt in range(3):
        counts = np.bincount(learner._arms[prompt * 20_000 : (prompt + 1) * 20_000], minlength=5)
        assert stats.chisquare(counts, 20_000 * softmax(pool.base_PA[prompt])).pvalue > USUAL


def test_random_numbers_look_uniform_along_prompts_and_numbers() -> None:
    by_number = [reference.uniform(3, 0, k) for k in range(5000)]
    by_prompt = [reference.uniform(3, k, 0) for k in range(5000)]
    by_seed = [reference.uniform(k, 0, 0) for k in range(5000)]
    for numbers in (by_number, by_prompt, by_seed):
        assert stats.kstest(numbers, "uniform").pvalue > USUAL
        assert abs(np.corrcoef(numbers[:-1], numbers[1:])[0, 1]) < 5 / np.sqrt(5000)


def test_rollouts_of_a_prompt_do_not_depend_on_who_else_is_rolled() -> None:
    """The k-th rollout of a prompt is the same in any order, batch or split: this is what pairs seeds."""
    pool = _pool()
    one, two = (Learner(pool, LearnerConfig(), 9, budget=100) for _ in range(2))
    one.generate(np.array([4]), np.array([10]), 0)
    two.generate(np.array([1, 4]), np.array([3, 6]), 0)
    two.generate(np.array([4, 2]), np.array([4, 2]), 9)
    assert one._arms[:10].tolist() == [*two._arms[3:9], *two._arms[9:13]]
    other = Learner(pool, LearnerConfig(), 10, budget=100)
    other.generate(np.array([4]), np.array([10]), 0)
    assert one._arms[:10].tolist() != other._arms[:10].tolist()


@pytest.mark.parametrize("coupling", ["shared", "interference"])
def test_a_push_moves_all_prompts_through_the_kernel(coupling: str) -> None:
    pool = _pool(coupling=coupling)
    learner = Learner(pool, LearnerConfig(learning_rate=0.3, exact=True), 0, budget=100)
    kernel = np.eye(15) + pool.features_PF @ pool.features_PF.T
    before = learner.logits()
    _, groups = _step(learner, np.array([2, 7]), 4)
    push = np.zeros((15, 5))
    learner._expected_push(groups.prompts_P, groups.sizes_P, pushed := np.empty((2, 5)))
    push[[2, 7]] = pushed
    learner.update(groups, fresh_from=0)
    expected = (1 - pool.forgetting) * 0.3 * kernel @ push
    np.testing.assert_allclose(learner.logits() - before, expected, atol=1e-14)


def test_forgetting_shrinks_what_was_learned_and_survives_folding() -> None:
    pool = replace(_pool(), forgetting=0.5)
    learner = Learner(pool, LearnerConfig(learning_rate=1.0, exact=True), 0, budget=1000)
    _, groups = _step(learner, np.array([1]), 4)
    learner.update(groups, fresh_from=0)
    learned = learner._scale * learner._own_PA
    for _ in range(30):
        learner.update(TrainingGroups.empty(), fresh_from=4)
    np.testing.assert_allclose(learner._scale * learner._own_PA, learned * 0.5**30, rtol=1e-12)
    assert learner._scale > 1e-6


@pytest.mark.parametrize(("low", "high"), [(0.2, 0.45), (0.45, 0.03)])
def test_clipping_and_ratios_follow_the_surrogate(low: float, high: float) -> None:
    """The push equals the gradient of mean min(ratio A, clip(ratio) A), by central differences."""
    pool = _pool(prompts=1, held_out=0, arms=4)
    config = LearnerConfig(learning_rate=0.8, epochs=2, clip_low=low, clip_high=high)
    learner = Learner(pool, config, 2, budget=16)
    _, groups = _step(learner, np.array([0]), 16)
    arms, advantages = learner._arms[:16], groups.advantages_R
    old = softmax(pool.base_PA[0])[arms]

    def surrogate(logits: np.ndarray) -> float:
        ratio = np.exp(log_softmax(logits))[arms] / old
        return float(np.minimum(ratio * advantages, np.clip(ratio, 1 - low, 1 + high) * advantages).mean())

    def gradient(logits: np.ndarray) -> np.ndarray:
        steps = 1e-6 * np.eye(4)
        return np.array([(surrogate(logits + e) - surrogate(logits - e)) / 2e-6 for e in steps])

    first = pool.base_PA[0] + 0.8 * np.mean(
        [a * ((np.arange(4) == arm) - softmax(pool.base_PA[0])) for arm, a in zip(arms, advantages, strict=True)],
        axis=0,
    )
    expected = first + 0.8 * gradient(first)
    report = learner.update(groups, fresh_from=0)
    np.testing.assert_allclose(softmax(learner.logits()[0]), softmax(expected), atol=1e-8)
    ratio = softmax(first)[arms] / old
    clipped = ((advantages > 0) & (ratio > 1 + high)) | ((advantages < 0) & (ratio < 1 - low))
    assert 0 < clipped.sum() < 16
    assert report.clip_fraction == pytest.approx(clipped.sum() / 32)


def test_rollouts_of_an_earlier_step_enter_with_their_ratio() -> None:
    pool = _pool(prompts=1, held_out=0, arms=4)
    learner = Learner(pool, LearnerConfig(learning_rate=0.5), 2, budget=32)
    _, groups = _step(learner, np.array([0]), 8)
    learner.update(groups, fresh_from=0)
    before = learner.logits()[0]
    probs = softmax(before)
    arms, old = learner._arms[:8], learner._probs[:8]
    learner.update(groups, fresh_from=8)
    terms = [
        a * probs[arm] / o * ((np.arange(4) == arm) - probs)
        for a, arm, o in zip(groups.advantages_R, arms, old, strict=True)
    ]
    np.testing.assert_allclose(learner.logits()[0], before + 0.5 * np.mean(terms, axis=0), atol=1e-13)


def test_kl_pulls_back_along_its_exact_gradient() -> None:
    pool = _pool(prompts=1, held_out=0, arms=4)
    plain, pulled = (Learner(pool, LearnerConfig(kl_weight=w), 2, budget=32) for w in (0.0, 0.3))
    for learner in (plain, pulled):
        learner._weights_PA[0] *= np.exp([0.5, -0.2, 0.1, 0.0])
    start = plain.logits()[0]
    reference_log = log_softmax(pool.base_PA[0])

    def divergence(logits: np.ndarray) -> float:
        log_probs = log_softmax(logits)
        return float(np.exp(log_probs) @ (log_probs - reference_log))

    steps = 1e-6 * np.eye(4)
    gradient = np.array([(divergence(start + e) - divergence(start - e)) / 2e-6 for e in steps])
    for learner in (plain, pulled):
        learner.update(_step(learner, np.array([0]), 8)[1], fresh_from=0)
    difference = pulled.logits()[0] - plain.logits()[0]
    np.testing.assert_allclose(difference, -0.3 * 0.5 * gradient, atol=1e-9)


def test_advantages_that_do_not_cancel_move_every_arm() -> None:
    pool = _pool(prompts=1, held_out=0, arms=4)
    learner = Learner(pool, LearnerConfig(learning_rate=0.5), 2, budget=8)
    _, groups = _step(learner, np.array([0]), 4)
    shaped = replace(groups, advantages_R=np.array([1.0, 0.5, 0.0, 0.25]))
    probs = softmax(pool.base_PA[0])
    learner.update(shaped, fresh_from=0)
    terms = [a * ((np.arange(4) == arm) - probs) for a, arm in zip(shaped.advantages_R, learner._arms[:4], strict=True)]
    np.testing.assert_allclose(_moved(learner)[0], 0.5 * np.mean(terms, axis=0), atol=1e-14)


def test_noisy_graders_err_at_their_rates() -> None:
    pool = _pool(prompts=1, held_out=0, false_positive=0.2, false_negative=0.05)
    learner = Learner(pool, LearnerConfig(), 4, budget=40_000)
    made = learner.generate(np.array([0]), np.array([40_000]), 0)
    true = pool.rewards_PA[0, learner._arms]
    for reward, rate in ((0.0, 0.2), (1.0, 0.05)):
        graded = made.rewards_R[true == reward]
        wrong = int((graded != reward).sum())
        assert stats.binomtest(wrong, len(graded), rate).pvalue > USUAL


def test_diversity_is_the_share_of_differing_pairs() -> None:
    learner = Learner(_pool(), LearnerConfig(), 4, budget=100)
    made = learner.generate(np.array([3, 5]), np.array([6, 1]), 0)
    assert made.diversity_P is not None
    arms = learner._arms[:6]
    pairs = [a != b for a, b in itertools.combinations(arms.tolist(), 2)]
    assert made.diversity_P.tolist() == [pytest.approx(np.mean(pairs)), 0.0]


@pytest.mark.parametrize("size", [20.0, 3000.0])
def test_large_steps_neither_overflow_nor_change_what_they_mean(size: float) -> None:
    """Steps of 200 are scaled back at the second, steps of 30,000 taken in logarithms; small ones bring them back."""
    learner = Learner(_pool(prompts=2, held_out=0, arms=3), LearnerConfig(), 2, budget=1)
    logits = learner.pool.base_PA.copy()
    for push in ([size, -size / 100, 0.0], [size, 0.0, 0.1], [-2 * size + 0.3, 0.0, 0.0]):
        both = np.array([push, [0.1, 0.0, 0.0]])
        kernels.apply_push(np.array([0, 1]), both, 10.0, learner._policy)
        logits += 10.0 * both
        assert np.isfinite(learner._weights_PA).all()
        assert learner._weights_PA.max() < 1e151
        if size == 20:  # beyond 745 in all, arms are lost for good, as they are for any softmax in float64
            np.testing.assert_allclose(softmax(learner.logits(), axis=1), softmax(logits, axis=1), rtol=1e-10)
        rates = (softmax(learner.logits(), axis=1) * learner.pool.rewards_PA).sum(1)
        np.testing.assert_allclose(learner.pass_rates(), rates, atol=1e-12)


def test_a_resumed_learner_goes_on_alike() -> None:
    pool = _pool()
    whole, part = (Learner(pool, LearnerConfig(), 6, budget=200) for _ in range(2))
    batch = np.array([1, 5, 5])
    for learner in (whole, part):
        learner.update(_step(learner, batch, 5)[1], fresh_from=0)
    second = Learner(pool, LearnerConfig(), 6, budget=200)
    second.load_state_dict(part.state_dict())
    for learner in (whole, second):
        learner.update(_step(learner, batch, 5, first=15)[1], fresh_from=15)
    np.testing.assert_array_equal(second.pass_rates(), whole.pass_rates())


def test_modes_that_exclude_each_other_are_refused() -> None:
    with pytest.raises(ArgumentError, match="exact"):
        Learner(_pool(), LearnerConfig(exact=True, epochs=2), 0, budget=1)
    with pytest.raises(ArgumentError, match="pool"):
        Learner(_pool(coupling="shared"), LearnerConfig(), 0, budget=1).train_schedule(np.array([[0]]), 4)
    with pytest.raises(ArgumentError, match="config"):
        Learner(_pool(), LearnerConfig(kl_weight=0.1), 0, budget=1).train_schedule(np.array([[0]]), 4)


def test_stratified_rollouts_keep_close_to_the_probabilities() -> None:
    """Every arm's count stays within the number of arms of its expectation; independent draws would not."""
    pool = _pool(arms=5, prompts=3, held_out=0)
    learner = Learner(pool, LearnerConfig(), 7, budget=3000, sampling="stratified")
    for first in range(0, 3000, 300):
        learner.generate(np.array([0, 1, 2]), np.full(3, 100), first)
    for prompt in range(3):
        arms = np.concatenate([learner._arms[f + 100 * prompt : f + 100 * prompt + 100] for f in range(0, 3000, 300)])
        assert np.abs(np.bincount(arms, minlength=5) - 1000 * softmax(pool.base_PA[prompt])).max() <= 5
    with pytest.raises(ArgumentError, match="sampling"):
        Learner(pool, LearnerConfig(), 7, budget=1, sampling="tree")
