"""Folders that appear whole or not at all, and that are verified before they are read."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vas_theory.foundation.errors import DataError, IntegrityError
from vas_theory.provenance.tables import sha256_file, write_json

__all__ = ["MANIFEST", "folder_hash", "new_folder", "read_manifest", "verify_folder"]

__neutral__ = "how results are stored"

MANIFEST = "manifest.json"


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def new_folder(target: Path, about: Mapping[str, Any]) -> Iterator[Path]:
    """Yield a temporary folder that becomes ``target``, with a manifest of checksums, when the block ends well.

    Files are synced before the rename, so a kill at any moment leaves either no ``target`` or a whole one. What
    earlier kills left behind is removed. An existing ``target`` is replaced.

    Args:
        target: the folder to create.
        about: what the manifest says besides the checksums, JSON-serialisable.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    for leftover in target.parent.glob(f".{target.name}.*.tmp"):
        shutil.rmtree(leftover, ignore_errors=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent))
    try:
        yield temporary
        files = sorted(path for path in temporary.rglob("*") if path.is_file())
        for path in files:
            path.chmod(0o644)
            _sync(path)
        sums = {path.relative_to(temporary).as_posix(): sha256_file(path) for path in files}
        write_json(temporary / MANIFEST, {"about": dict(about), "sha256": sums})
        temporary.chmod(0o755)
        _sync(temporary)
        if target.exists():
            shutil.rmtree(target)
        temporary.rename(target)
        _sync(target.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a folder.

    Raises:
        DataError: it is missing, unreadable or not a manifest.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"{folder} has no {MANIFEST}") from None
    except (ValueError, OSError, RecursionError) as error:
        raise DataError(f"{folder / MANIFEST} cannot be read: {error}") from None
    parts = (manifest.get("about"), manifest.get("sha256")) if isinstance(manifest, dict) else (None, None)
    if not all(isinstance(part, dict) for part in parts):
        raise DataError(f"{folder / MANIFEST} is not a manifest: it needs the tables 'about' and 'sha256'")
    found: dict[str, Any] = manifest
    return found


def verify_folder(folder: Path) -> dict[str, Any]:
    """Check every file against the manifest and return what the manifest says about the folder.

    Raises:
        DataError: there is no manifest, or it is not one.
        IntegrityError: a file is missing, cut short or altered.
    """
    manifest = read_manifest(folder)
    for name, expected in manifest["sha256"].items():
        path = folder / name
        if not path.is_file():
            raise IntegrityError(f"{folder}: {name} is missing")
        found = sha256_file(path)
        if found != expected:
            raise IntegrityError(f"{path} was altered or cut short: SHA-256 {found}, its manifest says {expected}")
    about: dict[str, Any] = manifest["about"]
    return about


def folder_hash(folder: Path) -> str:
    """Return the SHA-256 of a folder's manifest: one name for all its bytes."""
    return sha256_file(folder / MANIFEST)
