"""The sampler's part of a TRL checkpoint."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

from vas_theory.foundation.errors import DataError, VASError
from vas_theory.provenance.state import read_state, seal, write_state

__all__ = ["STATE_FILE", "checkpoint_step", "newest_intact", "read_sampler", "write_sampler"]

logger = logging.getLogger(__name__)

STATE_FILE = "vas_sampler.npz"
_FORMAT, _VERSION = "vas-trl-checkpoint", 1
_LAST_FILE = "trainer_state.json"
_PREFIX = "sampler."


def write_sampler(folder: Path, sampler_state: dict[str, Any], counters: dict[str, int]) -> None:
    """Write the sampler's state into a checkpoint that is about to be made.

    It goes first: the trainer writes its own state last and then removes older checkpoints, so that a checkpoint
    with both files is whole, and an older one is gone only after a newer one is whole.

    Args:
        folder: of the checkpoint.
        sampler_state: from ``VarianceAwareSampler.state_dict``.
        counters: of the adapter.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _LAST_FILE).unlink(missing_ok=True)  # left by an earlier run, it would vouch for a torn checkpoint
    packed = {f"{_PREFIX}{name}": value for name, value in sampler_state.items()}
    write_state(folder / STATE_FILE, seal({"format": _FORMAT, "version": _VERSION, **counters, **packed}))


def read_sampler(folder: Path) -> tuple[dict[str, Any], dict[str, int]]:
    """Return the sampler's state and the counters of a checkpoint.

    Raises:
        DataError: there is no sampler state in it (it was made by a plain GRPOTrainer, or by another version).
        IntegrityError: the file is cut short or altered.
    """
    if not (folder / STATE_FILE).exists():
        raise DataError(f"checkpoint {folder} has no {STATE_FILE}: it was not made by a trainer with VAS")
    state = read_state(folder / STATE_FILE)
    if (state.get("format"), state.get("version")) != (_FORMAT, _VERSION):
        found = (state.get("format"), state.get("version"))
        raise DataError(f"{folder / STATE_FILE} has format and version {found}, not {(_FORMAT, _VERSION)}")
    sampler = {name.removeprefix(_PREFIX): value for name, value in state.items() if name.startswith(_PREFIX)}
    counters = {name: value for name, value in state.items() if isinstance(value, int) and "." not in name}
    counters.pop("version")
    return sampler, counters


def checkpoint_step(folder: Path) -> int:
    """Return the step in the name of a checkpoint, -1 if it has none."""
    step = folder.name.rpartition("-")[2]
    return int(step) if step.isdigit() else -1


def newest_intact(output_dir: Path | str) -> Path | None:
    """Return the newest checkpoint that was written to its end and whose sampler state is sound.

    Torn ones are passed over with a warning. None means that the run was stopped while it wrote its first checkpoint,
    so that it has to begin anew.

    Raises:
        DataError: there is no checkpoint, or those that were written to their end are damaged.
    """
    folders = [folder for folder in Path(output_dir).glob("checkpoint-*") if checkpoint_step(folder) >= 0]
    damaged = False
    for folder in sorted(folders, key=checkpoint_step, reverse=True):
        try:
            json.loads((folder / _LAST_FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            logger.warning("checkpoint %s rejected: %s is missing or cut short", folder, _LAST_FILE)
            continue
        try:
            read_sampler(folder)
        except (OSError, ValueError, VASError) as error:
            damaged = True
            logger.warning("checkpoint %s rejected: %s", folder, error)
            continue
        return folder
    if damaged or not folders:
        raise DataError(f"there is no whole checkpoint in {output_dir} to resume from")
    logger.warning("no checkpoint in %s was written to its end: training begins anew", output_dir)
    return None
