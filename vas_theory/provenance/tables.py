"""Atomic files, and tables that carry what they were made from.

A table is a parquet file whose bytes depend only on its rows, config, seed and source hashes. Next
to ``name.parquet`` lies ``name.parquet.meta.json``: its SHA-256, the same provenance in readable
form, and what may differ between equal runs (versions, commit, time, seconds). Reading verifies the
checksum, so a truncated or altered table is refused instead of plotted.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
import os
import platform
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from vas_theory.foundation.errors import DataError, IntegrityError

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "atomic_path",
    "hash_sources",
    "read_metadata",
    "read_table",
    "sha256_file",
    "table_is_current",
    "write_json",
    "write_table",
]

_REPORTED_PACKAGES = ("numpy", "scipy", "sympy", "numba", "pandas", "pyarrow", "torch", "transformers", "trl")


@contextlib.contextmanager
def atomic_path(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside ``path`` that replaces it when the block ends well.

    The data are synced to disk before the rename, so a kill at any moment leaves either the old
    file or the new one. When the block raises, the temporary file is removed and ``path`` is as it was.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    os.close(descriptor)
    temporary = Path(name)
    try:
        yield temporary
        with open(temporary, "rb+") as stream:
            os.fsync(stream.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: Path | str, value: Any) -> None:
    """Write ``value`` as indented JSON with sorted keys, atomically; NaN and infinity are refused."""
    text = json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n"
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def sha256_file(path: Path | str) -> str:
    """Return the SHA-256 of a file as hex."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def hash_sources(sources: Iterable[ModuleType | Path | str]) -> dict[str, str]:
    """Hash the source files that a result depends on.

    Args:
        sources: modules (named by their import path) or files (named by their file name).

    Returns:
        name -> SHA-256 of the file's bytes.
    """
    hashes = {}
    for source in sources:
        if isinstance(source, ModuleType):
            if source.__file__ is None:
                raise DataError(f"module {source.__name__} has no source file to hash")
            hashes[source.__name__] = sha256_file(source.__file__)
        else:
            hashes[Path(source).name] = sha256_file(source)
    return hashes


def _sidecar(path: Path) -> Path:
    return path.with_name(path.name + ".meta.json")


def _provenance(config: Mapping[str, Any], seed: int | None, sources: Mapping[str, str]) -> dict[str, Any]:
    return {"config": json.loads(json.dumps(config, sort_keys=True)), "seed": seed, "sources": dict(sources)}


def _commit(folder: Path) -> str | None:
    try:
        answer = subprocess.run(
            ["git", "-C", str(folder), "rev-parse", "HEAD"], capture_output=True, text=True, check=True, timeout=5
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for name in _REPORTED_PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    return versions


def write_table(
    frame: pd.DataFrame,
    path: Path | str,
    *,
    config: Mapping[str, Any],
    seed: int | None,
    sources: Iterable[ModuleType | Path | str],
    seconds: float | None = None,
) -> Path:
    """Write a tidy frame as parquet with its provenance.

    Args:
        frame: one row an observation; the index is not stored.
        path: target, ending in ``.parquet``.
        config: everything the rows depend on besides seed and sources, JSON-serialisable.
        seed: the seed of the run, ``None`` if nothing random was used.
        sources: modules or files whose text the rows depend on.
        seconds: what the computation took, for the sidecar.

    Returns:
        The path written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = Path(path)
    provenance = _provenance(config, seed, hash_sources(sources))
    table = pa.Table.from_pandas(frame, preserve_index=False)
    metadata = {b"vas": json.dumps(provenance, sort_keys=True).encode()}
    table = table.replace_schema_metadata(metadata)
    with atomic_path(path) as temporary:
        pq.write_table(table, temporary, compression="zstd", write_page_checksum=True, store_schema=False)
    write_json(
        _sidecar(path),
        {
            **provenance,
            "sha256": sha256_file(path),
            "rows": len(frame),
            "columns": [str(name) for name in frame.columns],
            "versions": _versions(),
            "commit": _commit(Path(__file__).parent),
            "written": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "seconds": seconds,
        },
    )
    return path


def read_metadata(path: Path | str) -> dict[str, Any]:
    """Return the sidecar of a table.

    Raises:
        DataError: the table or its sidecar is missing or unreadable.
    """
    path = Path(path)
    if not path.exists():
        raise DataError(f"table {path} does not exist")
    try:
        loaded: dict[str, Any] = json.loads(_sidecar(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"table {path} has no metadata file {_sidecar(path).name} beside it") from None
    except json.JSONDecodeError as error:
        raise DataError(f"metadata {_sidecar(path)} is not valid JSON ({error})") from None
    return loaded


def read_table(path: Path | str) -> pd.DataFrame:
    """Read a table written by :func:`write_table` after verifying its checksum.

    Raises:
        DataError: the file or its metadata is missing or unreadable.
        IntegrityError: the bytes are not those that were written.
    """
    import pandas as pd

    path = Path(path)
    expected = read_metadata(path)["sha256"]
    found = sha256_file(path)
    if found != expected:
        raise IntegrityError(
            f"table {path} was altered or cut short: its SHA-256 is {found}, its metadata says {expected}"
        )
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise DataError(f"table {path} cannot be read: {error}") from error


def table_is_current(
    path: Path | str, *, config: Mapping[str, Any], seed: int | None, sources: Iterable[ModuleType | Path | str]
) -> bool:
    """Say whether an intact table with this config, seed and these sources is already there."""
    path = Path(path)
    try:
        metadata = read_metadata(path)
    except DataError:
        return False
    wanted = _provenance(config, seed, hash_sources(sources))
    return all(metadata.get(key) == value for key, value in wanted.items()) and metadata["sha256"] == sha256_file(path)
