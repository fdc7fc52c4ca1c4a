"""The file of a refresh that is under way, beside the checkpoints: scoring a pool may take hours."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from full_scale.runs import differences
from full_scale.trl_adapter.checkpoints.sampler_file import packed, unpacked
from vas_theory.foundation.errors import VASError
from vas_theory.provenance.state import read_state, seal, write_state

__all__ = ["find", "is_there", "remove", "save"]

logger = logging.getLogger(__name__)

_FILE = "vas_scoring.npz"


def save(folder: Path, selector: Mapping[str, Any], *, opened_from: str, settings: Mapping[str, Any]) -> None:
    """Write the selector in the middle of a refresh.

    Args:
        folder: of the run.
        selector: its state.
        opened_from: checksum of the sampler when the refresh began.
        settings: of the run.
    """
    about = {"opened_from": opened_from, "settings": json.dumps(dict(settings), sort_keys=True)}
    folder.mkdir(parents=True, exist_ok=True)
    write_state(folder / _FILE, seal({**about, **packed(selector)}))


def is_there(folder: Path) -> bool:
    """Say whether a run was stopped while it scored, or after that before its next checkpoint."""
    return (folder / _FILE).exists()


def find(folder: Path, opened_from: str, settings: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the selector's state in the refresh that was stopped; None, and say why, if it is another's.

    Args:
        folder: of the run.
        opened_from: checksum of the sampler that is to go on.
        settings: of the run that is to go on.
    """
    if not is_there(folder):
        return None
    try:
        state = read_state(folder / _FILE)
        found, theirs = str(state["opened_from"]), json.loads(state["settings"])
    except (VASError, KeyError, ValueError) as error:
        logger.warning("%s cannot be used, prompts are scored anew: %s", folder / _FILE, error)
        return None
    wrong = differences(settings, theirs)
    if found != opened_from or wrong:
        why = f"of other settings ({', '.join(wrong)})" if wrong else "of another step or course of the run"
        logger.warning("%s is %s: prompts are scored anew", folder / _FILE, why)
        return None
    return unpacked(state)


def remove(folder: Path) -> None:
    """Drop the file, if there is one."""
    (folder / _FILE).unlink(missing_ok=True)
