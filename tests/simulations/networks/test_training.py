"""Runs of the network laboratory: every arm trains within its budget, repeats, and is paired with the others."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

pytest.importorskip("torch")

from simulations.networks.model.start_files import is_whole, prepare_start
from simulations.networks.model.starts import load_start, named_start, start_path, train_start
from simulations.networks.model.transformer import Networks
from simulations.networks.runs.training import Plan, Run, train_together
from simulations.networks.tournament.roster import ARMS, get_arm
from simulations.networks.world import ModelShape, RunShape, Start, World
from simulations.networks.worlds.chains import Chains
from vas_theory.foundation.errors import ArgumentError, UnknownNameError
from vas_theory.selection.contract.strategy import SelectionSetting

SHAPE = RunShape(pool=60, held_out=40, batch_size=6, group_size=8, budget=960)
WORLD: World = Chains(
    "chains", "", "", model=ModelShape(width=16, layers=1, heads=2, expansion=2), run=SHAPE, start=Start(60, 64),
    other_starts={"reseeded": Start(20, 32, seed=1), "flatter": Start(20, 32, seed=3, variant="flatter")}, longest=2,
)  # fmt: skip


@pytest.fixture(scope="module")
def start() -> Networks:
    torch.set_num_threads(1)  # its bits depend on it
    return train_start(WORLD, WORLD.start)


def curves(start: Networks, arms: list[str], seeds: list[int], **shape: float) -> list[pd.DataFrame]:
    plans = [Plan(get_arm(arm), seed, 1e-3, 2) for arm in arms for seed in seeds]
    return train_together(WORLD, start, plans, replace(SHAPE, **shape))


@pytest.mark.parametrize("arm", ARMS)
def test_every_arm_trains_within_its_budget(
    arm: str, start: Networks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # where starts of other models are kept
    (curve,) = curves(start, [arm], [3])
    end = curve.iloc[-1]
    assert 0 < end["rollouts"] <= SHAPE.budget
    charged = sum(end[f"{purpose}_rollouts"] for purpose in ("training", "scoring", "screening", "rejected"))
    assert charged == end["rollouts"]
    assert end["tokens"] == charged * WORLD.response_length
    assert (curve["rollouts"].diff().dropna() >= 0).all()
    assert 0 < end["held_out_pass_rate"] < 1
    assert end["pass_at_32"] >= end["pass_at_8"] >= end["held_out_pass_rate"]
    assert curve["gradient_norm"].iloc[1:].max() > 0


def test_equal_calls_give_equal_bits_and_seeds_differ(start: Networks) -> None:
    one, other = (curves(start, ["uniform", "predictor", "dapo"], [3, 4]) for _ in range(2))
    for first, second in zip(one, other, strict=True):
        pd.testing.assert_frame_equal(first, second, check_exact=True)
    assert not one[0].equals(one[1])


def test_runs_of_one_seed_share_prompts_and_start(start: Networks) -> None:
    uniform, oracle = curves(start, ["uniform", "oracle"], [3])
    columns = ["held_out_pass_rate", "held_out_greedy", "pass_at_32"]
    assert uniform.iloc[0][columns].equals(oracle.iloc[0][columns])
    assert uniform.iloc[-1]["held_out_pass_rate"] != oracle.iloc[-1]["held_out_pass_rate"]


def test_a_cap_limits_visits(start: Networks) -> None:
    free, capped = curves(start, ["index", "index@3"], [3])
    assert free["most_visits"].max() > 3
    assert capped["most_visits"].max() == 3
    with pytest.raises(UnknownNameError):
        get_arm("index@none")


def test_group_size_changes_and_the_rollouts_of_a_step_do_not(start: Networks) -> None:
    small, large = curves(start, ["uniform-g4", "uniform-g16"], [3])
    assert small["updates"].max() == large["updates"].max() == SHAPE.budget // 48


def test_a_noisy_verifier_flips_rewards_in_training_alone(start: Networks) -> None:
    exact, noisy = curves(start, ["uniform"], [3])[0], curves(start, ["uniform"], [3], false_positive=0.9)[0]
    assert noisy["training_reward"].iloc[-1] > 0.8 > exact["training_reward"].iloc[-1]
    assert noisy["held_out_pass_rate"].iloc[0] == exact["held_out_pass_rate"].iloc[0]


def test_a_batch_weighs_groups_equally_and_leaves_silent_ones_out_of_the_sums_alone(start: Networks) -> None:
    from vas_theory.selection.contract.strategy import TrainingGroups

    run = Run(WORLD, SHAPE, Plan(get_arm("uniform"), 3, 1e-3), lambda kind, request: None)
    run.tokens_RT[:8] = np.arange(8)[:, None]
    rewards_R = np.array([1.0, 0, 0, 0, 1, 1, 1, 1])
    advantages_R = np.array([1.5, -0.5, -0.5, -0.5, 0, 0, 0, 0])
    groups = TrainingGroups(np.array([5, 9]), np.array([4, 4]), np.arange(8), rewards_R, advantages_R)
    batch = run.batch(groups)
    assert batch is not None
    np.testing.assert_array_equal(batch.prompts_PL, run.pool.tokens_PL[[5]])
    np.testing.assert_array_equal(batch.responses_RT, np.repeat(np.arange(4)[:, None], 4, axis=1))
    # over two groups, four rollouts of the group and four tokens of a response
    np.testing.assert_allclose(batch.weights_R, advantages_R[:4] / 32)
    silent = TrainingGroups(np.array([9]), np.array([4]), np.arange(4, 8), rewards_R[4:], advantages_R[4:])
    assert run.batch(silent) is None


def test_a_start_is_kept_under_a_hash_of_what_it_depends_on(tmp_path: Path, start: Networks) -> None:
    folder = tmp_path
    said: list[str] = []
    kept = load_start(WORLD, folder=folder, report=said.append)
    assert len(said) == 1
    again = load_start(WORLD, folder=folder, report=said.append)
    assert len(said) == 1
    np.testing.assert_array_equal(kept.flat_SN.numpy(), start.flat_SN.numpy())
    np.testing.assert_array_equal(kept.flat_SN.numpy(), again.flat_SN.numpy())
    for changed in (replace(WORLD, start=Start(61, 64)), replace(WORLD, model=ModelShape(width=32))):
        assert start_path(changed, folder=folder) != start_path(WORLD, folder=folder)
    WORLD.prompts(np.random.default_rng(0), 5)
    WORLD.demonstrations(np.random.default_rng(0), 5)  # fills cached tables, which change no name
    assert start_path(replace(WORLD, run=RunShape()), folder=folder) == start_path(WORLD, folder=folder)
    with pytest.raises(UnknownNameError):
        load_start(WORLD, "no-such-start", folder)


def test_the_bits_of_a_start_do_not_depend_on_the_threads_of_the_caller(tmp_path: Path) -> None:
    found = []
    before = torch.get_num_threads()
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            prepare_start(WORLD, "own", tmp_path / str(threads))
            assert torch.get_num_threads() == threads
            found.append(start_path(WORLD, folder=tmp_path / str(threads)).read_bytes())
    finally:
        torch.set_num_threads(before)
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("damage", ["cut", "empty", "other", "flipped", "no checksum"])
def test_a_start_whose_file_is_damaged_is_trained_anew_aloud(
    damage: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    said: list[str] = []
    prepare_start(WORLD, "own", tmp_path, said.append)
    prepare_start(WORLD, "own", tmp_path, said.append)
    assert (len(said), caplog.records) == (1, [])
    path = start_path(WORLD, folder=tmp_path)
    whole = path.read_bytes()
    damaged = {"cut": whole[:1000], "empty": b"", "other": b"weights", "flipped": whole[:-1] + bytes([whole[-1] ^ 64])}
    path.write_bytes(damaged.get(damage, whole))
    if damage == "no checksum":
        path.with_name(path.name + ".sha256").unlink()
    assert not is_whole(path)
    prepare_start(WORLD, "own", tmp_path, said.append)
    assert len(said) == 2
    assert "trained anew" in caplog.text
    assert path.read_bytes() == whole
    assert is_whole(path)


def test_the_way_of_other_devices_gives_the_same_curves(start: Networks, monkeypatch: pytest.MonkeyPatch) -> None:
    from simulations.networks.model import transformer
    from simulations.networks.model.attention import path_attention_gathered

    (compiled,) = curves(start, ["predictor"], [3])
    monkeypatch.setattr(transformer, "path_attention", path_attention_gathered)
    (gathered,) = curves(start, ["predictor"], [3])
    assert abs(compiled["held_out_pass_rate"] - gathered["held_out_pass_rate"]).max() < 0.03
    assert (compiled["rollouts"] == gathered["rollouts"]).all()


@pytest.mark.gpu
def test_the_chain_network_trains_on_a_gpu(start: Networks) -> None:
    plans = [Plan(get_arm(arm), 3, 1e-3, 2) for arm in ("uniform", "predictor")]
    device = os.environ.get("GPU_TEST_DEVICE", "cuda")  # the check for GPUs tries itself on a CPU
    for curve in train_together(WORLD, start, plans, SHAPE, device=device):
        assert curve["rollouts"].iloc[-1] == SHAPE.budget
        assert curve["gradient_norm"].iloc[1:].max() > 0


def test_halves_are_measured_at_the_weights_that_sampled(start: Networks, monkeypatch: pytest.MonkeyPatch) -> None:
    from vas_theory.selection.contract.strategy import TrainingGroups

    asked: list[str] = []

    class Watched:
        def __init__(self, run: Run) -> None:
            asked.clear()  # what a measurement asks for

        def due(self) -> bool:
            return True

        def updated(self, *values: object) -> None:
            asked.append("updated")

        def after_step(self, mixed_groups: int) -> None:
            asked.append(f"{mixed_groups} groups")

        def finish(self) -> pd.DataFrame:
            return pd.DataFrame()

    run = Run(WORLD, SHAPE, Plan(get_arm("uniform"), 3, 1e-3, 2), lambda kind, request: asked.append(kind))
    advantages_R = np.tile([1.5, -0.5, -0.5, -0.5], 2)
    groups = TrainingGroups(np.arange(2), np.full(2, 4), np.arange(8), (advantages_R > 0).astype(float), advantages_R)
    collected = iter([groups, None])
    monkeypatch.setattr(run.driver, "collect", lambda generate: next(collected))
    monkeypatch.setattr("simulations.networks.runs.training.Measures", Watched)
    run.program()
    assert asked == ["halves", "train", "updated", "2 groups"]


def test_columns_are_what_they_are_called() -> None:
    from simulations.networks.strategies.vas_informed import VasInformed

    class Known:
        def column(self, name: str, trials: int) -> np.ndarray:
            assert trials == 8
            return np.linspace(0, 1, 60) if name == "own" else np.full(60, 0.5)

    def column(name: str) -> np.ndarray:
        setting = SelectionSetting(60, 6, 8, 960)
        strategy = VasInformed(setting, states=False, column=name)
        strategy.truth = Known()
        return strategy._column()

    own = column("own")
    np.testing.assert_array_equal(column("reversed"), 1 - own)
    assert sorted(column("shuffled")) == sorted(own)
    assert (column("shuffled") != own).any()
    assert (column("otherwise") == 0.5).all()
    for wrong in ({"column": "no-such"}, {"states": False}):
        with pytest.raises(ArgumentError):
            VasInformed(SelectionSetting(60, 6, 8, 960), **wrong)
    assert named_start(WORLD, "otherwise") == "flatter"
