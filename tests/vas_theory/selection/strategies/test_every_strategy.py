"""What holds for every strategy: it resumes, pays, keeps to limits, repeats from its seed and says what it is."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from vas_theory.foundation.errors import ArgumentError, StateMismatchError, UnknownNameError
from vas_theory.selection.contract.driver import ContractError, Generated, SelectionDriver
from vas_theory.selection.contract.strategy import IntArray, SelectionSetting, Strategy, TrainingGroups
from vas_theory.selection.strategies import make_strategy, strategy_class, strategy_names

# small enough that the epoch wraps, every prompt comes back, and the periodic scoring comes more than once
SETTING = SelectionSetting(prompts=40, batch_size=6, group_size=8, budget=4000, seed=5)
OPTIONS: dict[str, dict[str, Any]] = {
    "vas-paper": {"update_interval": 3, "scoring_rollouts": 4},
    "vas-released": {"update_interval": 3, "scoring_rollouts": 4},
}
STEPS = 10


class Truth:
    """What the oracle is shown: the prompts as Bernoulli logits that do not move."""

    class Config:
        learning_rate = 0.3

    class Pool:
        features_PF = np.zeros((40, 0))
        rewards_PA = np.tile([1.0, 0.0], (40, 1))
        binary, one_logit, false_positive, false_negative = True, True, 0.0, 0.0

    pool, config = Pool(), Config()

    def __init__(self, rates_P: np.ndarray) -> None:
        self._logits_PA = np.stack([np.log(rates_P / (1 - rates_P)), np.zeros(len(rates_P))], axis=1)

    def logits(self, prompts_P: Any = slice(None)) -> np.ndarray:
        return self._logits_PA[prompts_P]


class World:
    """Bernoulli prompts whose rollouts are functions of their running number, with steps that look like a tree."""

    rates_P = np.clip(np.random.default_rng(3).beta(0.6, 0.6, 40), 0.01, 0.99)

    def __init__(self, generated: int = 0) -> None:
        self.generated = generated
        self.proposals: list[tuple[list[int], list[int]]] = []

    def __call__(self, prompts_P: IntArray, counts_P: IntArray, first: int) -> Generated:
        assert first == self.generated
        count = int(counts_P.sum())
        self.generated += count
        self.proposals.append((prompts_P.tolist(), counts_P.tolist()))
        rng = np.random.default_rng([7, first])
        right = rng.random(count) < np.repeat(self.rates_P[prompts_P], counts_P)
        lengths = np.round(rng.uniform(5, 50, count))
        return Generated(right.astype(float), lengths, rng.random(len(prompts_P)), rng.integers(0, 3, (count, 3)))


def build(name: str, setting: SelectionSetting = SETTING) -> SelectionDriver:
    strategy = make_strategy(name, setting, **OPTIONS.get(name, {}))
    if strategy.needs_truth:
        strategy.truth = Truth(World.rates_P)
    return SelectionDriver(strategy)


def assert_same_groups(one: TrainingGroups | None, other: TrainingGroups | None) -> None:
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        for name in ("prompts_P", "sizes_P", "ids_R", "rewards_R", "advantages_R"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


every_strategy = pytest.mark.parametrize("name", strategy_names())


@every_strategy
def test_a_run_resumes_exactly_from_every_step(name: str) -> None:
    whole, world = build(name), World()
    states, groups = [copy.deepcopy(whole.state_dict())], []
    for _ in range(STEPS):
        groups.append(whole.collect(world))
        if groups[-1] is None:
            break
        states.append(copy.deepcopy(whole.state_dict()))
    for step, state in enumerate(states[: len(groups)]):
        resumed = build(name)
        resumed.load_state_dict(copy.deepcopy(state))
        assert_same_groups(resumed.collect(World(resumed.generated)), groups[step])


@every_strategy
def test_a_saved_state_is_not_changed_by_going_on(name: str) -> None:
    driver, world = build(name), World()
    driver.collect(world)
    state = driver.state_dict()
    before = copy.deepcopy(state)
    driver.collect(world)
    np.testing.assert_equal(state, before)


@every_strategy
def test_equal_seeds_repeat_and_others_differ(name: str) -> None:
    worlds = [World(), World(), World()]
    for world, seed in zip(worlds, (5, 5, 6), strict=True):
        driver = build(name, replace(SETTING, seed=seed))
        for _ in range(4):
            driver.collect(world)
    assert worlds[0].proposals == worlds[1].proposals
    if not driver.strategy.needs_truth:  # the truth of this world does not move, and leaves nothing to chance
        assert worlds[0].proposals != worlds[2].proposals


@every_strategy
def test_every_rollout_is_charged_and_the_budget_holds(name: str) -> None:
    driver, world = build(name, replace(SETTING, budget=1500)), World()
    trained = 0
    while (groups := driver.collect(world)) is not None:
        trained += len(groups.ids_R)
        assert driver.generated == world.generated == driver.ledger.rollouts <= 1500
    assert driver.generated == world.generated == driver.ledger.rollouts <= 1500
    assert 0 < trained <= driver.generated


@every_strategy
@pytest.mark.parametrize("limit", [1, 2])
def test_a_limit_of_visits_holds_and_ends_the_run(name: str, limit: int) -> None:
    # the budget outlasts the pool several times over for every kind of proposal
    driver, world = build(name, replace(SETTING, max_visits=limit, budget=20_000)), World()
    steps = 0
    while driver.collect(world) is not None:
        steps += 1
        assert steps < 500, "the run does not end"
    assert driver.visits_P.max() <= limit  # the driver itself raises on a breach
    assert world.generated > 0


@every_strategy
def test_zero_advantages_come_only_from_equal_rewards(name: str) -> None:
    """No arm drops a gradient that it has paid for and trains on, and none invents one; two arms reshape on purpose."""
    if strategy_class(name).sampling == "tree" or name == "diver":
        pytest.skip("its credit is not a function of the group's rewards alone")
    driver, world = build(name), World()
    for _ in range(4):
        groups = driver.collect(world)
        if groups is None:
            break
        start = 0
        for size in groups.sizes_P:
            rewards, advantages = (values[start : start + size] for values in (groups.rewards_R, groups.advantages_R))
            start += size
            if np.ptp(rewards) > 0:
                assert np.corrcoef(rewards, advantages)[0, 1] == pytest.approx(1)


@every_strategy
def test_docstrings_say_where_from_at_what_cost_and_what_differs(name: str) -> None:
    text = strategy_class(name).__doc__
    assert text is not None
    for word in ("Source:", "Costs:", "Deviations:"):
        assert word in text


@every_strategy
def test_states_of_others_are_refused(name: str) -> None:
    state = build(name).state_dict()
    if not state["strategy"] or name == "vas":
        pytest.skip("its state has its own tests, or is empty")
    other = build("uniform" if name not in ("uniform", "diver", "props", "dapo", "lspo") else "mopps")
    if set(other.state_dict()["strategy"]) == set(state["strategy"]):
        pytest.skip("the fields are the same")
    with pytest.raises(StateMismatchError):
        other.load_state_dict(state)


@every_strategy
def test_a_strategy_made_to_cheat_is_refused(name: str) -> None:
    driver = build(name)
    strategy = driver.strategy
    honest = strategy.training_groups

    def better_rewards() -> TrainingGroups:
        groups = honest()
        return replace(groups, rewards_R=1 - groups.rewards_R)

    strategy.training_groups = better_rewards  # type: ignore[method-assign]
    world = World()

    def run() -> None:
        for _ in range(STEPS):  # a screening arm may have a step without groups
            driver.collect(world)

    with pytest.raises(ContractError, match="differ from those it received"):
        run()


def test_names_and_options_are_checked() -> None:
    with pytest.raises(UnknownNameError, match="greso"):
        make_strategy("gresso", SETTING)
    with pytest.raises(UnknownNameError, match="oversampling"):
        make_strategy("dapo", SETTING, oversample=2)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("mopps", {"retention": 0.0}),
        ("insight", {"candidate_batches": 0}),
        ("vas-paper", {"mixture_ratio": 1.5}),
        ("vas-paper", {"update_interval": 0}),
        ("dps", {"retention": 1.5}),
        ("dps", {"prior": 0.0}),
        ("arcus", {"temperature": 0.0}),
        ("arcus", {"surplus": -1.0}),
        ("knapsack", {"least": 9}),
        ("speed", {"screening_rollouts": 8}),
        ("speed", {"screening_rollouts": 1}),
        ("pilot-commit", {"screening_rollouts": 8}),
        ("reinforce-ada", {"kept": 1}),
        ("lspo", {"short": 0.9}),
        ("diver", {"weight": -0.1}),
        ("treerpo", {"branching": 1}),
        ("tree-opo", {"depth": 0}),
        ("asr", {"bins": 0}),
        ("oracle", {"horizon": 0}),
    ],
)
def test_options_out_of_range_are_refused(name: str, options: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError):
        make_strategy(name, SETTING, **options)


def test_no_strategy_shares_memory_between_instances() -> None:
    for name in strategy_names():
        one, other = build(name).strategy, build(name).strategy
        arrays = [(key, value) for key, value in vars(one).items() if isinstance(value, np.ndarray)]
        for key, value in arrays:
            assert not np.shares_memory(value, getattr(other, key)) or key == "_before"


def test_the_contract_is_one_class() -> None:
    assert all(issubclass(strategy_class(name), Strategy) for name in strategy_names())
