"""Reading evaluation sets: TSV, parquet and JSON lines files, folders, hub data sets, or procedural pictures."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from full_scale.benchmarks.examples import Example, number_text
from full_scale.benchmarks.formats import FORMATS, read_example
from full_scale.tasks.prompt import Prompt
from full_scale.tasks.splitting import content_key
from vas_theory.foundation.errors import DataError, UnknownNameError

__all__ = ["example_prompt", "load_set", "tsv_rows"]

Rows = Callable[[str, str], Iterator[tuple[str, Mapping[str, Any]]]]

_SHORT = 64
"""A cell of images that is shorter is the index of the row whose image it shares."""


def tsv_rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (where, row) of a TSV; images that rows share are filled in.

    Raises:
        DataError: the file cannot be read, or a row has other columns than the first line names.
    """
    csv.field_size_limit(1 << 30)  # images are cells
    shared: dict[str, str] = {}
    try:
        with open(path, encoding="utf-8-sig", newline="") as stream:
            for number, row in enumerate(csv.DictReader(stream, delimiter="\t"), 2):
                where = f"{path}, line {number}"
                if None in row or None in row.values():
                    raise DataError(f"{where}: another number of cells than the first line")
                image = row.get("image")
                if image:
                    if len(image) > _SHORT:
                        shared[number_text(row.get("index", ""))] = image
                    elif image in shared:
                        row["image"] = shared[image]
                yield where, dict(row)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read: {error}") from None


def load_set(name: str, source: str, split: str, rows: Rows, limit: int = 0) -> list[Example]:
    """Return the examples of an evaluation set.

    Args:
        name: of the format.
        source: a ``.tsv`` file, or what ``rows`` reads.
        split: of a folder or hub data set.
        rows: reads other sources: (source, split) to (where, row).
        limit: at most so many; 0 for all.

    Raises:
        UnknownNameError: there is no such format.
        DataError: the source cannot be read, or two examples have one index.
    """
    if name not in FORMATS:
        raise UnknownNameError("evaluation format", name, FORMATS)
    path = Path(source).expanduser()
    found: dict[str, Example] = {}
    for where, row in tsv_rows(path) if path.suffix == ".tsv" else rows(source, split):
        if limit and len(found) >= limit:
            break
        example = read_example(name, row, where, path.parent)
        if example.index in found:
            raise DataError(f"{where}: repeats the index {example.index!r}")
        found[example.index] = example
    if not found:
        raise DataError(f"{source} has no row")
    return list(found.values())


def example_prompt(name: str, example: Example) -> Prompt:
    """Return an example as the prompt that a model is asked."""
    content = content_key(example.question, example.images)
    text = f"Question: {example.question}\nAnswer:"
    return Prompt(
        f"{name}/{example.index}/{content}", text, example.answer, question=example.question, images=example.images
    )
