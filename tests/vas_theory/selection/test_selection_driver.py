"""The strategy contract: every rollout is charged, nobody trains on what was not generated, runs resume."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vas_theory.foundation.errors import ArgumentError, StateMismatchError, UnknownNameError
from vas_theory.selection.contract.driver import ContractError, Generated, SelectionDriver
from vas_theory.selection.contract.strategy import (
    IntArray,
    OneRoundStrategy,
    Proposal,
    Rollouts,
    SelectionSetting,
    Strategy,
    TrainingGroups,
    ragged_advantages,
)
from vas_theory.selection.strategies import make_strategy, strategy_class, strategy_names

SETTING = SelectionSetting(prompts=10, batch_size=4, group_size=3, budget=120, seed=11)


class World:
    """Rewards that are a function of the rollout's number, and a count of what was really generated."""

    def __init__(self) -> None:
        self.generated = 0
        self.calls: list[tuple[list[int], list[int]]] = []

    def __call__(self, prompts_P: IntArray, counts_P: IntArray, first: int) -> Generated:
        assert first == self.generated
        count = int(counts_P.sum())
        self.generated += count
        self.calls.append((prompts_P.tolist(), counts_P.tolist()))
        numbers = np.arange(first, first + count)
        return Generated((numbers * 7 % 5 < 2).astype(float), np.full(count, 2.0))


@dataclass
class ScreenThenExtend(Strategy):
    """Rolls everything twice, then two more for the first two prompts, and trains on those."""

    rounds: list[Rollouts] = field(default_factory=list, init=False)
    untrained_purpose = "screening"

    def propose(self, rng: np.random.Generator) -> Proposal | None:
        if not self.rounds:
            return np.arange(self.setting.prompts), np.full(self.setting.prompts, 2)
        if len(self.rounds) == 1:
            return np.array([0, 1]), np.array([2, 2])
        return None

    def receive(self, rollouts: Rollouts) -> None:
        self.rounds.append(rollouts)

    def training_groups(self) -> TrainingGroups:
        second, self.rounds = self.rounds[1], []
        return TrainingGroups.of(second, self.setting)


def test_every_round_is_charged_whether_trained_on_or_not() -> None:
    world, driver = World(), SelectionDriver(ScreenThenExtend(SETTING))
    groups = driver.collect(world)
    assert groups is not None
    assert groups.ids_R.tolist() == [20, 21, 22, 23]
    assert driver.generated == world.generated == driver.ledger.rollouts == 24
    assert driver.ledger["screening"].rollouts == 20
    assert driver.ledger["training"].rollouts == 4
    assert driver.ledger["training"].tokens == 8
    assert driver.visits_P.tolist() == [1] * 10


def test_the_budget_is_never_exceeded_and_a_broken_off_step_stays_charged() -> None:
    world = World()
    driver = SelectionDriver(ScreenThenExtend(replace(SETTING, budget=46)))
    assert driver.collect(world) is not None
    assert driver.collect(world) is None  # 24 + 20 fit, 4 more do not
    assert world.generated == driver.ledger.rollouts == 44
    assert driver.step == 1


class _Cheat(OneRoundStrategy):
    def choose(self, rng: np.random.Generator) -> IntArray:
        return np.arange(self.setting.batch_size)


class _InventsRollouts(_Cheat):
    def training_groups(self) -> TrainingGroups:
        groups = super().training_groups()
        return replace(groups, ids_R=groups.ids_R + 1)


class _RepeatsRollouts(_Cheat):
    def training_groups(self) -> TrainingGroups:
        groups = super().training_groups()
        return replace(groups, ids_R=np.repeat(groups.ids_R[::3], 3))


class _ImprovesRewards(_Cheat):
    def training_groups(self) -> TrainingGroups:
        groups = super().training_groups()
        return replace(groups, rewards_R=np.ones_like(groups.rewards_R))


class _MovesRollouts(_Cheat):
    def training_groups(self) -> TrainingGroups:
        groups = super().training_groups()
        return replace(groups, prompts_P=groups.prompts_P[::-1])


class _ReturnsNaN(_Cheat):
    def training_groups(self) -> TrainingGroups:
        groups = super().training_groups()
        return replace(groups, advantages_R=groups.advantages_R * np.nan)


class _WritesRewards(_Cheat):
    def observe(self, rollouts: Rollouts) -> None:
        rollouts.rewards_R[:] = 1


