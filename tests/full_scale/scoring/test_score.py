"""The command that makes a column of pass rates."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from full_scale.__main__ import main
from full_scale.scoring.adaptive import next_totals, stages
from full_scale.scoring.command import journal_path
from full_scale.scoring.summary import break_even_text
from tests.full_scale.answering.servers import Server, chat
from vas_theory.selection.prediction.pass_rate_prior import PassRatePrior

QUESTIONS = [{"problem": f"What is {k} + {k}?", "answer": str(2 * k), "source": "made"} for k in range(12)]


def data(path: Path, rows: list[dict[str, Any]] | None = None) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows or QUESTIONS), encoding="utf-8")
    return str(path)


def by_question(path: str, body: dict[str, Any], number: int) -> tuple[int, Any]:
    """The first k answers of question k are right."""
    k = int(body["messages"][1]["content"].split()[2])
    return chat(*(rf"\boxed{{{2 * k if place < k else -1}}}" for place in range(body["n"])))


def command(server: Server, source: str, output: Path, *more: str) -> list[str]:
    return ["score", source, "--endpoint", server.url, "--model", "m", "--output", str(output), *more]


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl"])
def test_every_row_comes_back_with_its_column(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    server.respond = by_question
    output = tmp_path / f"scored{suffix}"
    assert main(command(server, data(tmp_path / "d.jsonl"), output, "--rollouts", "4")) == 0
    table = pd.read_parquet(output) if suffix == ".parquet" else pd.read_json(output, lines=True, dtype={"answer": str})
    assert table["problem"].tolist() == [row["problem"] for row in QUESTIONS]
    assert table["source"].tolist() == ["made"] * 12
    assert table["pass_rate_successes"].tolist() == [0, 1, 2, 3, *[4] * 8]
    assert table["pass_rate_trials"].tolist() == [4] * 12
    assert table["pass_rate"].tolist() == [0, 0.25, 0.5, 0.75, *[1.0] * 8]
    prior = PassRatePrior.from_rates(table["pass_rate"], table["pass_rate_trials"])
    assert prior.known.all()
    out = capsys.readouterr().out
    assert "rollouts spent: 48 (48 answers in 12 requests; 120 prompt and 144 completion tokens)" in out
    assert "all wrong 0.08, all right 0.67 of 12 prompts" in out
    assert "break-even" in out


def test_a_second_run_asks_nothing_and_more_rollouts_top_up(server: Server, tmp_path: Path) -> None:
    source, output = data(tmp_path / "d.jsonl"), tmp_path / "s.parquet"
    server.respond = by_question
    assert main(command(server, source, output, "--rollouts", "2")) == 0
    first = output.read_bytes()
    assert main(command(server, source, output, "--rollouts", "2")) == 0
    assert len(server.bodies) == 12
    assert output.read_bytes() == first
    assert main(command(server, source, output, "--rollouts", "5")) == 0
    assert [body["n"] for body in server.bodies[12:]] == [3] * 12
    assert pd.read_parquet(output)["pass_rate_trials"].tolist() == [5] * 12


def test_adaptive_spends_where_groups_may_be_mixed(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of 150 questions a third is never right, a third always, a third every second time."""
    rows = [{"problem": f"Q {k}", "answer": "1"} for k in range(150)]
    asked: dict[int, int] = {}

    def thirds(path: str, body: dict[str, Any], number: int) -> tuple[int, Any]:
        k, texts = int(body["messages"][1]["content"].split()[1]), []
        for _ in range(body["n"]):
            asked[k] = asked.get(k, 0) + 1
            texts.append("1" if k % 3 == 0 or (k % 3 == 1 and asked[k] % 2) else "2")
        return chat(*texts)

    server.respond = thirds
    output = tmp_path / "s.jsonl"
    assert main(command(server, data(tmp_path / "d.jsonl", rows), output, "--adaptive", "--rollouts", "8")) == 0
    trials = pd.read_json(output, lines=True)["pass_rate_trials"].to_numpy()
    assert set(trials[1::3]) == {8}, "mixed"
    assert max(*trials[::3], *trials[2::3]) <= 4, "silent"
    saved = 8 * 150 - trials.sum()
    assert saved >= 400
    assert f"{saved:,} of 1,200 rollouts were not needed" in capsys.readouterr().out


