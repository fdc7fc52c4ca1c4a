"""Curation: types, near-duplicates, bands, even shares, and parts that lose nothing when they are stopped."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from full_scale.answering import Batch, Ledger, Question, Reply
from full_scale.pipeline.answerers import answerer_of
from full_scale.pipeline.config import PipelineConfig, load_pipeline
from full_scale.pipeline.curation.duplicates import NearDuplicates, picture_hash, word_triples
from full_scale.pipeline.curation.parts import answer_part, read_part, split_into_parts
from full_scale.pipeline.curation.reading import BadRowError, problem_rows, stream_rows
from full_scale.pipeline.curation.selecting import band_of, even_shares, select
from full_scale.pipeline.curation.types import TYPES, read_type, type_by_rules
from full_scale.pipeline.settings import CurateConfig, FileProblems
from vas_theory.foundation.errors import ArgumentError, DataError

Picture = Callable[[int], bytes]
LONG = "A farmer has 12 cows and buys three more cows at the market on Monday, how many cows has the farmer now?"


def silent(_: str) -> None:
    """Say nothing."""


@pytest.mark.parametrize(
    ("problem", "kind"),
    [
        ("What is 3 + 5?", "arithmetic"),
        ("<image>How many red shapes are there?", "counting"),
        ("In how many ways can five people stand in a row?", "combinatorics"),
        ("Solve x + 3 = 5.", "algebra"),
        ("Find the derivative of the function f(x).", "functions"),
        ("In triangle ABC find the angle at B.", "plane geometry"),
        ("Find the volume of the cone.", "solid geometry"),
        ("How many lattice points lie inside the polygon?", "combinatorial geometry"),
        ("Which is the front view of the solid?", "descriptive geometry"),
        ("Does the connected graph have an Eulerian circuit?", "graph theory"),
        ("Which figure completes the pattern?", "logic"),
        ("What is the median of the bar chart?", "statistics"),
        ("Is the torus homeomorphic to a mug?", "topology"),
        ("Why?", "other"),
    ],
)
def test_each_type_has_its_words(problem: str, kind: str) -> None:
    assert type_by_rules(problem) == kind


def test_a_model_names_a_type_by_its_letter() -> None:
    assert len(TYPES) == 13
    assert read_type("\\boxed{A}") == "arithmetic"
    assert read_type("\\boxed{M}") == "topology"
    assert read_type("\\boxed{N}") == "other"
    assert read_type("no idea") == "other"


def test_near_duplicates_share_words_numbers_and_pictures(picture: Picture) -> None:
    index = NearDuplicates(0.8)
    assert index.near(LONG, [], "first") is None
    assert index.near(LONG.replace("?", " ?").upper(), [], "second") == "first"
    assert index.near(LONG.replace("12", "13"), [], "third") is None  # another number is another problem
    assert index.near(LONG, [picture(1)], "fourth") is None
    assert index.near(LONG, [picture(1)], "fifth") == "fourth"
    assert index.near(LONG.replace("Monday", "Tuesday"), [], "sixth") is None  # 3 of 19 triples differ: index 16/22
    assert len(index) == 4
    with pytest.raises(ArgumentError, match="near_duplicates must lie in"):
        NearDuplicates(0.0)


def test_words_and_numbers_of_a_problem() -> None:
    assert word_triples("<image> If x = 3.5, then?") == ({"if x 3.5", "x 3.5 then"}, ["3.5"])
    assert word_triples("Why?") == ({"why"}, [])


def test_a_picture_encoded_otherwise_is_the_same_picture(picture: Picture) -> None:
    from PIL import Image

    stream = io.BytesIO()
    Image.open(io.BytesIO(picture(7))).save(stream, "BMP")
    assert picture_hash(stream.getvalue()) == picture_hash(picture(7)) != picture_hash(picture(8))
    assert picture_hash(b"no picture") != picture_hash(b"other bytes")


def test_bands_include_their_bounds() -> None:
    rates = [None, 0.0, 0.2, 0.25, 0.75, 0.8, 1.0]
    assert [band_of(rate, 0.8, 0.2) for rate in rates] == [
        *("unanswered", "hard", "hard", "medium", "medium", "easy", "easy"),
    ]


def test_even_shares_by_hand() -> None:
    assert even_shares({"a": 10, "b": 2, "c": 10}, 12) == {"b": 2, "a": 5, "c": 5}
    assert even_shares({"a": 10, "b": 2}, 0) == {"a": 10, "b": 2}
    assert even_shares({"a": 3, "b": 2}, 99) == {"a": 3, "b": 2}
    assert sum(even_shares({"a": 10, "b": 10, "c": 10}, 10).values()) == 10


def rows_of(path: Path, rows: list[dict[str, Any]]) -> list[Any]:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return list(problem_rows(FileProblems(source=str(path))))


def test_rows_keep_where_they_come_from_and_bad_ones_are_counted(tmp_path: Path, picture: Picture) -> None:
    (tmp_path / "a.png").write_bytes(picture(1))
    good = {"problem": "What is 1 + 1?", "answer": 2, "licence": "CC0", "source": "mine"}
    rows = [
        good,
        {"problem": "", "answer": "1"},
        {"problem": "x", "answer": None},
        {"problem": "<image><image>Two?", "answer": "1", "images": ["a.png"]},
        {"problem": "Gone?", "answer": "1", "images": ["b.png"]},
        {"problem": "Seen?", "answer": "1", "images": ["a.png"]},
        good,
    ]
    found = rows_of(tmp_path / "p.jsonl", rows)
    assert [row.reason for row in found if isinstance(row, BadRowError)] == [
        *("problem is empty", "answer is no text", "marks of images and images differ in number"),
        "an image's file cannot be read",
    ]
    assert found[5]["problem"] == "<image>Seen?"
    counts = split_into_parts(iter(found), tmp_path / "parts", 1, NearDuplicates(0.8), silent)
    assert counts["parts"] == [1, 1]
    assert counts["read"] == 7
    assert counts["dropped"]["repeats an earlier problem"] == 1
    assert "p.jsonl, line 2: problem is empty" in counts["examples"][0]
    (kept,) = read_part(tmp_path / "parts" / "part-000000.parquet")
    assert (kept["licence"], kept["source"], kept["type"], kept["answer"]) == ("CC0", "mine", "arithmetic", "2")


def test_questions_of_evaluation_sets_are_kept_out(tmp_path: Path) -> None:
    index = NearDuplicates(0.8)
    index.near(LONG, [], "evaluation mathvista 1")
    found = rows_of(tmp_path / "p.jsonl", [{"problem": LONG, "answer": "15"}, {"problem": "Why 3?", "answer": "1"}])
    counts = split_into_parts(iter(found), tmp_path / "parts", 10, index, silent)
    assert counts["dropped"] == {"near an evaluation set": 1}
    assert counts["parts"] == [1]


def test_sources_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no column 'answer'"):
        rows_of(tmp_path / "p.jsonl", [{"problem": "x"}])
    with pytest.raises(DataError, match="cannot be read"):
        list(stream_rows(str(tmp_path / "none.jsonl"), "train"))
    (tmp_path / "cut.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match="not a whole parquet file"):
        list(stream_rows(str(tmp_path / "cut.parquet"), "train"))
    (tmp_path / "bad.jsonl").write_text("{\n", encoding="utf-8")
    with pytest.raises(DataError, match="line 1: not JSON"):
        list(stream_rows(str(tmp_path / "bad.jsonl"), "train"))
    with pytest.raises(DataError, match="no problem of 0 can be used"):
        split_into_parts(iter([]), tmp_path / "parts", 10, None, silent)


class Script:
    """Answers right as often as the problem's first number says, out of four; stops after so many batches."""

    def __init__(self, batches: int = 10**9) -> None:
        self.batches, self.asked = batches, 0
        self.settings = {"script": 1}

    def ask(self, questions: Sequence[Question]) -> Iterator[Batch]:
        for number, question in enumerate(questions):
            if number == self.batches:
                raise KeyboardInterrupt
            self.asked += question.count
            right = int(question.prompt.question.split()[1])
            answers = [question.prompt.answer if place < right else "99" for place in range(question.count)]
            texts = tuple(
                f"<think>way {place}</think><answer>\\boxed{{{answer}}}</answer>"
                for place, answer in enumerate(answers)
            )
            yield Batch((Reply(question.prompt, texts),), Ledger(1, 0, question.count))


