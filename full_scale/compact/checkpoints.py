"""Checkpoints of a training run: whole, verified, without pickle, and refused by a run they do not belong to."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from full_scale.compact.refusals import drop_passed_over
from full_scale.models.saving import disk_errors
from full_scale.runs import differences
from vas_theory.foundation.errors import DataError, StateMismatchError
from vas_theory.provenance.folders import new_folder, read_manifest, verify_folder

__all__ = ["Progress", "identity_in", "latest", "remove_all", "restore", "save", "write_progress"]

KEPT = 2


@dataclass
class Progress:
    """What a run knows besides its tensors.

    Args:
        step: updates done.
        ledger: rollouts charged so far, by purpose.
        steps: one row a step; see ``training_steps`` in :mod:`full_scale.measuring.tables`.
        prompts: one row a group; see ``training_prompts``.
    """

    step: int = 0
    ledger: dict[str, Any] = field(default_factory=dict)
    steps: list[dict[str, Any]] = field(default_factory=list)
    prompts: list[dict[str, Any]] = field(default_factory=list)


def _flatten(value: Any, prefix: str = "") -> dict[str, Any]:
    """Return nested mappings as one, their keys joined by slashes: a sampler's own names hold dots."""
    if isinstance(value, Mapping):
        flat: dict[str, Any] = {}
        for key, item in value.items():
            flat.update(_flatten(item, f"{prefix}/{key}" if prefix else str(key)))
        return flat
    return {prefix: value}


def _nest(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Undo :func:`_flatten`."""
    nested: dict[str, Any] = {}
    for name, value in flat.items():
        *path, last = name.split("/")
        place = nested
        for part in path:
            place = place.setdefault(part, {})
        place[last] = value
    return nested


def _folders(run: Path) -> list[Path]:
    return sorted((run / "checkpoints").glob("step-*"), reverse=True)


def write_progress(folder: Path, progress: Progress) -> None:
    """Write counters and rows into a folder that is being made.

    Rows keep the order of their columns, so that tables of a run that was read back have the bytes of the others.
    """
    (folder / "progress.json").write_text(json.dumps(vars(progress), indent=1, allow_nan=False), encoding="utf-8")


def save(
    run: Path,
    identity: Mapping[str, Any],
    progress: Progress,
    model: torch.nn.Module,
    optimiser: torch.optim.Optimizer,
    selection_state: Mapping[str, Any],
) -> None:
    """Write the state after ``progress.step`` steps and drop all but the newest checkpoints.

    Args:
        run: the run's folder.
        identity: everything the run depends on; a run with another identity refuses to resume from here.
        progress: counters and rows.
        model: its parameters are saved by name.
        optimiser: AdamW over the model's parameters, in their order.
        selection_state: from the selection driver's ``state_dict``: nested mappings of arrays and plain values.
    """
    from safetensors.torch import save_file

    from vas_theory.provenance.state import seal, write_state

    target = run / "checkpoints" / f"step-{progress.step:06d}"
    names = [name for name, _ in model.named_parameters()]
    moments = {
        f"{names[index]}/{key}": value.contiguous()
        for index, slots in optimiser.state_dict()["state"].items()
        for key, value in slots.items()
    }
    with new_folder(target, {"identity": dict(identity), "step": progress.step}) as folder:
        weights = {name: value.detach().contiguous() for name, value in model.named_parameters()}
        with disk_errors(folder):
            save_file(weights, folder / "model.st")
            save_file(moments, folder / "optimiser.st")
        write_state(folder / "selection.npz", seal(_flatten(selection_state)))
        write_progress(folder, progress)
    drop_passed_over(target)
    for old in _folders(run)[KEPT:]:
        shutil.rmtree(old)


def identity_in(run: Path) -> dict[str, Any] | None:
    """Return the identity in the manifest of the newest checkpoint that has a readable one; None without any."""
    for folder in _folders(run):
        try:
            identity = read_manifest(folder)["about"]["identity"]
        except (DataError, KeyError, TypeError):
            continue
        return dict(identity)
    return None


def latest(run: Path, identity: Mapping[str, Any]) -> Path | None:
    """Return the newest checkpoint that verifies; broken ones are named on standard error and passed over.

    Raises:
        StateMismatchError: the checkpoint belongs to a run with another identity.
    """
    for folder in _folders(run):
        try:
            owner = verify_folder(folder).get("identity")
            if not isinstance(owner, dict):
                raise DataError(f"{folder} names no run")
        except DataError as error:
            print(f"warning: checkpoint rejected, trying the one before it: {error}", file=sys.stderr)
            continue
        found = differences(identity, owner)
        if found:
            raise StateMismatchError(f"checkpoint {folder} (start afresh with --restart)", found)
        return folder
    return None


def restore(folder: Path, model: torch.nn.Module, optimiser: torch.optim.Optimizer) -> tuple[Progress, dict[str, Any]]:
    """Load a verified checkpoint into a model and its optimiser; return the progress and the selection's state."""
    from safetensors.torch import load_file

    from vas_theory.provenance.state import read_state

    weights = load_file(folder / "model.st")
    moments = load_file(folder / "optimiser.st")
    slots: dict[int, dict[str, torch.Tensor]] = {}
    with torch.no_grad():
        for index, (name, parameter) in enumerate(model.named_parameters()):
            parameter.copy_(weights[name])
            found = {key: moments[f"{name}/{key}"] for key in ("step", "exp_avg", "exp_avg_sq") if moments}
            if found:
                slots[index] = found
    optimiser.load_state_dict({"state": slots, "param_groups": optimiser.state_dict()["param_groups"]})
    progress = Progress(**json.loads((folder / "progress.json").read_text(encoding="utf-8")))
    state = read_state(folder / "selection.npz")
    return progress, _nest({name: value for name, value in state.items() if name != "checksum"})


def remove_all(run: Path) -> None:
    """Remove a run's checkpoints."""
    shutil.rmtree(run / "checkpoints", ignore_errors=True)
