"""Step-level credit against the choice of prompts: its worlds, budgets, pairing and controls, and its smallest size."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from simulations.analysis.ranking import rank_strategies
from simulations.experiments import step_credit
from simulations.experiments.step_credit import CONTROLS, EXPERIMENT, train, tree_arms
from simulations.running.bandit_worlds import run_seed
from simulations.running.equal_budget import run_equal_budget
from simulations.running.stored import run_experiment
from simulations.running.sweep import Cell
from simulations.running.tree_worlds import TREE_WORLDS, generated_share, tree_world
from simulations.world.learner import UpdateReport
from simulations.world.tree import TreeLearner, TreePoolConfig, build_tree_pool
from vas_theory.foundation.errors import ArgumentError, UnknownNameError
from vas_theory.provenance.tables import read_metadata, read_table
from vas_theory.selection.contract.strategy import TrainingGroups
from vas_theory.selection.strategies import strategy_names

_PURPOSES = ("training", "scoring", "screening", "rejected")
_TREES = ("tree-opo", "treerpo", "uniform-tree")


@pytest.mark.parametrize("name", TREE_WORLDS)
def test_a_world_is_what_its_name_says(name: str) -> None:
    place = tree_world(name, learning_rate=0.7)
    assert isinstance(place.pool, TreePoolConfig)
    assert place.learner.learning_rate == 0.7
    assert place.group_size == place.pool.branching**place.pool.depth == int(name.rsplit("-")[-1])
    assert place.budget == 6 * place.group_size * place.pool.prompts
    half = tree_world(name, learning_rate=0.7, scale=0.5)
    assert (2 * half.pool.prompts, 2 * half.budget) == (place.pool.prompts, place.budget)
    pool = build_tree_pool(place.pool, np.random.default_rng(0))
    assert len(pool.rewards_PL) == 104
    right = {"bimodal-27": 4, "hard-27": 4, "easy-27": 4, "one-right-27": 1, "bimodal-8": 1, "hard-8": 1}[name]
    assert (pool.rewards_PL.sum(1) == right).all()
    rate = TreeLearner(pool, place.learner, 0, 1).pass_rates().mean()
    low, high = {"bimodal": (0.3, 0.6), "one": (0.3, 0.6), "hard": (0.05, 0.25), "easy": (0.7, 0.95)}[
        name.split("-")[0]
    ]
    assert low < rate < high


def test_bad_worlds_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="did you mean bimodal-27"):
        tree_world("bimodal-72", learning_rate=1.0)
    with pytest.raises(ArgumentError, match="scale"):
        tree_world("bimodal-27", learning_rate=1.0, scale=0.0)
    for field, value in (("strategies", ["oracle"]), ("worlds", ["bimodal-alone"])):
        with pytest.raises(ArgumentError, match=field):
            EXPERIMENT.configure("smoke", {field: value})


def test_the_share_of_generated_steps_is_counted_node_by_node() -> None:
    assert generated_share("bimodal-27") == (3 + 9 + 27) / (27 * 3)
    assert generated_share("hard-8") == (2 + 4 + 8) / (8 * 3)


def test_who_cannot_play_is_left_out_for_the_reason_given() -> None:
    place = tree_world("bimodal-8", learning_rate=0.4, scale=0.25)
    left_out = set(strategy_names()) - set(tree_arms())
    assert left_out == {"lspo", "oracle", "props"}
    assert {name for name in tree_arms() if name not in CONTROLS} == set(strategy_names()) - left_out
    for name, reason in (("oracle", "truth"), ("props", "sampling")):
        with pytest.raises(ArgumentError, match=reason):
            run_equal_budget(place, name, 0)
    pd.testing.assert_frame_equal(train(place, "lspo", 0), train(place, "dapo", 0))


def test_a_step_may_find_nothing_to_train_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once all prompts are solved or out of reach, screening finds no mixed group; its rollouts are charged."""
    learned: list[int] = []
    update = TreeLearner.update

    def record(self: TreeLearner, groups: TrainingGroups, fresh_from: int) -> UpdateReport:
        learned.append(len(groups.ids_R))
        return update(self, groups, fresh_from)

    monkeypatch.setattr(TreeLearner, "update", record)
    place = tree_world("bimodal-27", learning_rate=102.4)
    last = train(place, "speed", run_seed("bimodal-27", 1)).iloc[-1]
    assert min(learned) == 0
    assert len(learned) == last["updates"]
    assert last["rollouts"] > 0.9 * place.budget


