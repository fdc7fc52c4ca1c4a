"""The formats that evaluation sets come in, as the harnesses lmms-eval and VLMEvalKit publish them.

Each format is one function from a row to an :class:`~full_scale.benchmarks.examples.Example`. Names with a capital
letter are VLMEvalKit's, whose sets are TSV files with images in base64; the others are lmms-eval's, whose sets are hub
data sets or parquet files. ``problems`` is the format of EasyR1 and MMR1.

Source:
    Column names as both harnesses document them for MathVerse, MathVista, MathVision, LogicVista and ChartQA.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from full_scale.benchmarks.examples import (
    LETTERS,
    MARK,
    Example,
    encoded_images,
    lettered,
    number_text,
    required,
    text_of,
)
from vas_theory.foundation.errors import DataError

__all__ = ["FORMATS", "OF_THE_PAPER", "read_example"]

Row = Mapping[str, Any]
Parse = Callable[[Row, str, Path], Example]

_SHOWN_IN_PICTURE = "Answer the question that the picture shows."
_IMAGES = frozenset({"image", "images", "decoded_image", "image_path"})


def _example(row: Row, where: str, folder: Path, image: str, question: str, **more: Any) -> Example:
    images = encoded_images(row.get(image), f"{where}, column {image!r}", folder)
    marks = question.count(MARK)
    if images and not marks:
        question = MARK * len(images) + question
    kept = {name: value for name, value in row.items() if name not in _IMAGES}
    return Example(question=question, images=images, row=kept, **more)


def _index(row: Row, column: str, where: str) -> str:
    """Return what names a row in its set: a column, or without it the row's place."""
    return number_text(row[column]) if column in row else where.rpartition(" ")[2]


def _list(value: Any, where: str) -> tuple[str, ...]:
    """Return options, which tables write as the text of a list."""
    if isinstance(value, str) and value.strip().startswith("["):
        try:
            value = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            raise DataError(f"{where}: options cannot be read from {value[:40]!r}") from None
    if value is None or isinstance(value, (str, float)):
        return ()
    if not isinstance(value, (list, tuple)) or len(value) > len(LETTERS):
        raise DataError(f"{where}: options must be a list of up to {len(LETTERS)}, not {str(value)[:40]}")
    return tuple(str(item) for item in value)


def _letters(answer: str) -> str:
    """Return the letters of an answer such as ``A, B``, sorted and joined."""
    return "".join(sorted({letter for letter in answer.upper() if letter in LETTERS}))


def _groups(row: Row, *columns: str) -> dict[str, str]:
    return {column: number_text(row[column]) for column in columns if row.get(column) not in (None, "")}


def _mathverse(row: Row, where: str, folder: Path) -> Example:
    required(row, where, "problem_version", "question_type", "answer")
    index = _index(row, "sample_index", where)
    choice = number_text(row["question_type"]).startswith("multi")
    question = number_text(row.get("question") or "") or _SHOWN_IN_PICTURE
    return _example(
        row, where, folder, "image", question, index=index,
        answer=text_of(row, "answer", where), rule="letter" if choice else "latex",
        groups=_groups(row, "problem_version", "question_type"),
    )  # fmt: skip


def _mathvista(row: Row, where: str, folder: Path) -> Example:
    required(row, where, "pid", "question_type", "answer_type", "answer")
    choices = _list(row.get("choices"), where)
    answer, precision = text_of(row, "answer", where), None
    question = number_text(row.get("query") or "") or lettered(text_of(row, "question", where), choices)
    if number_text(row["question_type"]) == "multi_choice":
        if answer not in choices:
            raise DataError(f"{where}, column 'answer': {answer[:40]!r} is none of the choices")
        answer, rule = LETTERS[choices.index(answer)], "letter"
    else:
        rule = {"integer": "integer", "float": "rounded"}.get(number_text(row["answer_type"]), "text")
        given = number_text(row.get("precision") or "")
        try:
            precision = int(float(given)) if given and rule == "rounded" else None
        except (ValueError, OverflowError):
            raise DataError(f"{where}, column 'precision': {given[:40]!r} is no number of decimal places") from None
    image = "decoded_image" if row.get("decoded_image") is not None else "image"
    return _example(
        row, where, folder, image, question, index=number_text(row["pid"]), answer=answer, rule=rule,
        choices=choices, precision=precision, groups=_groups(row, "question_type", "answer_type"),
    )  # fmt: skip


def _mathvision(row: Row, where: str, folder: Path) -> Example:
    required(row, where, "question", "answer")
    choices = _list(row.get("options"), where)
    question = text_of(row, "question", where).replace("<image1>", MARK)
    image = "decoded_image" if row.get("decoded_image") is not None else "image"
    return _example(
        row, where, folder, image, lettered(question, choices), index=_index(row, "id", where),
        answer=text_of(row, "answer", where), rule="letter" if choices else "latex", choices=choices,
        groups=_groups(row, "level", "subject"),
    )  # fmt: skip