class _AsksForLess(_Cheat):
    """Hides rollouts: trains on groups larger than were generated."""

    def training_groups(self) -> TrainingGroups:
        groups = super().training_groups()
        return replace(groups, sizes_P=groups.sizes_P + 1)


class _NoSuchPrompt(_Cheat):
    def choose(self, rng: np.random.Generator) -> IntArray:
        return np.array([self.setting.prompts])


class _NegativeCounts(_Cheat):
    def propose(self, rng: np.random.Generator) -> Proposal | None:
        return np.array([0, 1]), np.array([3, -3])


@pytest.mark.parametrize(
    ("cheat", "words"),
    [
        (_InventsRollouts, "never generated"),
        (_RepeatsRollouts, "twice"),
        (_ImprovesRewards, "differ from those it received"),
        (_MovesRollouts, "another prompt"),
        (_ReturnsNaN, "not finite"),
        (_AsksForLess, "do not fit together"),
        (_NoSuchPrompt, "outside 0..9"),
        (_NegativeCounts, "-3 rollouts"),
    ],
)
def test_a_strategy_that_cheats_is_caught(cheat: type[Strategy], words: str) -> None:
    with pytest.raises(ContractError, match=words):
        SelectionDriver(cheat(SETTING)).collect(World())


class _CutsOff(_Cheat):
    def propose(self, rng: np.random.Generator) -> Proposal | None:
        return np.array([0.9, 1.2]), np.array([4, 4])  # type: ignore[return-value]


class _AsksForAFlag(_Cheat):
    def choose(self, rng: np.random.Generator) -> IntArray:
        return np.array([True, False])  # type: ignore[return-value]