@pytest.fixture
def config() -> PipelineConfig:
    return load_pipeline("vlm-smoke", ["answers.per_problem=4", "curate.chains_per_problem=2", "curate.rl_problems=0"])


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    """A folder with five problems that are right 0, 1, 2, 3 and 4 times out of four."""
    problems = [
        {"problem": f"Problem {right} of {right + 10} apples?", "answer": str(right + 10)} for right in range(5)
    ]
    found = rows_of(tmp_path / "p.jsonl", problems)
    split_into_parts(iter(found), tmp_path / "problems", 10, None, silent)
    return tmp_path


def test_a_part_that_was_stopped_asks_for_nothing_twice(parts: Path, config: PipelineConfig) -> None:
    first, second = Script(batches=3), Script()
    with pytest.raises(KeyboardInterrupt):
        answer_part(config, first, parts, 0, silent)
    assert not list((parts / "answered").glob("*"))
    result = answer_part(config, second, parts, 0, silent)
    assert (first.asked, second.asked) == (12, 8)
    assert result["ledger"]["answers"] == 20
    assert result["counts"]["right"] == 0 + 1 + 2 + 3 + 4
    assert answer_part(config, Script(batches=0), parts, 0, silent) == result  # finished: read back


def test_pass_rates_bands_and_chains_by_hand(parts: Path, config: PipelineConfig, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    answer_part(config, Script(), parts, 0, silent)
    target = tmp_path / "result"
    target.mkdir()
    rules = CurateConfig(chains_per_problem=2, rl_bands=("hard", "medium"))
    found = select(rules, parts, 1, target)
    assert found["bands"] == {"easy": 1, "medium": 3, "hard": 1}  # 1; .75, .5, .25; 0
    chains = pq.read_table(target / "cold_start.parquet").to_pylist()
    assert [(row["answer"], row["chain"][:13]) for row in chains] == [
        *(("11", "<think>way 0<"),),
        *(("12", "<think>way 0<"), ("12", "<think>way 1<")),
        *(("13", "<think>way 0<"), ("13", "<think>way 1<")),
    ]
    rl = pq.read_table(target / "rl.parquet").to_pylist()
    assert [(row["answer"], row["pass_rate"], row["answers"]) for row in rl] == [
        ("10", 0.0, 4), ("11", 0.25, 4), ("12", 0.5, 4), ("13", 0.75, 4),
    ]  # fmt: skip
    told = pq.read_table(target / "pass_rates.parquet").to_pylist()
    assert told[0] == {"prompt_key": f"mmr1:rl.parquet/{rl[0]['key']}", "pass_rate": 0.0, "trials": 4}
    fewer = select(rules.model_copy(update={"rl_problems": 2}), parts, 1, target)
    assert sum(fewer["kept"]["reinforcement learning"].values()) == 2
    again = pq.read_table(target / "rl.parquet")["key"].to_pylist()
    assert set(again) <= {row["key"] for row in rl}
    select(rules.model_copy(update={"rl_problems": 2, "uniform": False}), parts, 1, target)
    assert len(pq.read_table(target / "rl.parquet")) == 2


def test_chains_without_the_form_are_no_chains_of_a_cold_start(parts: Path, config: PipelineConfig) -> None:
    class Bare(Script):
        def ask(self, questions: Sequence[Question]) -> Iterator[Batch]:
            for question in questions:
                texts = (f"\\boxed{{{question.prompt.answer}}}",) * question.count
                yield Batch((Reply(question.prompt, texts),), Ledger(1, 0, question.count))

    result = answer_part(config, Bare(), parts, 0, silent)
    assert result["counts"]["right chains of another form"] == 20
    assert all(row["chains"] == [] for row in read_part(parts / "answered" / "part-000000.parquet"))


def test_a_model_may_name_the_types(parts: Path) -> None:
    class Typist(Script):
        def ask(self, questions: Sequence[Question]) -> Iterator[Batch]:
            for question in questions:
                is_type = question.prompt.question.startswith("Which type")
                texts = ("\\boxed{D}" if is_type else "\\boxed{1}",) * question.count
                yield Batch((Reply(question.prompt, texts),), Ledger(1, 0, question.count))

    rows = read_part(parts / "problems" / "part-000000.parquet")
    from full_scale.pipeline.curation.parts import problem_schema, write_rows

    write_rows(parts / "problems" / "part-000000.parquet", [{**row, "type": ""} for row in rows], problem_schema())
    changes = ["answers.by=endpoint", "answers.model=x", "curate.types=model", "answers.max_new_tokens=9"]
    answer_part(load_pipeline("vlm-smoke", changes), Typist(), parts, 0, silent)
    assert {row["type"] for row in read_part(parts / "answered" / "part-000000.parquet")} == {"algebra"}


def test_an_endpoint_sees_pictures_and_its_failures_cost_no_problem(
    tmp_path: Path, picture: Picture, server: Any
) -> None:
    (tmp_path / "a.png").write_bytes(picture(1))
    problems = [{"problem": "Seen?", "answer": "4", "images": ["a.png"]}, {"problem": "Why 2?", "answer": "4"}]
    split_into_parts(iter(rows_of(tmp_path / "p.jsonl", problems)), tmp_path / "problems", 10, None, silent)

    def respond(path: str, body: dict[str, Any], number: int) -> tuple[int, Any]:
        words = body["messages"][-1]["content"]
        if isinstance(words, str):
            return 413, {"error": "too long"}  # the second problem fails for good
        assert words[0]["image_url"]["url"].startswith("data:image/png;base64,")
        texts = [f"<think>{place}</think><answer>\\boxed{{{3 + place}}}</answer>" for place in range(body["n"])]
        choices = [{"message": {"content": text}, "finish_reason": "stop"} for text in texts]
        return 200, {"choices": choices, "usage": {"prompt_tokens": 5, "completion_tokens": 6}}

    server.respond = respond
    changes = ["answers.by=endpoint", "answers.model=m", f"answers.url={server.url}", "answers.max_new_tokens=99"]
    config = load_pipeline("vlm-smoke", changes)
    result = answer_part(config, answerer_of(config.answers), tmp_path, 0, silent)
    assert result["counts"]["problems answered less often than asked for"] == 1
    assert (result["ledger"]["prompt_tokens"], result["ledger"]["completion_tokens"]) == (5, 6)
    first, second = read_part(tmp_path / "answered" / "part-000000.parquet")
    assert (first["pass_rate"], first["answers"], len(first["chains"])) == (0.25, 4, 1)
    assert second["pass_rate"] is None
    target = tmp_path / "result"
    target.mkdir()
    assert select(config.curate, tmp_path, 1, target)["bands"] == {"medium": 1, "unanswered": 1}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"problem": "half a letter: \ud800"}, "problem is no text"),
        ({"answer": float("inf")}, "answer is no text"),
        ({"images": ["a\0b.png"]}, "an image's file cannot be read"),
        ({"images": ["p.jsonl"]}, "an image is no image"),  # bytes that are no picture
    ],
)
def test_a_row_that_no_file_could_hold_is_left_out_and_counted(
    row: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    rows = [{"problem": "q", "answer": "1", **row}, {"problem": "p", "answer": "2"}]
    (tmp_path / "p.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")
    found, kept = problem_rows(FileProblems(source=str(tmp_path / "p.jsonl")))
    assert isinstance(found, BadRowError)
    assert found.reason == reason
    assert isinstance(kept, dict)