def _logicvista(row: Row, where: str, folder: Path) -> Example:
    required(row, where, "question", "answer")
    return _example(
        row, where, folder, "image", text_of(row, "question", where),
        index=_index(row, "index", where), answer=_letters(text_of(row, "answer", where)), rule="letters",
        groups=_groups(row, "skill"),
    )  # fmt: skip


def _chartqa(row: Row, where: str, folder: Path) -> Example:
    required(row, where, "question", "answer")
    return _example(
        row, where, folder, "image", text_of(row, "question", where), index=_index(row, "index", where),
        answer=text_of(row, "answer", where), rule="relaxed", groups=_groups(row, "type", "split"),
    )  # fmt: skip


def _problems(row: Row, where: str, folder: Path) -> Example:
    required(row, where, "problem", "answer")
    return _example(
        row, where, folder, "images", text_of(row, "problem", where), index=_index(row, "key", where),
        answer=text_of(row, "answer", where), rule="latex", groups=_groups(row, "type", "source"),
    )  # fmt: skip


def _picture(row: Row) -> str:
    """Return the column of a TSV that holds the image or its path."""
    return "image" if number_text(row.get("image") or "") else "image_path"


def _kit_mathvista(row: Row, where: str, folder: Path) -> Example:
    required(row, where, "index", "question", "answer", "question_type", "answer_type")
    choices = _list(row.get("choices"), where)
    answer = text_of(row, "answer", where)
    if number_text(row["question_type"]) == "multi_choice":
        answer, rule = text_of(row, "answer_option", where), "letter"
    else:
        rule = {"integer": "int_cast", "float": "float_cast"}.get(number_text(row["answer_type"]), "text")
    return _example(
        row, where, folder, _picture(row), text_of(row, "question", where), index=number_text(row["index"]),
        answer=answer, rule=rule, choices=choices, groups=_groups(row, "task", "question_type"),
    )  # fmt: skip


def _kit_mathverse(row: Row, where: str, folder: Path) -> Example:
    required(row, where, "index", "question", "answer", "problem_version")
    answer = text_of(row, "answer", where)
    question = number_text(row["question"]) or _SHOWN_IN_PICTURE
    kind = number_text(row.get("question_type") or "")
    choice = kind.startswith("multi") if kind else len(answer) == 1 and answer in LETTERS
    return _example(
        row, where, folder, _picture(row), question, index=number_text(row["index"]), answer=answer,
        rule="letter" if choice else "latex", groups=_groups(row, "problem_version"),
    )  # fmt: skip


def _kit_mathvision(row: Row, where: str, folder: Path) -> Example:
    required(row, where, "index", "question", "answer")
    choices = _list(row.get("choices"), where)
    return _example(
        row, where, folder, _picture(row), text_of(row, "question", where), index=number_text(row["index"]),
        answer=text_of(row, "answer", where), rule="letter" if choices else "latex", choices=choices,
        groups=_groups(row, "category"),
    )  # fmt: skip


def _kit(parse: Parse) -> Parse:
    """Return a parser of another harness's row that finds the image of a TSV."""

    def read(row: Row, where: str, folder: Path) -> Example:
        required(row, where, "index")
        return parse({**row, "image": row.get(_picture(row))}, where, folder)

    return read


FORMATS: dict[str, Parse] = {
    "mathverse": _mathverse,
    "mathvista": _mathvista,
    "mathvision": _mathvision,
    "logicvista": _logicvista,
    "chartqa": _chartqa,
    "problems": _problems,
    "MathVerse_MINI": _kit_mathverse,
    "MathVista_MINI": _kit_mathvista,
    "MathVision": _kit_mathvision,
    "LogicVista": _kit(_logicvista),
    "ChartQA_TEST": _kit(_chartqa),
}
"""Name of a format to what reads its rows."""
OF_THE_PAPER = {
    **{name: name for name in ("mathverse", "mathvista", "mathvision", "logicvista", "chartqa")},
    "MathVerse_MINI": "mathverse",
    "MathVista_MINI": "mathvista",
    "MathVision": "mathvision",
    "LogicVista": "logicvista",
    "ChartQA_TEST": "chartqa",
}
"""Format to the column of the paper's tables that it fills."""


def read_example(name: str, row: Row, where: str, folder: Path) -> Example:
    """Return a row of a format as an example.

    Args:
        name: of the format.
        row: its columns.
        where: names the row in an error.
        folder: that paths of images are relative to.

    Raises:
        DataError: the row cannot be used; the message names column and row.
    """
    return FORMATS[name](row, where, folder)
