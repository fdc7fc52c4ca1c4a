"""DIVER, TreeRPO, Tree-OPO, ASR and the oracle: credit and gains by hand and by enumeration."""

from __future__ import annotations

import itertools
import math
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tests.false_alarms import USUAL
from tests.vas_theory.selection.strategies.builders import received, setting
from vas_theory.foundation.errors import ArgumentError
from vas_theory.selection.contract.strategy import Rollouts
from vas_theory.selection.strategies._trees import prefix_values
from vas_theory.selection.strategies.asr import Asr
from vas_theory.selection.strategies.diver import Diver, mean_dissimilarity
from vas_theory.selection.strategies.oracle import Oracle
from vas_theory.selection.strategies.tree_opo import TreeOpo
from vas_theory.selection.strategies.treerpo import Treerpo


def test_diver_dissimilarity_by_hand() -> None:
    found = mean_dissimilarity(np.array([10.0, 10, 20, 40, 7]), np.array([4, 1]))
    assert found == pytest.approx(
        [(0 + 1 / 2 + 3 / 4) / 3, (1 / 2 + 3 / 4) / 3, (1 / 2 * 3) / 3, (3 / 4 * 2 + 1 / 2) / 3, 0]
    )


def test_diver_revives_all_right_groups_and_leaves_wrong_ones_silent() -> None:
    arm = Diver(setting(), weight=0.1, limit=0.5)
    arm.propose(np.random.default_rng(0))
    lengths = [[10, 10, 20, 40], [10, 10, 20, 40], [5, 5, 5, 5]]
    arm.receive(received([0, 1, 2], [[1.0] * 4, [0.0] * 4, [1.0] * 4], lengths=lengths))
    groups = arm.training_groups()
    assert groups.rewards_R.tolist() == [1.0] * 4 + [0.0] * 4 + [1.0] * 4  # as received
    assert (groups.advantages_R[:4] != 0).all()
    assert not groups.advantages_R[4:].any()
    # 1 + .1 d with d = 5/12, 5/12, 1/2 and 2/3 clipped to 1/2: two low and two high
    assert groups.advantages_R[:4] == pytest.approx([-1, -1, 1, 1], rel=1e-3)


def test_diver_counts_differing_steps_where_responses_have_them() -> None:
    actions = np.array([[0, 1, 2], [0, 1, 2], [0, 2, 1], [1, 0, 0]])
    rollouts = Rollouts(np.array([0]), np.array([4]), np.arange(4), np.ones(4), np.ones(4), None, actions)
    assert Diver(setting()).dissimilarity(rollouts) == pytest.approx([5 / 9, 5 / 9, 7 / 9, 1.0])


