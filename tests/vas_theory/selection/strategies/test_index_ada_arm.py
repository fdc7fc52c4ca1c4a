"""The index with adaptive groups: what it trains on, how hard that pushes, and where its groups go."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vas_theory.selection.strategies.builders import received, setting
from vas_theory.foundation.errors import ArgumentError
from vas_theory.groups.advantages import AdvantageKind
from vas_theory.selection.contract.strategy import SelectionSetting, TrainingGroups
from vas_theory.selection.strategies._balanced import Outcomes, balanced_groups, balanced_pushes
from vas_theory.selection.strategies._logit_belief import TABLE
from vas_theory.selection.strategies.index import Index
from vas_theory.selection.strategies.index_ada import IndexAda


def balanced(
    rewards: Sequence[float], group_size: int = 8, kind: AdvantageKind = "grpo", ddof: int = 0
) -> tuple[TrainingGroups, float]:
    """Return the groups of one prompt and its push."""
    told = SelectionSetting(9, 1, group_size, 99, eps=0, advantage=kind, ddof=ddof)
    groups, push_P = balanced_groups(
        Outcomes(np.array([5]), np.arange(len(rewards))[None], np.array(rewards, dtype=float)[None]), told
    )
    assert groups.prompts_P.tolist() in ([], [5])
    return groups, float(push_P[0])


def test_a_balanced_group_by_hand() -> None:
    """Of 0 1 0 0 0 0 0 1 the mean is 1/4 and the deviation sqrt(3)/4; two right weigh as much as six wrong."""
    group, push = balanced([0, 1, 0, 0, 0, 0, 0, 1])
    assert group.ids_R.tolist() == list(range(8))[::-1]
    right, wrong = math.sqrt(3) * 8 / 4, -1 / math.sqrt(3) * 8 / 12
    np.testing.assert_allclose(group.advantages_R, np.where(group.rewards_R > 0, right, wrong))
    assert push == pytest.approx((3 / 4 * math.sqrt(3) + 1 / 4 / math.sqrt(3)) / 2)


@given(
    first=st.lists(st.sampled_from((0.0, 1.0)), min_size=8, max_size=8),
    before=st.sampled_from((0, 8, 16)),
    solved=st.booleans(),
)
def test_tabulated_pushes_are_those_of_the_groups(first: list[float], before: int, solved: bool) -> None:
    rewards = [float(solved)] * before + first
    pushes = balanced_pushes(8, before, before if solved else 0)
    group, push = balanced(rewards)
    assert pushes[int(sum(first))] == pytest.approx(push)
    if len(set(rewards)) == 1:
        assert (push, len(group.ids_R)) == (0, 0)
        return
    assert len(group.ids_R) == 8
    right, wrong = (group.advantages_R[group.rewards_R == kind] for kind in (1.0, 0.0))
    share = np.mean(rewards)  # a kind's advantages add up to G / 2 of what one alone has over the mean
    deviation = math.sqrt(share * (1 - share))
    assert (right.sum(), -wrong.sum()) == pytest.approx((4 * (1 - share) / deviation, 4 * share / deviation))


def test_of_many_rollouts_the_newest_are_taken_but_both_kinds() -> None:
    assert balanced([0] * 6 + [1, 0], group_size=4)[0].ids_R.tolist() == [7, 6, 5, 4]
    assert balanced([0] * 4 + [1] * 4, group_size=4)[0].ids_R.tolist() == [7, 6, 3, 2]


def test_rollouts_without_a_reward_have_no_advantage() -> None:
    group, _ = balanced([0, math.nan, 1, 0], group_size=4)
    np.testing.assert_allclose(group.advantages_R, np.array([-1, 4, 0, -1]) / math.sqrt(2))  # mean 1/3


@given(right=st.integers(1, 7))
def test_a_balanced_group_pushes_at_least_as_hard_as_a_whole_one(right: int) -> None:
    share = right / 8
    assert balanced_pushes(8)[right] >= math.sqrt(share * (1 - share)) - 1e-12
    assert balanced_pushes(8)[4] == pytest.approx(0.5)


def test_the_deviation_may_be_the_samples() -> None:
    whole, part = balanced([0, 0, 0, 1], group_size=4)[0], balanced([0, 0, 0, 1], group_size=4, ddof=1)[0]
    np.testing.assert_allclose(whole.advantages_R, part.advantages_R * math.sqrt(4 / 3))


@pytest.mark.parametrize("kind", ["dr_grpo", "rloo"])
def test_other_advantages_are_not_whitened(kind: AdvantageKind) -> None:
    group, _ = balanced([0, 0, 0, 1], group_size=4, kind=kind)
    np.testing.assert_allclose(group.advantages_R, [1.5, -1 / 6, -1 / 6, -1 / 6])


def test_graded_rewards_are_split_at_their_mean() -> None:
    advantages = balanced([0.1, 0.2, 0.9, 0.4], group_size=4, kind="dr_grpo")[0].advantages_R
    np.testing.assert_allclose(advantages, [0.0, 0.5 * 2, -0.2 * 2 / 3, -0.3 * 2 / 3], atol=1e-12)


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
    assert (groups.prompts_P.tolist(), groups.sizes_P.tolist(), groups.ids_R.tolist()) == ([0], [4], [7, 6, 5, 4])
    weights = np.array([0, 1, 2, 1])  # one right has the weight of two wrong, and one has no reward
    np.testing.assert_allclose(groups.advantages_R, np.array([0, -1, 6, -1]) * weights / math.sqrt(6), rtol=1e-5)
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
    prompts, values = arm._going_on()
    assert prompts.tolist() == [0, 1]
    for prompt, share in ((0, 0), (1, 4)):
        gains = np.interp(z[prompt], TABLE, arm.look.gains(balanced_pushes(4, 4, share)))
        mean = (weights[prompt] * gains).sum()
        deviation = math.sqrt((weights[prompt] * (gains - mean) ** 2).sum())
        ratio = arm.belief.relative_variance(4)[prompt] ** 1.5
        assert values[prompt] == pytest.approx(ratio * (mean + 1.5 * deviation), rel=2e-3)


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
