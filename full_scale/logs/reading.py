"""What a GRPO run logged, read from the files that TRL, verl, EasyR1, prime-rl and slime write anyway.

Metrics have one row a step and tell the share of silent groups where the trainer logs it. Rollouts have one row each,
and tell everything: with them groups can be formed again.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from full_scale.logs.completions import read_completions
from full_scale.logs.files import json_lines, last_state, number, read_state, state_entries, step_of
from full_scale.logs.formats.prime_rl import episode_files, read_episodes
from full_scale.logs.formats.slime import read_samples
from full_scale.logs.formats.tensorboard import PATTERN, scalar_entries
from full_scale.logs.metric_names import steps_table
from vas_theory.foundation.errors import ArgumentError, DataError

__all__ = ["ROLLOUT_FILES", "form_groups", "read_metrics", "read_rollouts", "read_steps"]

ROLLOUT_FILES = (".parquet", ".jsonl", ".pt")
"""Endings of files of rollouts: of TRL; of verl and prime-rl; of slime."""

_REWARD_OF_ROLLOUT = ("score", "reward")
_ROLLOUT_KEY = re.compile(r".+_\d+_\d+")


def read_metrics(path: Path | str) -> pd.DataFrame:
    """Read the training metrics of a run, one row a logged step.

    Args:
        path: as for :func:`read_steps`.

    Returns:
        Columns ``step``, ``reward`` (mean reward of the step's rollouts; NaN where none was given) and
        ``silent_share`` (share of groups whose rewards are all equal; NaN where it was not logged), by step. A step
        logged twice, as resumed runs do, counts as logged last. verl's reward is the score, before any KL penalty.

    Raises:
        DataError: the file cannot be read or holds no training step; the message names file and line.
    """
    return read_steps(path)[["step", "reward", "silent_share"]]


def read_steps(path: Path | str) -> pd.DataFrame:
    """Read everything that is known of a run's steps, one row each.

    Args:
        path: TRL's ``trainer_state.json`` or a folder with checkpoints (the one with the most steps counts), or a file
            of JSON lines: flat, as prime-rl and verl's file logger write them (``{"step": 1, "data": {...}}``), or
            nested as EasyR1's does (``{"step": 1, "critic": {"score": {"mean": ...}}}``); or TensorBoard's files and
            their folder. A cut last line is left out, aloud.

    Returns:
        ``step`` and the columns of :data:`~full_scale.logs.metric_names.COLUMNS`, by step.

    Raises:
        DataError: the file cannot be read or holds no training step; the message names file and line.
    """
    source = Path(path)
    if source.is_dir():
        source = source if next(source.glob(PATTERN), None) else last_state(source)
    return steps_table(source, _logged_metrics(source))


def read_rollouts(
    path: Path | str,
    weights: Mapping[str, float] | None = None,
    evaluated_steps: Collection[int] | None = None,
) -> pd.DataFrame:
    """Read logged rollouts, one row each.

    Args:
        path: a file, or a folder of them: TRL's ``completions/*.parquet`` (``log_completions=True``), verl's
            ``*.jsonl`` (``trainer.rollout_data_dir``), prime-rl's run with ``rollouts/step_*/train/all/traces.jsonl``,
            or slime's ``*.pt`` (``--save-debug-rollout-data``).
        weights: of the reward functions, by column, where TRL logged several, 1 each by default; of slime's parts of
            a reward.
        evaluated_steps: steps after which TRL evaluated: their files hold rollouts of the evaluation and are left
            out, aloud. By default those that the ``trainer_state.json`` beside the completions tells of.

    Returns:
        Columns ``step``, ``prompt`` (as text), ``reward`` (NaN where no function gave one) and ``group`` (verl's uid:
        a prompt drawn twice in a step has two; empty where none was logged). Rollouts that TRL wrote into several
        files, as one generation batch serves several steps, come once.

    Raises:
        ArgumentError: a weight is no finite number, or a step no integer >= 0.
        DataError: nothing can be read, or a field is missing; the message names file and line or column.
    """
    _check_words(weights, evaluated_steps)
    source = Path(path)
    files = _rollout_files(source)
    by_kind = {kind: [file for file in files if file.suffix == kind] for kind in ROLLOUT_FILES}
    parts = []
    if by_kind[".parquet"]:
        parts.append(read_completions(by_kind[".parquet"], weights, evaluated_steps))
    if by_kind[".pt"]:
        parts.append(read_samples(by_kind[".pt"], weights))
    parts += [
        read_episodes(path) if path.name == "traces.jsonl" else _jsonl_rollouts(path) for path in by_kind[".jsonl"]
    ]
    rollouts = pd.concat(parts, ignore_index=True)
    if rollouts.empty:
        raise DataError(f"{source} holds no rollouts")
    return rollouts.sort_values("step", kind="stable", ignore_index=True)


def form_groups(rollouts: pd.DataFrame) -> pd.DataFrame:
    """Form the groups of logged rollouts again: those of one prompt in one step, or of one uid where it was logged.

    Args:
        rollouts: what :func:`read_rollouts` returns (``group`` may be left out); rollouts without a finite
            reward do not count.

    Returns:
        One row a group: ``step``, ``prompt``, ``rollouts``, ``reward`` (mean), ``variance`` (divided by the number of
        rollouts) and ``silent`` (all rewards equal).

    Raises:
        DataError: no prompt has two rollouts in a step.
    """
    usable = rollouts[rollouts["reward"].map(math.isfinite)]
    usable = usable.assign(group=usable.get("group", ""))
    grouped = usable.groupby(["step", "prompt", "group"], sort=False)["reward"]
    table = grouped.agg(rollouts="size", reward="mean", variance=lambda rewards: rewards.var(ddof=0))
    table["silent"] = grouped.max() == grouped.min()
    if not (table["rollouts"] > 1).any():
        raise DataError("no prompt has two rollouts in one step: these are not groups")
    return table.reset_index().drop(columns="group")


def _check_words(weights: Any, evaluated_steps: Any) -> None:
    """Refuse what is said of rollouts before a file is opened."""
    if weights is not None:
        named = isinstance(weights, Mapping) and all(isinstance(name, str) for name in weights)
        if not named or not all(isinstance(w, (int, float)) and math.isfinite(w) for w in weights.values()):
            raise ArgumentError("weights", "give each reward function by name a finite number", weights)
    if evaluated_steps is not None:
        steps = list(evaluated_steps) if isinstance(evaluated_steps, Collection) else [None]
        if not all(isinstance(step, (int, np.integer)) and step >= 0 for step in steps):
            raise ArgumentError("evaluated_steps", "hold steps, integers >= 0", evaluated_steps)


def _rollout_files(source: Path) -> list[Path]:
    if not source.is_dir():
        if source.suffix not in ROLLOUT_FILES:
            raise DataError(f"{source} is neither a .parquet file of TRL nor a .jsonl file of verl nor slime's .pt")
        return [source]
    found = episode_files(source) or [path for kind in ROLLOUT_FILES for path in sorted(source.glob(f"*{kind}"))]
    if not found:
        raise DataError(f"{source} holds neither .parquet nor .jsonl nor .pt files of rollouts")
    return found


def _flat(entry: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Name nested values by their path, as EasyR1's logger had them before it nested them: ``critic/score/mean``."""
    flat: dict[str, Any] = {}
    for name, value in entry.items():
        flat.update(_flat(value, f"{above}{name}/") if isinstance(value, dict) else {f"{above}{name}": value})
    return flat


def _logged_metrics(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    if path.is_dir() or "tfevents" in path.name:
        yield from scalar_entries(path)
        return
    if path.suffix == ".json":
        yield from state_entries(path, read_state(path))
        return
    for place, entry in json_lines(path):
        data = entry.get("data")
        yield place, _flat({**data, "step": entry.get("step")} if isinstance(data, dict) else entry)


def _jsonl_rollouts(path: Path) -> pd.DataFrame:
    rows = []
    for place, entry in json_lines(path):
        reward = next((name for name in _REWARD_OF_ROLLOUT if name in entry), None)
        if reward is None or "input" not in entry:
            names = " or ".join(map(repr, _REWARD_OF_ROLLOUT))
            raise DataError(f"{place}: a rollout needs 'input' and {names}, as verl logs it; it has {', '.join(entry)}")
        step = step_of(place, entry)
        value = math.nan if entry[reward] is None else number(place, entry, reward)
        rows.append((step, str(entry["input"]), value, str(entry.get("uid", ""))))
    table = pd.DataFrame(rows, columns=["step", "prompt", "reward", "group"])
    table["group"] = _groups_of(table["group"])
    return table


def _groups_of(uids: pd.Series) -> pd.Series:
    """Return the group of each rollout: verl 0.9 logs a key of its own of each rollout, ``<group>_<rollout>_<output>``.

    Earlier versions log the group's uid, which repeats.
    """
    if uids.is_unique and uids.map(lambda uid: _ROLLOUT_KEY.fullmatch(uid) is not None).all():
        return uids.map(lambda uid: uid.rsplit("_", 2)[0])
    return uids