@pytest.mark.parametrize("world", ["bimodal-27", "hard-8"])
def test_every_arm_has_the_same_budget_and_its_books_add_up(world: str) -> None:
    """An arm stops when it cannot pay for its next proposal, of which none is larger than three batches here."""
    place = tree_world(world, learning_rate=0.4, scale=0.25)
    step = place.batch_size * place.group_size
    for arm in tree_arms():
        last = train(place, arm, 3).iloc[-1]
        assert last["rollouts"] == sum(last[f"{purpose}_rollouts"] for purpose in _PURPOSES), arm
        assert place.budget - 3 * step < last["rollouts"] <= place.budget, arm
        if arm in ("uniform", *_TREES):
            assert last["rollouts"] == place.budget == last["updates"] * step, arm


def test_small_groups_are_the_same_rollouts_in_more_groups() -> None:
    place = tree_world("bimodal-27", learning_rate=0.4)
    large, small = (train(place, arm, 1).iloc[-1] for arm in ("uniform", "uniform-8"))
    assert large["updates"] == 36
    assert small["updates"] == place.budget // (54 * 8) == 36
    narrow = tree_world("bimodal-8", learning_rate=0.4, scale=0.5)
    pd.testing.assert_frame_equal(train(narrow, "uniform", 1), train(narrow, "uniform-8", 1))


def _first_rollouts(arm: str, seed: int, monkeypatch: pytest.MonkeyPatch) -> dict[int, list[tuple[int, ...]]]:
    """Return every prompt's rollouts in order, by a learner that never learns, so that policies stay alike."""
    seen: dict[int, list[tuple[int, ...]]] = defaultdict(list)
    generate = TreeLearner.generate

    def record(self: TreeLearner, prompts: np.ndarray, counts: np.ndarray, first: int) -> Any:
        made = generate(self, prompts, counts, first)
        assert made.actions_R is not None
        for prompt, actions in zip(np.repeat(prompts, counts), made.actions_R, strict=True):
            seen[int(prompt)].append(tuple(actions))
        return made

    def stay(self: TreeLearner, groups: TrainingGroups, fresh_from: int) -> UpdateReport:
        return UpdateReport(0.0, 0.0, 0)

    with monkeypatch.context() as patch:
        patch.setattr(TreeLearner, "generate", record)
        patch.setattr(TreeLearner, "update", stay)
        train(tree_world("bimodal-27", learning_rate=0.4, scale=0.25), arm, seed)
    return seen


def _pairs(ours: dict[int, list[tuple[int, ...]]], theirs: dict[int, list[tuple[int, ...]]]) -> tuple[int, int]:
    """Return how many rollouts of the same prompt and number both have, and how many of them are equal."""
    both = [
        (mine, other)
        for prompt in set(ours) & set(theirs)
        for mine, other in zip(ours[prompt], theirs[prompt], strict=False)
    ]
    return len(both), sum(mine == other for mine, other in both)


