"""A run is read from its folder whoever logged it, and the same rollouts come to the same summary."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from full_scale.logs import read_run, read_runs
from full_scale.logs.reading import form_groups, read_rollouts
from full_scale.logs.run import label_of
from tests.full_scale.logs import writers
from vas_theory.foundation.errors import DataError

ROLLOUTS = writers.some_rollouts()
OF_GROUPS = ["groups", "rollouts", "prompts", "mixed_share", "reward_variance"]


def by_hand() -> dict[str, float]:
    steps = writers.by_step(ROLLOUTS)
    rewards = [writers.mean_reward(groups) for groups in steps.values()]
    silent = [len(set(values)) == 1 for _, _, values in ROLLOUTS]
    return {
        "steps": 10,
        "first_step": 1,
        "last_step": 10,
        "reward": np.mean(rewards),
        "reward_first": np.mean(rewards[:2]),
        "reward_last": np.mean(rewards[-2:]),
        "silent_share": np.mean([writers.silent_share(groups) for groups in steps.values()]),
        "groups": 60,
        "rollouts": 240,
        "prompts": len({prompt for _, prompt, _ in ROLLOUTS}),
        "mixed_share": 1 - np.mean(silent),
        "reward_variance": np.mean([np.var(values) for _, _, values in ROLLOUTS]),
    }


@pytest.mark.parametrize("trainer", ["trl", "verl", "prime_rl", "slime"])
def test_the_same_rollouts_come_to_the_same_summary(trainer: str, tmp_path: Path) -> None:
    run = read_run(getattr(writers, trainer)(tmp_path / "run", ROLLOUTS))
    assert run.source == trainer.replace("_", "-")
    assert run.name == "run"
    assert run.summary().to_dict() == pytest.approx(by_hand(), rel=1e-12)


def test_a_log_without_rollouts_comes_to_the_same_in_what_it_tells(tmp_path: Path) -> None:
    run = read_run(writers.easyr1(tmp_path / "run", ROLLOUTS))
    known, missing = run.summary().drop([*OF_GROUPS, "silent_share"]), run.summary()[[*OF_GROUPS, "silent_share"]]
    assert run.source == "easyr1"
    assert known.to_dict() == pytest.approx({name: by_hand()[name] for name in known.index})
    assert missing.isna().all()


def test_tensorboard_scalars_are_read_as_the_file_log_is(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason="the extra tensorboard is not installed")
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(tmp_path / "run") as writer:
        for step, groups in writers.by_step(ROLLOUTS).items():
            writer.add_scalar("critic/score/mean", writers.mean_reward(groups), step)
            writer.add_scalar("timing_s/step", 2.0, step)
    run = read_run(tmp_path / "run")
    assert run.source == "verl"
    assert run.steps["reward"].tolist() == pytest.approx(
        [writers.mean_reward(g) for g in writers.by_step(ROLLOUTS).values()]
    )
    assert run.steps["seconds"].tolist() == [2.0] * 10


def test_seconds_left_follow_from_the_length_that_the_trainer_was_given(tmp_path: Path) -> None:
    run = read_run(writers.trl(tmp_path / "run", ROLLOUTS))
    assert run.done == 0.25
    assert run.seconds_left == pytest.approx(60.0)  # 30 steps of 2 s
    assert math.isnan(read_run(writers.verl(tmp_path / "other", ROLLOUTS)).seconds_left)


def test_keys_of_single_rollouts_are_no_groups_of_their_own(tmp_path: Path) -> None:
    """verl 0.9 dumps ``<uid>_<rollout>_<output>`` where earlier versions dumped the uid of the group."""
    run = read_run(writers.verl(tmp_path / "run", ROLLOUTS))
    assert run.groups is not None
    assert set(run.groups["rollouts"]) == {writers.GROUP_SIZE}
    old = tmp_path / "old"
    rows = [{"input": "a", "score": 1.0, "step": 1, "uid": uid} for uid in ("x_1_2", "x_1_2", "y_1_2", "y_1_2")]
    writers.lines(old / "1.jsonl", rows)
    assert form_groups(read_rollouts(old))["rollouts"].tolist() == [2, 2]


def test_erroneous_and_untrained_traces_are_no_rollouts(tmp_path: Path) -> None:
    folder = writers.prime_rl(tmp_path / "run", [(1, "a", [1.0, 0.0, 1.0, 1.0])])
    path = folder / "rollouts" / "step_1" / "train" / "all" / "traces.jsonl"
    episodes = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    episodes[1]["traces"][0]["ok"] = False
    writers.lines(path, episodes)
    run = read_run(folder)
    assert run.groups is not None
    assert run.groups[["rollouts", "reward", "silent"]].values.tolist() == [[3, 1.0, True]]


def test_parts_of_a_reward_need_weights_and_foreign_pickles_are_refused(tmp_path: Path) -> None:
    import torch

    sample = {"group_index": 0, "prompt": "a", "reward": {"accuracy": 1.0, "format": 0.5}}
    torch.save({"rollout_id": 0, "samples": [sample, sample]}, tmp_path / "0.pt")
    with pytest.raises(DataError, match=r"samples\[0\]: the reward has parts \(accuracy, format\)"):
        read_run(tmp_path)
    assert read_run(tmp_path, weights={"format": 2.0}).summary()["reward"] == 1.0
    torch.save({"rollout_id": 0, "samples": [Path("x")]}, tmp_path / "0.pt")
    with pytest.raises(DataError, match="holds more than numbers, texts and tensors"):
        read_run(tmp_path)


def test_many_runs_of_a_folder_are_read_by_name(tmp_path: Path) -> None:
    for name in ("vas-seed0", "vas-seed1", "uniform-seed0"):
        writers.trl(tmp_path / name, ROLLOUTS)
    found = read_runs(tmp_path)
    assert [(run.arm, run.seed) for run in found] == [("uniform", 0), ("vas", 0), ("vas", 1)]
    assert [run.name for run in read_runs(tmp_path / "vas-seed1")] == ["vas-seed1"]


def test_names_without_a_seed_are_all_arm() -> None:
    assert label_of("vas-seed12") == ("vas", 12)
    assert label_of("my.run_seed=3") == ("my.run", 3)
    assert label_of("checkpoint-3") == ("checkpoint-3", None)


def study_tables(folder: Path) -> Path:
    steps = [
        {
            "arm": arm, "seed": seed, "step": step, "mean_reward": 0.1 * step if step else None,
            "groups": 4 * (step > 0), "mixed_groups": step, "rollouts": 16 * step, "gradient_norm": 1.0,
            "seconds": 3.0 * (step > 0),
            "held_out_accuracy": 0.25 if step == 0 else None,
        }
        for arm in ("uniform", "vas") for seed in (0, 1) for step in range(4)
    ]  # fmt: skip
    prompts = [
        {
            "arm": "vas",
            "seed": 0,
            "step": 1,
            "prompt_key": key,
            "group_size": 4,
            "successes": right,
            "expected_mixed": 0.5,
        }
        for key, right in (("a", 0), ("b", 3), ("a", 4))
    ]
    pd.DataFrame(steps).to_parquet(folder / "training_steps.parquet")
    pd.DataFrame(prompts).to_parquet(folder / "training_prompts.parquet")
    return folder


def test_the_tables_of_a_study_are_its_runs(tmp_path: Path) -> None:
    folder = study_tables(tmp_path)
    with pytest.raises(DataError, match="holds 4 runs, such as uniform-seed0: read_runs"):
        read_run(folder)
    runs = read_runs(folder)
    assert [run.name for run in runs] == ["uniform-seed0", "uniform-seed1", "vas-seed0", "vas-seed1"]
    vas = runs[2]
    assert runs[3].steps["silent_share"].iloc[1:].tolist() == [0.75, 0.5, 0.25]
    assert vas.steps["silent_share"].iloc[1:].tolist() == [pytest.approx(2 / 3), 0.5, 0.25]  # of all that were sampled
    assert (vas.done, vas.seconds_left) == (1.0, 0.0)  # the tables are written at the end
    assert vas.groups is not None
    assert vas.groups["silent"].tolist() == [True, False, True]
    assert runs[0].groups is None


def test_the_run_of_a_study_is_read_while_it_is_under_way(tmp_path: Path) -> None:
    run = tmp_path / "runs" / "vas-seed7"
    for name, last in (("checkpoints/step-000002", 2), ("checkpoints/step-000004", 4)):
        (run / name).mkdir(parents=True)
        row = {
            "arm": "vas",
            "seed": 7,
            "groups": 4,
            "mixed_groups": 1,
            "gradient_norm": None,
            "held_out_accuracy": None,
        }
        steps = [{**row, "step": s, "mean_reward": 0.5, "rollouts": 16 * s, "seconds": 1.0} for s in range(1, last + 1)]
        (run / name / "progress.json").write_text(json.dumps({"steps": steps, "prompts": []}), encoding="utf-8")
        identity = {"training": {"steps": 16}, "rollouts": {"prompts_per_step": 4, "group_size": 4}}
        manifest = json.dumps({"about": {"identity": identity}, "sha256": {}})
        (run / name / "manifest.json").write_text(manifest, encoding="utf-8")
    (found,) = read_runs(tmp_path)
    assert (found.name, found.steps["step"].max()) == ("vas-seed7", 4)
    assert (found.done, found.seconds_left) == (0.25, pytest.approx(12.0))
    for damaged in ("[]", '{"about": []}', '{"about": null}', "{", "[" * 100_000):  # its length is then not known
        (run / "checkpoints" / "step-000004" / "manifest.json").write_text(damaged, encoding="utf-8")
        assert math.isnan(read_runs(tmp_path)[0].done)


def refuse(make: Callable[[Path], object], folder: Path) -> str:
    make(folder)
    with pytest.raises(DataError) as caught:
        read_run(folder)
    return str(caught.value)


def test_what_cannot_be_one_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        read_run(tmp_path / "absent")
    (tmp_path / "empty").mkdir()
    assert "holds no log that is known: TRL's" in refuse(lambda folder: None, tmp_path / "empty")
    two = tmp_path / "two"
    for name in ("a", "b"):
        writers.lines(two / f"{name}.jsonl", [{"step": 1, "data": {"critic/score/mean": 0.5}}])
    assert "several logs of metrics" in refuse(lambda folder: None, two)
    agents = {f"train/agg/effective/{name}/reward/mean": 0.5 for name in ("solver", "critic")}
    writers.lines(tmp_path / "agents" / "metrics.jsonl", [{"step": 1, "time": 1.0, **agents}])
    assert "several agents" in refuse(lambda folder: None, tmp_path / "agents")
