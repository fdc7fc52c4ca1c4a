"""Questions from a user's file or a hub data set, checked row by row."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from full_scale.tasks.answers import choice_letter
from full_scale.tasks.prompt import Prompt, Task
from full_scale.tasks.refusals import refuse_no_path
from full_scale.tasks.rows import read_rows
from full_scale.tasks.splitting import content_key, is_held_out
from vas_theory.foundation.command_line import require
from vas_theory.foundation.errors import DataError

if TYPE_CHECKING:
    from full_scale.config.task import FileConfig

__all__ = ["build", "prompts_with_rows"]

_MARK = "<image>"


def build(config: FileConfig) -> Task:
    """Return a file's questions, split by the hash of question and images.

    Raises:
        DataError: a column is missing, a value cannot be used or a question repeats; the message names file, row and
            column.
    """
    sides: dict[bool, list[Prompt]] = {False: [], True: []}
    for prompt, _ in prompts_with_rows(config):
        if prompt is None:
            continue
        content = content_key(prompt.question or "", prompt.images)
        sides[is_held_out(content, config.held_out_fraction)].append(prompt)
    return Task(_label(config), tuple(sides[False]), tuple(sides[True]))


def _label(config: FileConfig) -> str:
    return f"{config.name}:{Path(config.source).name}"


def prompts_with_rows(config: FileConfig) -> Iterator[tuple[Prompt | None, dict[str, Any]]]:
    """Yield a file's rows, each with its question, or with None where it is dropped.

    Raises:
        DataError: as :func:`build`.
    """
    first: dict[str, tuple[str, str]] = {}
    keys: dict[str, str] = {}
    rows = 0
    marked: dict[bool, str] = {}
    for where, row in read_rows(config.source, config.split):
        rows += 1
        prompt, content = _prompt(config, where, row, _label(config))
        if prompt is None:
            yield None, row
            continue
        if prompt.images:
            has_marks = _MARK in (prompt.question or "")
            marked.setdefault(has_marks, where)
            if len(marked) == 2:
                raise DataError(
                    f"{where}: {'a mark' if has_marks else 'images but no mark'} {_MARK} in the question, unlike "
                    f"{_short(marked[not has_marks])}; either every question with images marks their places or none"
                )
        if content in first:
            earlier, answer = first[content]
            if answer != prompt.answer:
                raise DataError(f"{where}: the same question as in {_short(earlier)}, with another answer")
            if config.repeats == "refuse":
                raise DataError(f"{where}: repeats the question of {_short(earlier)}; set task.repeats = 'drop'")
            yield None, row
            continue
        first[content] = (where, prompt.answer)
        if prompt.key in keys:
            raise DataError(f"{where}, column {config.key_column!r}: repeats the key of {_short(keys[prompt.key])}")
        keys[prompt.key] = where
        yield prompt, row
    if not first:
        raise DataError(f"{config.source} has no usable row" + (f" of {rows}: all were dropped" if rows else ""))


def _short(where: str) -> str:
    return where.rpartition(", ")[2]


def _column(where: str, row: dict[str, Any], column: str) -> Any:
    if column not in row:
        raise DataError(f"{where}: no column {column!r}, only {sorted(row)}")
    return row[column]


def _text(where: str, column: str, value: Any) -> str:
    """Return a text that can be used; numbers and booleans are written out."""
    if value is None:
        raise DataError(f"{where}, column {column!r}: no value")
    if isinstance(value, float) and not math.isfinite(value):
        raise DataError(f"{where}, column {column!r}: {value} is not a finite number")
    if not isinstance(value, (str, int, float)):
        raise DataError(f"{where}, column {column!r}: must be text or a number, not {type(value).__name__}")
    text = str(value)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise DataError(f"{where}, column {column!r}: holds half a surrogate pair, which is not text") from None
    if not text.strip():
        raise DataError(f"{where}, column {column!r}: empty")
    return text


def _prompt(config: FileConfig, where: str, row: dict[str, Any], label: str) -> tuple[Prompt | None, str]:
    """Return the prompt of a row (None if it is dropped) and the hash of its content."""
    question = _text(where, config.problem_column, _column(where, row, config.problem_column))
    answer = _text(where, config.answer_column, _column(where, row, config.answer_column)).strip()
    images = () if config.images_column is None else tuple(_images(config.images_column, where, row))
    if images and config.images == "drop":
        return None, ""
    if images and config.images == "refuse":
        raise DataError(f"{where}, column {config.images_column!r}: has images; set task.images = 'drop' or 'keep'")
    if (marks := question.count(_MARK)) and marks != len(images):
        column = "" if config.images_column is not None else "; set task.images_column"
        raise DataError(f"{where}: {marks} marks {_MARK} in the question, but {len(images)} images{column}")
    if config.answer_check == "choice" and choice_letter(answer) is None:
        raise DataError(f"{where}, column {config.answer_column!r}: {answer[:40]!r} is not the letter of a choice")
    content = content_key(question, images)
    key = content
    if config.key_column is not None:
        value = _column(where, row, config.key_column)
        if isinstance(value, (bool, float)):
            raise DataError(f"{where}, column {config.key_column!r}: a key must be text or an integer, not {value!r}")
        key = _text(where, config.key_column, value)
    level = 0 if config.level_column is None else _column(where, row, config.level_column)
    if not isinstance(level, int) or isinstance(level, bool):
        raise DataError(f"{where}, column {config.level_column!r}: a level must be an integer, not {level!r}")
    text = f"Question: {question.strip()}\nAnswer:"
    return Prompt(
        f"{label}/{key}", text, answer, question=question, check=config.answer_check, level=level, images=images
    ), content


def _images(column: str, where: str, row: dict[str, Any]) -> Iterator[bytes]:
    """Yield the encoded images of a row; a missing column or value means none, paths are relative to the row's file."""
    values = row.get(column)
    if values is None:
        return
    for value in values if isinstance(values, list) else [values]:
        data = value.get("bytes") if isinstance(value, dict) else value
        path = value.get("path") if isinstance(value, dict) else None
        if isinstance(data, str):
            data, path = None, data
        if data is None and path is not None:
            refuse_no_path(where, column, path)
            file = Path(where.rpartition(", ")[0]).parent / path
            try:
                data = file.read_bytes()
            except OSError as error:
                raise DataError(f"{where}, column {column!r}: image {file}: {error.strerror}") from None
        if not isinstance(data, bytes):
            raise DataError(f"{where}, column {column!r}: {type(value).__name__} is not an image")
        image = require("PIL.Image", "full-scale")
        try:
            with image.open(io.BytesIO(data)) as opened:
                opened.verify()
        except Exception as error:  # each decoder has errors of its own
            raise DataError(f"{where}, column {column!r}: not a readable image ({error})") from None
        yield data