def test_stages_double_and_who_goes_on_depends_on_the_pool() -> None:
    assert stages(8) == [2, 4, 8]
    assert stages(5) == [2, 4, 5]
    assert stages(2) == [2]
    none, some = np.zeros(200, np.int64), np.full(200, 2)
    u_shaped = np.where(np.arange(200) < 150, 0, 2)
    u_shaped[:5] = 1
    totals = next_totals(u_shaped, some, 8, 4)
    assert (totals[:5] == 4).all()
    assert (totals[5:] == 2).all()
    middling = np.random.default_rng(0).binomial(2, 0.5, 200)
    assert (next_totals(middling, some, 8, 4) == 4).all(), "0 of 2 says little where most prompts are in between"
    assert (next_totals(none, some, 8, 4) == 2).all(), "a hopeless pool"


def test_prompts_without_an_answer_have_no_rate_and_the_command_says_so(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(path: str, body: dict[str, Any], number: int) -> tuple[int, Any]:
        return (
            (413, {"error": "too long"}) if " 5 " in body["messages"][1]["content"] else by_question(path, body, number)
        )

    server.respond = broken
    output = tmp_path / "s.parquet"
    assert main(command(server, data(tmp_path / "d.jsonl"), output, "--rollouts", "2")) == 1
    table = pd.read_parquet(output)
    assert np.isnan(table["pass_rate"][5])
    assert pd.isna(table["pass_rate_trials"][5]), "0 trials would be refused by the sampler"
    assert "1 prompts could not be answered" in capsys.readouterr().out
    server.respond = by_question
    assert main(command(server, data(tmp_path / "d.jsonl"), output, "--rollouts", "2")) == 0
    assert len(server.bodies) == 13


def test_a_refusal_is_one_line_that_says_what_is_kept(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.respond = lambda path, body, number: (
        by_question(path, body, number) if number < 3 else (401, {"error": "no"})
    )
    output = tmp_path / "s.parquet"
    assert main(command(server, data(tmp_path / "d.jsonl"), output, "--rollouts", "2", "--concurrency", "1")) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: endpoint")
    assert "6 answers are kept" in error
    assert error.count("\n") == 1
    assert not output.exists()


def test_a_local_model_scores_a_task(tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def run(output: Path, *more: str) -> pd.DataFrame:
        options = ["--model", str(tiny_folder), "--rollouts", "6", "--max-new-tokens", "1", "--output", str(output)]
        assert main(["score", "arithmetic", *options, "--set", "task.largest_operand=4", *more]) == 0
        return pd.read_parquet(output)

    table = run(tmp_path / "one.parquet")
    assert list(table)[:5] == ["key", "question", "answer", "stratum", "level"]
    assert set(table["pass_rate_trials"]) == {6}
    assert 0 < table["pass_rate_successes"].sum() < 6 * len(table)
    assert run(tmp_path / "two.parquet").equals(table), "the same seed gives the same column"
    assert not run(tmp_path / "three.parquet", "--seed", "1").equals(table)
    assert len(run(tmp_path / "four.parquet", "--limit", "7")) == 7


def test_a_kill_while_it_scores_loses_what_was_under_way_alone(server: Server, tmp_path: Path) -> None:
    def slow(path: str, body: dict[str, Any], number: int) -> tuple[int, Any]:
        time.sleep(0.1)
        return by_question(path, body, number)

    server.respond = slow
    output = tmp_path / "s.parquet"
    arguments = command(server, data(tmp_path / "d.jsonl"), output, "--rollouts", "2", "--concurrency", "2")
    whole = [sys.executable, "-m", "full_scale", *arguments]
    first = subprocess.Popen(whole, stdout=subprocess.DEVNULL)
    while len(server.bodies) < 6:
        assert first.poll() is None
        time.sleep(0.005)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert not output.exists()
    kept = len(journal_path(output).read_bytes().splitlines()) - 1
    assert main(arguments) == 0
    assert len(server.bodies) <= 12 + 3
    assert kept >= 3
    assert pd.read_parquet(output)["pass_rate_trials"].tolist() == [2] * 12
    assert os.path.exists(journal_path(output))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--output", "s.csv"], "--output must end in .parquet or .jsonl"),
        (["--rollouts", "0"], "rollouts (command line) must be valid"),
        (["--adaptive", "--rollouts", "2"], "rollouts must be 3 or more with adaptive"),
        (["--concurrency", "4"], "--concurrency must come with --endpoint"),
        (["--endpoint", "http://x/v1"], "--model must be given"),
        (["--endpoint", "http://x/v1", "--model", "m", "--seed", "1"], "--seed must be left out"),
        (["--answer-column", "solution"], "no column 'solution'"),
        (["--column", "source"], "the data has a column 'source' already"),
        (["--training-rollouts", "0"], "--training-rollouts must be at least 1"),
        (["--model", "./nowhere"], "an existing folder"),
    ],
)
def test_bad_input_gets_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, options: list[str], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["score", data(tmp_path / "d.jsonl"), "--output", "s.parquet", *options]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["d.jsonl"]


@pytest.mark.parametrize(
    "row", [{"answer": 10**30}, {"source": "\ud800"}, {"source": {}}, {"source": [1, "a"]}], ids=["large", *"abc"]
)
def test_rows_that_parquet_cannot_hold_are_one_line_before_anything_is_asked(
    row: dict[str, Any], server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{**question, **row} for question in QUESTIONS]
    source = data(tmp_path / "d.jsonl", rows)
    assert main(command(server, source, tmp_path / "s.parquet")) == 2
    error = capsys.readouterr().err
    assert "--output must end in .jsonl: parquet cannot hold the rows' values" in error
    assert error.count("\n") == 1
    assert server.bodies == []
    assert not (tmp_path / "s.parquet").exists()


def test_a_file_of_another_making_is_not_overwritten(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "s.jsonl"
    output.write_text("mine", encoding="utf-8")
    assert main(command(server, data(tmp_path / "d.jsonl"), output)) == 2
    assert "be a new file" in capsys.readouterr().err
    assert output.read_text(encoding="utf-8") == "mine"


def test_repeats_can_be_dropped_and_the_rows_still_fit(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [*QUESTIONS[:4], QUESTIONS[1], *QUESTIONS[4:6]]
    server.respond = by_question
    output = tmp_path / "s.jsonl"
    arguments = command(server, data(tmp_path / "d.jsonl", rows), output, "--rollouts", "8")
    assert main(arguments) == 2
    assert "repeats" in capsys.readouterr().err
    assert main([*arguments, "--set", "task.repeats=drop"]) == 0
    table = pd.read_json(output, lines=True)
    assert table["problem"].tolist() == [row["problem"] for row in QUESTIONS[:6]]
    assert table["pass_rate_successes"].tolist() == [0, 1, 2, 3, 4, 5]
    assert "1 rows repeat an earlier question" in capsys.readouterr().out


def test_break_even_says_what_the_laboratory_lets_it_say() -> None:
    told = break_even_text(1000, 500, (0.2, 0.31), 8, None)
    assert "break-even" in told
    if "cannot be told" in told:
        assert "4,000 if 1.25" in told
    far = break_even_text(1000, 500, (30.0, 30.0), 8, 4000)
    assert "cannot be told" in far


def test_rows_that_differ_in_their_picture_keep_their_own_rate(
    server: Server, tmp_path: Path, picture: Callable[[int], bytes]
) -> None:
    """One question about three pictures, the second of which repeats the first."""
    for number in (1, 2):
        (tmp_path / f"{number}.png").write_bytes(picture(number))
    pictures = ["1.png", "1.png", "2.png"]
    rows: list[dict[str, Any]] = [
        {"problem": "<image>What?", "answer": "4", "images": [name], "place": k} for k, name in enumerate(pictures)
    ]
    first = base64.b64encode(picture(1)).decode("ascii")

    def by_picture(path: str, body: dict[str, Any], number: int) -> tuple[int, Any]:
        seen = body["messages"][-1]["content"][0]["image_url"]["url"].partition(",")[2]
        return chat(*(rf"\boxed{{{4 if seen == first else 5}}}" for _ in range(body["n"])))

    server.respond = by_picture
    output = tmp_path / "s.parquet"
    assert main(command(server, f"mmr1:{data(tmp_path / 'd.jsonl', rows)}", output, "--rollouts", "2")) == 0
    table = pd.read_parquet(output)
    assert table["place"].tolist() == [0, 2]
    assert table["pass_rate"].tolist() == [1.0, 0.0]


def test_a_model_of_this_machine_answers_about_pictures(
    tiny_vision: Path, tmp_path: Path, picture: Callable[[int], bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "1.png").write_bytes(picture(1))
    rows: list[dict[str, Any]] = [
        {"problem": "<image>What?", "answer": "4", "images": ["1.png"]},
        {"problem": "3 + 4?", "answer": "7"},
    ]
    output, again = tmp_path / "s.jsonl", tmp_path / "again.jsonl"
    arguments = ["score", f"mmr1:{data(tmp_path / 'd.jsonl', rows)}", "--model", str(tiny_vision), "--rollouts", "2"]
    arguments += ["--max-new-tokens", "3", "--set", "model.precision=float32"]
    assert main([*arguments, "--output", str(output)]) == 0
    table = pd.read_json(output, lines=True)
    assert table["pass_rate_trials"].tolist() == [2, 2]
    assert table["pass_rate_cut"].sum() > 0, "a random model does not end by itself"
    assert main([*arguments, "--output", str(again)]) == 0
    assert again.read_bytes() == output.read_bytes()
    assert main([*arguments, "--output", str(tmp_path / "c.jsonl"), "--style", "completion"]) == 2
    assert "a model that reads images converses" in capsys.readouterr().err


def test_a_column_that_begins_in_a_later_row_keeps_its_values(server: Server, tmp_path: Path) -> None:
    server.respond = by_question
    rows = [*QUESTIONS[:3], {**QUESTIONS[3], "weight": 0.5, "note": "late"}]
    output = tmp_path / "scored.parquet"
    assert main(command(server, data(tmp_path / "d.jsonl", rows), output, "--rollouts", "4")) == 0
    table = pd.read_parquet(output)
    assert table["weight"].tolist()[3] == 0.5
    assert table["note"].tolist()[3] == "late"
    assert (table["pass_rate_successes"].dtype, table["pass_rate_trials"].dtype) == (np.int64, np.int64)


def test_json_lines_hold_what_json_can_say_alone(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.respond = by_question
    output = tmp_path / "scored.jsonl"
    source = data(tmp_path / "nan.jsonl", [{**QUESTIONS[0], "weight": float("nan")}])
    assert main(command(server, source, output)) == 2
    assert "--output must end in .parquet: the rows hold values that JSON cannot say" in capsys.readouterr().err
    assert not output.exists()
    assert server.bodies == []
    rows = [{**QUESTIONS[0], "note": "half \ud800 and whole \u00e9"}]
    assert main(command(server, data(tmp_path / "half.jsonl", rows), output)) == 0
    assert "whole \u00e9" in output.read_text(encoding="utf-8")
    assert json.loads(output.read_text(encoding="utf-8"))["note"] == rows[0]["note"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--rollouts", "4", "--set", "rollouts=2"], "--set must not say again what an argument says"),
        (["--set", "model.name=other"], "--set must not say again what an argument says"),
        (["--split", "test"], "--split must be left out: a file of JSON lines has no parts"),
    ],
)
def test_options_that_contradict_each_other_are_one_line(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], words: str
) -> None:
    assert main(command(server, data(tmp_path / "d.jsonl"), tmp_path / "scored.jsonl", *more)) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
