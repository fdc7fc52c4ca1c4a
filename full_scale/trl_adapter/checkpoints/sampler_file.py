"""The sampler's part of a TRL checkpoint."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from full_scale.plugins.states import selector_state
from vas_theory.foundation.errors import DataError
from vas_theory.provenance.folders import MANIFEST
from vas_theory.provenance.state import read_state, seal, write_state

__all__ = ["LAST_FILE", "STATE_FILE", "packed", "read_sampler", "unpacked", "write_sampler"]

STATE_FILE = "vas_sampler.npz"
_FORMAT, _VERSION = "vas-trl-checkpoint", 2
LAST_FILE = "trainer_state.json"
"""What the trainer writes when all other files of a checkpoint are there."""
_PREFIX = "selector."
_PREFIX_OF_1 = "sampler."
"""Version 1 held the state of the sampler alone, and what a selector knows beside it."""


def packed(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the state of a selector by the names that it has in a file."""
    return {f"{_PREFIX}{name}": value for name, value in state.items()}


def unpacked(entries: Mapping[str, Any]) -> dict[str, Any]:
    """Return the state of a selector among the entries of a file, also of a file of version 1."""
    state = {name.removeprefix(_PREFIX): value for name, value in entries.items() if name.startswith(_PREFIX)}
    if state:
        return state
    old = {name.removeprefix(_PREFIX_OF_1): value for name, value in entries.items() if name.startswith(_PREFIX_OF_1)}
    if "settings" not in old:  # of another strategy
        return old
    batch = int(json.loads(old["settings"])["batch_size"])
    return selector_state(
        old,
        posterior=str(entries["posterior"]),
        reward_range=(float(entries["lowest_reward"]), float(entries["largest_reward"])),
        selected_groups=batch * int(entries.get("drawn", 0)),
        observed_groups=batch * int(entries.get("observed", 0)),
    )


def write_sampler(folder: Path, state: Mapping[str, Any], counters: Mapping[str, Any]) -> None:
    """Write the selector's state into a checkpoint that is about to be made.

    It goes first: the trainer writes its own state last and then removes older checkpoints, so that a checkpoint
    with both files is whole, and an older one is gone only after a newer one is whole.

    Args:
        folder: of the checkpoint.
        state: from ``Selector.state_dict``, or that of another strategy.
        counters: what the adapter itself has to know; no dots in the names.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in (LAST_FILE, MANIFEST):  # left by an earlier run, they would make an incomplete checkpoint look whole
        (folder / name).unlink(missing_ok=True)
    write_state(folder / STATE_FILE, seal({"format": _FORMAT, "version": _VERSION, **counters, **packed(state)}))


def read_sampler(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the selector's state and the counters of a checkpoint.

    Raises:
        DataError: there is no sampler state in it (it was made by a plain GRPOTrainer, or by another version).
        IntegrityError: the file is cut short or altered.
    """
    if not (folder / STATE_FILE).exists():
        raise DataError(f"checkpoint {folder} has no {STATE_FILE}: it was not made by a trainer with VAS")
    state = read_state(folder / STATE_FILE)
    if state.get("format") != _FORMAT or state.get("version") not in (1, _VERSION):
        found = (state.get("format"), state.get("version"))
        raise DataError(f"{folder / STATE_FILE} has format and version {found}, not {(_FORMAT, _VERSION)}")
    own = {"format", "version", "checksum"}
    return unpacked(state), {name: value for name, value in state.items() if "." not in name and name not in own}
