"""The prompts of a data set and the rows they stand in, and the table that comes out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from full_scale.answering import Answers
from full_scale.tasks.prompt import Prompt
from vas_theory.foundation.errors import ArgumentError
from vas_theory.provenance.tables import atomic_path

if TYPE_CHECKING:
    import pyarrow as pa

    from full_scale.config.task import TaskConfig

__all__ = ["SUFFIXES", "Scored", "load_rows"]

SUFFIXES = ("", "_successes", "_trials", "_cut")
"""Of the columns: the pass rate, right answers, answers, and answers that ended at the token limit."""


@dataclass(frozen=True)
class Scored:
    """Prompts with the rows that the table repeats.

    Attributes:
        prompts: one a row, in the order of the data.
        rows: the data's own columns; for generated tasks key, question, answer, stratum and level.
        dropped: rows of the data that repeat an earlier question, or show images where those are dropped.
    """

    prompts: tuple[Prompt, ...]
    rows: tuple[Mapping[str, Any], ...]
    dropped: int = 0

    def check(self, output: Path, column: str) -> None:
        """Refuse an output that could not be written when all is paid.

        Raises:
            ArgumentError: the file has another ending, a column is there already, or rows hold what JSON cannot say.
        """
        if output.suffix not in (".parquet", ".jsonl"):
            raise ArgumentError("--output", "end in .parquet or .jsonl", str(output))
        taken = [column + suffix for suffix in SUFFIXES if any(column + suffix in row for row in self.rows)]
        if taken:
            raise ArgumentError("--column", f"be another name: the data has a column {taken[0]!r} already", column)
        self._write(output, column, [{**row, **_columns(column, Answers())} for row in self.rows])

    def write(self, output: Path, column: str, answers: Mapping[str, Answers]) -> None:
        """Write every row with its columns, atomically."""
        rows = [
            {**row, **_columns(column, answers[prompt.key])}
            for row, prompt in zip(self.rows, self.prompts, strict=True)
        ]
        content = self._write(output, column, rows)
        with atomic_path(output) as temporary:
            temporary.write_bytes(content)

    def _write(self, output: Path, column: str, rows: Sequence[Mapping[str, Any]]) -> bytes:
        return _json_lines(rows) if output.suffix == ".jsonl" else _parquet(rows, column)


def _columns(column: str, answers: Answers) -> dict[str, Any]:
    """Return a row's columns; where there is no answer rate and trials are missing, not 0."""
    trials = answers.trials
    values = (answers.successes / trials, answers.successes, trials, answers.cut) if trials else (None,) * 4
    return dict(zip((column + suffix for suffix in SUFFIXES), values, strict=True))


def _json_lines(rows: Sequence[Mapping[str, Any]]) -> bytes:
    try:
        text = "".join(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in rows)
    except (TypeError, ValueError) as error:  # ValueError: NaN and infinity
        needs = f"end in .parquet: the rows hold values that JSON cannot say ({error})"
        raise ArgumentError("--output", needs, ".jsonl") from None
    return text.encode("utf-8", "backslashreplace")  # half a surrogate pair as JSON escapes it


def _parquet(rows: Sequence[Mapping[str, Any]], column: str) -> bytes:
    import io

    import pyarrow as pa
    import pyarrow.parquet as pq

    stream = io.BytesIO()
    try:
        pq.write_table(pa.Table.from_pylist(list(rows), schema=_schema(rows, column)), stream, compression="zstd")
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        needs = f"end in .jsonl: parquet cannot hold the rows' values ({str(error).splitlines()[0]})"
        raise ArgumentError("--output", needs, ".parquet") from None
    return stream.getvalue()


def _schema(rows: Sequence[Mapping[str, Any]], column: str) -> pa.Schema:
    """Return the types of all columns; those of ours come last and are known, also where no row has a value yet."""
    import pyarrow as pa

    names = list(dict.fromkeys(name for row in rows for name in row))
    own = [column + suffix for suffix in SUFFIXES]
    fields = [pa.field(name, pa.array([row.get(name) for row in rows]).type) for name in names if name not in own]
    return pa.schema([*fields, pa.field(own[0], pa.float64()), *(pa.field(name, pa.int64()) for name in own[1:])])


def load_rows(config: TaskConfig, limit: int | None = None) -> Scored:
    """Return the prompts of a task with their rows: all of a file or hub data set, the training side of others.

    Args:
        config: of the task.
        limit: the first prompts alone.

    Raises:
        DataError: the data cannot be used; the message names the row.
    """
    from full_scale.config.task import FileConfig
    from full_scale.tasks import files, load_task

    if not isinstance(config, FileConfig):
        prompts = load_task(config).training[:limit]
        rows = tuple(
            {"key": p.key, "question": p.question or p.text, "answer": p.answer, "stratum": p.stratum, "level": p.level}
            for p in prompts
        )
        return Scored(prompts, rows)
    kept: list[tuple[Prompt, Mapping[str, Any]]] = []
    dropped = 0
    for prompt, row in files.prompts_with_rows(config):
        if prompt is None:
            dropped += 1
        else:
            kept.append((prompt, row))
    return Scored(tuple(prompt for prompt, _ in kept[:limit]), tuple(row for _, row in kept[:limit]), dropped)
