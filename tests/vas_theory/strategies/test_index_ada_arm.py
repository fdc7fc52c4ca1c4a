"""The index with adaptive groups: what it trains on, how hard that pushes, and where its groups go."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vas_theory.strategies.builders import received, setting
from vas_theory.errors import ArgumentError
from vas_theory.group_advantages import AdvantageKind
from vas_theory.selection.strategies._balanced import balanced_group, balanced_pushes
from vas_theory.selection.strategies._logit_belief import TABLE
from vas_theory.selection.strategies.base import SelectionSetting
from vas_theory.selection.strategies.index import Index
from vas_theory.selection.strategies.index_ada import IndexAda


def test_a_balanced_group_by_hand() -> None:
    """Of 0 1 0 0 0 0 0 1 the two right are kept and the first two wrong; mean 1/4, deviation sqrt(3)/4."""
    rewards = np.array([0.0, 1, 0, 0, 0, 0, 0, 1])
    group = balanced_group(np.arange(10, 18), rewards, SelectionSetting(9, 1, 8, 99, eps=0))
    assert group.ids_R.tolist() == [10, 11, 12, 17]
    np.testing.assert_allclose(group.advantages_R, np.array([-1, 3, -1, 3]) / math.sqrt(3))
    assert group.push == pytest.approx((3 / 4 * math.sqrt(3) + 1 / 4 / math.sqrt(3)) / 2)


@given(
    first=st.lists(st.sampled_from((0.0, 1.0)), min_size=8, max_size=8),
    before=st.sampled_from((0, 8, 16)),
    solved=st.booleans(),
)
def test_tabulated_pushes_are_those_of_the_groups(first: list[float], before: int, solved: bool) -> None:
    rewards = np.array([float(solved)] * before + first)
    group = balanced_group(np.arange(len(rewards)), rewards, SelectionSetting(9, 1, 8, 99, eps=0))
    pushes = balanced_pushes(8, before, before if solved else 0)
    assert pushes[int(sum(first))] == pytest.approx(group.push)
    assert len(group.ids_R) <= 8
    assert sum(group.rewards_R) == len(group.rewards_R) / 2


@given(right=st.integers(1, 7))
def test_a_balanced_group_pushes_at_least_as_hard_as_a_whole_one(right: int) -> None:
    share = right / 8
    assert balanced_pushes(8)[right] >= math.sqrt(share * (1 - share)) - 1e-12
    assert balanced_pushes(8)[4] == pytest.approx(0.5)


@pytest.mark.parametrize("kind", ["dr_grpo", "rloo"])
def test_other_advantages_are_not_whitened(kind: AdvantageKind) -> None:
    group = balanced_group(np.arange(4), np.array([0.0, 0, 0, 1]), SelectionSetting(9, 1, 4, 99, advantage=kind))
    assert group.advantages_R.tolist() == [-0.25, 0.75]


def test_graded_rewards_are_split_at_their_mean() -> None:
    group = balanced_group(np.arange(4), np.array([0.1, 0.2, 0.9, 0.3]), SelectionSetting(9, 1, 4, 99))
    assert group.rewards_R.tolist() == [0.1, 0.9]


def test_a_step_by_hand() -> None:
    """Two rounds of one group each: a prompt silent after the first gets the second, and all its rollouts count."""
    arm = IndexAda(setting(prompts=3, batch_size=2), floor=0.0, rounds=2, optimism=0.0, temperature=0.0)
    rng = np.random.default_rng(0)
    # prompt 0 is promising, the others are known to be hopeless
    arm.belief.observe(np.arange(3), np.array([2.0, 0, 0]), np.array([4, 400, 400]), np.array([0.5, 0, 0]))
    first = arm.propose(rng)
    assert first is not None
    assert (first[0].tolist(), first[1].tolist()) == ([0], [4])
    arm.receive(received([0], [[0, 0, 0, 0]]))
    second = arm.propose(rng)
    assert second is not None
    assert (second[0].tolist(), second[1].tolist()) == ([0], [4])
    arm.receive(received([0], [[0, 1, 0, math.nan]], first=4))
    assert arm.propose(rng) is None
    groups = arm.training_groups()
    assert (groups.prompts_P.tolist(), groups.sizes_P.tolist(), groups.ids_R.tolist()) == ([0], [2], [0, 5])
    np.testing.assert_allclose(groups.advantages_R, np.array([-1, 6]) / math.sqrt(6), rtol=1e-5)  # mean 1/7
    assert arm.belief.pushed_P[0] == pytest.approx((36 + 1) / 7 / math.sqrt(6) / 2, rel=1e-5)
    assert (arm.step, arm.rolled_P.tolist()) == (1, [8, 0, 0])


def test_a_prompt_that_has_shown_both_outcomes_is_not_rolled_again() -> None:
    arm = IndexAda(setting(prompts=3, batch_size=2), floor=0.0, rounds=2)
    rng = np.random.default_rng(0)
    arm.belief.observe(np.arange(3), np.array([2.0, 0, 0]), np.array([4, 400, 400]), np.array([0.5, 0, 0]))
    arm.propose(rng)
    arm.receive(received([0], [[0, 1, 0, 0]]))
    second = arm.propose(rng)
    assert second is not None
    assert second[0].tolist() in ([1], [2])


def test_going_on_is_valued_by_the_belief_after_what_was_seen_and_by_harder_pushes() -> None:
    arm = IndexAda(setting(prompts=2, batch_size=1), floor=0.0, optimism=1.5, transfer=0.0)
    arm.belief.observe(np.arange(2), np.array([1.0, 3.0]), np.array([4, 4]), np.full(2, 0.4))
    arm.scores(arm.belief.posterior())
    arm.receive(received([0, 1], [[0, 0, 0, 0], [1, 1, 1, 1]]))
    z = np.linspace(-9, 9, 49)[None] + arm.belief.offset_P[:, None]
    wrong, right = np.array([[4.0], [0.0]]), np.array([[0.0], [4.0]])
    weights = arm.belief.posterior() * (1 + np.exp(-z)) ** -right * (1 + np.exp(z)) ** -wrong
    weights /= weights.sum(1, keepdims=True)
    for prompt, share in ((0, 0), (1, 4)):
        gains = np.interp(z[prompt], TABLE, arm.look.gains(balanced_pushes(4, 4, share)))
        mean = (weights[prompt] * gains).sum()
        deviation = math.sqrt((weights[prompt] * (gains - mean) ** 2).sum())
        ratio = arm.belief.relative_variance(4)[prompt] ** 1.5
        value = arm._going_on(np.array([prompt]))[0]
        assert value == pytest.approx(ratio * (mean + 1.5 * deviation), rel=2e-3)


def test_in_one_round_it_takes_the_batch_of_the_index(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, ada = Index(setting()), IndexAda(setting(), rounds=1)
    monkeypatch.setattr(whole, "pushes", ada.pushes)
    for seed in range(20):
        proposal = ada.propose(np.random.default_rng(seed))
        assert proposal is not None
        assert set(proposal[0].tolist()) == set(whole.choose(np.random.default_rng(seed)).tolist())
        ada._round = 0


@given(
    batch_size=st.integers(1, 9), rounds=st.integers(1, 6), floor=st.sampled_from((0.0, 0.4)), seed=st.integers(0, 99)
)
def test_a_step_has_the_batch_size_of_groups(batch_size: int, rounds: int, floor: float, seed: int) -> None:
    arm = IndexAda(setting(prompts=30, batch_size=batch_size), rounds=rounds, floor=floor)
    rng = np.random.default_rng(seed)
    proposed: list[int] = []
    while (proposal := arm.propose(rng)) is not None:
        assert len(set(proposal[0].tolist())) == len(proposal[0])
        right = rng.random((len(proposal[0]), 4)) < 0.1
        arm.receive(received(proposal[0].tolist(), right.astype(float).tolist(), first=4 * len(proposed)))
        proposed += proposal[0].tolist()
    assert len(proposed) == batch_size
    groups = arm.training_groups()
    assert set(groups.prompts_P.tolist()) <= set(proposed)


def test_options_are_checked() -> None:
    with pytest.raises(ArgumentError):
        IndexAda(setting(), rounds=0)
