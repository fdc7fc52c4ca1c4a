"""The document of predictions: about which prompts, and sealed on disk before anything is measured."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vas_theory.foundation.errors import DataError, IntegrityError
from vas_theory.foundation.streams import stream
from vas_theory.provenance.fingerprint import Key
from vas_theory.provenance.tables import now, sha256_file, table_is_current, write_json, write_metadata

__all__ = ["choose_prompts", "predictions_are_current", "read_predictions", "write_predictions"]


def choose_prompts(pilot: pd.DataFrame, calibration: int, measured: int, seed: int) -> tuple[list[str], list[str]]:
    """Choose disjoint prompts to calibrate on and to measure, both spread evenly over the pilot's pass rates.

    The calibration prompts have shown each outcome at least twice. Of the measured ones an eighth may be silent in
    the pilot: there the prediction is that there is next to nothing to measure, and a few are enough to see it.
    """
    order = pilot.assign(tie=stream(seed, "choose prompts").random(len(pilot)))
    order = order.sort_values(["successes", "tie"], ignore_index=True)
    right, wrong = order.successes.to_numpy(), (order.rollouts - order.successes).to_numpy()
    rarer = np.minimum(right, wrong)
    keys = order.prompt_key.to_numpy()
    taken = _spread(np.flatnonzero(rarer >= 2), min(calibration, int((rarer >= 2).sum())))
    others = np.setdiff1d(np.arange(len(keys)), taken)
    taken = np.append(taken, _spread(others, calibration - len(taken)))
    rest = np.setdiff1d(np.arange(len(keys)), taken)
    mixed, silent = rest[rarer[rest] > 0], rest[rarer[rest] == 0]
    loud = min(len(mixed), measured - min(measured // 8, len(silent)))
    chosen = np.append(_spread(mixed, loud), _spread(silent, measured - loud))
    return keys[taken].tolist(), keys[chosen].tolist()


def _spread(places: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Return ``count`` of the places, evenly spaced."""
    return places[np.linspace(0, len(places) - 1, count).round().astype(np.int64)]


def _seal(content: Mapping[str, Any]) -> str:
    kept = {key: value for key, value in content.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(kept, sort_keys=True, allow_nan=False).encode()).hexdigest()


def write_predictions(
    path: Path, content: Mapping[str, Any], *, config: Mapping[str, Any], seed: int, key: Key
) -> None:
    """Write predictions with the time and a hash over all of it, and beside them what they were made from.

    Args:
        path: the file.
        content: the predictions and what their measurements need.
        config: the study's, with the hashes of what was read.
        seed: the study's.
        key: of the code that made them.
    """
    stamped = {**content, "written": now()}
    write_json(path, {**stamped, "sha256": _seal(stamped)})
    write_metadata(path, {"config": dict(config), "seed": seed, **key.as_json(), "sha256": sha256_file(path)})


def predictions_are_current(path: Path, *, config: Mapping[str, Any], seed: int, key: Key) -> bool:
    """Say whether intact predictions of this config and seed, made by code of this key, are already there."""
    return table_is_current(path, config=config, seed=seed, key=key)


def read_predictions(path: Path) -> dict[str, Any]:
    """Read predictions and verify their hash.

    Raises:
        DataError: there is no such file, or it does not hold predictions.
        IntegrityError: it was changed after it was written.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)
    except FileNotFoundError:
        raise DataError(f"{path} does not exist; run `python -m full_scale predict` first") from None
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path} cannot be read: {error}") from None
    if not isinstance(content, dict) or not isinstance(content.get("predictions"), list):
        raise DataError(f"{path} does not hold predictions")
    if content.get("sha256") != _seal(content):
        raise IntegrityError(f"{path} was changed after it was written")
    found: dict[str, Any] = content
    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a number")
