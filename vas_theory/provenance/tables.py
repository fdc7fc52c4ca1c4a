"""Atomic files, and tables beside which lies what they were made from.

A table is a parquet file whose bytes depend on its rows alone. Next to ``name.parquet`` lies
``name.parquet.meta.json``: its SHA-256, config, seed and the key of the code that computed it, and what may differ
between equal runs (versions, commit, time, seconds). Reading verifies the checksum, so a truncated or altered table is
refused instead of plotted.
"""

from __future__ import annotations

import contextlib
import glob
import hashlib
import importlib.metadata
import io
import json
import os
import platform
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vas_theory.foundation.errors import DataError, IntegrityError

if TYPE_CHECKING:
    import pandas as pd

    from vas_theory.provenance.fingerprint import Key

__all__ = [
    "atomic_path",
    "now",
    "parquet_bytes",
    "read_metadata",
    "read_table",
    "remove_leftovers",
    "remove_table",
    "sha256_file",
    "table_files",
    "table_hash",
    "table_is_current",
    "write_json",
    "write_metadata",
    "write_table",
]

__neutral__ = "how results are stored"

_DAY = 86_400.0
_MACHINE = platform.node().replace(".", "_")
_REPORTED_PACKAGES = ("numpy", "scipy", "sympy", "numba", "pandas", "pyarrow", "torch", "transformers", "trl")


