"""Logs that were once misread without a word: repeated and evaluation rollouts, penalised rewards, cut lines."""

from __future__ import annotations

import json
import logging
import math
import re
from collections import deque
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from full_scale.logs import read_run
from full_scale.logs.reading import form_groups, read_metrics, read_rollouts
from tests.full_scale.logs import writers
from vas_theory.foundation.errors import ArgumentError, DataError


class TrlLog:
    """Writes what TRL writes: the latest ``size`` rollouts, at every log, under the number of the step."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder, self.rows, self.drawn = folder / "completions", deque[dict[str, Any]](maxlen=size), 0
        self.folder.mkdir()

    def generate(self, prompt: str, rewards: list[float]) -> None:
        for reward in rewards:
            self.drawn += 1
            self.rows.append({"prompt": prompt, "completion": f"text {self.drawn}", "accuracy": reward})

    def write(self, step: int, **extra: Any) -> None:
        table = pd.DataFrame([{"step": step, **row, **extra, "advantage": 0.0} for row in self.rows])
        table.to_parquet(self.folder / f"completions_{step:05d}.parquet")


def write_state(path: Path, history: list[dict[str, Any]], steps: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"global_step": steps, "log_history": history}), encoding="utf-8")


def test_rollouts_that_serve_several_steps_count_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    log = TrlLog(tmp_path, 4)
    for step, prompt in ((1, "a"), (2, None), (3, "b"), (4, None), (5, "a")):
        if prompt:
            log.generate(prompt, [0.0, 1.0, 1.0, 1.0])
        log.write(step)
    rollouts = read_rollouts(log.folder, evaluated_steps=())
    assert rollouts["step"].tolist() == [1] * 4 + [3] * 4 + [5] * 4
    assert form_groups(rollouts)["rollouts"].tolist() == [4, 4, 4]
    assert caplog.records == []


def test_rollouts_of_an_evaluation_are_left_out_aloud(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    log = TrlLog(tmp_path, 4)
    log.generate("held out", [1.0, 1.0])
    log.write(0)  # an evaluation before training
    log.generate("a", [0.0, 1.0, 1.0, 1.0])
    log.write(1)
    log.generate("b", [0.0, 0.0, 1.0, 1.0])
    log.generate("held out", [1.0, 1.0])  # pushes out half of b's
    log.write(2)
    log.write(3)  # the same generation batch serves another step
    log.generate("c", [0.0, 0.0, 0.0, 1.0])
    log.write(4)
    history = [{"step": step, "reward": 0.5, "rewards/accuracy/mean": 0.5} for step in (1, 2, 3, 4)]
    history.insert(2, {"step": 2, "eval_reward": 1.0})
    write_state(tmp_path / "checkpoint-4" / "trainer_state.json", history, 4)
    rollouts = read_rollouts(log.folder)
    assert rollouts["prompt"].tolist() == ["a"] * 4 + ["c"] * 4
    (record,) = caplog.records
    assert record.getMessage().startswith("2 of 5 files left out, written at an evaluation")
    assert "completions_00002.parquet" in record.getMessage()
    assert read_rollouts(log.folder, evaluated_steps=[2])["prompt"].tolist() == rollouts["prompt"].tolist()
    with pytest.raises(DataError, match="every file was written at an evaluation"):
        read_rollouts(log.folder / "completions_00000.parquet")


def test_what_cannot_be_known_of_evaluations_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    log = TrlLog(tmp_path, 2)
    for step in (1, 2):
        log.generate("a", [0.0, 1.0])
        log.write(step)
    assert len(read_rollouts(log.folder)) == 4
    assert "no trainer_state.json beside" in caplog.text
    caplog.clear()
    write_state(tmp_path / "checkpoint-1" / "trainer_state.json", [{"step": 1, "reward": 0.5}], 1)
    assert len(read_rollouts(log.folder)) == 4
    assert "ends at step 1 and the completions at step 2" in caplog.text


def test_numbers_logged_beside_the_rewards_are_no_rewards(tmp_path: Path) -> None:
    log = TrlLog(tmp_path, 2)
    log.generate("a", [0.0, 1.0])
    log.write(1, characters=120)
    write_state(tmp_path / "checkpoint-1" / "trainer_state.json", [{"step": 1, "rewards/accuracy/mean": 0.5}], 1)
    assert read_rollouts(log.folder)["reward"].tolist() == [0.0, 1.0]


def test_a_null_reward_is_missing_and_no_error(tmp_path: Path) -> None:
    path = tmp_path / "trainer_state.json"
    entries: list[dict[str, Any]] = [
        {"step": 1, "reward": None, "frac_reward_zero_std": None},
        {"step": 2, "reward": 0.5, "frac_reward_zero_std": 0.25},
    ]
    write_state(path, entries, 2)
    found = read_metrics(path)
    assert math.isnan(found["reward"][0])
    assert math.isnan(found["silent_share"][0])
    assert (found["reward"][1], found["silent_share"][1]) == (0.5, 0.25)
    write_state(path, entries[:1], 1)
    with pytest.raises(DataError, match="no training step with a reward"):
        read_metrics(path)


@pytest.mark.parametrize("cut", ['{"step": 3, "rew', '{"step": 3, "x": "\xc3'])
def test_a_cut_last_line_is_said_and_the_rest_used(tmp_path: Path, cut: str, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(b'{"step": 1, "reward": 0.25}\n{"step": 2, "reward": 0.5}\n' + cut.encode("latin-1"))
    assert read_metrics(path)["reward"].tolist() == [0.25, 0.5]
    assert "line 3: cut, and left out" in caplog.text
    path.write_bytes(path.read_bytes() + b"\n")  # a whole line that is wrong stays an error
    with pytest.raises(DataError, match="line 3"):
        read_metrics(path)


def test_a_line_separator_within_a_text_ends_no_line(tmp_path: Path) -> None:
    path = tmp_path / "1.jsonl"
    row = {"input": "a\u2028b", "score": 1.0, "step": 1}
    path.write_text("\n".join([json.dumps(row, ensure_ascii=False)] * 2), encoding="utf-8")
    assert read_rollouts(path)["prompt"].tolist() == ["a\u2028b"] * 2


def test_verl_is_read_by_its_score_not_by_the_penalised_reward(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 1, "data": {"critic/rewards/mean": -0.3, "critic/score/mean": 0.5}}\n', encoding="utf-8")
    assert read_metrics(path)["reward"].tolist() == [0.5]
    assert caplog.records == []
    rollout = {"input": "a", "score": 1.0, "reward": 0.7, "step": 1}
    (tmp_path / "1.jsonl").write_text(json.dumps(rollout) + "\n", encoding="utf-8")
    assert read_rollouts(tmp_path / "1.jsonl")["reward"].tolist() == [1.0]
    path.write_text('{"step": 1, "critic/rewards/mean": -0.3}\n{"step": 2, "critic/rewards/mean": 0.1}\n')
    found = read_metrics(path)
    assert found.columns.tolist() == ["step", "reward", "silent_share"]
    assert found["reward"].tolist() == [-0.3, 0.1]
    assert "a KL penalty included" in caplog.text


def test_the_nested_lines_of_easyr1(tmp_path: Path) -> None:
    rows = [
        {"step": 1, "reward": {"overall": 0.4}, "critic": {"score": {"mean": 0.4}, "rewards": {"mean": 0.0}}},
        {"step": 1, "val": {"reward_score": 0.9}},
        {"step": 2, "reward": {"overall": 0.6, "format": 1.0}, "critic": {"rewards": {"mean": 0.1}}},
    ]  # fmt: skip
    path = tmp_path / "experiment_log.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert read_metrics(path)[["step", "reward"]].to_dict("list") == {"step": [1, 2], "reward": [0.4, 0.6]}


WRONG_LINES = [
    '{"step": NaN, "reward": 0.5}',
    '{"step": 1e400, "reward": 0.5}',
    '{"step": 1.5, "reward": 0.5}',
    '{"step": -1, "reward": 0.5}',
    '{"step": "1", "reward": 0.5}',
    '{"step": 1, "reward": "0.5"}',
    f'{{"step": 1, "reward": {"9" * 5000}}}',
    '{"a":' * 20_000,
]


@pytest.mark.parametrize("line", WRONG_LINES, ids=range(len(WRONG_LINES)))
def test_numbers_that_are_none_are_refused_with_their_line(tmp_path: Path, line: str) -> None:
    (tmp_path / "metrics.jsonl").write_text(f'{{"step": 1, "reward": 0.5}}\n{line}\n', encoding="utf-8")
    with pytest.raises(DataError, match="line 2"):
        read_metrics(tmp_path / "metrics.jsonl")
    rollout = '{"input": "a", "score": 0.5, "step": 1}'
    (tmp_path / "1.jsonl").write_text(f"{rollout}\n{line.replace('reward', 'score')}\n", encoding="utf-8")
    with pytest.raises(DataError, match="line 2"):
        read_rollouts(tmp_path / "1.jsonl")


@pytest.mark.parametrize("step", ["null", '"x"', "1e400", "[]", "-1", "0.5"])
def test_a_state_without_a_step_is_refused_by_name(tmp_path: Path, step: str) -> None:
    log = TrlLog(tmp_path, 2)
    log.generate("a", [0.0, 1.0])
    log.write(1)
    path = tmp_path / "checkpoint-1" / "trainer_state.json"
    path.parent.mkdir()
    for text in (
        f'{{"global_step": {step}, "log_history": [{{"step": 1, "reward": 0.5}}]}}',
        f'{{"global_step": 1, "log_history": [{{"step": {step}, "reward": 0.5, "eval_reward": 1}}]}}',
    ):
        path.write_text(text, encoding="utf-8")
        for read in (lambda: read_rollouts(log.folder), lambda: read_metrics(tmp_path)):
            with pytest.raises(DataError, match="trainer_state"):
                read()


def test_a_mark_of_the_byte_order_is_no_part_of_a_line(tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").write_bytes(b'\xef\xbb\xbf{"step": 1, "reward": 0.5}\r\n')
    assert read_metrics(tmp_path / "metrics.jsonl")["reward"].tolist() == [0.5]


def test_rollouts_without_a_step_are_refused_and_those_without_a_reward_are_missing(tmp_path: Path) -> None:
    table = pd.DataFrame({"step": [1, 1], "prompt": ["a", "a"], "completion": ["x", "y"], "accuracy": [0.0, 1.0]})
    path = tmp_path / "completions_00001.parquet"
    wrong_steps: list[list[Any]] = [[1, None], ["1", "x"], [1, 1.5], [1, -1]]
    for steps in wrong_steps:
        table.assign(step=steps).to_parquet(path)
        with pytest.raises(DataError, match="'step' has to be an integer >= 0"):
            read_rollouts(path, evaluated_steps=())
    table.assign(step=["1", "1"]).to_parquet(path)
    assert read_rollouts(path, evaluated_steps=())["reward"].tolist() == [0.0, 1.0]
    table.assign(accuracy=pd.Series([None, None], dtype=object)).to_parquet(path)
    for weights in (None, {"accuracy": 2.0}):
        assert read_rollouts(path, weights, evaluated_steps=())["reward"].isna().all()


@pytest.mark.parametrize(
    "words",
    [
        *({"weights": wrong} for wrong in ({"a": "x"}, {"a": math.nan}, ["a"], "a", {1: 1.0})),
        *({"evaluated_steps": wrong} for wrong in (5, "1", [1.5], [None], [-1])),
    ],
)
def test_what_is_said_of_rollouts_is_checked_before_a_file_is_opened(words: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=next(iter(words))):
        read_rollouts("nowhere.parquet", **words)


def test_other_formats_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "generations.log").write_text("[prompt] a\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"generations\.log is neither a \.parquet file of TRL nor a \.jsonl"):
        read_rollouts(tmp_path / "generations.log")
    (tmp_path / "1.jsonl").write_text('{"prompt": "a", "reward": 1.0}\n', encoding="utf-8")
    with pytest.raises(DataError, match="as verl logs it; it has prompt, reward"):
        read_rollouts(tmp_path / "1.jsonl")
    (tmp_path / "2.jsonl").write_text("", encoding="utf-8")
    with pytest.raises(DataError, match="holds no rollouts"):
        read_rollouts(tmp_path / "2.jsonl")


@pytest.fixture(autouse=True)
def _warnings_alone(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)


@pytest.mark.parametrize(
    "trace", [None, 3, {"ok": True, "agent": 1}, {"ok": True, "rewards": [1]}, {"ok": True, "rewards": {"a": 1.0}},
              {"ok": True, "rewards": {"a": {"score": 1, "weight": None}}}, {"ok": True, "rewards": {"a": {}}}]
)  # fmt: skip
def test_traces_of_another_form_are_refused_with_their_line(trace: Any, tmp_path: Path) -> None:
    folder = writers.prime_rl(tmp_path / "run", [(1, "a", [1.0, 0.0])])
    (file,) = folder.rglob("traces.jsonl")
    with file.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps({"task": {"key": "a"}, "group": {"id": 1}, "traces": [trace]}) + "\n")
    with pytest.raises(DataError, match=r"traces\.jsonl, line"):
        read_run(folder)


def test_parts_of_a_trace_that_are_null_are_missing(tmp_path: Path) -> None:
    folder = writers.prime_rl(tmp_path / "run", [(1, "a", [1.0, 0.0])])
    (file,) = folder.rglob("traces.jsonl")
    episodes = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    traces = [trace for episode in episodes for trace in episode["traces"]]
    for trace in traces:
        if trace["agent"]["trainable"]:
            trace["agent"] = None
    traces[0]["rewards"] = None  # no rewards add up to 0
    file.write_text("".join(json.dumps(episode) + "\n" for episode in episodes), encoding="utf-8")
    groups = read_run(folder).groups
    assert groups is not None
    assert groups[["reward", "rollouts"]].to_numpy().tolist() == [[0.0, 2]]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ('{"step": 2, "reward": %s}' % ("9" * 400), "reward is too large a number; it has 400 digits"),
        ('{"step": 1e300, "reward": 0.5}', "step must be below 2^53; received 1e+300"),
        ('{"step": 99999999999999999999, "reward": 0.5}', "step must be below 2^53"),
    ],
)
def test_numbers_that_no_float_holds_are_refused_by_place(entry: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"step": 1, "reward": 0.5}\n' + entry + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=re.escape(words)) as refused:
        read_run(path)
    assert f"{path}, line 2" in str(refused.value)


def test_a_length_that_no_float_holds_is_refused(tmp_path: Path) -> None:
    state = {"log_history": [{"step": 1, "reward": 0.5}], "max_steps": 10**400}
    (tmp_path / "trainer_state.json").write_text(json.dumps(state), encoding="utf-8")
    with pytest.raises(DataError, match="max_steps is too large a number"):
        read_run(tmp_path)


def test_a_mark_of_bytes_at_the_beginning_is_no_other_format(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text('{"step": 1, "reward": 0.5}\n', encoding="utf-8-sig")
    assert read_run(tmp_path).source == "trl"


def test_brackets_without_end_are_refused_by_line(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text("[" * 100_000 + "\n", encoding="utf-8")
    with pytest.raises(DataError, match="line 1: not JSON that can be read"):
        read_run(tmp_path)


def test_a_log_that_begins_again_says_what_is_of_before(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "log.jsonl"
    lines = [json.dumps({"step": step, "reward": 0.5}) + "\n" for step in (1, 2, 3, 4, 5, 3, 4)]
    path.write_text("".join(lines), encoding="utf-8")
    assert read_metrics(path)["step"].tolist() == [1, 2, 3, 4, 5]
    assert "goes back to step 3 and on to step 4: what stands here of later steps, up to 5, is of before" in caplog.text
    caplog.clear()
    for order in ((1, 2, 3, 4, 5, 3, 4, 5, 6), (1, 3, 2, 5, 4)):  # resumed and gone beyond; in another order
        path.write_text("".join(json.dumps({"step": step, "reward": 0.5}) + "\n" for step in order), encoding="utf-8")
        read_metrics(path)
    assert caplog.text == ""
