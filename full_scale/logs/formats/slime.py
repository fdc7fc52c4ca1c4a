"""Rollouts that slime saves with ``--save-debug-rollout-data``: one file of PyTorch a rollout id.

The files are pickles, so only numbers, texts, containers and tensors are admitted from them.

Source: ``observability/rollout_data_utils.py`` and ``utils/types.py`` of slime, August 2026.
"""

from __future__ import annotations

import json
import logging
import math
import pickle
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from full_scale.logs.files import number
from vas_theory.foundation.command_line import require
from vas_theory.foundation.errors import DataError

__all__ = ["read_samples"]

logger = logging.getLogger(__name__)

_EVALUATION = re.compile(r"eval_\d+")


def read_samples(files: Sequence[Path], weights: Mapping[str, float] | None) -> pd.DataFrame:
    """Read saved rollouts; those of an evaluation (``eval_`` before the id in the file's name) are left out, aloud.

    Args:
        files: of one run.
        weights: of the parts of the reward, where it is a mapping of several.

    Returns:
        Columns ``step`` (slime's rollout id), ``prompt``, ``reward`` (NaN where there is none) and ``group``.

    Raises:
        MissingExtraError: torch is not installed.
        DataError: a file cannot be read, or holds something else.
    """
    training = [path for path in files if not _EVALUATION.search(path.stem)]
    if len(training) < len(files):
        logger.warning("%d of %d files left out: rollouts of an evaluation", len(files) - len(training), len(files))
    rows = [row for path in training for row in _rows(path, weights)]
    return pd.DataFrame(rows, columns=["step", "prompt", "reward", "group"])


def _rows(path: Path, weights: Mapping[str, float] | None) -> list[tuple[int, str, float, str]]:
    torch: Any = require("torch", "full-scale")
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError) as error:
        raise DataError(f"{path} cannot be read: {error}") from None
    except pickle.UnpicklingError as error:
        first = str(error).splitlines()[0]
        raise DataError(f"{path} holds more than numbers, texts and tensors and is not loaded: {first}") from None
    samples = saved.get("samples") if isinstance(saved, dict) else None
    if not isinstance(samples, list):
        raise DataError(f"{path} has no list 'samples'; it is not what slime's --save-debug-rollout-data writes")
    step = int(number(str(path), saved, "rollout_id"))
    rows = []
    for position, sample in enumerate(samples):
        place = f"{path}, samples[{position}]"
        if not isinstance(sample, dict):
            raise DataError(f"{place}: a sample must be a dictionary; received {sample!r}")
        prompt = sample.get("prompt", "")
        text = prompt if isinstance(prompt, str) else json.dumps(prompt, sort_keys=True)
        rows.append((step, text, _reward(place, sample.get("reward"), weights), str(sample.get("group_index", ""))))
    return rows


def _reward(place: str, reward: Any, weights: Mapping[str, float] | None) -> float:
    if reward is None:
        return math.nan
    if not isinstance(reward, Mapping):
        return number(place, {"reward": reward}, "reward")
    if not weights:
        raise DataError(f"{place}: the reward has parts ({', '.join(map(str, reward))}); say by weights which count")
    return sum(weight * number(place, reward, name) for name, weight in weights.items())
