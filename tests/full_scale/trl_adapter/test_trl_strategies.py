"""Other strategies behind the trainer: the same draws as the laboratory's driver, whole states, clear refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from full_scale.trl_adapter.config import VASConfig
from full_scale.trl_adapter.strategies import StrategySelector
from vas_theory.foundation.errors import ArgumentError, IntegrityError, StateMismatchError, UnknownNameError, VASError
from vas_theory.provenance.state import read_state, seal, write_state
from vas_theory.selection.contract.driver import Generated, SelectionDriver
from vas_theory.selection.contract.strategy import SelectionSetting
from vas_theory.selection.strategies import make_strategy, one_round_strategies

PROMPTS, BATCH, GROUP = 40, 6, 4
NAMES = [name for name in one_round_strategies() if name != "vas"]
KEYS = [f"prompt {index}" for index in range(PROMPTS)]


def reward_of(prompts_P: np.ndarray, step: int) -> np.ndarray:
    """Rewards that depend on the prompt and the step alone; a few could not be graded."""
    rng = np.random.default_rng(step)
    rewards = (rng.random((len(prompts_P), GROUP)) < prompts_P[:, None] / PROMPTS).astype(float)
    rewards[0, 0] = np.nan
    return rewards


def selector_of(name: str, seed: int = 3) -> StrategySelector:
    return StrategySelector(name, KEYS, batch_size=BATCH, group_size=GROUP, seed=seed, options={})


def advance(selector: StrategySelector, steps: int) -> list[list[int]]:
    drawn = []
    for _ in range(steps):
        keys = selector.select(BATCH)
        positions = selector.positions_of(keys)
        rewards = reward_of(positions, selector.step)
        selector.observe(keys, rewards, successes=rewards > 0.5, lengths=np.full(rewards.size, 5))
        drawn.append(positions.tolist())
    return drawn


@pytest.mark.parametrize("name", NAMES)
def test_draws_are_those_of_the_driver(name: str) -> None:
    setting = SelectionSetting(prompts=PROMPTS, batch_size=BATCH, group_size=GROUP, budget=2**20, seed=3)
    driver, drawn = SelectionDriver(make_strategy(name, setting)), []

    def generate(prompts_P: np.ndarray, counts_P: np.ndarray, first: int) -> Generated:
        drawn.append(prompts_P.tolist())
        rewards = reward_of(prompts_P, driver.step).reshape(-1)
        return Generated(rewards, np.full(rewards.size, 5.0))

    for _ in range(6):
        driver.collect(generate)
    assert advance(selector_of(name), 6) == drawn


@pytest.mark.parametrize("name", NAMES)
def test_a_saved_state_goes_on_as_if_uninterrupted(name: str, tmp_path: Path) -> None:
    whole = selector_of(name)
    advance(whole, 3)
    write_state(tmp_path / "state.npz", whole.state_dict())
    expected = advance(whole, 3)
    other = selector_of(name)
    other.load_state_dict(read_state(tmp_path / "state.npz"))
    assert advance(other, 3) == expected
    assert other.metrics() == whole.metrics()
    assert other.metrics()["training_rollouts"] == 6 * BATCH * GROUP
    assert other.metrics()["excluded_rewards"] == 6


def test_a_group_with_right_and_wrong_answers_is_mixed() -> None:
    chosen = selector_of("uniform")
    rewards = np.zeros((BATCH, GROUP))
    rewards[0], rewards[1, 0], rewards[2, 1:] = 1.0, 1.0, 1.0
    rewards[3, 0], rewards[3, 1:] = np.nan, 1.0  # all that can be graded are right
    chosen.observe(chosen.select(BATCH), rewards, successes=rewards > 0.5, lengths=np.full(rewards.size, 5))
    assert chosen.metrics()["realised_mixed_share"] == 2 / BATCH


def test_foreign_and_altered_states_are_refused() -> None:
    state = selector_of("mopps").state_dict()
    with pytest.raises(StateMismatchError, match="name: expected 'uniform', found 'mopps'"):
        selector_of("uniform").load_state_dict(state)
    with pytest.raises(StateMismatchError, match="seed"):
        selector_of("mopps", seed=4).load_state_dict(state)
    with pytest.raises(IntegrityError):
        selector_of("mopps").load_state_dict({**state, "step": 7})


@pytest.mark.parametrize("change", ["order", "prompts", "options"])
def test_a_state_by_position_is_refused_for_other_prompts_and_options(change: str) -> None:
    """What a strategy learnt of one prompt went to another one."""
    keys = {"order": KEYS[::-1], "prompts": [f"other {key}" for key in KEYS]}.get(change, KEYS)
    options = {"target": 0.9} if change == "options" else {}
    shape = {"batch_size": BATCH, "group_size": GROUP, "seed": 3}
    state = StrategySelector("mopps", KEYS, options={}, **shape).state_dict()
    other = StrategySelector("mopps", keys, options=options, **shape)
    with pytest.raises(StateMismatchError, match="options: expected" if options else "keys: expected"):
        other.load_state_dict(state)
    old = {name: value for name, value in state.items() if name not in ("keys", "options", "checksum")}
    other.load_state_dict(seal(old))  # of a version that did not say it


@pytest.mark.parametrize("name", ["dapo", "vas-paper", "speed", "index-ada", "tree-opo", "oracle"])
def test_strategies_of_several_rounds_are_refused(name: str) -> None:
    with pytest.raises(ArgumentError, match=r"roll one batch of whole groups a step .*mopps.*compact engine"):
        VASConfig(strategy=name)


def test_settings_that_do_not_belong_together() -> None:
    with pytest.raises(UnknownNameError, match="mopps"):
        VASConfig(strategy="mops")
    with pytest.raises(ArgumentError, match="options must be empty"):
        VASConfig(options={"target": 0.5})
    with pytest.raises(ArgumentError, match="be left out for strategy mopps"):
        VASConfig(strategy="mopps", sampler={"floor": 0.0})
    with pytest.raises(VASError, match=r"asks for 3 prompts .* but TRL makes 6 groups of 4"):
        StrategySelector("mopps", KEYS[:3], batch_size=BATCH, group_size=GROUP, seed=0, options={}).select(BATCH)