class _ReturnsNothing(_Cheat):
    def training_groups(self) -> TrainingGroups:
        super().training_groups()
        return None  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("cheat", "words"),
    [
        (_CutsOff, "prompts of a proposal of _CutsOff must be integers"),
        (_AsksForAFlag, "prompts of a proposal of _AsksForAFlag must be integers"),
        (_ReturnsNothing, "of the groups of _ReturnsNothing must have one axis"),
    ],
)
def test_what_numpy_would_bend_into_shape_is_refused(cheat: type[Strategy], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        SelectionDriver(cheat(SETTING)).collect(World())


@pytest.mark.parametrize(
    "changed",
    [{"rewards_R": 1.0}, {"rewards_R": np.ones(1)}, {"lengths_R": np.ones(1)}, {"diversity_P": np.ones(99)}],
    ids=str,
)
def test_rollouts_of_another_number_are_refused(changed: dict[str, Any]) -> None:
    world = World()

    def generate(prompts: IntArray, counts: IntArray, first: int) -> Generated:
        return replace(world(prompts, counts, first), **changed)

    driver = SelectionDriver(_Cheat(SETTING))
    with pytest.raises(ArgumentError, match=f"{next(iter(changed))} of what was generated must have shape"):
        driver.collect(generate)
    assert driver.generated == 0


def test_received_arrays_are_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        SelectionDriver(_WritesRewards(SETTING)).collect(World())


def test_a_strategy_cannot_write_the_books_through_what_it_received() -> None:
    class Forces(_Cheat):
        def observe(self, rollouts: Rollouts) -> None:
            base = rollouts.rewards_R.base
            assert base is not None
            base[:] = 1

    driver, world = SelectionDriver(Forces(SETTING)), World()
    with pytest.raises(ContractError, match="differ"):
        driver.collect(world)


def test_visit_limits_are_enforced_and_shown() -> None:
    driver = SelectionDriver(_Cheat(replace(SETTING, max_visits=2)))
    world = World()
    driver.collect(world)
    driver.collect(world)
    assert driver.strategy.available is not None
    assert driver.strategy.available.tolist() == [False] * 4 + [True] * 6
    with pytest.raises(ContractError, match="in 2 steps already"):
        driver.collect(world)


def test_uniform_visits_differ_by_at_most_one_and_wrap() -> None:
    driver, world = SelectionDriver(make_strategy("uniform", SETTING)), World()
    counts: Counter[int] = Counter()
    while (groups := driver.collect(world)) is not None:
        counts.update(groups.prompts_P.tolist())
        seen = [counts[prompt] for prompt in range(10)]
        assert max(seen) - min(seen) <= 1
    assert sum(counts.values()) == 40
    assert driver.ledger.rollouts == 120
    first, second = world.calls[0][0], world.calls[5][0]
    assert first != second  # another order in the next epoch


def test_uniform_stops_when_no_prompt_may_be_rolled_again() -> None:
    driver, world = SelectionDriver(make_strategy("uniform", replace(SETTING, max_visits=1))), World()
    sizes = []
    while (groups := driver.collect(world)) is not None:
        sizes.append(len(groups.prompts_P))
    assert sizes == [4, 4, 2]
    assert driver.visits_P.tolist() == [1] * 10


def test_a_resumed_run_draws_what_the_uninterrupted_one_draws() -> None:
    whole, world = SelectionDriver(make_strategy("uniform", SETTING)), World()
    for _ in range(7):
        whole.collect(world)
    first, part = SelectionDriver(make_strategy("uniform", SETTING)), World()
    for _ in range(3):
        first.collect(part)
    second = SelectionDriver(make_strategy("uniform", SETTING))
    second.load_state_dict(first.state_dict())
    for _ in range(4):
        second.collect(part)
    assert part.calls == world.calls
    assert second.ledger.as_dict() == whole.ledger.as_dict()


@pytest.mark.parametrize("changed", [{"prompts": 11}, {"seed": 12}, {"budget": 11}])
def test_a_state_of_another_run_is_refused(changed: dict[str, int]) -> None:
    driver = SelectionDriver(make_strategy("uniform", SETTING))
    driver.collect(World())
    with pytest.raises(StateMismatchError, match=next(iter(changed))):
        SelectionDriver(make_strategy("uniform", replace(SETTING, **changed))).load_state_dict(driver.state_dict())


@given(data=st.data())
def test_ragged_advantages_by_hand(data: st.DataObject) -> None:
    sizes = data.draw(st.lists(st.integers(1, 6), min_size=1, max_size=6))
    reward = st.one_of(st.sampled_from([0.0, 1.0, 0.1]), st.floats(0, 1))
    groups = [data.draw(st.lists(reward, min_size=size, max_size=size)) for size in sizes]
    kind: Any = data.draw(st.sampled_from(["grpo", "dr_grpo", "rloo"]))
    rewards = np.array([r for group in groups for r in group])
    found = np.split(ragged_advantages(rewards, np.array(sizes), kind=kind, ddof=1, eps=0.5), np.cumsum(sizes)[:-1])
    for group, advantages in zip(groups, found, strict=True):
        for index, reward_value in enumerate(group):
            others = group[:index] + group[index + 1 :]
            if len(set(group)) == 1:
                expected = 0.0
            elif kind == "rloo":
                expected = reward_value - sum(others) / len(others)
            else:
                expected = reward_value - sum(group) / len(group)
                if kind == "grpo":
                    expected /= float(np.std(group, ddof=1)) + 0.5
            assert advantages[index] == pytest.approx(expected, abs=1e-12)


def test_whitening_adds_a_millionth_to_the_deviation_unless_told_otherwise() -> None:
    """Of released codes; in a group whose rewards hardly differ it is what counts."""
    assert SelectionSetting(prompts=4, batch_size=2, group_size=2, budget=8).eps == 1e-6


def test_pass_rates_leave_out_ungraded_rollouts() -> None:
    rewards = np.array([1.0, np.nan, 0.0, np.nan, np.nan, 1.0])
    rollouts = Rollouts(np.array([4, 2, 4]), np.array([3, 2, 1]), np.arange(6), rewards, np.ones(6))
    assert rollouts.successes_P.tolist() == [1, 0, 1]
    assert rollouts.graded_P.tolist() == [2, 0, 1]
    np.testing.assert_array_equal(rollouts.pass_rates_P, [0.5, np.nan, 1.0])


def test_registry_names_files_and_refuses_unknown_options() -> None:
    assert "uniform" in strategy_names()
    assert all(strategy_class(name).__doc__ for name in strategy_names())
    with pytest.raises(UnknownNameError, match="did you mean uniform"):
        make_strategy("unifrom", SETTING)
    with pytest.raises(UnknownNameError, match="option of uniform"):
        make_strategy("uniform", SETTING, speed=3)


@pytest.mark.parametrize(
    "values",
    [
        {"group_size": 1},
        {"prompts": 0},
        {"budget": 0},
        {"max_visits": 0},
        {"prompts": 2.5},
        {"budget": float("nan")},
        {"batch_size": True},
        {"features_P": np.ones(10)},
        {"features_P": np.ones((9, 2))},
    ],
    ids=str,
)
def test_settings_are_checked(values: dict[str, int]) -> None:
    with pytest.raises(ArgumentError, match=next(iter(values))):
        replace(SETTING, **values)
