"""What a GRPO run logged, read from the files that TRL, verl and EasyR1 write anyway.

Metrics have one row a step and tell the share of silent groups where the trainer logs it. Rollouts have one row each,
and tell everything: with them groups can be formed again.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from full_scale.logs.completions import read_completions
from full_scale.logs.files import json_lines, number, read_state, state_entries
from vas_theory.foundation.errors import DataError

__all__ = ["form_groups", "read_metrics", "read_rollouts"]

logger = logging.getLogger(__name__)

_PENALISED = "critic/rewards/mean"
_REWARD = ("reward", "critic/score/mean", "reward/overall", _PENALISED)
"""The first that a step has counts. TRL; verl and EasyR1; EasyR1 alone; and last verl's reward after its KL penalty."""

_SILENT = ("frac_reward_zero_std", "vas/silent_share")
_REWARD_OF_ROLLOUT = ("score", "reward")


def read_metrics(path: Path | str) -> pd.DataFrame:
    """Read the training metrics of a run, one row a logged step.

    Args:
        path: TRL's ``trainer_state.json`` or a folder with checkpoints (the one with the most steps counts), or a file
            of JSON lines: flat, as verl's file logger writes them (``{"step": 1, "data": {...}}``), or nested as
            EasyR1's does (``{"step": 1, "critic": {"score": {"mean": ...}}}``). A cut last line is left out, aloud.

    Returns:
        Columns ``step``, ``reward`` (mean reward of the step's rollouts; NaN where none was given) and
        ``silent_share`` (share of groups whose rewards are all equal; NaN where it was not logged), by step. A step
        logged twice, as resumed runs do, counts as logged last. verl's reward is the score, before any KL penalty.

    Raises:
        DataError: the file cannot be read or holds no training step; the message names file and line.
    """
    source = Path(path)
    if source.is_dir():
        found = sorted(source.rglob("trainer_state.json"))
        states = {int(read_state(path).get("global_step", 0)): path for path in found}
        if not states:
            raise DataError(f"{source} holds no trainer_state.json")
        source = states[max(states)]
    rows = [row for place, entry in _logged_metrics(source) if (row := _metrics_row(place, entry)) is not None]
    if not rows:
        raise DataError(f"{source} has no training step: none of its entries has {' or '.join(_REWARD)}")
    if all(math.isnan(row["reward"]) for row in rows):
        raise DataError(f"{source} has no training step with a reward: it is null or NaN in all {len(rows)}")
    table = pd.DataFrame(rows)
    if table.pop("penalised").any():
        logger.warning("%s has no critic/score/mean everywhere: %s is read, a KL penalty included", source, _PENALISED)
    return table.drop_duplicates("step", keep="last").sort_values("step", ignore_index=True)


def read_rollouts(
    path: Path | str,
    weights: Mapping[str, float] | None = None,
    evaluated_steps: Collection[int] | None = None,
) -> pd.DataFrame:
    """Read logged rollouts, one row each.

    Args:
        path: a file, or a folder of them: TRL's ``completions/*.parquet`` (``log_completions=True``) or verl's
            ``*.jsonl`` (``trainer.rollout_data_dir``).
        weights: of the reward functions, by column, where TRL logged several; 1 each by default.
        evaluated_steps: steps after which TRL evaluated: their files hold rollouts of the evaluation and are left
            out, aloud. By default those that the ``trainer_state.json`` beside the completions tells of.

    Returns:
        Columns ``step``, ``prompt`` (as text), ``reward`` (NaN where no function gave one) and ``group`` (verl's uid:
        a prompt drawn twice in a step has two; empty where none was logged). Rollouts that TRL wrote into several
        files, as one generation batch serves several steps, come once.

    Raises:
        DataError: nothing can be read, or a field is missing; the message names file and line or column.
    """
    source = Path(path)
    files = sorted([*source.glob("*.parquet"), *source.glob("*.jsonl")]) if source.is_dir() else [source]
    if not files:
        raise DataError(f"{source} holds neither .parquet nor .jsonl files")
    tables = [file for file in files if file.suffix == ".parquet"]
    lines = [file for file in files if file.suffix == ".jsonl"]
    if not tables and not lines:
        raise DataError(f"{source} is neither a .parquet file of TRL nor a .jsonl file of verl")
    parts = [read_completions(tables, weights, evaluated_steps)] if tables else []
    rollouts = pd.concat([*parts, *map(_jsonl_rollouts, lines)], ignore_index=True)
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


def _flat(entry: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Name nested values by their path, as EasyR1's logger had them before it nested them: ``critic/score/mean``."""
    flat: dict[str, Any] = {}
    for name, value in entry.items():
        flat.update(_flat(value, f"{above}{name}/") if isinstance(value, dict) else {f"{above}{name}": value})
    return flat


def _logged_metrics(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    if path.suffix == ".json":
        yield from state_entries(path, read_state(path))
        return
    for place, entry in json_lines(path):
        data = entry.get("data")
        yield place, _flat({**data, "step": entry.get("step")} if isinstance(data, dict) else entry)


def _number_or_missing(place: str, entry: Mapping[str, Any], name: str | None) -> float:
    """Return a number, or NaN where it is null: TRL logs that where no reward function gave a value."""
    return math.nan if name is None or entry[name] is None else number(place, entry, name)


def _metrics_row(place: str, entry: Mapping[str, Any]) -> dict[str, float] | None:
    reward = next((name for name in _REWARD if name in entry), None)
    if reward is None:
        return None  # an evaluation, or the summary of the run
    silent = next((name for name in _SILENT if name in entry), None)
    row = {
        "step": int(number(place, entry, "step")),
        "reward": _number_or_missing(place, entry, reward),
        "silent_share": _number_or_missing(place, entry, silent),
        "penalised": reward == _PENALISED,
    }
    if not (math.isnan(row["silent_share"]) or 0 <= row["silent_share"] <= 1):
        raise DataError(f"{place}: {silent} must lie in [0, 1]; received {row['silent_share']}")
    return row


def _jsonl_rollouts(path: Path) -> pd.DataFrame:
    rows = []
    for place, entry in json_lines(path):
        reward = next((name for name in _REWARD_OF_ROLLOUT if name in entry), None)
        if reward is None or "input" not in entry:
            names = " or ".join(map(repr, _REWARD_OF_ROLLOUT))
            raise DataError(f"{place}: a rollout needs 'input' and {names}, as verl logs it; it has {', '.join(entry)}")
        step = int(number(place, entry, "step"))
        value = _number_or_missing(place, entry, reward)
        rows.append((step, str(entry["input"]), value, str(entry.get("uid", ""))))
    return pd.DataFrame(rows, columns=["step", "prompt", "reward", "group"])