def test_the_kth_rollout_of_a_prompt_is_the_same_for_all_arms_that_sample_alike(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rollouts = {arm: _first_rollouts(arm, 5, monkeypatch) for arm in tree_arms()}
    for arm in rollouts:
        base = "treerpo" if arm in _TREES else "uniform"
        compared, equal = _pairs(rollouts[arm], rollouts[base])
        assert compared == equal > 300, arm
    compared, equal = _pairs(rollouts["treerpo"], rollouts["uniform"])
    assert equal < 0.8 * compared
    compared, equal = _pairs(rollouts["uniform"], _first_rollouts("uniform", 6, monkeypatch))
    assert equal < 0.8 * compared


def test_the_control_with_trees_is_uniform_but_for_its_rollouts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Same prompts in the same steps as uniform and treerpo, treerpo's rollouts, uniform's advantages."""
    trained: dict[str, list[TrainingGroups]] = {}
    update = TreeLearner.update

    def record(self: TreeLearner, groups: TrainingGroups, fresh_from: int) -> UpdateReport:
        trained.setdefault(arm, []).append(groups)
        return update(self, groups, fresh_from)

    monkeypatch.setattr(TreeLearner, "update", record)
    place = tree_world("bimodal-27", learning_rate=0.4, scale=0.25)
    for arm in ("uniform", "uniform-tree", "treerpo"):
        train(place, arm, 2)
    for ours, theirs, credited in zip(*(trained[arm] for arm in ("uniform-tree", "uniform", "treerpo")), strict=True):
        np.testing.assert_array_equal(ours.prompts_P, theirs.prompts_P)
        np.testing.assert_array_equal(ours.prompts_P, credited.prompts_P)
        assert ours.advantages_R.shape == (len(ours.ids_R),)
        assert credited.advantages_R.shape == (len(ours.ids_R), 3)
    first, credited = trained["uniform-tree"][0], trained["treerpo"][0]
    np.testing.assert_array_equal(first.rewards_R, credited.rewards_R)
    rewards = first.rewards_R.reshape(-1, 27)
    expected = (rewards - rewards.mean(1, keepdims=True)) / (rewards.std(1, keepdims=True) + 1e-6)
    np.testing.assert_allclose(first.advantages_R.reshape(-1, 27), expected, atol=1e-9)


def test_the_smallest_size_tunes_on_other_seeds_and_can_be_ranked(tmp_path: Path) -> None:
    config = EXPERIMENT.presets["smoke"]
    path = tmp_path / "step_credit.parquet"
    assert run_experiment(EXPERIMENT, config, path) == "computed"
    assert run_experiment(EXPERIMENT, config, path) == "current"
    table = read_table(path)
    assert set(table["strategy"]) == {"uniform", "uniform-tree", "treerpo"}
    tuning, final = (table[table["phase"] == phase] for phase in ("tuning", "final"))
    assert set(tuning["seed"]) == {2}
    assert set(final["seed"]) == {0, 1}
    for _, part in table[table["regime"] == "tuned"].groupby(["world", "strategy"]):
        tried = part[part["phase"] == "tuning"].groupby("learning_rate")["pass_rate"].mean()
        assert set(part.loc[part["phase"] == "final", "learning_rate"]) == {tried.idxmax()}
    starts = final[final["rollouts"] == 0].groupby(["world", "seed"])["pass_rate"]
    assert (starts.nunique() == 1).all()
    fixed = table[table["regime"] == "fixed"]
    ranking = rank_strategies(fixed, resamples=20).set_index("strategy")
    assert (ranking["held_out"] == 0).all()  # nothing that is trained moves other prompts
    lost = next((tmp_path / "cells" / "step_credit").glob("*.treerpo.tuned.parquet"))
    arm = path.with_suffix("") / "treerpo.parquet"
    kept = arm.read_bytes()
    lost.unlink()
    arm.unlink()
    assert run_experiment(EXPERIMENT, config, path) == "computed"
    assert arm.read_bytes() == kept


def test_every_arm_and_world_is_a_cell_of_the_paper_size() -> None:
    assert EXPERIMENT.cells is not None
    cells: list[Cell] = list(EXPERIMENT.cells(EXPERIMENT.presets["paper"]))
    assert len(cells) == 2 * 6 * len(tree_arms())
    assert {cell.config["seeds"] for cell in cells} == {20}
    named = {cell.uses[0].removesuffix(":STRATEGY").rsplit(".")[-1].replace("_", "-") for cell in cells}
    assert named <= set(strategy_names())


@pytest.mark.parametrize(
    "name", ["bimodal-27.uniform-tree.fixed", "hard-8.treerpo.fixed", "easy-27.index.fixed", "hard-8.index-ada.fixed"]
)
def test_the_committed_table_is_whole_and_made_again_bit_for_bit(name: str) -> None:
    """Bits are promised for one model of processor."""
    path = Path(__file__).resolve().parents[3] / "simulations" / "results" / "paper" / "step_credit.parquet"
    config = EXPERIMENT.presets["paper"]
    table = read_table(path)
    wanted = config.model_dump(mode="json", exclude={"seed", "strategies"})
    again = "run: python -m simulations run step_credit --preset paper --output simulations/results/paper"
    assert read_metadata(path)["config"] == wanted, again
    assert set(table["strategy"]) == set(tree_arms()), (
        f"the committed table lacks an arm or holds one too many; {again}"
    )
    runs = table.groupby(["regime", "phase", "world", "strategy", "learning_rate", "seed"]).ngroups
    assert runs == 6 * len(tree_arms()) * (20 + 5 * 3 + 20)
    world, arm, regime = name.split(".")
    cell = Cell(name, {"world": world, "strategy": arm, "regime": regime, "scale": 1.0}, 0)
    rows = table[(table["world"] == world) & (table["strategy"] == arm) & (table["regime"] == regime)]
    made = step_credit.COMPARISON.run(cell, 0.4, 0, "final").reset_index(drop=True)
    pd.testing.assert_frame_equal(made, rows[rows["seed"] == 0].reset_index(drop=True), check_exact=True)
