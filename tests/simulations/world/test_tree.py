"""Tree prompts against enumeration of all paths and differences of the exact objective."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.special import softmax

from simulations.running.equal_budget import EqualBudgetConfig, run_equal_budget
from simulations.world import reference
from simulations.world.learner import LearnerConfig
from simulations.world.pool import draw_pass_rates
from simulations.world.tree import TreeLearner, TreePool, TreePoolConfig, build_tree_pool, leaf_probabilities
from tests.false_alarms import USUAL
from vas_theory.foundation.errors import ArgumentError
from vas_theory.foundation.streams import uniforms
from vas_theory.selection.contract.strategy import Rollouts, SelectionSetting, TrainingGroups


def _pool(**values: Any) -> TreePool:
    config = TreePoolConfig(**{"prompts": 6, "held_out": 2, "difficulty": "uniform", **values})
    return build_tree_pool(config, np.random.default_rng(0))


def _enumerate(logits_CA: np.ndarray, depth: int) -> np.ndarray:
    """Probability of every path, walked node by node."""
    branching = logits_CA.shape[1]
    found = []
    for path in itertools.product(range(branching), repeat=depth):
        node, probability = 0, 1.0
        for action in path:
            probability *= softmax(logits_CA[node])[action]
            node = branching * node + action + 1
        found.append(probability)
    return np.array(found)


def _step(learner: TreeLearner, prompts: np.ndarray, size: int, first: int = 0) -> tuple[Rollouts, TrainingGroups]:
    counts = np.full(len(prompts), size)
    made = learner.generate(prompts, counts, first)
    ids = np.arange(first, first + counts.sum())
    rollouts = Rollouts(prompts, counts, ids, made.rewards_R, made.lengths_R, made.diversity_P, made.actions_R)
    return rollouts, TrainingGroups.of(rollouts, SelectionSetting(6, 1, 2, 1))


@pytest.mark.parametrize(("depth", "branching"), [(3, 3), (2, 4), (1, 2)])
def test_prompts_start_at_the_drawn_pass_rates(depth: int, branching: int) -> None:
    pool = _pool(depth=depth, branching=branching)
    rates = draw_pass_rates("uniform", np.random.default_rng(0), 8)
    for prompt in range(8):
        leaves = _enumerate(pool.base_PCA[prompt], depth)
        np.testing.assert_allclose(leaf_probabilities(pool.base_PCA[prompt : prompt + 1], depth)[0], leaves, rtol=1e-12)
        assert leaves @ pool.rewards_PL[prompt] == pytest.approx(rates[prompt], rel=1e-12)


def test_numpy_and_plain_python_draw_the_same_numbers() -> None:
    found = uniforms(2**63 + 5, [0, 3, 3], [7, 0, 2**40])
    expected = [reference.uniform(2**63 + 5, *pair) for pair in ((0, 7), (3, 0), (3, 2**40))]
    assert found.tolist() == expected


@pytest.mark.parametrize("sampling", ["independent", "tree"])
def test_leaves_are_reached_with_their_probabilities(sampling: str) -> None:
    """A tree's leaves are dependent, so the test of counts is for their mean over many trees."""
    pool = _pool(depth=2, branching=2)
    learner = TreeLearner(pool, LearnerConfig(), 3, budget=40_000, sampling=sampling)
    made = learner.generate(np.zeros(10_000, dtype=np.int64), np.full(10_000, 4), 0)
    assert made.actions_R is not None
    leaf = made.actions_R @ [2, 1]
    shares = np.stack([np.bincount(part, minlength=4) for part in leaf.reshape(10_000, 4)]) / 4
    expected = _enumerate(pool.base_PCA[0], 2)
    errors = shares.std(0) / 100
    assert (np.abs(shares.mean(0) - expected) < 5 * errors + 1e-9).all()
    assert set(made.rewards_R) <= {0.0, 1.0}
    np.testing.assert_array_equal(made.rewards_R, pool.rewards_PL[0, leaf])
    if sampling == "independent":
        assert stats.chisquare(np.bincount(leaf, minlength=4), 40_000 * expected).pvalue > USUAL


def test_a_tree_shares_its_prefixes() -> None:
    learner = TreeLearner(_pool(), LearnerConfig(), 3, budget=54, sampling="tree")
    made = learner.generate(np.array([1, 4]), np.array([27, 27]), 0)
    assert made.actions_R is not None
    for group in made.actions_R.reshape(2, 27, 3):
        for i, j in itertools.combinations(range(27), 2):
            for steps in (1, 2):
                if i // 3 ** (3 - steps) == j // 3 ** (3 - steps):
                    assert (group[i, :steps] == group[j, :steps]).all()
    with pytest.raises(ArgumentError, match="counts_P must be 27"):
        learner.generate(np.array([1]), np.array([8]), 0)


