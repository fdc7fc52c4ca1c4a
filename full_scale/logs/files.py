"""How the files of a run are opened: JSON of one piece, JSON by lines, and what each place in them is called."""

from __future__ import annotations

import codecs
import json
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from vas_theory.foundation.errors import DataError

__all__ = ["json_lines", "last_state", "last_step", "number", "read_state", "state_entries", "step_of"]

logger = logging.getLogger(__name__)

_STEPS = 2.0**53


def read_state(path: Path) -> dict[str, Any]:
    """Return TRL's ``trainer_state.json``.

    Raises:
        DataError: the file cannot be read, or is another.
    """
    try:
        state = json.loads(_read(path))
    except UnicodeDecodeError as error:
        raise DataError(f"{path} cannot be read: {error}") from None
    except json.JSONDecodeError as error:
        raise DataError(f"{path}, line {error.lineno}: not JSON ({error.msg})") from None
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, brackets without end
        raise DataError(f"{path}: not JSON that can be read ({error})") from None
    if not (isinstance(state, dict) and isinstance(state.get("log_history"), list)):
        raise DataError(f"{path} has no list 'log_history'; it is not TRL's trainer_state.json")
    last_step(path, state)
    return state


def last_step(path: Path, state: Mapping[str, Any]) -> int:
    """Return the step that a state was saved at, 0 where it does not say.

    Raises:
        DataError: it is no step.
    """
    return step_of(str(path), state, "global_step") if "global_step" in state else 0


def last_state(folder: Path) -> Path:
    """Return the ``trainer_state.json`` below a folder that knows the most steps.

    Raises:
        DataError: there is none, or one cannot be read.
    """
    found = sorted(folder.rglob("trainer_state.json"))
    if not found:
        raise DataError(f"{folder} holds no trainer_state.json")
    return max(reversed(found), key=lambda path: last_step(path, read_state(path)))


def state_entries(path: Path, state: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the entries of a state's history, each after what to call its place."""
    for position, entry in enumerate(state["log_history"]):
        place = f"{path}, log_history[{position}]"
        if not isinstance(entry, dict):
            raise DataError(f"{place} is not an object")
        yield place, entry


def json_lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the objects of a file of JSON lines, each after what to call its place.

    A last line without its end that is no JSON was cut when the run was stopped: it is left out with a warning.

    Raises:
        DataError: the file cannot be read, or a line is not an object.
    """
    # str.splitlines would also break at characters that JSON may hold within a text
    *whole, last = _read(path).removeprefix(codecs.BOM_UTF8).split(b"\n")
    for position, line in enumerate([*whole, last], 1):
        if not line.strip():
            continue
        place = f"{path}, line {position}"
        try:
            entry = json.loads(line.decode("utf-8"))
        except (ValueError, RecursionError) as error:  # JSONDecodeError and UnicodeDecodeError are ValueErrors
            if position > len(whole) and position > 1:
                logger.warning("%s: cut, and left out; what was logged before it is used", place)
                return
            if isinstance(error, UnicodeDecodeError):
                raise DataError(f"{path} cannot be read: line {position} is not UTF-8 ({error.reason})") from None
            if isinstance(error, json.JSONDecodeError):
                raise DataError(f"{place}: not JSON ({error.msg}, column {error.colno})") from None
            raise DataError(f"{place}: not JSON that can be read ({error})") from None
        if not isinstance(entry, dict):
            raise DataError(f"{place} is not an object")
        yield place, entry


def number(place: str, entry: Mapping[str, Any], name: str) -> float:
    """Return a number of an entry.

    Raises:
        DataError: it is missing or is none, or one that no float holds.
    """
    value = entry.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise DataError(f"{place}: {name} must be a number; received {value!r}")
    try:
        return float(value)
    except OverflowError:  # JSON has integers of any length
        raise DataError(f"{place}: {name} is too large a number; it has {len(str(value))} digits") from None


def step_of(place: str, entry: Mapping[str, Any], name: str = "step") -> int:
    """Return the step of an entry.

    Raises:
        DataError: it is missing or no integer in [0, 2^53), within which floats hold all of them.
    """
    value = number(place, entry, name)
    if not (0 <= value < _STEPS and value.is_integer()):  # NaN and infinity are neither
        needs = "an integer >= 0" if not value >= _STEPS else "below 2^53"
        raise DataError(f"{place}: {name} must be {needs}; received {entry[name]!r}")
    return int(value)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error}") from None
