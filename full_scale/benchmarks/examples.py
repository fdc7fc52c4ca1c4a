"""One question of an evaluation set, whatever format it came in."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vas_theory.foundation.errors import DataError

__all__ = ["Example", "encoded_images", "lettered", "number_text", "required", "text_of"]

MARK = "<image>"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Example:
    """A question with what its answers are held against.

    Args:
        index: names it within its set.
        question: what a model is asked, with one mark ``<image>`` for each image.
        answer: the reference in the form that the rule compares.
        rule: a name of :data:`full_scale.benchmarks.scoring.RULES`.
        choices: texts of lettered options.
        precision: decimal places that count, for the rule ``rounded``.
        images: encoded pictures.
        groups: subsets that the question belongs to, by the column that says so.
        row: the columns it came from, without images.
    """

    index: str
    question: str
    answer: str
    rule: str
    choices: tuple[str, ...] = ()
    precision: int | None = None
    images: tuple[bytes, ...] = ()
    groups: Mapping[str, str] = field(default_factory=dict)
    row: Mapping[str, Any] = field(default_factory=dict)


def required(row: Mapping[str, Any], where: str, *columns: str) -> None:
    """Refuse a row that lacks a column.

    Raises:
        DataError: with the columns that are missing.
    """
    missing = [column for column in columns if column not in row]
    if missing:
        raise DataError(f"{where}: no column {', '.join(map(repr, missing))}, only {sorted(row)}")


def text_of(row: Mapping[str, Any], column: str, where: str) -> str:
    """Return a column as text.

    Raises:
        DataError: it is empty, or neither text nor a number.
    """
    value = row.get(column)
    if isinstance(value, (list, tuple, Mapping, bytes)):
        raise DataError(f"{where}, column {column!r}: must be text or a number, not {type(value).__name__}")
    text = "" if value is None else number_text(value)
    if not text:
        raise DataError(f"{where}, column {column!r}: empty")
    return text


def number_text(value: Any) -> str:
    """Return a cell as text; a whole number that a table made a float loses its ``.0``, and a missing one is empty."""
    if isinstance(value, float):
        if value != value:
            return ""
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value).strip()


def lettered(question: str, choices: Sequence[str]) -> str:
    """Return a question followed by its options, one a line, each with its letter."""
    return "\n".join([question, *(f"({LETTERS[place]}) {choice}" for place, choice in enumerate(choices))])


def encoded_images(value: Any, where: str, folder: Path) -> tuple[bytes, ...]:
    """Return the encoded images of a cell: bytes, base64 text, a path, a dictionary of these, or a list of any.

    Raises:
        DataError: something else is there, or a file cannot be read.
    """
    if value is None or value == "" or (isinstance(value, float) and value != value):
        return ()
    if isinstance(value, (list, tuple)):
        return tuple(image for item in value for image in encoded_images(item, where, folder))
    if isinstance(value, Mapping):
        return encoded_images(value.get("bytes") or value.get("path"), where, folder)
    if isinstance(value, bytes):
        return (value,)
    if not isinstance(value, str):
        raise DataError(f"{where}: {type(value).__name__} is not an image")
    if value.startswith("["):  # several images of base64 or paths, as a table's cell writes them
        import ast

        try:
            return encoded_images(ast.literal_eval(value), where, folder)
        except (ValueError, SyntaxError):
            raise DataError(f"{where}: a list of images cannot be read") from None
    path = folder / value
    if len(value) < 4096 and "\0" not in value and path.suffix and path.is_file():
        return (path.read_bytes(),)
    try:
        return (base64.b64decode(value, validate=True),)
    except (binascii.Error, ValueError):
        raise DataError(f"{where}: {value[:40]!r} is neither base64 nor a file of {folder}") from None
