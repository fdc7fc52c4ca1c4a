"""What the page shows, as plain values: each run in windows of steps, and arms with intervals over their seeds."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from full_scale.logs.finding import read_runs, run_paths
from full_scale.logs.run import Run
from full_scale.logs.windows import COVERAGE
from vas_theory.foundation.errors import DataError, VASError
from vas_theory.foundation.intervals import student

__all__ = ["COMPARED", "Watched", "content"]

COMPARED = ("reward", "silent_share", "coverage", "prompts", "held_out", "gradient_norm")
"""Columns that arms are compared in."""

_GRID = 50
_SILENT_VISITS = 3
_SILENT_PROMPTS = 12
_PROMPT_LENGTH = 300


class Watched:
    """The runs below some paths, of which only those whose files changed are read again.

    Args:
        paths: runs, folders of runs, or tables of a study.

    Raises:
        DataError: there is no run below a path.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = list(paths)
        self._known: dict[Path, tuple[object, list[Run], list[str]]] = {}
        self._seen: list[Run] = []
        self._content: dict[str, Any] = {}
        self.problems: list[str] = []
        if not self.read():
            raise DataError(self.problems[0])

    def read(self) -> list[Run]:
        """Return the runs as they are now; a run that cannot be read stays as it was, and ``problems`` says why."""
        self.problems = []
        runs: list[Run] = []
        given = [place for path in self._paths for place in run_paths(path)]
        places = {os.path.realpath(place): place for place in reversed(given)}  # which bears links in a circle
        if len(places) < len(given):
            self.problems.append(f"{len(given) - len(places)} of {len(given)} runs are given twice and count once")
        for place in dict.fromkeys(places[os.path.realpath(place)] for place in given):
            try:
                stamp = _stamp(place)
                if place not in self._known or self._known[place][0] != stamp:
                    with _warnings() as said:
                        found = read_runs(place)
                    self._known[place] = (stamp, found, said)
            except (VASError, OSError) as error:  # a trainer that renames its files under our eyes among them
                self.problems.append(" ".join(str(error).split()))
            _, found, said = self._known.get(place, (None, [], []))
            runs += found
            self.problems += said
        return runs or self._seen

    def content(self, written: str) -> dict[str, Any]:
        """Return what the page shows now, see :func:`content`; it is computed again where a run changed."""
        runs = self.read()
        if [id(run) for run in runs] != [id(run) for run in self._seen]:
            self._seen, self._content = runs, content(runs, (), written)
        return {**self._content, "written": written, "problems": list(dict.fromkeys(self.problems))}


def _stamp(place: Path) -> object:
    """Return what changes when a file of the run does."""
    files = [place] if place.is_file() else [path for path in place.rglob("*") if path.is_file()]
    found = []
    for path in files:
        try:
            found.append((str(path), path.stat().st_mtime_ns, path.stat().st_size))
        except OSError:  # a checkpoint that was dropped meanwhile
            continue
    return sorted(found)  # each file for itself: a clock that went back must not hide a change


@contextmanager
def _warnings() -> Iterator[list[str]]:
    """Collect what reading warns of, so that the page says it."""
    said: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(record.getMessage())

    handler, logger = Keep(logging.WARNING), logging.getLogger("full_scale.logs")
    logger.addHandler(handler)
    try:
        yield said
    finally:
        logger.removeHandler(handler)


def content(runs: Sequence[Run], problems: Sequence[str], written: str) -> dict[str, Any]:
    """Return what the page embeds or asks for.

    Args:
        runs: at least one.
        problems: what went wrong or was left out while they were read.
        written: the time, in words.
    """
    tables = [run.windows() for run in runs]
    by_rollouts = all(table["rollouts"].notna().any() for table in tables)
    axis = "rollouts" if by_rollouts else "step"
    arms: dict[str, list[int]] = {}
    for place, run in enumerate(runs):
        arms.setdefault(run.arm, []).append(place)
    return {
        "written": written,
        "problems": list(dict.fromkeys(problems)),
        "axis": axis,
        "passRates": tables[0].attrs["pass_rates"],
        "arms": [{"name": arm, **_arm([tables[place] for place in places], axis)} for arm, places in arms.items()],
        "runs": [_run(run, table) for run, table in zip(runs, tables, strict=True)],
    }


def _run(run: Run, table: pd.DataFrame) -> dict[str, Any]:
    return {
        "name": run.name,
        "arm": run.arm,
        "source": run.source,
        "path": str(run.path),
        "lastStep": int(run.steps["step"].max()),
        "totalSteps": run.total_steps,
        "done": _number(run.done),
        "secondsLeft": _number(run.seconds_left),
        "mixedOf": table.attrs["mixed_of"],
        "summary": {name: _number(value) for name, value in run.summary().items()},
        "series": {str(name): _numbers(table[name]) for name in table},
        "silent": _always_silent(run.groups),
    }


def _arm(tables: Sequence[pd.DataFrame], axis: str) -> dict[str, Any]:
    """Return the means over runs on the range that all of them have, with Student's intervals."""
    curves = [table[table[axis].notna()].drop_duplicates(axis) for table in tables]
    low, high = max(curve[axis].min() for curve in curves), min(curve[axis].max() for curve in curves)
    grid = np.linspace(low, max(high, low), _GRID if high > low else 1)
    found: dict[str, Any] = {"runs": len(tables), "x": _numbers(grid)}
    for column in COMPARED:
        drawn = [curve.dropna(subset=[column]) for curve in curves]
        if any(curve.empty for curve in drawn):
            continue
        values = np.array([np.interp(grid, curve[axis], curve[column]) for curve in drawn])
        estimates = [student(point, COVERAGE) for point in values.T]
        found[column] = {part: _numbers([getattr(e, part) for e in estimates]) for part in ("value", "low", "high")}
    return found


def _always_silent(groups: pd.DataFrame | None) -> list[dict[str, Any]]:
    """Return the prompts that were silent at each of several visits, the most visited first."""
    if groups is None:
        return []
    by_prompt = groups.groupby("prompt", sort=False).agg(
        visits=("step", "size"), rate=("reward", "mean"), silent=("silent", "min")
    )
    found = by_prompt[by_prompt["silent"].astype(bool) & (by_prompt["visits"] >= _SILENT_VISITS)]
    found = found.sort_values("visits", ascending=False, kind="stable").head(_SILENT_PROMPTS)
    return [
        {"prompt": str(prompt)[:_PROMPT_LENGTH], "visits": int(row["visits"]), "reward": _number(row["rate"])}
        for prompt, row in found.iterrows()
    ]


def _number(value: Any) -> float | None:
    return float(f"{value:.5g}") if isinstance(value, (int, float, np.number)) and math.isfinite(value) else None


def _numbers(values: Any) -> list[float | None]:
    return [_number(value) for value in values]
