"""The sampler's part of a TRL checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vas_theory.foundation.errors import DataError
from vas_theory.provenance.folders import MANIFEST
from vas_theory.provenance.state import read_state, seal, write_state

__all__ = ["LAST_FILE", "STATE_FILE", "read_sampler", "write_sampler"]

STATE_FILE = "vas_sampler.npz"
_FORMAT, _VERSION = "vas-trl-checkpoint", 1
LAST_FILE = "trainer_state.json"
"""What the trainer writes when all other files of a checkpoint are there."""
_PREFIX = "sampler."


def write_sampler(folder: Path, sampler_state: dict[str, Any], counters: Mapping[str, Any]) -> None:
    """Write the sampler's state into a checkpoint that is about to be made.

    It goes first: the trainer writes its own state last and then removes older checkpoints, so that a checkpoint
    with both files is whole, and an older one is gone only after a newer one is whole.

    Args:
        folder: of the checkpoint.
        sampler_state: from ``VarianceAwareSampler.state_dict``.
        counters: what the adapter itself has to know; no dots in the names.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in (LAST_FILE, MANIFEST):  # left by an earlier run, they would make an incomplete checkpoint look whole
        (folder / name).unlink(missing_ok=True)
    packed = {f"{_PREFIX}{name}": value for name, value in sampler_state.items()}
    write_state(folder / STATE_FILE, seal({"format": _FORMAT, "version": _VERSION, **counters, **packed}))


def read_sampler(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
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
    own = {"format", "version", "checksum"}
    return sampler, {name: value for name, value in state.items() if "." not in name and name not in own}
