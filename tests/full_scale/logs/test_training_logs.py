"""Metrics and rollouts are read as TRL and verl write them, and what cannot be read is named by file and line."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from full_scale.logs.reading import form_groups, read_metrics, read_rollouts
from vas_theory.foundation.errors import DataError


def write_lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def trainer_state(path: Path, rewards: list[float]) -> Path:
    history: list[dict[str, Any]] = [
        {"loss": 0.0, "reward": reward, "frac_reward_zero_std": 0.5, "step": step + 1}
        for step, reward in enumerate(rewards)
    ]
    history.insert(1, {"eval_reward": 0.9, "eval_loss": 0.1, "step": 1})
    history.append({"train_runtime": 3.0, "train_loss": 0.0, "step": len(rewards)})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"global_step": len(rewards), "log_history": history}), encoding="utf-8")
    return path


def test_a_trainer_state_gives_its_training_steps_alone(tmp_path: Path) -> None:
    found = read_metrics(trainer_state(tmp_path / "trainer_state.json", [0.25, 0.5]))
    assert found.to_dict("list") == {"step": [1, 2], "reward": [0.25, 0.5], "silent_share": [0.5, 0.5]}


def test_of_a_folder_the_longest_checkpoint_counts(tmp_path: Path) -> None:
    trainer_state(tmp_path / "checkpoint-9" / "trainer_state.json", [0.1] * 9)
    trainer_state(tmp_path / "checkpoint-10" / "trainer_state.json", [0.2] * 10)
    assert read_metrics(tmp_path)["reward"].tolist() == [0.2] * 10


def test_verl_lines_are_unwrapped_and_the_last_of_equal_steps_counts(tmp_path: Path) -> None:
    rows = [
        {"step": 2, "data": {"critic/rewards/mean": 0.4, "critic/score/mean": 0.3}},
        {"step": 1, "data": {"critic/score/mean": 0.2}},
        {"step": 1, "data": {"val-core/math/acc": 0.9}},
        {"step": 2, "data": {"critic/rewards/mean": 0.4, "critic/score/mean": 0.5}},
    ]
    found = read_metrics(write_lines(tmp_path / "metrics.jsonl", rows))
    assert found["step"].tolist() == [1, 2]
    assert found["reward"].tolist() == [0.2, 0.5]
    assert found["silent_share"].isna().all()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"step": 1, "reward": 0.5}\n\n{"step": 2, "reward": }\n', ["line 3", "not JSON"]),
        ('{"step": 1, "reward": "high"}\n', ["line 1", "reward must be a number", "'high'"]),
        ('{"step": null, "reward": 0.5}\n', ["line 1", "step must be a number"]),
        ('{"reward": 0.5}\n', ["line 1", "step must be a number; received None"]),
        ('{"step": 1, "reward": 0.5, "frac_reward_zero_std": 1.5}\n', ["line 1", "frac_reward_zero_std", "[0, 1]"]),
        ("[1, 2]\n", ["line 1", "not an object"]),
        ('{"step": 1, "loss": 0.5}\n', ["no training step", "critic/rewards/mean"]),
        ("", ["no training step"]),
    ],
)
def test_bad_lines_are_named(text: str, words: list[str], tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_metrics(path)
    for word in [str(path), *words]:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"log_history": 3}', ["log_history"]),
        ("[]", ["log_history"]),
        ('{\n"log_history": [}', ["line 2", "not JSON"]),
        ('{"log_history": [7]}', ["log_history[0]", "not an object"]),
    ],
)
def test_bad_trainer_states_are_named(text: str, words: list[str], tmp_path: Path) -> None:
    path = tmp_path / "trainer_state.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_metrics(path)
    for word in [str(path), *words]:
        assert word in str(caught.value)


def test_missing_and_binary_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"absent\.jsonl cannot be read"):
        read_metrics(tmp_path / "absent.jsonl")
    (tmp_path / "binary.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match=r"binary\.jsonl cannot be read"):
        read_metrics(tmp_path / "binary.jsonl")
    with pytest.raises(DataError, match="holds no trainer_state"):
        read_metrics(tmp_path)
    (tmp_path / "rollouts").mkdir()
    with pytest.raises(DataError, match="neither"):
        read_rollouts(tmp_path / "rollouts")


def test_groups_of_verl_rollouts(tmp_path: Path) -> None:
    rows = [
        {"input": "a", "output": "", "score": score, "step": step}
        for step, scores in ((1, [0, 1, 1, 1]), (2, [1, 1]))
        for score in scores
    ]
    rows += [{"input": "b", "output": "", "score": None, "step": 1}, {"input": "b", "score": 0.5, "step": 1}]
    write_lines(tmp_path / "2.jsonl", [row for row in rows if row["step"] == 2])
    write_lines(tmp_path / "1.jsonl", [row for row in rows if row["step"] == 1])
    groups = form_groups(read_rollouts(tmp_path))
    assert groups["step"].tolist() == [1, 1, 2]
    assert groups["prompt"].tolist() == ["a", "b", "a"]
    assert groups["rollouts"].tolist() == [4, 1, 2]
    assert groups["reward"].tolist() == [0.75, 0.5, 1.0]
    assert groups["variance"].tolist() == [0.1875, 0.0, 0.0]
    assert groups["silent"].tolist() == [False, True, True]


def test_a_prompt_drawn_twice_in_a_step_has_two_groups_where_the_log_says_so(tmp_path: Path) -> None:
    rows = [{"input": "a", "uid": uid, "score": uid == "x", "step": 1} for uid in "xxyy"]
    with pytest.raises(DataError, match="score must be a number; received True"):
        read_rollouts(write_lines(tmp_path / "1.jsonl", rows))
    rows = [{**row, "score": float(row["score"])} for row in rows]
    groups = form_groups(read_rollouts(write_lines(tmp_path / "1.jsonl", rows)))
    assert groups["silent"].tolist() == [True, True]
    assert groups["reward"].tolist() == [1.0, 0.0]
    assert groups["prompt"].tolist() == ["a", "a"]  # one prompt over the run, whatever its groups are called


def test_completions_of_trl_with_two_rewards(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "step": [3] * 4,
            "prompt": [[{"role": "user", "content": "1+1="}]] * 2 + ["2+2="] * 2,
            "completion": ["2", "3", "4", "4"],
            "accuracy": [1.0, 0.0, 1.0, math.nan],
            "form": [0.0, 0.5, math.nan, math.nan],
            "advantage": [9.0] * 4,
        }
    )
    table["prompt"] = table["prompt"].astype(object)
    table.iloc[:2].to_parquet(tmp_path / "completions_00003.parquet")
    table.iloc[2:].to_parquet(tmp_path / "completions_00004.parquet")
    found = read_rollouts(tmp_path, evaluated_steps=())
    assert found["reward"].iloc[:3].tolist() == [1.0, 0.5, 1.0]
    assert math.isnan(found["reward"].iloc[3])
    assert found["prompt"].iloc[0] == found["prompt"].iloc[1] != found["prompt"].iloc[2]
    weighted = read_rollouts(tmp_path, weights={"accuracy": 2.0})
    assert weighted["reward"].iloc[:3].tolist() == [2.0, 0.0, 2.0]
    with pytest.raises(DataError, match="no reward column 'style'; it has accuracy, form"):
        read_rollouts(tmp_path, weights={"style": 1.0})


def test_rollouts_that_lack_a_field_are_named(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "1.jsonl", [{"input": "a", "score": 1.0, "step": 1}, {"output": "b", "step": 1}])
    with pytest.raises(DataError, match=r"line 2: a rollout needs 'input'"):
        read_rollouts(path)
    pd.DataFrame({"step": [1], "reward": [1.0]}).to_parquet(tmp_path / "x.parquet")
    with pytest.raises(DataError, match="no column 'prompt'"):
        read_rollouts(tmp_path / "x.parquet")
    pd.DataFrame({"step": [1], "prompt": ["a"]}).to_parquet(tmp_path / "y.parquet")
    with pytest.raises(DataError, match="no column of rewards"):
        read_rollouts(tmp_path / "y.parquet")
    (tmp_path / "z.parquet").write_bytes(b"not parquet")
    with pytest.raises(DataError, match=r"z\.parquet cannot be read"):
        read_rollouts(tmp_path / "z.parquet")


def test_single_rollouts_are_not_groups() -> None:
    lone = pd.DataFrame({"step": [1, 1], "prompt": ["a", "b"], "reward": [1.0, 0.0]})
    with pytest.raises(DataError, match="not groups"):
        form_groups(lone)
