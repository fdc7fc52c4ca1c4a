"""What files of questions and of pass rates are refused for beside what their readers see; it decides no result."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from vas_theory.foundation.errors import DataError

__all__ = ["refuse_folder", "refuse_missing_keys", "refuse_no_path", "refuse_other_splits"]

__neutral__ = "what is refused"

_SPLIT = re.compile(r"(train|validation|valid|val|dev|test|eval)(?![A-Za-z])")


def refuse_other_splits(folder: Path, split: str) -> None:
    """Refuse a folder of parquet files whose names tell of splits, and none of this one.

    Raises:
        DataError: with the splits that are there.
    """
    names = [file.name for file in folder.rglob("*.parquet")]
    others = sorted({found[0] for name in names if (found := _SPLIT.match(name))})
    if others and not any(name.startswith(split) for name in names):
        raise DataError(f"{folder} holds no file of the split {split!r}, only of {', '.join(others)}")


def refuse_folder(path: Path) -> None:
    """Refuse a folder whose name is that of a parquet file, as some programs write them.

    Raises:
        DataError: it is one.
    """
    if path.is_dir():
        raise DataError(f"{path} is a folder with the name of a file: rename it without .parquet, or name a file in it")


def refuse_no_path(where: str, column: str, path: str) -> None:
    """Refuse an image's path that no file system knows.

    Raises:
        DataError: it holds a NUL byte.
    """
    if "\0" in path:
        raise DataError(f"{where}, column {column!r}: {path[:40]!r} is no path of an image")


def refuse_missing_keys(path: Path, frame: Any) -> None:
    """Refuse pass rates without the key of a prompt.

    Raises:
        DataError: with the row.
    """
    missing = frame["prompt_key"].isna()
    if missing.any():
        hint = "; of a .csv file NA, null and the like count as missing" if path.suffix == ".csv" else ""
        raise DataError(f"{path}, row {int(missing.to_numpy().argmax())}: no prompt_key{hint}")
