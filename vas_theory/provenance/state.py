"""States of long-running objects: flat dicts of arrays, numbers and strings, checksummed, saved without pickle."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vas_theory.foundation.errors import ArgumentError, DataError, IntegrityError
from vas_theory.provenance.tables import atomic_path

__all__ = ["LARGEST_STATE", "read_state", "seal", "verify", "write_state"]

LARGEST_STATE = 1 << 34
"""Bytes; 20 million prompts with keys of 100 characters take a fifth of it."""

State = dict[str, Any]


def _digest(state: Mapping[str, Any]) -> str:
    digest = hashlib.sha256()
    for name in sorted(state):
        if name == "checksum":
            continue
        value = state[name]
        if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and not value.ndim):
            value = value.item()  # a file gives back a plain number
        digest.update(f"{name}\0".encode())
        if isinstance(value, np.ndarray) and value.dtype != object:
            digest.update(f"{value.dtype.str}{value.shape}\0".encode())
            digest.update(np.ascontiguousarray(value).reshape(-1).view(np.uint8).data)
        elif isinstance(value, (bool, int, float, str)):
            digest.update(f"{type(value).__name__}:{value!r}\0".encode())
        else:
            raise ArgumentError(f"state[{name!r}]", "be an array, a bool, an int, a float or a string", value)
    return digest.hexdigest()


def seal(state: Mapping[str, Any]) -> State:
    """Return the state with its SHA-256 under ``checksum``."""
    return {**state, "checksum": _digest(state)}


def verify(state: Mapping[str, Any], *, what: str = "state") -> None:
    """Check a sealed state against its checksum.

    Raises:
        IntegrityError: there is no checksum, or the contents are not those that were sealed.
    """
    expected = state.get("checksum")
    if expected is None:
        raise IntegrityError(f"{what} has no checksum")
    found = _digest(state)
    if found != expected:
        raise IntegrityError(f"{what} was altered: its SHA-256 is {found}, its checksum says {expected}")


def write_state(path: Path | str, state: Mapping[str, Any]) -> None:
    """Save a sealed state as one uncompressed ``.npz``, atomically and without pickle."""
    arrays: dict[str, Any] = {name: _pack(value) for name, value in state.items()}
    with atomic_path(path) as temporary, open(temporary, "wb") as stream:
        np.savez(stream, **arrays)


def _pack(value: Any) -> np.ndarray[Any, Any]:
    if isinstance(value, str):  # as bytes, because a numpy string cannot be empty or end in a null
        return np.frombuffer(b"s" + value.encode("utf-8"), dtype="V1")
    return np.asarray(value)


def _unpack(value: np.ndarray[Any, Any]) -> Any:
    if value.dtype == np.dtype("V1"):
        return value.tobytes()[1:].decode("utf-8")
    return value if value.ndim else value.item()


def _require_size(path: Path, members: Sequence[zipfile.ZipInfo]) -> None:
    """Refuse, before anything of it is read, a file that would fill the memory."""
    unpacked = sum(member.file_size for member in members)
    if unpacked > LARGEST_STATE:
        raise DataError(f"state {path} holds {unpacked:,} bytes, more than the {LARGEST_STATE:,} of the largest state")
    if unpacked > path.stat().st_size:  # a state is written as it is: a small file that grows is none
        raise IntegrityError(f"state {path} is compressed, which no state is")


def read_state(path: Path | str) -> State:
    """Read a state written by :func:`write_state` and verify its checksum.

    Raises:
        DataError: there is no such file, or it is larger than any state (:data:`LARGEST_STATE`).
        IntegrityError: the file is cut short, altered or not a state.
    """
    path = Path(path)
    try:
        with open(path, "rb") as stream, np.load(stream, allow_pickle=False) as archive:
            _require_size(path, archive.zip.infolist())
            state = {name: _unpack(archive[name]) for name in archive.files}
    except FileNotFoundError:
        raise DataError(f"state {path} does not exist") from None
    except DataError:
        raise
    except Exception as error:  # a damaged header can make zipfile and numpy raise almost anything
        raise IntegrityError(f"state {path} is cut short, altered or not a state ({error})") from error
    verify(state, what=f"state {path}")
    return state