@given(seed=st.integers(0, 2**32 - 1))
def test_diver_without_weight_is_uniform_sampling(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rollouts = received(
        [0, 1], (rng.random((2, 4)) < 0.5).astype(float).tolist(), lengths=rng.uniform(1, 9, (2, 4)).tolist()
    )
    assert Diver(setting(), weight=0.0).shaped_rewards(rollouts).tolist() == rollouts.rewards_R.tolist()


def test_treerpo_credit_by_hand() -> None:
    """Two levels of two: leaves 1 0 | 1 1. The first step's siblings are .5 and 1, the second's 1 0 and 1 1."""
    arm = Treerpo(setting(), branching=2, depth=2)
    credit = arm.credit(np.array([[1.0, 0.0, 1.0, 1.0]]))[0]
    assert credit[:, 0] == pytest.approx([-1, -1, 1, 1], rel=1e-4)
    assert credit[:, 1] == pytest.approx([1, -1, 0, 0], rel=1e-4)


def test_treerpo_drops_siblings_of_little_spread() -> None:
    arm = Treerpo(setting(), branching=2, depth=2, least_spread=0.6)
    credit = arm.credit(np.array([[1.0, 0.0, 1.0, 1.0]]))[0]
    assert not credit[:, 0].any()
    assert credit[0, 1] > 0


@given(rewards=st.lists(st.booleans(), min_size=27, max_size=27))
def test_treerpo_siblings_average_to_nothing(rewards: list[bool]) -> None:
    credit = Treerpo(setting()).credit(np.array([rewards], dtype=float))[0]
    for step in range(3):
        siblings = credit[:, step].reshape(3**step, -1)
        np.testing.assert_allclose(siblings.mean(1), 0, atol=1e-9)


def test_tree_opo_credit_by_hand() -> None:
    arm = TreeOpo(setting(), branching=2, depth=2)
    credit = arm.credit(np.array([[1.0, 0.0, 1.0, 1.0]]))[0]
    deviation = math.sqrt(3) / 4
    assert credit[:, 0] == pytest.approx(np.array([1, -3, 1, 1]) / 4 / 2 / deviation, rel=1e-4)
    assert credit[:, 1] == pytest.approx(
        np.array([1 / 4 + 1 / 2, -3 / 4 - 1 / 2, 1 / 4, 1 / 4]) / 2 / deviation, rel=1e-4
    )


@given(rewards=st.lists(st.floats(0, 1), min_size=8, max_size=8))
def test_prefix_values_are_means_over_shared_beginnings(rewards: list[float]) -> None:
    values = prefix_values(np.array([rewards]), 2, 3)
    paths = list(itertools.product((0, 1), repeat=3))
    for length in range(4):
        for node, prefix in enumerate(itertools.product((0, 1), repeat=length)):
            below = [reward for path, reward in zip(paths, rewards, strict=True) if path[:length] == prefix]
            assert values[length][0, node] == pytest.approx(np.mean(below))


def test_tree_arms_pay_all_leaves_and_refuse_responses_without_steps() -> None:
    arm = Treerpo(setting(batch_size=2), branching=2, depth=2)
    proposal = arm.propose(np.random.default_rng(0))
    assert proposal is not None
    assert proposal[1].tolist() == [4, 4]
    with pytest.raises(ArgumentError, match="steps"):
        arm.receive(received(proposal[0].tolist(), [[1.0, 0, 0, 0]] * 2))


def test_asr_policy_step_by_hand() -> None:
    arm = Asr(setting(prompts=4, batch_size=2), bins=2, step_size=1.0, baseline_rate=0.5)
    arm.observe(received([0, 1], [[1, 0, 0, 0], [1, 1, 1, 1]]))
    assert not arm.preferences.any()  # no change is known yet
    assert arm.bins_of(np.array([0, 1, 2])).tolist() == [0, 1, 2]
    arm.observe(received([0, 1], [[1, 1, 0, 0], [1, 1, 1, 1]]))
    # both were drawn as new prompts, changes .25 and 0, so the new bin gains .25 (1 - 1/3) / 2
    assert arm.preferences == pytest.approx([-0.25 / 3 / 2, -0.25 / 3 / 2, 0.25 * 2 / 3 / 2])
    assert arm.baseline == pytest.approx(0.5 * 0.125)


def test_asr_draws_bins_by_its_policy() -> None:
    """One prompt a step, so that bins are drawn by the softmax alone; chi-square at 1e-4."""
    arm = Asr(setting(prompts=6, batch_size=1), bins=2)
    arm.rates_P = np.array([0.1, 0.2, 0.3, 0.9, np.nan, np.nan])
    arm.preferences = np.array([0.0, 1.0, -1.0])
    rng = np.random.default_rng(0)
    bins = arm.bins_of(np.array([arm.choose(rng)[0] for _ in range(5000)]))
    weights = np.exp(arm.preferences)
    assert stats.chisquare(np.bincount(bins, minlength=3), 5000 * weights / weights.sum()).pvalue > USUAL


def test_asr_learns_which_bin_improves() -> None:
    arm = Asr(setting(prompts=40, batch_size=8), bins=2)
    rng = np.random.default_rng(0)
    good = 0.5
    for _ in range(200):
        chosen = arm.choose(rng)
        arm.rates_P[:20], arm.rates_P[20:] = 0.2, 0.7  # two lasting kinds of prompts
        arm.drawn_from_P[:20], arm.drawn_from_P[20:] = 0, 1
        arm.observe(received(chosen.tolist(), [[1, 0, 0, 0] if p < 20 else [1, 1, 1, 1] for p in chosen]))
        good = float(arm.policy()[1])
    assert good > 0.6  # the second kind gains .3 a visit and the first .05


def logits_of(rates: list[float]) -> np.ndarray:
    p = np.array(rates)
    return np.stack([np.log(p / (1 - p)), np.zeros(len(p))], axis=1)


def truth(rates: list[float], rate: float = 0.3, **pool: object) -> SimpleNamespace:
    logits = logits_of(rates)
    values = {
        "rewards_PA": np.tile([1.0, 0.0], (len(rates), 1)),
        "binary": True,
        "one_logit": True,
        "false_positive": 0.0,
        "false_negative": 0.0,
        **pool,
    }
    return SimpleNamespace(
        pool=SimpleNamespace(**values),
        config=SimpleNamespace(learning_rate=rate),
        logits=lambda prompts=slice(None): logits[prompts],
    )


def expected_deviation(p: float, size: int) -> float:
    """E of the population deviation of a group's rewards, over all groups."""
    return sum(
        p ** sum(group) * (1 - p) ** (size - sum(group)) * float(np.std(group))
        for group in itertools.product((0, 1), repeat=size)
    )


@given(p=st.floats(0.02, 0.98), horizon=st.integers(1, 6), rate=st.floats(0.05, 2.0))
def test_oracle_gain_follows_the_logit_recursion(p: float, horizon: int, rate: float) -> None:
    arm = Oracle(setting(prompts=1, batch_size=1), horizon=horizon)
    arm.truth = truth([p], rate)
    z, gains = math.log(p / (1 - p)), []
    for visits in range(1, horizon + 1):
        z += rate * expected_deviation(1 / (1 + math.exp(-z)), 4)
        gains.append((1 / (1 + math.exp(-z)) - p) / visits)
    assert arm.gains(np.array([0]))[0] == pytest.approx(max(gains), rel=1e-9)


def test_oracle_with_a_noisy_verifier_moves_by_the_expected_update() -> None:
    """By listing all groups of true and of seen rewards: E[mean A_i (r_i - p)] on the right answer's logit."""
    p, size, low, high = 0.3, 4, 0.2, 0.1
    push = 0.0
    for true in itertools.product((0, 1), repeat=size):
        for seen in itertools.product((0, 1), repeat=size):
            chance = math.prod((p if r else 1 - p) for r in true) * math.prod(
                ((1 - high) if s else high) if r else (low if s else 1 - low) for r, s in zip(true, seen, strict=True)
            )
            if np.std(seen) > 0:
                advantages = (np.array(seen) - np.mean(seen)) / np.std(seen)
                push += chance * float((advantages * (np.array(true) - p)).mean())
    arm = Oracle(setting(prompts=1, batch_size=1), horizon=1)
    arm.truth = truth([p], 1.0, false_positive=low, false_negative=high)
    after = 1 / (1 + math.exp(-math.log(p / (1 - p)) - push))
    assert arm.gains(np.array([0]))[0] == pytest.approx(after - p, rel=1e-9)


def test_oracle_looks_beyond_the_next_visit() -> None:
    """A prompt at .03 gains less at once than one at .9, and more over a run of visits."""
    rates = [0.03, 0.93]
    for horizon, best in ((1, 1), (30, 0)):
        arm = Oracle(setting(prompts=2, batch_size=1), horizon=horizon)
        arm.truth = truth(rates, 1.0)
        assert arm.choose(np.random.default_rng(0)).tolist() == [best]


def test_oracle_horizon_ends_with_the_budget() -> None:
    arm = Oracle(setting(prompts=2, batch_size=1, budget=40), horizon=30)
    arm.truth = truth([0.03, 0.93], 1.0)
    arm.step = 9
    assert arm.choose(np.random.default_rng(0)).tolist() == [1]


def test_oracle_needs_a_bandit_world() -> None:
    with pytest.raises(ArgumentError, match="bandit"):
        Oracle(setting()).choose(np.random.default_rng(0))
