"""Episodes as prime-rl's file monitor writes them: ``rollouts/step_<n>/train/<subset>/traces.jsonl``, one a line.

Source: ``monitors/file.py`` of prime-rl and ``v1/episode.py``, ``v1/trace.py`` of verifiers, August 2026.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from full_scale.logs.files import json_lines, number
from vas_theory.foundation.errors import DataError

__all__ = ["episode_files", "read_episodes"]

logger = logging.getLogger(__name__)

_STEP = re.compile(r"step_(\d+)")


def episode_files(folder: Path) -> list[Path]:
    """Return the files of training episodes below a run's folder, or its folder ``rollouts``.

    Those of ``all`` are read, which hold also the groups that the curriculum rejected; where there are none, those of
    ``effective``.
    """
    for subset in ("all", "effective"):
        found = [
            *folder.glob(f"step_*/train/{subset}/traces.jsonl"),
            *folder.glob(f"rollouts/step_*/train/{subset}/traces.jsonl"),
        ]
        if found:
            if subset == "effective":
                logger.warning("%s holds no episodes of 'all': groups that were rejected are not among these", folder)
            return sorted(found)
    return []


def read_episodes(path: Path) -> pd.DataFrame:
    """Read one file of episodes.

    Returns:
        Columns ``step``, ``prompt`` (the task's key), ``reward`` and ``group``, one row a trace of an agent that is
        trained. Traces that ended with an error have no reward (NaN): the trainer leaves them out.

    Raises:
        DataError: a line is not an episode, or belongs to no group; the message names it.
    """
    step = next((int(found[1]) for part in reversed(path.parts) if (found := _STEP.fullmatch(part))), None)
    rows = []
    for place, episode in json_lines(path):
        traces = episode.get("traces", [])
        if not isinstance(traces, list) or not isinstance(episode.get("task"), dict):
            raise DataError(f"{place}: an episode needs 'task' and 'traces', as prime-rl logs it")
        if step is None:
            raise DataError(f"{path} lies in no folder step_<n>, which tells the step of its episodes")
        group = episode.get("group")
        if not isinstance(group, dict) or "id" not in group:
            raise DataError(f"{place}: the episode belongs to no group ('group': {{'id': ...}})")
        for trace in traces:
            if not isinstance(trace, dict):
                raise DataError(f"{place}: a trace must be an object; received {trace!r}")
            if _part(place, trace, "agent").get("trainable", True):
                rows.append((step, _prompt(episode["task"]), _reward(place, trace), str(group["id"])))
    return pd.DataFrame(rows, columns=["step", "prompt", "reward", "group"])


def _prompt(task: Mapping[str, Any]) -> str:
    known = task.get("key") or task.get("hash")
    return str(known) if known else json.dumps(task.get("data"), sort_keys=True)


def _reward(place: str, trace: Mapping[str, Any]) -> float:
    """Return the sum of score times weight over the rewards that were given."""
    if not trace.get("ok", False):
        return float("nan")
    given = [reward for reward in _part(place, trace, "rewards").values() if reward is not None]
    if bad := [reward for reward in given if not isinstance(reward, dict)]:
        raise DataError(f"{place}: a reward must be an object with 'score'; received {bad[0]!r}")
    return sum(number(place, reward, "score") * number(place, {"weight": 1.0, **reward}, "weight") for reward in given)


def _part(place: str, trace: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a part of a trace that may be missing or null."""
    found = trace.get(name)
    if not isinstance(found, (dict, type(None))):
        raise DataError(f"{place}: {name} must be an object; received {found!r}")
    return found or {}
