"""Whether a stored table still belongs to the code, and stamping it for code that changed where evidence says so."""

from __future__ import annotations

import contextlib
import json
import platform
import zlib
from collections.abc import Mapping, Sequence
from itertools import islice, product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vas_theory.foundation.errors import DataError
from vas_theory.provenance.fingerprint import Key, differing_modules, key_of, place
from vas_theory.provenance.project import WHOLE, Place, Project
from vas_theory.provenance.reach import NONE
from vas_theory.provenance.tables import now, parquet_bytes, read_metadata, sha256_file, table_files, write_metadata

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["choose_cells", "contains", "key_today", "made_for", "processor", "stamp", "table_problems"]

__neutral__ = "how results are stored"

_SHOWN = 6
_MOST_MOVES = 50
"""Ways in which entries may have moved that are looked at."""


def made_for(metadata: Mapping[str, Any], config: Mapping[str, Any], seed: int | None) -> bool:
    """Say whether a sidecar names this config and seed."""
    return bool(metadata["config"] == json.loads(json.dumps(config)) and metadata["seed"] == seed)


def choose_cells(names: Sequence[str], count: int, seed: int, label: str) -> list[str]:
    """Return ``count`` different names at random, in their order; all of them where there are no more.

    Args:
        names: of all cells.
        count: how many.
        seed: of the choice.
        label: of the table, so that equal seeds choose differently in different tables.
    """
    import numpy as np

    draw = np.random.default_rng([seed, zlib.crc32(label.encode())])
    places = draw.choice(len(names), size=min(count, len(names)), replace=False)
    return [names[index] for index in sorted(places)]


def contains(stored: pd.DataFrame, rows: pd.DataFrame) -> bool:
    """Say whether rows lie in a table, one after the other and bit for bit; columns that they lack must be empty there.

    Args:
        stored: the table.
        rows: what was computed; its numbers are taken in the table's types.
    """
    if not set(rows.columns) <= set(stored.columns):
        return False
    if rows.empty:
        return True
    try:
        found = rows.reindex(columns=stored.columns).astype(stored.dtypes).reset_index(drop=True)
    except (TypeError, ValueError):  # a type that the table's column cannot hold
        return False
    wanted, size = parquet_bytes(found), len(found)
    starts = stored.index >= 0
    for name in stored.columns:
        first = found[name].iloc[0]
        starts &= (stored[name].isna() if first != first or first is None else stored[name] == first).to_numpy(bool)
    places = [index for index, starting in enumerate(starts) if starting and index + size <= len(stored)]
    return any(parquet_bytes(stored.iloc[index : index + size].reset_index(drop=True)) == wanted for index in places)


def processor() -> str:
    """Return the processor's name, where the system tells it: rows may have other last bits on another kind."""
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")
    return platform.processor() or "unknown"


def stamp(path: Path, key: Key, *, checked: Sequence[str], of: int, seed: int | None, **more: Any) -> None:
    """Write a table's sidecar anew for the key of today, with what that rests on.

    Args:
        path: the table's file.
        key: of the code of today.
        checked: the cells that were computed again and came out the same.
        of: how many cells there are.
        seed: of the choice of cells, ``None`` where all were taken.
        more: what else belongs to the record.
    """
    metadata = read_metadata(path)
    record = {
        "cells": list(checked),
        "of": of,
        "seed": seed,
        "instead_of": metadata.get("key"),
        "written": now(),
        **more,
    }
    earlier = metadata.get("rechecked", [])
    write_metadata(path, {**metadata, **key.as_json(), "rechecked": [*earlier, record]})


def key_today(metadata: Mapping[str, Any], project: Project) -> Key:
    """Return the key that the entries of a sidecar have today; an entry whose module is gone is looked for elsewhere.

    Raises:
        DataError: an entry is in no module of the project any more.
    """
    entries = [place(entry) for entry in metadata["entries"]]
    homes = [[entry] if _is_there(entry, project) else _elsewhere(entry, project) for entry in entries]
    for entry, found in zip(entries, homes, strict=True):
        if not found:
            raise DataError(f"the code that made it, {entry}, is not there any more")
    within = metadata.get("within", "")
    first: Key | None = None
    for chosen in islice(product(*homes), _MOST_MOVES):
        try:
            key = key_of(*map(str, chosen), project=project, within=within)
        except DataError:  # another definition of this name, which is not what moved
            continue
        if key.digest == metadata["key"]:
            return key
        first = first or key
    if first is None:
        raise DataError(f"the code that made it, {', '.join(metadata['entries'])}, is not there any more")
    return first


def _is_there(entry: Place, project: Project) -> bool:
    module = project.module(entry.module)
    return module is not None and (entry.name in (WHOLE, NONE) or entry.name in module.definitions)


def _elsewhere(entry: Place, project: Project) -> list[Place]:
    """Return where a definition of this name is now: in a file of the same name first, then in the same room."""
    if entry.name in (WHOLE, NONE):
        return []
    found = [Place(name, entry.name) for name in project.names if _is_there(Place(name, entry.name), project)]
    room, file = entry.module.split(".")[0], entry.module.split(".")[-1]
    return sorted(found, key=lambda other: (other.module.split(".")[-1] != file, other.module.split(".")[0] != room))


def table_problems(path: Path, project: Project) -> list[str]:
    """Say why a stored table is not current: missing, altered, or made by other code than today's; empty if it is."""
    files = table_files(path)
    if not files:
        return [f"table {path} does not exist"]
    return [found for file in files if (found := _file_problem(file, project)) is not None]


def _file_problem(path: Path, project: Project) -> str | None:
    try:
        metadata = read_metadata(path)
    except DataError as error:
        return str(error)
    if sha256_file(path) != metadata.get("sha256"):
        return f"table {path} was altered or cut short"
    if "key" not in metadata:
        return f"table {path} does not name the code that made it"
    try:
        key = key_today(metadata, project)
    except DataError as error:
        return f"table {path}: {error}"
    if key.digest != metadata["key"]:
        return f"table {path} was made by other code: {_few(differing_modules(metadata, key))}"
    return None


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
