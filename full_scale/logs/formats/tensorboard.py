"""Scalars that verl, EasyR1, slime and TRL write for TensorBoard, read with TensorBoard's own reader."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vas_theory.foundation.command_line import require
from vas_theory.foundation.errors import DataError

__all__ = ["PATTERN", "event_folder", "scalar_entries"]

PATTERN = "events.out.tfevents.*"

_TRL = "train/"
"""The Hugging Face callback puts this before the names of training."""


def event_folder(path: Path) -> Path:
    """Return the one folder of event files at or below a path.

    Raises:
        DataError: there are several, which are several runs.
    """
    folder = path if path.is_dir() else path.parent
    found = sorted({file.parent for file in folder.rglob(PATTERN)})
    # EasyR1 writes its settings as a run of their own, below the scalars
    top = [place for place in found if not any(place.is_relative_to(other) for other in found if other != place)]
    if len(top) != 1:
        raise DataError(f"{path} holds TensorBoard files of {len(top)} runs: {', '.join(map(str, top))}; name one")
    return top[0]


def scalar_entries(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the scalars of each step, after what to call their place.

    Args:
        path: a folder of event files, or one above it.

    Raises:
        MissingExtraError: TensorBoard is not installed.
        DataError: there are several runs below the path, or the files hold no scalars.
    """
    folder = event_folder(path)
    module: Any = require("tensorboard.backend.event_processing.event_accumulator", "tensorboard")
    events = module.EventAccumulator(str(folder), size_guidance={module.SCALARS: 0})
    events.Reload()
    names = events.Tags()["scalars"]
    if not names:
        raise DataError(f"{folder} holds no scalars")
    rows: dict[int, dict[str, Any]] = {}
    for name in names:
        for event in events.Scalars(name):
            row = rows.setdefault(event.step, {"step": event.step})
            row[name] = event.value
            if name.startswith(_TRL):
                row.setdefault(name.removeprefix(_TRL), event.value)
    for step in sorted(rows):
        yield f"{folder}, step {step}", rows[step]
