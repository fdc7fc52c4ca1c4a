"""Asking for what is missing, the journal, and what a kill leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from full_scale.answering import (
    AnsweringStopped,
    Answers,
    Batch,
    Endpoint,
    Journal,
    Ledger,
    LocalModel,
    Question,
    Reply,
    collect,
)
from full_scale.config.task import ArithmeticConfig
from full_scale.config.training import ModelConfig
from full_scale.tasks import load_task
from full_scale.tasks.prompt import Prompt
from tests.full_scale.answering.servers import Server, right
from vas_theory.foundation.errors import ArgumentError, DataError, StateMismatchError


class Counting:
    """Answers with the number of answers that a prompt had before; stops after so many batches."""

    def __init__(self, last: int = 1000) -> None:
        self.asked: list[tuple[str, int, int]] = []
        self.settings: dict[str, Any] = {"model": "counting"}
        self.last = last

    def ask(self, questions: Sequence[Question]) -> Iterator[Batch]:
        for number, question in enumerate(questions):
            if number == self.last:
                raise AnsweringStopped("no more")
            self.asked.append((question.prompt.key, question.count, question.earlier))
            texts = tuple(str(question.earlier + k) for k in range(question.count))
            yield Batch((Reply(question.prompt, texts, cut=1),), Ledger(1, 0, question.count))


PROMPTS = [Prompt(f"p{k}", f"say {k}", str(k)) for k in range(4)]


def test_a_second_call_asks_for_nothing_and_larger_totals_top_up(tmp_path: Path) -> None:
    model, path = Counting(), tmp_path / "journal.jsonl"
    with Journal(path, model.settings, keep_texts=True) as journal:
        found = collect(model, PROMPTS, 2, journal)
        assert found["p1"] == Answers((0.0, 1.0), ("0", "1"), 1)
    with Journal(path, model.settings, keep_texts=True) as journal:
        collect(model, PROMPTS, 2, journal)
        found = collect(model, PROMPTS, [2, 2, 2, 4], journal)
    assert model.asked == [("p0", 2, 0), ("p1", 2, 0), ("p2", 2, 0), ("p3", 2, 0), ("p3", 2, 2)]
    assert found["p3"] == Answers((0.0, 0.0, 0.0, 1.0), ("0", "1", "2", "3"), 2)
    assert (found["p3"].trials, found["p3"].successes) == (4, 1)
    with Journal(path, model.settings, keep_texts=True) as journal:
        assert journal.ledger == Ledger(requests=5, answers=10), "of all runs"


def test_what_came_before_a_stop_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with pytest.raises(AnsweringStopped), Journal(path, Counting().settings) as journal:
        collect(Counting(last=3), PROMPTS, 1, journal)
    model = Counting()
    with Journal(path, model.settings) as journal:
        found = collect(model, PROMPTS, 1, journal)
    assert model.asked == [("p3", 1, 0)]
    assert all(answers.trials == 1 and not answers.texts for answers in found.values())


def test_a_cut_last_line_is_dropped_aloud_and_a_damaged_one_before_it_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "journal.jsonl"
    with Journal(path, {}) as journal:
        collect(Counting(), PROMPTS, 1, journal)
    whole = path.read_bytes()
    path.write_bytes(whole[:-7])
    model = Counting()
    with Journal(path, {}) as journal:
        collect(model, PROMPTS, 1, journal)
    assert "cut short" in caplog.text
    assert model.asked == [("p3", 1, 0)]
    assert path.read_bytes() == whole
    path.write_bytes(whole.replace(b'{"replies"', b'{"repl', 1))
    with pytest.raises(DataError, match="line 2"), Journal(path, {}):
        pass


def test_a_journal_of_other_settings_or_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with Journal(path, {"temperature": 1.0}):
        pass
    with (
        pytest.raises(StateMismatchError, match=r"temperature: expected 0\.5, found 1\.0"),
        Journal(path, {"temperature": 0.5}),
    ):
        pass
    other = tmp_path / "other.jsonl"
    other.write_text('{"step": 1}\n', encoding="utf-8")
    with pytest.raises(DataError, match="not a journal"), Journal(other, {}):
        pass


def test_two_processes_cannot_write_one_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with Journal(path, {}), pytest.raises(DataError, match="another process"), Journal(path, {}):
        pass
    with Journal(path, {}):
        pass


def test_a_changed_prompt_is_asked_again(tmp_path: Path) -> None:
    model = Counting()
    with Journal(tmp_path / "j", model.settings) as journal:
        collect(model, PROMPTS[:1], 1, journal)
        collect(model, [Prompt("p0", "say 0", "another answer")], 1, journal)
        collect(model, [Prompt("another key", "say 0", "0")], 1, journal)
    assert [key for key, *_ in model.asked] == ["p0", "p0"], "the answer changed, then only the name"


@pytest.mark.parametrize("totals", [[1, 2], -1])
def test_bad_totals_are_refused(totals: Any, tmp_path: Path) -> None:
    with Journal(tmp_path / "j", {}) as journal, pytest.raises(ArgumentError, match="totals"):
        collect(Counting(), PROMPTS, totals, journal)


def arithmetic() -> list[Prompt]:
    return list(load_task(ArithmeticConfig(largest_operand=3)).training)


def local(folder: Path, **options: Any) -> LocalModel:
    return LocalModel(ModelConfig(name=str(folder), precision="float32"), **{"max_new_tokens": 2, **options})


def test_a_local_model_is_checked_by_the_prompts_own_check(tiny_folder: Path, tmp_path: Path) -> None:
    prompts, model = arithmetic(), local(tiny_folder)
    assert model.style == "completion", "it has no chat template"
    with Journal(tmp_path / "j", model.settings, keep_texts=True) as journal:
        found = collect(model, prompts, 6, journal)
    assert {answers.trials for answers in found.values()} == {6}
    for prompt in prompts:
        assert found[prompt.key].values == tuple(float(t.strip() == prompt.answer) for t in found[prompt.key].texts)
    assert 0 < sum(answers.successes for answers in found.values()) < 6 * len(prompts)
    ledger = journal.ledger
    assert ledger.answers == 6 * len(prompts)
    assert 0 < ledger.completion_tokens <= 2 * ledger.answers
    cut = sum(answers.cut for answers in found.values())
    assert 0 < cut < ledger.answers


def test_a_local_run_that_is_interrupted_gives_the_answers_of_a_whole_one(tiny_folder: Path, tmp_path: Path) -> None:
    prompts, model = arithmetic(), local(tiny_folder, rows_at_once=12)

    class Interrupted(Exception):
        pass

    def stop_at_third(line: str, seen: list[str] = []) -> None:  # noqa: B006
        seen.append(line)
        if len(seen) == 3:
            raise Interrupted

    with Journal(tmp_path / "whole", model.settings, keep_texts=True) as journal:
        collect(model, prompts, 2, journal)
        whole = collect(model, prompts, 4, journal)
    with pytest.raises(Interrupted), Journal(tmp_path / "parts", model.settings, keep_texts=True) as journal:
        collect(model, prompts, 2, journal, stop_at_third)
    with Journal(tmp_path / "parts", model.settings, keep_texts=True) as journal:
        collect(model, prompts, 2, journal)
        assert collect(model, prompts, 4, journal) == whole
    assert any(answers.texts[:2] != answers.texts[2:] for answers in whole.values()), "topping up repeats nothing"


def test_a_local_model_of_text_refuses_images(tiny_folder: Path) -> None:
    with pytest.raises(ArgumentError, match="show no images"):
        list(local(tiny_folder).ask([Question(Prompt("k", "t", "a", images=(b"x",)), 1)]))


def test_a_kill_at_any_moment_loses_what_is_under_way_alone(server: Server, tmp_path: Path) -> None:
    """The process is killed for good while requests are under way; what the journal holds is never asked again."""
    path, total = tmp_path / "journal.jsonl", 30
    code = (
        "import sys; from full_scale.answering import *; from full_scale.tasks.prompt import Prompt\n"
        "model = Endpoint(sys.argv[1], 'm', concurrency=2)\n"
        f"prompts = [Prompt(f'p{{k}}', 't', '4', question=f'{{k}}?', check='exact_match') for k in range({total})]\n"
        "with Journal(sys.argv[2], model.settings) as journal: collect(model, prompts, 1, journal)\n"
    )

    def slow(path: str, body: dict[str, Any], number: int) -> tuple[int, Any]:
        time.sleep(0.05)
        return right(path, body, number)

    server.respond = slow
    command = [sys.executable, "-c", code, server.url, str(path)]
    first = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": os.getcwd()})
    while len(server.bodies) < 9:
        assert first.poll() is None, "it ended by itself"
        time.sleep(0.005)
    first.send_signal(signal.SIGKILL)
    first.wait()
    kept = sum(len(json.loads(line)["replies"]) for line in path.read_bytes().split(b"\n")[1:-1])
    asked = len(server.bodies)
    assert 0 < kept < total
    assert asked - kept <= 2 + 1, "the requests under way, and one that was just answered"
    subprocess.run(command, env={**os.environ, "PYTHONPATH": os.getcwd()}, check=True)
    assert len(server.bodies) == asked + total - kept
    model = Endpoint(server.url, "m")
    prompts = [Prompt(f"p{k}", "t", "4", question=f"{k}?", check="exact_match") for k in range(total)]
    with Journal(path, model.settings) as journal:
        assert all(answers.values == (1.0,) for answers in collect(model, prompts, 1, journal).values())


@pytest.mark.parametrize(
    ("head", "entry", "words"),
    [
        ({}, {}, "line 1: a journal's settings are missing"),
        ({"settings": []}, {}, "line 1: a journal's settings are missing"),
        (None, {"values": ["1.0"]}, "holds an entry of another kind"),
        (None, {"values": [None]}, "holds an entry of another kind"),
        (None, {"values": [float("nan")]}, "holds an entry of another kind"),
        (None, {"values": [7]}, "holds an entry of another kind"),
        (None, None, "line 2: not JSON"),
    ],
)
def test_a_journal_with_values_of_another_kind_is_refused(
    tmp_path: Path, head: dict[str, Any] | None, entry: dict[str, Any] | None, words: str
) -> None:
    path = tmp_path / "j.jsonl"
    with Journal(path, {"model": "m"}):
        pass
    first = path.read_text(encoding="utf-8")
    if head is not None:
        first = json.dumps({"kind": "verified answers", "version": 1, **head}) + "\n"
    row = {"prompt": "p", "key": "k", "values": [1.0], "cut": 0, **(entry or {})}
    second = "[" * 100_000 if entry is None else json.dumps({"replies": [row], "ledger": {}})
    path.write_text(first + second + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=words), Journal(path, {"model": "m"}):
        pass


def test_a_journal_with_a_setting_more_says_which(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.jsonl", {"model": "m", "seed": 3}):
        pass
    with (
        pytest.raises(StateMismatchError, match="seed: expected None, found 3"),
        Journal(tmp_path / "j.jsonl", {"model": "m"}),
    ):
        pass
