"""What a GRPO run logged, read from the files that TRL and verl write anyway.

Metrics have one row a step and tell the share of silent groups where the trainer logs it. Rollouts have one row each,
and tell everything: with them groups can be formed again.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from vas_theory.foundation.errors import DataError

__all__ = ["form_groups", "read_metrics", "read_rollouts"]

_REWARD = ("reward", "critic/rewards/mean", "critic/score/mean")
_SILENT = ("frac_reward_zero_std", "vas/silent_share")
_REWARD_OF_ROLLOUT = ("score", "reward")
_NOT_REWARDS = {"step", "advantage"}


def read_metrics(path: Path | str) -> pd.DataFrame:
    """Read the training metrics of a run, one row a logged step.

    Args:
        path: TRL's ``trainer_state.json`` or a folder with checkpoints (the one with the most steps counts), or a file
            of JSON lines, either flat or as verl's file logger writes them (``{"step": 1, "data": {...}}``).

    Returns:
        Columns ``step``, ``reward`` (mean reward of the step's rollouts) and ``silent_share`` (share of groups whose
        rewards are all equal; NaN where it was not logged), by step. A step logged twice, as resumed runs do, counts
        as logged last.

    Raises:
        DataError: the file cannot be read or holds no training step; the message names file and line.
    """
    source = Path(path)
    if source.is_dir():
        states = {_steps_done(state): state for state in sorted(source.rglob("trainer_state.json"))}
        if not states:
            raise DataError(f"{source} holds no trainer_state.json")
        source = states[max(states)]
    entries = _trainer_state(source) if source.suffix == ".json" else _json_lines(source)
    rows = [row for place, entry in entries if (row := _metrics_row(place, entry)) is not None]
    if not rows:
        raise DataError(f"{source} has no training step: none of its entries has {' or '.join(_REWARD)}")
    return pd.DataFrame(rows).drop_duplicates("step", keep="last").sort_values("step", ignore_index=True)


def read_rollouts(path: Path | str, weights: Mapping[str, float] | None = None) -> pd.DataFrame:
    """Read logged rollouts, one row each.

    Args:
        path: a file, or a folder of them: TRL's ``completions/*.parquet`` (``log_completions=True``) or verl's
            ``*.jsonl`` (``trainer.rollout_data_dir``).
        weights: of the reward functions, by column, where TRL logged several; 1 each by default.

    Returns:
        Columns ``step``, ``prompt`` (as text), ``reward`` (NaN where no function gave one) and ``group`` (verl's uid:
        a prompt drawn twice in a step has two; empty where none was logged).

    Raises:
        DataError: nothing can be read, or a field is missing; the message names file and line or column.
    """
    source = Path(path)
    files = sorted([*source.glob("*.parquet"), *source.glob("*.jsonl")]) if source.is_dir() else [source]
    if not files:
        raise DataError(f"{source} holds neither .parquet nor .jsonl files")
    parts = [_parquet_rollouts(file, weights) if file.suffix == ".parquet" else _jsonl_rollouts(file) for file in files]
    return pd.concat(parts, ignore_index=True).sort_values("step", kind="stable", ignore_index=True)


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


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read: {error}") from None


def _parse(text: str, path: Path) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise DataError(f"{path}, line {error.lineno}: not JSON ({error.msg})") from None


def _steps_done(path: Path) -> int:
    state = _parse(_read_text(path), path)
    return int(state.get("global_step", 0)) if isinstance(state, dict) else 0


def _trainer_state(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    state = _parse(_read_text(path), path)
    history = state.get("log_history") if isinstance(state, dict) else None
    if not isinstance(history, list):
        raise DataError(f"{path} has no list 'log_history'; it is not TRL's trainer_state.json")
    for number, entry in enumerate(history):
        place = f"{path}, log_history[{number}]"
        if not isinstance(entry, dict):
            raise DataError(f"{place} is not an object")
        yield place, entry


def _json_lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, line in enumerate(_read_text(path).splitlines(), 1):
        if not line.strip():
            continue
        place = f"{path}, line {number}"
        try:
            entry = json.loads(line)
        except json.JSONDecodeError as error:
            raise DataError(f"{place}: not JSON ({error.msg}, column {error.colno})") from None
        if not isinstance(entry, dict):
            raise DataError(f"{place} is not an object")
        yield place, {**entry["data"], "step": entry.get("step")} if isinstance(entry.get("data"), dict) else entry


def _number(place: str, entry: Mapping[str, Any], name: str) -> float:
    value = entry.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise DataError(f"{place}: {name} must be a number; received {value!r}")
    return float(value)


def _metrics_row(place: str, entry: Mapping[str, Any]) -> dict[str, float] | None:
    reward = next((name for name in _REWARD if name in entry), None)
    if reward is None:
        return None  # an evaluation, or the summary of the run
    silent = next((name for name in _SILENT if name in entry), None)
    row = {
        "step": int(_number(place, entry, "step")),
        "reward": _number(place, entry, reward),
        "silent_share": math.nan if silent is None else _number(place, entry, silent),
    }
    if not (math.isnan(row["silent_share"]) or 0 <= row["silent_share"] <= 1):
        raise DataError(f"{place}: {silent} must lie in [0, 1]; received {row['silent_share']}")
    return row


def _jsonl_rollouts(path: Path) -> pd.DataFrame:
    rows = []
    for place, entry in _json_lines(path):
        reward = next((name for name in _REWARD_OF_ROLLOUT if name in entry), None)
        if reward is None or "input" not in entry:
            raise DataError(f"{place}: a rollout needs 'input' and {' or '.join(map(repr, _REWARD_OF_ROLLOUT))}")
        step = int(_number(place, entry, "step"))
        value = math.nan if entry[reward] is None else _number(place, entry, reward)
        rows.append((step, str(entry["input"]), value, str(entry.get("uid", ""))))
    return pd.DataFrame(rows, columns=["step", "prompt", "reward", "group"])


def _parquet_rollouts(path: Path, weights: Mapping[str, float] | None) -> pd.DataFrame:
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as error:  # pyarrow's errors are ValueErrors
        raise DataError(f"{path} cannot be read: {error}") from None
    for name in ("step", "prompt"):
        if name not in table:
            raise DataError(f"{path} has no column {name!r}; it has {', '.join(map(str, table.columns))}")
    numeric = [str(name) for name in table.select_dtypes("number").columns if name not in _NOT_REWARDS]
    for name in weights or {}:
        if name not in numeric:
            raise DataError(f"{path} has no reward column {name!r}; it has {', '.join(numeric) or 'none'}")
    if not numeric:
        raise DataError(f"{path} has no column of rewards")
    chosen = dict(weights) if weights else dict.fromkeys(numeric, 1.0)
    reward = (table[list(chosen)] * pd.Series(chosen)).sum(axis=1, min_count=1)
    # a conversation is a list of messages; as text it can name a group
    prompts = [value if isinstance(value, str) else json.dumps(_plain(value)) for value in table["prompt"]]
    rewards = reward.astype(float)
    return pd.DataFrame({"step": table["step"].astype(int), "prompt": prompts, "reward": rewards, "group": ""})


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value