def test_the_mean_push_is_the_gradient_of_the_pass_rate() -> None:
    """With advantage = reward minus a constant, the update is unbiased for the gradient, by central differences."""
    pool = _pool(prompts=1, held_out=0, depth=2, branching=2, difficulty="uniform")
    size = 200_000
    learner = TreeLearner(pool, LearnerConfig(learning_rate=1.0), 5, budget=size)
    _, groups = _step(learner, np.array([0]), size)
    rate = learner.pass_rates()[0]
    centred = TrainingGroups(groups.prompts_P, groups.sizes_P, groups.ids_R, groups.rewards_R, groups.rewards_R - rate)
    before = learner.logits()[0]
    learner.update(centred, fresh_from=0)
    gradient = np.zeros_like(before)
    for index in np.ndindex(*before.shape):
        for sign in (1, -1):
            moved = before.copy()
            moved[index] += sign * 1e-5
            gradient[index] += sign * _enumerate(moved, 2) @ pool.rewards_PL[0] / 2e-5
    # each term is at most 1, so the standard error is at most 1 / sqrt(size)
    np.testing.assert_allclose(learner.logits()[0] - before, gradient, atol=5 / np.sqrt(size))


def test_steps_may_have_their_own_credit() -> None:
    pool = _pool()
    learner = TreeLearner(pool, LearnerConfig(learning_rate=0.5), 5, budget=8)
    rollouts, groups = _step(learner, np.array([2, 3]), 4)
    credit = np.random.default_rng(0).normal(size=(8, 3))
    before = learner.logits()
    learner.update(
        TrainingGroups(groups.prompts_P, groups.sizes_P, groups.ids_R, groups.rewards_R, credit), fresh_from=0
    )
    assert rollouts.actions_R is not None
    expected = before.copy()
    for number, (prompt, path) in enumerate(zip(np.repeat([2, 3], 4), rollouts.actions_R, strict=True)):
        node = 0
        for step, action in enumerate(path):
            push = np.eye(3)[action] - softmax(before[prompt, node])
            expected[prompt, node] += 0.5 * credit[number, step] * push / 4
            node = 3 * node + action + 1
    np.testing.assert_allclose(learner.logits(), expected, atol=1e-14)


def test_stale_steps_enter_with_their_ratio_and_clip() -> None:
    pool = _pool(prompts=1, held_out=0)
    config = LearnerConfig(learning_rate=2.0, clip_low=0.1, clip_high=0.1)
    learner = TreeLearner(pool, config, 1, budget=8)
    rollouts, groups = _step(learner, np.array([0]), 8)
    old = learner.logits()[0]
    learner.update(groups, fresh_from=0)
    new = learner.logits()[0]
    report = learner.update(groups, fresh_from=8)
    assert rollouts.actions_R is not None
    expected, clipped = new.copy(), 0
    for advantage, path in zip(groups.advantages_R, rollouts.actions_R, strict=True):
        node = 0
        for action in path:
            probs = softmax(new[node])
            ratio = probs[action] / softmax(old[node])[action]
            if (advantage > 0 and ratio > 1.1) or (advantage < 0 and ratio < 0.9):
                clipped += 1
            else:
                expected[node] += 2.0 * advantage * ratio * (np.eye(3)[action] - probs) / 8
            node = 3 * node + action + 1
    assert 0 < clipped < 24
    assert report.clip_fraction == pytest.approx(clipped / 24)
    np.testing.assert_allclose(learner.logits()[0], expected, atol=1e-13)


def test_a_strategy_trains_trees_and_resumes() -> None:
    config = EqualBudgetConfig(pool=TreePoolConfig(prompts=30, held_out=5), batch_size=8, budget=4000, evaluations=4)
    curve = run_equal_budget(config, "uniform", seed=0)
    assert curve["pass_rate"].iloc[-1] > curve["pass_rate"].iloc[0] + 0.05
    whole, part = (TreeLearner(_pool(), LearnerConfig(), 6, budget=40) for _ in range(2))
    for learner in (whole, part):
        learner.update(_step(learner, np.array([1, 1]), 5)[1], fresh_from=0)
    second = TreeLearner(_pool(), LearnerConfig(), 6, budget=40)
    second.load_state_dict(part.state_dict())
    for learner in (whole, second):
        learner.update(_step(learner, np.array([1, 5]), 5, first=10)[1], fresh_from=10)
    np.testing.assert_array_equal(second.pass_rates(), whole.pass_rates())


def test_what_trees_cannot_do_is_refused() -> None:
    with pytest.raises(ArgumentError, match="config"):
        TreeLearner(_pool(), LearnerConfig(kl_weight=0.1), 0, budget=1)
    with pytest.raises(ArgumentError, match="sampling"):
        TreeLearner(_pool(), LearnerConfig(), 0, budget=1, sampling="stratified")


def test_a_step_without_groups_changes_nothing() -> None:
    learner = TreeLearner(_pool(), LearnerConfig(epochs=2), 3, budget=100)
    before = learner.logits()
    none = np.empty(0, dtype=np.int64)
    report = learner.update(TrainingGroups(none, none, none, np.empty(0), np.empty(0)), 0)
    np.testing.assert_array_equal(learner.logits(), before)
    assert (report.gradient_norm, report.clip_fraction, report.effective_groups) == (0.0, 0.0, 0)
