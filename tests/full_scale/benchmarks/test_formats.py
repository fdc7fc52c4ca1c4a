"""Every format: small files of the harnesses' columns are read, scored, and give what was worked out by hand."""

from __future__ import annotations

import base64
import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from full_scale.benchmarks.examples import Example
from full_scale.benchmarks.formats import FORMATS, OF_THE_PAPER
from full_scale.benchmarks.paper import SETS
from full_scale.benchmarks.scoring import score
from full_scale.benchmarks.sets import example_prompt, load_set
from full_scale.pipeline.curation.reading import stream_rows
from vas_theory.foundation.errors import DataError, UnknownNameError

Picture = Callable[[int], bytes]


def parquet(path: Path, rows: list[dict[str, Any]], image: str) -> str:
    """Write rows as the hub stores them: images are structures of bytes and path."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    stored = [{**row, image: {"bytes": row[image], "path": None}} if row.get(image) else row for row in rows]
    pq.write_table(pa.Table.from_pylist(stored), path)
    return str(path)


def tsv(path: Path, rows: list[dict[str, Any]]) -> str:
    with open(path, "w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), delimiter="\t")
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


def verdicts(name: str, source: str, answers: list[str]) -> list[bool | None]:
    examples = load_set(name, source, "test", stream_rows)
    assert len(examples) == len(answers)
    return [score(example, text)[1] for example, text in zip(examples, answers, strict=True)]


def test_mathverse(tmp_path: Path, picture: Picture) -> None:
    row = {"problem_index": "1", "query_wo": "?", "query_cot": "?", "question_for_eval": "Angle?", "image": picture(1)}
    rows = [
        {**row, "sample_index": "1", "problem_version": "Text Dominant", "question_type": "multi-choice",
         "question": "Angle?\nChoices:\nA: 40\nB: 50", "answer": "B"},
        {**row, "sample_index": "2", "problem_version": "Vision Only", "question_type": "multi-choice",
         "question": "", "answer": "A"},
        {**row, "sample_index": "3", "problem_version": "Vision Only", "question_type": "free-form",
         "question": "", "answer": "2\\sqrt{3}"},
    ]  # fmt: skip
    source = parquet(tmp_path / "testmini.parquet", rows, "image")
    answers = ["The answer is \\boxed{B}", "so it is (B)", "\\boxed{\\sqrt{12}}"]
    assert verdicts("mathverse", source, answers) == [True, False, True]
    examples = load_set("mathverse", source, "test", stream_rows)
    assert examples[1].question == "<image>Answer the question that the picture shows."
    assert examples[0].groups == {"problem_version": "Text Dominant", "question_type": "multi-choice"}
    assert examples[0].images == (picture(1),)


def test_mathvista(tmp_path: Path, picture: Picture) -> None:
    row = {"unit": None, "precision": None, "choices": None, "query": None, "decoded_image": picture(2)}
    rows = [
        {**row, "pid": "1", "question": "Which?", "choices": ["cat", "dog"], "question_type": "multi_choice",
         "answer_type": "text", "answer": "dog"},
        {**row, "pid": "2", "question": "How many?", "question_type": "free_form", "answer_type": "integer",
         "answer": "14"},
        {**row, "pid": "3", "question": "How long?", "precision": 1.0, "question_type": "free_form",
         "answer_type": "float", "answer": "1.2"},
        {**row, "pid": "4", "question": "Name?", "question_type": "free_form", "answer_type": "text", "answer": "Rome"},
    ]  # fmt: skip
    source = parquet(tmp_path / "testmini.parquet", rows, "decoded_image")
    right = ["\\boxed{B}", "\\boxed{14.0}", "\\boxed{1.24}", "\\boxed{rome}"]
    assert verdicts("mathvista", source, right) == [True, True, True, True]
    other = ["\\boxed{dog}", "\\boxed{15}", "\\boxed{1.26}", "\\boxed{Paris}"]
    assert verdicts("mathvista", source, other) == [True, False, False, False]
    (first, *_) = load_set("mathvista", source, "test", stream_rows)
    assert first.question == "<image>Which?\n(A) cat\n(B) dog"
    assert first.answer == "B"


def test_mathvision(tmp_path: Path, picture: Picture) -> None:
    row = {"decoded_image": picture(3), "image": "images/1.jpg", "level": 4, "subject": "algebra"}
    rows = [
        {**row, "id": "1", "question": "<image1>\nWhich?", "options": ["1", "2", "3"], "answer": "C"},
        {**row, "id": "2", "question": "What?<image1>", "options": [], "answer": "\\frac{1}{2}"},
    ]
    source = parquet(tmp_path / "test.parquet", rows, "decoded_image")
    assert verdicts("mathvision", source, ["\\boxed{3}", "\\boxed{0.5}"]) == [True, True]
    assert verdicts("mathvision", source, ["\\boxed{A}", "\\boxed{2}"]) == [False, False]
    assert load_set("mathvision", source, "test", stream_rows)[1].question == "What?<image>"


def test_logicvista_takes_several_letters_in_any_order(tmp_path: Path, picture: Picture) -> None:
    rows = [{"image": picture(4), "question": "Which?", "answer": answer} for answer in ("B", "A, C")]
    source = parquet(tmp_path / "test.parquet", rows, "image")
    assert verdicts("logicvista", source, ["\\boxed{B}", "\\boxed{C, A}"]) == [True, True]
    assert verdicts("logicvista", source, ["\\boxed{B, C}", "\\boxed{A}"]) == [False, False]
    assert [example.index for example in load_set("logicvista", source, "test", stream_rows)] == ["0", "1"]


def test_chartqa_forgives_five_percent(tmp_path: Path, picture: Picture) -> None:
    rows = [
        {"type": "human_test", "question": "How much?", "answer": "200", "image": picture(5)},
        {"type": "augmented_test", "question": "Share?", "answer": "25%", "image": picture(6)},
        {"type": "augmented_test", "question": "Who?", "answer": "Spain", "image": picture(7)},
    ]
    source = parquet(tmp_path / "test.parquet", rows, "image")
    assert verdicts("chartqa", source, ["\\boxed{210}", "\\boxed{0.26}", "\\boxed{SPAIN}"]) == [True, True, True]
    assert verdicts("chartqa", source, ["\\boxed{211}", "\\boxed{25}", "\\boxed{France}"]) == [False, False, False]


def test_problems_are_easyr1_s(tmp_path: Path, picture: Picture) -> None:
    import json

    (tmp_path / "one.png").write_bytes(picture(8))
    row = {"problem": "<image>How many?", "answer": "7", "images": ["one.png"]}
    (tmp_path / "rl.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    (example,) = load_set("problems", str(tmp_path / "rl.jsonl"), "train", stream_rows)
    assert example.images == (picture(8),)
    assert score(example, "<think>3+4</think><answer>\\boxed{7}</answer>") == ("7", True)
    assert example_prompt("problems", example).question == "<image>How many?"


def base(picture: bytes) -> str:
    return base64.b64encode(picture).decode()


def test_vlmevalkit_mathvista_casts(tmp_path: Path, picture: Picture) -> None:
    row = {"image": base(picture(9)), "choices": "", "answer_option": "", "task": "figure QA", "skills": "['logic']"}
    rows = [
        {**row, "index": 1, "question": "Which?", "question_type": "multi_choice", "answer_type": "text",
         "choices": "['cat', 'dog']", "answer_option": "B", "answer": "dog"},
        {**row, "index": 2, "image": 1, "question": "How many?", "question_type": "free_form",
         "answer_type": "integer", "answer": "14"},
        {**row, "index": 3, "question": "How long?", "question_type": "free_form", "answer_type": "float",
         "answer": "1.20"},
    ]  # fmt: skip
    source = tsv(tmp_path / "MathVista_MINI.tsv", rows)
    assert verdicts("MathVista_MINI", source, ["\\boxed{B}", "\\boxed{14}", "\\boxed{1.2}"]) == [True, True, True]
    # the cast of a text like 14.0 to a whole number fails, which leaves it to a judge
    assert verdicts("MathVista_MINI", source, ["\\boxed{A}", "\\boxed{14.0}", "\\boxed{1.3}"]) == [False, None, False]
    examples = load_set("MathVista_MINI", source, "test", stream_rows)
    assert examples[1].images == examples[0].images == (picture(9),)  # a short cell names the row that it shares with


def test_the_other_sets_of_vlmevalkit(tmp_path: Path, picture: Picture) -> None:
    image = {"image": base(picture(10))}
    verse = {"index": 1, **image, "question": "Which?", "question_for_eval": "Which?", "answer": "D",
             "problem_version": "Vision Intensive", "metadata": "{}"}  # fmt: skip
    assert verdicts("MathVerse_MINI", tsv(tmp_path / "a.tsv", [verse]), ["\\boxed{D}"]) == [True]
    vision = [
        {"index": 1, **image, "question": "?", "answer": "\\frac{3}{4}", "choices": "", "category": "algebra"},
        {"index": 2, **image, "question": "?", "answer": "A", "choices": "['5', '6']", "category": "logic"},
    ]
    assert verdicts("MathVision", tsv(tmp_path / "b.tsv", vision), ["\\boxed{0.75}", "\\boxed{5}"]) == [True, True]
    logic = {"index": 1, **image, "question": "?", "answer": "B, A", "skill": "inductive"}
    assert verdicts("LogicVista", tsv(tmp_path / "c.tsv", [logic]), ["\\boxed{A, B}"]) == [True]
    chart = {"index": 1, **image, "question": "?", "answer": "10", "split": "human"}
    assert verdicts("ChartQA_TEST", tsv(tmp_path / "d.tsv", [chart]), ["\\boxed{10.5}"]) == [True]


def test_images_may_lie_beside_a_tsv(tmp_path: Path, picture: Picture) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "1.png").write_bytes(picture(11))
    row = {"index": 1, "image_path": "images/1.png", "question": "?", "answer": "A", "skill": "x"}
    (example,) = load_set("LogicVista", tsv(tmp_path / "x.tsv", [row]), "test", stream_rows)
    assert example.images == (picture(11),)


def test_every_set_of_the_paper_has_a_format_of_both_harnesses() -> None:
    assert OF_THE_PAPER.keys() <= FORMATS.keys()
    assert sorted(OF_THE_PAPER.values()) == sorted(2 * SETS)


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("chartqa", {"question": "?", "image": None}, "no column 'answer'"),
    ("chartqa", {"question": "?", "answer": None}, "row 0, column 'answer': empty"),
    ("chartqa", {"question": "?", "answer": "1", "image": 3}, "column 'image': int is not an image"),
    ("mathvista", {"pid": "1", "question": "?", "choices": ["a"], "question_type": "multi_choice",
                   "answer_type": "text", "answer": "b"}, "'b' is none of the choices"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "row", "message"), BAD)
def test_a_bad_row_is_named(name: str, row: dict[str, Any], message: str) -> None:
    def rows(source: str, split: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        yield "file, row 0", row

    with pytest.raises(DataError, match=message):
        load_set(name, "file", "test", rows)


def test_bad_sets_are_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean chartqa"):
        load_set("chart_qa", "x", "test", stream_rows)
    row = {"index": 1, "image": "", "question": "?", "answer": "A", "skill": "x"}
    with pytest.raises(DataError, match="line 3: repeats the index '1'"):
        load_set("LogicVista", tsv(tmp_path / "x.tsv", [row, row]), "test", stream_rows)
    (tmp_path / "y.tsv").write_text("index\tquestion\tanswer\n1\tA\n", encoding="utf-8")
    with pytest.raises(DataError, match="line 2: another number of cells"):
        load_set("LogicVista", str(tmp_path / "y.tsv"), "test", stream_rows)
    with pytest.raises(DataError, match="cannot be read"):
        load_set("LogicVista", str(tmp_path / "z.tsv"), "test", stream_rows)


def test_limit_takes_the_first(tmp_path: Path) -> None:
    rows = [{"index": n, "image": "", "question": "?", "answer": "A", "skill": "x"} for n in range(5)]
    found: list[Example] = load_set("LogicVista", tsv(tmp_path / "x.tsv", rows), "test", stream_rows, limit=2)
    assert [example.index for example in found] == ["0", "1"]


@pytest.mark.parametrize(
    ("name", "row", "words"),
    [
        ("mathvision", {"options": [str(k) for k in range(30)]}, "options must be a list of up to 26"),
        ("mathvision", {"options": 3}, "options must be a list of up to 26, not 3"),
        ("mathvision", {"answer": ["1"]}, "column 'answer': must be text or a number, not list"),
        ("mathvista", {"precision": "two"}, "column 'precision': 'two' is no number of decimal places"),
        ("mathvista", {"precision": float("inf")}, "column 'precision': 'inf' is no number of decimal places"),
    ],
)
def test_values_of_another_kind_are_named(name: str, row: dict[str, Any], words: str, tmp_path: Path) -> None:
    whole = {"pid": 1, "question": "?", "question_type": "free", "answer_type": "float", "answer": "1.5", **row}
    (tmp_path / "set.jsonl").write_text(json.dumps(whole) + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=re.escape(words)):
        load_set(name, str(tmp_path / "set.jsonl"), "test", stream_rows)


def test_a_mark_of_bytes_before_a_tsv_is_passed_over(tmp_path: Path, picture: Picture) -> None:
    source = tmp_path / "set.tsv"
    source.write_text(f"index\tquestion\tanswer\timage\n1\tWhich?\tA\t{base(picture(3))}\n", encoding="utf-8-sig")
    (example,) = load_set("LogicVista", str(source), "test", stream_rows)
    assert (example.index, example.answer) == ("1", "A")
