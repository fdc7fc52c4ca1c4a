"""Rows of a user's data: JSON lines, parquet files, folders of them, or a data set's hub id.

Every row comes with the words that name it in an error.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from full_scale.tasks.refusals import refuse_folder, refuse_other_splits
from vas_theory.foundation.command_line import require
from vas_theory.foundation.errors import DataError

__all__ = ["read_rows"]

Row = tuple[str, dict[str, Any]]


def read_rows(source: str, split: str) -> Iterator[Row]:
    """Yield (where, row) for every row of a source.

    Args:
        source: a ``.jsonl`` or ``.parquet`` file, a folder of parquet files, or a hub id such as ``owner/name``.
        split: which part of a folder (files whose name begins with it) or of a hub data set.

    Raises:
        DataError: the source cannot be found or read; the message names file and row.
    """
    path = Path(source).expanduser()
    if path.suffix in (".jsonl", ".ndjson"):
        yield from _json_lines(path)
    elif path.suffix == ".parquet":
        refuse_folder(path)
        yield from _parquet(path)
    elif path.is_dir():
        refuse_other_splits(path, split)
        files = sorted(path.rglob("*.parquet"))
        for file in [file for file in files if file.name.startswith(split)] or _require(files, path):
            yield from _parquet(file)
    elif path.exists() or source.startswith((".", "/", "~")) or source.count("/") > 1:
        raise DataError(f"{source} is not a .jsonl file, a .parquet file or a folder of parquet files")
    else:
        yield from _hub(source, split)


def _require(files: list[Path], folder: Path) -> list[Path]:
    if not files:
        raise DataError(f"{folder} holds no parquet file")
    return files


def _json_lines(path: Path) -> Iterator[Row]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None
    for number, line in enumerate(data.split(b"\n"), 1):
        where = f"{path}, line {number}"
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8").strip()
        except UnicodeDecodeError as error:
            raise DataError(f"{where}: byte {error.start} is not UTF-8") from None
        if not text:
            continue
        try:
            row = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{where}: not JSON ({error})") from None
        if not isinstance(row, dict):
            raise DataError(f"{where}: a row must be an object with named columns, not {type(row).__name__}")
        yield where, row


def _parquet(path: Path) -> Iterator[Row]:
    import pyarrow as pa

    datasets = require("datasets", "full-scale")
    try:
        with tempfile.TemporaryDirectory() as cache:  # nothing may go into the user's cache from a changing file
            data = datasets.Dataset.from_parquet(str(path), cache_dir=cache, keep_in_memory=True)
    except FileNotFoundError:
        raise DataError(f"{path} does not exist") from None
    except (OSError, pa.ArrowException, datasets.exceptions.DatasetGenerationError, ValueError) as error:
        raise DataError(f"{path} is not a whole parquet file: {_first_line(error)}") from None
    yield from _dataset_rows(data, str(path))


def _hub(source: str, split: str) -> Iterator[Row]:
    datasets = require("datasets", "full-scale")
    try:
        data = datasets.load_dataset(source, split=split)
    except Exception as error:  # the loader lets errors of several network libraries through
        raise DataError(
            f"data set {source!r} (split {split!r}) cannot be loaded: {_first_line(error)}; "
            "if it is a file, give its path"
        ) from None
    yield from _dataset_rows(data, source)


def _dataset_rows(data: Any, name: str) -> Iterator[Row]:
    datasets = require("datasets", "full-scale")
    for column, feature in data.features.items():
        inner = getattr(feature, "feature", feature)
        if isinstance(inner, datasets.Image):  # images stay encoded
            encoded = datasets.Image(decode=False)
            data = data.cast_column(column, encoded if inner is feature else datasets.List(encoded))
    for number in range(len(data)):
        where = f"{name}, row {number}"
        try:
            row = data[number]
        except UnicodeDecodeError as error:
            raise DataError(f"{where}: byte {error.start} of a text is not UTF-8") from None
        yield where, row


def _first_line(error: BaseException) -> str:
    """Return the first line of the error that began it all."""
    while error.__cause__ is not None:
        error = error.__cause__
    return (str(error).splitlines() or [type(error).__name__])[0]