@contextlib.contextmanager
def atomic_path(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside ``path`` that replaces it when the block ends well.

    The data are synced to disk before the rename, so a kill at any moment leaves either the old
    file or the new one. When the block raises, the temporary file is removed and ``path`` is as it was; what killed
    writers of this file left is removed by the next one.

    Raises:
        DataError: ``path`` is a folder, a device or a pipe.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        raise DataError(f"{path} is no file, and would be replaced by one")
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(path.parent, path.name)
    prefix = f".{path.name}.{_MACHINE}-{os.getpid()}."
    descriptor, name = tempfile.mkstemp(prefix=prefix, suffix=".tmp", dir=path.parent)
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


def remove_leftovers(folder: Path, name: str = "") -> None:
    """Remove the temporary files of processes that were killed while they wrote.

    Those of a process of this machine that still runs stay, and those of other machines for a day.

    Args:
        folder: where they are.
        name: the file that they were to become; every file by default.
    """
    for path in folder.glob(f".{glob.escape(name)}.*.tmp" if name else ".*.tmp"):
        machine, _, process = path.name.split(".")[-3].rpartition("-")
        with contextlib.suppress(OSError):  # it has just gone, or is somebody else's
            if machine == _MACHINE and _runs(process):
                continue
            if machine not in ("", _MACHINE) and time.time() - path.stat().st_mtime < _DAY:
                continue
            path.unlink()


def _runs(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:  # somebody else's
        return True
    return True


def write_json(path: Path | str, value: Any) -> None:
    """Write ``value`` as indented JSON with sorted keys, atomically; NaN and infinity are refused."""
    text = json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n"
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def sha256_file(path: Path | str) -> str:
    """Return the SHA-256 of a file as hex."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _sidecar(path: Path) -> Path:
    return path.with_name(path.name + ".meta.json")


def _making(config: Mapping[str, Any], seed: int | None) -> dict[str, Any]:
    return {"config": json.loads(json.dumps(config, sort_keys=True)), "seed": seed}


@cache  # of the code that this process loaded
def _commit(folder: Path) -> str | None:
    try:
        answer = subprocess.run(
            ["git", "-C", str(folder), "rev-parse", "HEAD"], capture_output=True, text=True, check=True, timeout=5
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()


@cache
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
    key: Key,
    seconds: float | None = None,
) -> Path:
    """Write a tidy frame as parquet, and beside it where it comes from.

    Args:
        frame: one row an observation; the index is not stored.
        path: target, ending in ``.parquet``.
        config: everything the rows depend on besides seed and code, JSON-serialisable.
        seed: the seed of the run, ``None`` if nothing random was used.
        key: of the code that computed the rows, see :func:`vas_theory.provenance.fingerprint.key_of`.
        seconds: what the computation took, for the sidecar.

    Returns:
        The path written.
    """
    path = Path(path)
    content = parquet_bytes(frame)
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)
    write_metadata(
        path,
        {
            **_making(config, seed),
            **key.as_json(),
            "sha256": sha256_file(path),
            "rows": len(frame),
            "columns": [str(name) for name in frame.columns],
            "versions": _versions(),
            "commit": _commit(Path(__file__).parent),
            "written": now(),
            "seconds": seconds,
        },
    )
    return path


def parquet_bytes(frame: pd.DataFrame) -> bytes:
    """Return a frame as parquet: equal rows give equal bytes. The index is left out."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    stream = io.BytesIO()
    pq.write_table(table, stream, compression="zstd", write_page_checksum=True, store_schema=False)
    return stream.getvalue()


def write_metadata(path: Path, metadata: Mapping[str, Any]) -> None:
    """Write the sidecar of a table or of another stored file."""
    write_json(_sidecar(path), metadata)


def remove_table(path: Path) -> None:
    """Remove a file of a table with its sidecar."""
    path.unlink(missing_ok=True)
    _sidecar(path).unlink(missing_ok=True)


def now() -> str:
    """Return the time as sidecars give it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def table_files(path: Path | str) -> list[Path]:
    """Return the files of a table, sorted: itself, or one an arm in the folder of its name; none if it is not there.

    A table of arms lies in the folder ``name`` where ``name.parquet`` would lie, so that an arm is added as a file.
    """
    path = Path(path)
    return [path] if path.exists() else sorted(path.with_suffix("").glob("[!.]*.parquet"))


def read_metadata(path: Path | str) -> dict[str, Any]:
    """Return the sidecar of a table. Of a table of arms: what all have in common, sums of rows and seconds, ``arms``.

    Raises:
        DataError: the table or its sidecar is missing or unreadable.
    """
    path = Path(path)
    files = table_files(path)
    if not files:
        raise DataError(f"table {path} does not exist")
    found = {file.stem: _read_sidecar(file) for file in files}
    return found[path.stem] if files == [path] else _in_common(found)


_NEEDED = {"config": dict, "sha256": str}
_NEEDED_OF_TABLES = {**_NEEDED, "rows": int, "written": str}


def _read_sidecar(path: Path) -> dict[str, Any]:
    try:
        loaded = json.loads(_sidecar(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"table {path} has no metadata file {_sidecar(path).name} beside it") from None
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"metadata {_sidecar(path)} is not valid JSON ({error})") from None
    needed = _NEEDED_OF_TABLES if path.suffix == ".parquet" else _NEEDED
    for name, kind in needed.items():
        if not isinstance(loaded, dict) or type(loaded.get(name)) is not kind:
            raise DataError(f"metadata {_sidecar(path)} is not that of a stored result: it has no {name}")
    if path.suffix == ".parquet" and not isinstance(loaded.get("seed", ""), (int, type(None))):
        raise DataError(f"metadata {_sidecar(path)} is not that of a stored result: it has no seed")
    found: dict[str, Any] = loaded
    return found


def _in_common(arms: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    first, *others = arms.values()
    shared = {name: value for name, value in first.items() if all(other.get(name) == value for other in others)}
    config = {
        name: value
        for name, value in first["config"].items()
        if all(other["config"].get(name) == value for other in others)
    }
    seconds = [arm["seconds"] or 0.0 for arm in arms.values()]
    return {
        **shared,
        "config": config,
        "arms": dict(arms),
        "sha256": _joint(arm["sha256"] for arm in arms.values()),
        "rows": sum(arm["rows"] for arm in arms.values()),
        "seconds": round(sum(seconds), 3),
        "written": max(arm["written"] for arm in arms.values()),
    }


def _joint(hashes: Iterable[str]) -> str:
    return hashlib.sha256("".join(hashes).encode()).hexdigest()


def table_hash(path: Path | str) -> str:
    """Return one SHA-256 for the bytes of a table: its file's, or of an arm's files that of their hashes in order.

    Raises:
        DataError: it is not there.
    """
    path = Path(path)
    files = table_files(path)
    if not files:
        raise DataError(f"table {path} does not exist")
    return sha256_file(path) if files == [path] else _joint(map(sha256_file, files))


def read_table(path: Path | str) -> pd.DataFrame:
    """Read a table written by :func:`write_table`, or all arms of one in the order of their names, and verify it.

    Raises:
        DataError: the file or its metadata is missing or unreadable.
        IntegrityError: the bytes are not those that were written.
    """
    import pandas as pd

    path = Path(path)
    files = table_files(path)
    if not files:
        raise DataError(f"table {path} does not exist")
    frames = [_read_file(file) for file in files]
    return frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)


def _read_file(path: Path) -> pd.DataFrame:
    import pandas as pd

    expected = _read_sidecar(path)["sha256"]
    found = sha256_file(path)
    if found != expected:
        raise IntegrityError(
            f"table {path} was altered or cut short: its SHA-256 is {found}, its metadata says {expected}"
        )
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise DataError(f"table {path} cannot be read: {error}") from error


def table_is_current(path: Path | str, *, config: Mapping[str, Any], seed: int | None, key: Key) -> bool:
    """Say whether an intact table of this config and seed, made by code of this key, is already there."""
    path = Path(path)
    if not path.is_file():
        return False
    try:
        metadata = _read_sidecar(path)
    except DataError:
        return False
    wanted = {**_making(config, seed), "key": key.digest}
    return all(metadata.get(name) == value for name, value in wanted.items()) and (
        metadata["sha256"] == sha256_file(path)
    )
