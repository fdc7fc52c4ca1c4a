"""Anything that tells of a pool: a trainer's log, a trace of pass rates, or a column of them.

All become groups: one row a group of rollouts with the step (or visit) it was rolled in, its prompt, its size and how
many were right. A log of metrics alone becomes shares by step.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from full_scale.logs.finding import read_run
from vas_theory.foundation.errors import ArgumentError, DataError
from vas_theory.groups.pass_traces import read_trace

__all__ = ["COLUMN_SUFFIXES", "Source", "read_source"]

PASS_RATE = "pass_rate"
"""The column of pass rates where none is named."""

COLUMN_SUFFIXES = {"successes": "_successes", "trials": "_trials"}
"""How the columns beside a column of pass rates are called, as ``python -m full_scale score`` writes them."""

_MOST_TRIALS = 2.0**53
"""Up to which floats hold all integers."""


@dataclass(frozen=True)
class Source:
    """What was read.

    Attributes:
        kind: ``rollouts`` (a trainer's log of them), ``trace``, ``column`` or ``metrics``.
        groups: columns ``step``, ``prompt`` (a number), ``rollouts``, ``right``; of all but metrics.
        metrics: columns ``step``, ``reward``, ``silent_share``; of metrics alone.
        notes: what was left out or assumed.
    """

    kind: str
    groups: pd.DataFrame | None = None
    metrics: pd.DataFrame | None = None
    notes: tuple[str, ...] = ()

    def pool(self) -> pd.DataFrame:
        """Return one row a prompt, its number, ``successes`` and ``rollouts``: what the explorer opens as a file.

        Raises:
            DataError: a log of metrics names no prompts.
        """
        if self.groups is None:
            raise DataError("a log of metrics alone does not tell the pass rates of single prompts: give rollouts")
        summed = self.groups.groupby("prompt")[["right", "rollouts"]].sum()
        return summed.rename(columns={"right": "successes"}).reset_index()


def read_source(
    path: Path | str, *, column: str = PASS_RATE, reward: str | None = None, above: float | None = None
) -> Source:
    """Read a file or folder by what it holds.

    Args:
        path: a run of any trainer, as :func:`~full_scale.logs.finding.read_run` reads it; a trace (JSON: prompt -> pass
            rates, one a visit); or a table (``.parquet``, ``.jsonl``) with a column of them.
        column: of pass rates.
        reward: the reward function that says what is right, where a log of TRL has several.
        above: a rollout is right where its reward is above this; without it rewards have to be 0 or 1.

    Raises:
        DataError: it is none of these, lacks a column that was named, or its rewards are not 0 or 1.
        ArgumentError: ``above`` is not finite, or a trace or column is told what only a log has a use for.
    """
    place = Path(path)
    if above is not None and not np.isfinite(above):
        raise ArgumentError("--above", "be finite", above)
    if not place.exists():
        raise DataError(f"{path} does not exist")
    if place.suffix == ".json" and place.is_file() and not _is_state(place):
        _nothing_of_a_log("a trace", reward, above)
        return _trace(place)
    names = _columns(place) if place.is_file() else ()
    if column in names:
        _nothing_of_a_log(f"the column {column!r}", reward, above)
        return _column(place, column)
    if column != PASS_RATE:
        found = f", only {sorted(names)}" if names else ": it is no table"
        raise DataError(f"{path} has no column {column!r}{found}")
    return _log(place, reward, above)


def _nothing_of_a_log(what: str, reward: str | None, above: float | None) -> None:
    for option, value in (("--reward", reward), ("--above", above)):
        if value is not None:
            raise ArgumentError(option, f"be left out for {what}, which holds pass rates and no rewards", value)


def _columns(path: Path) -> Collection[str]:
    if path.suffix == ".parquet":
        return _parquet_names(path)
    return _first_entry(path) if path.suffix == ".jsonl" else ()


def _is_state(path: Path) -> bool:
    try:
        loaded = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path} is not a JSON file ({error})") from None
    return isinstance(loaded, dict) and "log_history" in loaded


def _parquet_names(path: Path) -> list[str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return list(pq.read_schema(path).names)
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path} is not a whole parquet file ({str(error).splitlines()[0]})") from None


def _first_entry(path: Path) -> Mapping[str, object]:
    try:
        with open(path, encoding="utf-8-sig") as stream:
            line = next((line for line in stream if line.strip()), "")
        entry = json.loads(line)
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path} is not a file of JSON lines ({error})") from None
    if not isinstance(entry, dict):
        raise DataError(f"{path}, line 1: not an object")
    return entry


def _log(path: Path, reward: str | None, above: float | None) -> Source:
    run = read_run(path, weights={reward: 1.0} if reward else None, above=above)
    groups = run.groups
    if groups is None:
        return _metrics(path, run.steps)
    # of rewards within [0, 1] only 0 and 1 have this variance
    binary = groups["reward"].between(0, 1) & np.isclose(groups["variance"], groups["reward"] * (1 - groups["reward"]))
    if not binary.all():
        first = groups[~binary].iloc[0]
        raise DataError(
            f"{path} has rewards other than 0 and 1, such as in a group of step {first['step']}, whose mean is "
            f"{first['reward']:g}; say what is right by --above NUMBER"
        )
    return _of_one_size("rollouts", _table(groups))


def _metrics(path: Path, steps: pd.DataFrame) -> Source:
    table = steps[["step", "reward", "silent_share"]]
    if table["silent_share"].isna().all():
        raise DataError(
            f"{path} does not say which share of the groups is silent; give logged rollouts instead "
            "(TRL: log_completions=True; verl: trainer.rollout_data_dir)"
        )
    return Source("metrics", metrics=table.dropna(), notes=("rewards are taken to be 0 or 1: metrics do not tell",))


def _table(groups: pd.DataFrame) -> pd.DataFrame:
    columns = {
        "step": groups["step"],
        "prompt": pd.factorize(groups["prompt"])[0],
        "rollouts": groups["rollouts"],
        "right": (groups["reward"] * groups["rollouts"]).round().astype(int),
    }
    return pd.DataFrame(columns)


def _trace(path: Path) -> Source:
    right, size = read_trace(path)
    prompts, visits = right.shape
    table = {
        "step": np.tile(np.arange(1, visits + 1), prompts),
        "prompt": np.repeat(np.arange(prompts), visits),
        "rollouts": size,
        "right": right.ravel(),
    }
    return Source("trace", pd.DataFrame(table))


def _column(path: Path, column: str) -> Source:
    try:
        lines = path.suffix != ".parquet"
        table = pd.read_json(path, lines=True, encoding="utf-8-sig") if lines else pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {str(error).splitlines()[0]}") from None
    rates = pd.to_numeric(table[column], errors="coerce")
    trials_name = column + COLUMN_SUFFIXES["trials"]
    notes: list[str] = []
    if trials_name in table:
        trials = pd.to_numeric(table[trials_name], errors="coerce")
    else:
        trials = pd.Series(8.0, index=table.index)
        notes.append(f"no column {trials_name}: each rate is taken to be of 8 rollouts")
    known = rates.notna() & trials.ge(1) & trials.lt(_MOST_TRIALS)
    if (rates[known].lt(0) | rates[known].gt(1)).any():
        raise DataError(f"{path}, column {column!r}: a pass rate must lie in [0, 1]")
    if not known.any():
        raise DataError(f"{path}, column {column!r}: no pass rate is known")
    if left := int((~known).sum()):
        notes.append(f"{left:,} of {len(table):,} rows have no pass rate of a rollout or more and do not count")
    groups = pd.DataFrame(
        {
            "step": 1,
            "prompt": np.arange(len(table))[known],
            "rollouts": trials[known].round().astype(int),
            "right": (rates * trials)[known].round().astype(int),
        }
    )
    return Source("column", groups.reset_index(drop=True), notes=tuple(notes))


def _of_one_size(kind: str, table: pd.DataFrame) -> Source:
    size = int(table["rollouts"].mode().iloc[0])
    if size < 2:
        raise ArgumentError("groups", "have two rollouts or more", size)
    kept = table[table["rollouts"] == size].reset_index(drop=True)
    left = len(table) - len(kept)
    notes = (f"{left:,} of {len(table):,} groups are not of {size} rollouts and do not count",) if left else ()
    return Source(kind, kept, notes=notes)
