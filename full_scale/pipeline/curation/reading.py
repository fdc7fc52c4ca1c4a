"""Rows of any source as a stream: memory does not grow with the number of rows."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from full_scale.tasks.refusals import refuse_folder, refuse_other_splits
from full_scale.tasks.splitting import content_key
from full_scale.visual.puzzles import TYPES, puzzles
from vas_theory.foundation.command_line import require
from vas_theory.foundation.errors import DataError

if TYPE_CHECKING:
    from full_scale.pipeline.settings import FileProblems, ProblemsConfig

__all__ = ["BadRowError", "problem_rows", "stream_rows"]

_MARK = "<image>"
_AT_ONCE = 256


class BadRowError(DataError):
    """A row that cannot be used; its reason is counted in the card."""

    def __init__(self, reason: str, where: str) -> None:
        self.reason = reason
        super().__init__(f"{where}: {reason}")


def stream_rows(source: str, split: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (where, row) of a ``.jsonl`` or ``.parquet`` file, a folder of parquet files or a hub data set
    ``owner/name`` or ``owner/name@subset``.

    Raises:
        DataError: the source cannot be found or read.
    """
    path = Path(source).expanduser()
    if path.suffix in (".jsonl", ".ndjson"):
        yield from _lines(path)
    elif path.suffix == ".parquet":
        refuse_folder(path)
        yield from _parquet(path)
    elif path.is_dir():
        refuse_other_splits(path, split)
        files = sorted(path.rglob("*.parquet"))
        files = [file for file in files if file.name.startswith(split)] or files
        if not files:
            raise DataError(f"{path} holds no parquet file")
        for file in files:
            yield from _parquet(file)
    elif path.exists() or source.startswith((".", "/", "~")) or source.count("/") > 1:
        raise DataError(f"{source} is not there, or is no .jsonl file, .parquet file or folder of parquet files")
    else:
        yield from _hub(source, split)


def _lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        with open(path, "rb") as stream:
            for number, line in enumerate(stream, 1):
                if not line.strip():
                    continue
                where = f"{path}, line {number}"
                try:
                    row = json.loads(line)
                except (ValueError, RecursionError) as error:
                    raise DataError(f"{where}: not JSON ({error})") from None
                if not isinstance(row, dict):
                    raise DataError(f"{where}: a row must be an object with named columns")
                yield where, row
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None


def _parquet(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            number = 0
            for batch in file.iter_batches(batch_size=_AT_ONCE):
                for row in batch.to_pylist():
                    yield f"{path}, row {number}", row
                    number += 1
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path} is not a whole parquet file: {str(error).splitlines()[0]}") from None


def _hub(source: str, split: str) -> Iterator[tuple[str, dict[str, Any]]]:
    datasets = require("datasets", "full-scale")
    try:
        name, _, subset = source.partition("@")
        data = datasets.load_dataset(name, subset or None, split=split, streaming=True)
        for column, feature in (data.features or {}).items():
            inner = getattr(feature, "feature", feature)
            if isinstance(inner, datasets.Image):  # images stay encoded
                encoded = datasets.Image(decode=False)
                data = data.cast_column(column, encoded if inner is feature else datasets.List(encoded))
        for number, row in enumerate(data):
            yield f"{source}, row {number}", dict(row)
    except Exception as error:  # the loader lets errors of several network libraries through
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(f"data set {source!r} (split {split!r}) cannot be read: {reason}") from None


def problem_rows(config: ProblemsConfig) -> Iterator[dict[str, Any] | BadRowError]:
    """Yield problems as rows of one schema, and in their place the rows that cannot be used.

    Raises:
        DataError: the source cannot be read, or lacks the column of problems or of answers.
    """
    if config.name == "visual":
        for puzzle in puzzles(config.kinds, config.count, config.seed):
            yield {
                "key": puzzle.key,
                "problem": puzzle.question,
                "answer": puzzle.answer,
                "images": [{"bytes": puzzle.image, "path": None}],
                "type": TYPES[puzzle.kind],
                "source": f"procedural pictures, {puzzle.kind}, level {puzzle.level}",
                "licence": "Apache-2.0",
            }
        return
    for where, row in stream_rows(config.source, config.split):
        for column in (config.problem_column, config.answer_column):
            if column not in row:
                raise DataError(f"{where}: no column {column!r}, only {sorted(row)}")
        try:
            yield _problem(config, where, row)
        except BadRowError as error:
            yield error


def _problem(config: FileProblems, where: str, row: dict[str, Any]) -> dict[str, Any]:
    problem, answer = (_text(row[column], column, where) for column in (config.problem_column, config.answer_column))
    images = list(_images(row.get(config.images_column), where))
    marks = problem.count(_MARK)
    if marks and marks != len(images):
        raise BadRowError("marks of images and images differ in number", where)
    if images and not marks:
        problem = _MARK * len(images) + problem
    named = {
        name: str(row.get(column) or "")
        for name, column in (
            ("type", config.type_column),
            ("source", config.source_column),
            ("licence", config.licence_column),
        )
    }
    return {
        "key": content_key(problem, images),
        "problem": problem,
        "answer": answer.strip(),
        "images": [{"bytes": image, "path": None} for image in images],
        **named,
    }


def _text(value: Any, column: str, where: str) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise BadRowError(f"{column} is no text", where)
    text = str(value)
    half = text.encode("utf-8", "ignore") != text.encode("utf-8", "surrogatepass")  # of a surrogate pair
    if half or (isinstance(value, float) and not math.isfinite(value)):
        raise BadRowError(f"{column} is no text", where)
    if not text.strip():
        raise BadRowError(f"{column} is empty", where)
    return text


def _images(value: Any, where: str) -> Iterator[bytes]:
    if value is None:
        return
    for item in value if isinstance(value, list) else [value]:
        data = item.get("bytes") if isinstance(item, dict) else item
        path = item.get("path") if isinstance(item, dict) else None
        if isinstance(data, str):
            data, path = None, data
        if data is None and path:
            try:
                data = (Path(where.rpartition(", ")[0]).parent / path).read_bytes()
            except (OSError, ValueError):  # ValueError: a path with a NUL byte
                raise BadRowError("an image's file cannot be read", where) from None
        if not isinstance(data, bytes) or not data:
            raise BadRowError("an image is no image", where)
        image = require("PIL.Image", "full-scale")
        try:
            with image.open(io.BytesIO(data)) as opened:
                opened.verify()
        except Exception:  # each decoder has errors of its own
            raise BadRowError("an image is no image", where) from None
        yield data
