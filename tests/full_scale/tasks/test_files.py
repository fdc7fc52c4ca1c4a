"""Questions from files: every way in which a file can be wrong is named with its file, row and column."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset, Features, Image, List, Value
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Picture

from full_scale.config.task import FileConfig, MMR1Config
from full_scale.pipeline.curation.reading import stream_rows
from full_scale.tasks import load_task
from full_scale.tasks.dataset import to_dataset
from full_scale.tasks.templates import INSTRUCTIONS, messages, render
from vas_theory.foundation.errors import ArgumentError, DataError, UnknownNameError, VASError

ROWS: list[dict[str, Any]] = [{"problem": f"What is {n} + 1?", "answer": str(n + 1)} for n in range(20)]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")


def write(path: Path, rows: list[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def png(shade: int) -> bytes:
    stream = io.BytesIO()
    Picture.new("L", (4, 4), shade).save(stream, "png")
    return stream.getvalue()


def mmr1_parquet(path: Path, *, declared: bool = True) -> str:
    """The columns of MMR1-RL, with images as ``datasets`` stores them, or as bare bytes and paths."""
    rows = {
        "problem": ["<image>Which is larger?", "<image>Which is larger?", "2 + 2?", *(f"{n} + 1?" for n in range(20))],
        "answer": ["A", "B", "4", *(str(n + 1) for n in range(20))],
        "images": [[{"bytes": png(1), "path": None}], [{"bytes": png(2), "path": None}], [], *[None] * 20],
    }
    image = Image() if declared else {"bytes": Value("binary"), "path": Value("string")}
    features = Features({"problem": Value("string"), "answer": Value("string"), "images": List(image)})
    Dataset.from_dict(rows, features=features).to_parquet(str(path))
    return str(path)


def test_json_lines_and_parquet_give_the_same_questions(tmp_path: Path) -> None:
    lines = load_task(FileConfig(source=write(tmp_path / "rows.jsonl", ROWS)))
    Dataset.from_list(ROWS).to_parquet(str(tmp_path / "rows.parquet"))
    table = load_task(FileConfig(source=str(tmp_path / "rows.parquet")))
    for ours, theirs in ((lines.training, table.training), (lines.held_out, table.held_out)):
        assert [(p.question, p.answer, p.key.partition("/")[2]) for p in ours] == [
            (p.question, p.answer, p.key.partition("/")[2]) for p in theirs
        ]
    assert len(lines.training) + len(lines.held_out) == 20
    assert lines.training[0].check == "math"
    assert lines.training[0].text == f"Question: {lines.training[0].question}\nAnswer:"


def test_keys_and_split_follow_the_content_not_the_order(tmp_path: Path) -> None:
    one = load_task(FileConfig(source=write(tmp_path / "rows.jsonl", ROWS)))
    (tmp_path / "again").mkdir()
    two = load_task(FileConfig(source=write(tmp_path / "again" / "rows.jsonl", ROWS[::-1][5:])))
    assert {p.key for p in two.held_out} <= {p.key for p in one.held_out}
    assert {p.key for p in two.training} <= {p.key for p in one.training}
    assert one.fingerprint != two.fingerprint


def test_columns_have_the_users_names(tmp_path: Path) -> None:
    rows = [{"q": f"{n}?", "a": n + 0.5, "id": f"n{n}", "grade": n % 3} for n in range(20)]
    names = {"problem_column": "q", "answer_column": "a", "key_column": "id", "level_column": "grade"}
    task = load_task(FileConfig(source=write(tmp_path / "x.jsonl", rows), **names, answer_check="exact_match"))
    prompt = next(p for p in (*task.training, *task.held_out) if p.question == "4?")
    assert (prompt.key, prompt.answer, prompt.level, prompt.check) == ("file:x.jsonl/n4", "4.5", 1, "exact_match")


def jsonl(*changes: tuple[int, dict[str, Any]]) -> list[dict[str, Any]]:
    rows = [dict(row) for row in ROWS]
    for index, change in changes:
        rows[index].update(change)
        rows[index] = {key: value for key, value in rows[index].items() if value != "DROP"}
    return rows


def each(changes: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return jsonl(*enumerate(changes))


@pytest.mark.parametrize(
    ("rows", "settings", "message"),
    [
        (jsonl((3, {"answer": "DROP"})), {}, "x.jsonl, line 4: no column 'answer', only ['problem']"),
        (jsonl((3, {"answer": None})), {}, "x.jsonl, line 4, column 'answer': no value"),
        (jsonl((3, {"answer": "  "})), {}, "x.jsonl, line 4, column 'answer': empty"),
        (jsonl((0, {"answer": float("nan")})), {}, "x.jsonl, line 1, column 'answer': nan is not a finite number"),
        (jsonl((0, {"answer": float("inf")})), {}, "x.jsonl, line 1, column 'answer': inf is not a finite number"),
        (jsonl((0, {"answer": ["4"]})), {}, "line 1, column 'answer': must be text or a number, not list"),
        (jsonl((2, {"problem": ""})), {}, "x.jsonl, line 3, column 'problem': empty"),
        (jsonl((2, {"problem": "half \ud800"})), {}, "line 3, column 'problem': holds half a surrogate pair"),
        (jsonl((5, dict(ROWS[1]))), {}, "x.jsonl, line 6: repeats the question of line 2; set task.repeats = 'drop'"),
        (
            jsonl((5, {**ROWS[1], "answer": "7"})),
            {"repeats": "drop"},
            "as in line 2, with another answer",
        ),
        (
            jsonl(*((n, {"id": n % 19}) for n in range(20))),
            {"key_column": "id"},
            "column 'id': repeats the key of line 1",
        ),
        (
            jsonl(*((n, {"id": n + 0.5}) for n in range(20))),
            {"key_column": "id"},
            "must be text or an integer, not 0.5",
        ),
        (each({"g": "hard"} for n in range(20)), {"level_column": "g"}, "a level must be an integer"),
        (jsonl((1, {"answer": "12"})), {"answer_check": "choice"}, "'1' is not the letter of a choice"),
        ([], {}, "x.jsonl has no usable row"),
    ],
)
def test_rows_that_cannot_be_used(
    rows: list[dict[str, Any]], settings: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=re.escape(message)):
        load_task(FileConfig(source=write(tmp_path / "x.jsonl", rows), **settings))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"problem": "a", "answer": "1"}\n{"problem": "caf\xe9", "answer": "2"}\n', "line 2: byte 16 is not UTF-8"),
        (b'{"problem": "a", "answer": "1"}\n{"problem": ', "line 2: not JSON"),
        (b'["a", "1"]\n', "line 1: a row must be an object with named columns, not list"),
        ('{"problem": "a", "answer": "1"}\n'.encode("utf-16"), "is not UTF-8"),
        (b"[" * 100_000, "line 1: not JSON"),
        (b"\n\n", "has no usable row"),
    ],
)
def test_files_that_are_no_json_lines(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(content)
    with pytest.raises(DataError, match=re.escape(message)) as caught:
        load_task(FileConfig(source=str(path)))
    assert str(path) in str(caught.value)


def test_byte_order_mark_and_blank_lines_are_harmless(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n\r\n".join(json.dumps(row) for row in ROWS).encode())
    assert len(load_task(FileConfig(source=str(path))).training) > 0


@settings(max_examples=30)
@given(content=st.binary(max_size=80))
def test_any_bytes_give_a_task_or_one_error(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("bytes") / "x.jsonl"
    path.write_bytes(b'{"problem": "a", "answer": "1"}\n' + content)
    with contextlib.suppress(VASError):
        load_task(FileConfig(source=str(path)))


@pytest.mark.parametrize("kept", [0, 4, 200, -1])
def test_cut_parquet_is_named(kept: int, tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    Dataset.from_list(ROWS).to_parquet(str(path))
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(DataError, match=rf"{path} is not a whole parquet file"):
        load_task(FileConfig(source=str(path)))


@pytest.mark.parametrize("source", ["/none/x.jsonl", "/none/x.parquet", "./none", "a/b/c", "/none/x.csv"])
def test_missing_files_are_named(source: str) -> None:
    with pytest.raises(DataError, match=re.escape(source)):
        load_task(FileConfig(source=source))


def test_hub_data_sets_go_through_datasets(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []

    def load(name: str, split: str) -> Dataset:
        asked.append((name, split))
        return Dataset.from_list(ROWS)

    monkeypatch.setattr("datasets.load_dataset", load)
    assert len(load_task(MMR1Config(split="test")).training) > 0
    assert asked == [("MMR1/MMR1-RL", "test")]


def test_unreachable_hub_is_one_error() -> None:
    """The tests run offline: the loader itself says that it cannot reach the hub."""
    with pytest.raises(DataError, match=r"data set 'nobody/nothing' \(split 'train'\) cannot be loaded"):
        load_task(FileConfig(source="nobody/nothing"))


@pytest.mark.parametrize("declared", [True, False])
def test_columns_of_mmr1(declared: bool, tmp_path: Path) -> None:
    source = mmr1_parquet(tmp_path / "train.parquet", declared=declared)
    task = load_task(MMR1Config(source=source))
    prompts = {p.answer: p for p in (*task.training, *task.held_out)}
    assert len(prompts) == 22  # "4" is the answer of two questions
    assert prompts["A"].images == (png(1),)
    assert prompts["A"].key != prompts["B"].key, "the same words about another image are another question"
    assert prompts["7"].images == ()
    dropped = load_task(MMR1Config(source=source, images="drop"))
    assert not any(p.images for p in (*dropped.training, *dropped.held_out))
    with pytest.raises(DataError, match=r"train.parquet, row 0, column 'images': has images"):
        load_task(MMR1Config(source=source, images="refuse"))
    folder = tmp_path / "snapshot" / "data"
    folder.mkdir(parents=True)
    shutil.copy(source, folder / "train-00000-of-00001.parquet")
    Dataset.from_list(ROWS).to_parquet(str(folder / "test-00000-of-00001.parquet"))
    assert load_task(MMR1Config(source=str(tmp_path / "snapshot"))).name == "mmr1:snapshot"
    assert len(load_task(MMR1Config(source=str(tmp_path / "snapshot"), split="test")).training) < 20


def test_images_on_disk_and_broken_ones(tmp_path: Path) -> None:
    (tmp_path / "one.png").write_bytes(png(3))
    rows = [{**row, "images": None} for row in ROWS]
    rows[0]["images"] = ["one.png"]
    task = load_task(MMR1Config(source=write(tmp_path / "x.jsonl", rows)))
    assert [p.images for p in (*task.training, *task.held_out) if p.images] == [(png(3),)]
    for value, message in (
        (["two.png"], "two.png: No such file or directory"),
        ([7], "int is not an image"),
        (["x.jsonl"], "not a readable image"),
    ):
        rows[0]["images"] = value
        with pytest.raises(DataError, match=rf"x.jsonl, line 1, column 'images'.*{message}"):
            load_task(MMR1Config(source=write(tmp_path / "x.jsonl", rows)))
    rows[0] = {"problem": "<image> and <image>", "answer": "1", "images": ["one.png"]}
    with pytest.raises(DataError, match="line 1: 2 marks <image> in the question, but 1 images"):
        load_task(MMR1Config(source=write(tmp_path / "x.jsonl", rows)))


def test_marks_and_images_belong_together(tmp_path: Path) -> None:
    (tmp_path / "one.png").write_bytes(png(3))

    def load(*questions: str) -> None:
        rows = [
            {"problem": f"{text} {number}", "answer": "1", "images": [] if text == "<image> alone" else ["one.png"]}
            for number, text in enumerate(questions)
        ] + [{**row, "images": None} for row in ROWS]
        load_task(MMR1Config(source=write(tmp_path / "x.jsonl", rows)))

    load("<image> what?", "<image> how?")
    load("what?", "how?")
    with pytest.raises(DataError, match="line 2: 1 marks <image> in the question, but 0 images"):
        load("<image> what?", "<image> alone")
    with pytest.raises(DataError, match="line 2: images but no mark <image> in the question, unlike line 1"):
        load("<image> what?", "how?")
    with pytest.raises(DataError, match="line 2: a mark <image> in the question, unlike line 1"):
        load("how?", "<image> what?")
    rows = [{"problem": "<image> what?", "answer": "1"}, *ROWS]
    with pytest.raises(DataError, match=r"but 0 images; set task.images_column"):
        load_task(FileConfig(source=write(tmp_path / "y.jsonl", rows)))


def test_paths_of_images_are_relative_to_their_file(tmp_path: Path) -> None:
    for name, shade in (("a", 1), ("b", 2)):
        folder = tmp_path / "data" / name
        folder.mkdir(parents=True)
        (folder / "one.png").write_bytes(png(shade))
        rows = [{"problem": f"<image> {name}{n}", "answer": "1", "images": ["one.png"]} for n in range(20)]
        Dataset.from_list(rows).to_parquet(str(folder / "train.parquet"))
    task = load_task(MMR1Config(source=str(tmp_path / "data")))
    found = {p.question[8]: p.images for p in (*task.training, *task.held_out) if p.question}
    assert found == {"a": (png(1),), "b": (png(2),)}


def test_data_set_for_trl(tmp_path: Path) -> None:
    task = load_task(MMR1Config(source=mmr1_parquet(tmp_path / "train.parquet")))
    data = to_dataset([*task.training, *task.held_out], "reasoning")
    row = next(row for row in data if row["answer"] == "A")
    assert row["prompt"] == [
        {"role": "system", "content": INSTRUCTIONS["reasoning"]},
        {"role": "user", "content": "Which is larger?"},
    ]
    assert [image.getpixel((0, 0)) for image in row["images"]] == [1]
    assert len(set(data["key"])) == len(data)
    plain = to_dataset([p for p in task.training if not p.images])
    assert "images" not in plain.column_names
    assert plain[0]["prompt"].startswith("Question: ")
    with pytest.raises(ArgumentError, match="prompts must not be empty"):
        to_dataset([])


def test_conversations_need_a_chat_template(tmp_path: Path) -> None:
    (prompt, *_) = load_task(FileConfig(source=write(tmp_path / "x.jsonl", ROWS))).training

    class Tokenizer:
        chat_template: str | None = None

        def apply_chat_template(self, talk: list[dict[str, str]], **options: bool) -> str:
            assert options == {"tokenize": False, "add_generation_prompt": True}
            return "|".join(message["content"] for message in talk)

    tokenizer = Tokenizer()
    assert render(tokenizer, [prompt], "completion") == [prompt.text]
    with pytest.raises(DataError, match="chat template"):
        render(tokenizer, [prompt], "evaluation")
    tokenizer.chat_template = "x"
    assert render(tokenizer, [prompt], "evaluation") == [f"{INSTRUCTIONS['evaluation']}|{prompt.question}"]
    with pytest.raises(UnknownNameError, match="conversational style"):
        messages(prompt, "completion")


def test_fingerprint_sees_every_byte(tmp_path: Path) -> None:
    seen = set()
    for change in ({}, {"answer": "999"}, {"problem": "What is 0 + 1 ?"}):
        task = load_task(FileConfig(source=write(tmp_path / "x.jsonl", jsonl((0, change)))))
        seen.add(task.fingerprint)
    assert len(seen) == 3
    assert all(len(value) == len(hashlib.sha256().hexdigest()) for value in seen)


def test_a_split_that_a_folder_lacks_is_refused(tmp_path: Path) -> None:
    for number, split in enumerate(("train", "validation")):
        Dataset.from_list(ROWS[number * 10 : number * 10 + 10]).to_parquet(str(tmp_path / f"{split}-00000.parquet"))
    message = "holds no file of the split 'test', only of train, validation"
    with pytest.raises(DataError, match=message):
        load_task(FileConfig(source=str(tmp_path), split="test"))
    with pytest.raises(DataError, match=message):
        list(stream_rows(str(tmp_path), "test"))
    assert len(load_task(FileConfig(source=str(tmp_path), split="train")).training) <= 10
    (tmp_path / "plain").mkdir()
    Dataset.from_list(ROWS).to_parquet(str(tmp_path / "plain" / "training_data.parquet"))
    assert len(list(stream_rows(str(tmp_path / "plain"), "test"))) == 20  # whose name tells of no split


def test_a_folder_with_the_name_of_a_file_is_called_one(tmp_path: Path) -> None:
    (tmp_path / "rows.parquet").mkdir()
    for read in (lambda: load_task(FileConfig(source=str(tmp_path / "rows.parquet"))),
                 lambda: list(stream_rows(str(tmp_path / "rows.parquet"), "train"))):  # fmt: skip
        with pytest.raises(DataError, match="is a folder with the name of a file"):
            read()


def test_a_path_of_an_image_with_a_nul_byte_is_refused(tmp_path: Path) -> None:
    rows = [{**row, "images": ["a\0b.png"]} for row in ROWS[:1]]
    with pytest.raises(DataError, match=r"line 1, column 'images': .* is no path of an image"):
        load_task(FileConfig(source=write(tmp_path / "rows.jsonl", rows), images_column="images", images="keep"))
