"""A manifest over every file of a checkpoint, and the check of a checkpoint against it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from full_scale.trl_adapter.checkpoints.sampler_file import LAST_FILE, STATE_FILE, read_sampler
from vas_theory.foundation.errors import DataError, IntegrityError
from vas_theory.provenance.folders import MANIFEST, read_manifest
from vas_theory.provenance.tables import sha256_file, write_json

__all__ = ["checkpoint_step", "is_plain", "verify_checkpoint", "vouch", "was_finished"]


def vouch(folder: Path, settings: Mapping[str, Any], known: Mapping[str, str] | None = None) -> dict[str, str]:
    """Write a manifest over every file of a checkpoint.

    Args:
        folder: of the checkpoint.
        settings: see ``run_settings``.
        known: hashes of files that are not to be read again.

    Returns:
        File -> SHA-256.
    """
    known = known or {}
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / MANIFEST)
    names = {path.relative_to(folder).as_posix(): path for path in files}
    sums = {name: known.get(name) or sha256_file(path) for name, path in names.items()}
    write_json(folder / MANIFEST, {"about": {"settings": dict(settings)}, "sha256": sums})
    return sums


def verify_checkpoint(folder: Path) -> dict[str, Any]:
    """Check every file of a checkpoint and return the settings of the run that made it.

    ``trainer_state.json`` may be missing in the manifest: it is written last, between two of them, so that a run killed
    there goes on from this checkpoint.

    Raises:
        DataError: it was not written to its end, or by a trainer without VAS.
        IntegrityError: a file is missing, cut short or altered.
    """
    try:
        state = json.loads((folder / LAST_FILE).read_text(encoding="utf-8"))
        step = int(state["global_step"])
    except (OSError, ValueError, TypeError, KeyError, OverflowError, RecursionError):
        raise DataError(f"{folder / LAST_FILE} is missing, cut short or not a trainer's state") from None
    if checkpoint_step(folder) not in (-1, step):
        raise IntegrityError(f"{folder / LAST_FILE} says step {step}")
    if not (folder / STATE_FILE).exists() and not (folder / MANIFEST).exists():
        raise DataError(f"checkpoint {folder} has no {STATE_FILE}: it was not made by a trainer with VAS")
    manifest = read_manifest(folder)
    sums, settings = manifest["sha256"], manifest["about"].get("settings")
    if not isinstance(settings, dict) or STATE_FILE not in sums:
        raise DataError(f"{folder / MANIFEST} is not the manifest of a checkpoint")
    for name, expected in sums.items():
        path = folder / name
        if not path.is_file():
            raise IntegrityError(f"{folder}: {name} is missing")
        if sha256_file(path) != expected:
            raise IntegrityError(f"{path} was altered or cut short: its SHA-256 is not that of the manifest")
    read_sampler(folder)
    return settings


def is_plain(folder: Path) -> bool:
    """Say whether a checkpoint was made by a ``GRPOTrainer`` without VAS."""
    return (folder / LAST_FILE).exists() and not (folder / STATE_FILE).exists() and not (folder / MANIFEST).exists()


def checkpoint_step(folder: Path) -> int:
    """Return the step in the name of a checkpoint, -1 if it has none."""
    step = folder.name.rpartition("-")[2]
    return int(step) if step.isdigit() else -1


def was_finished(folder: Path) -> bool:
    """Say whether a checkpoint had been written to its end; one that is not left by a kill is damaged."""
    try:
        return LAST_FILE in read_manifest(folder)["sha256"]
    except DataError:
        return (folder / MANIFEST).exists() or is_plain(folder)
