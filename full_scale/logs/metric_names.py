"""What trainers call the numbers that are read here, and the rows that come of them.

The first name that a step has counts. Names with ``<agent>`` stand for every name in that place. Sources: TRL 1.16
(``trainer/grpo_trainer.py``), verl 0.9.1 (``trainer/ppo/metric_utils.py``), EasyR1 (``trainer/metrics.py``), and of
August 2026 prime-rl (``orchestrator/metrics.py``) and slime (``observability/``).
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from full_scale.logs.files import number, step_of
from vas_theory.foundation.errors import DataError

__all__ = ["COLUMNS", "PENALISED", "REWARD", "steps_table"]

logger = logging.getLogger(__name__)

PENALISED = "critic/rewards/mean"

REWARD = (
    "reward",
    "critic/score/mean",
    "reward/overall",
    "train/agg/effective/<agent>/reward/mean",
    "rollout/raw_reward",
    PENALISED,
)
"""TRL; verl and EasyR1; EasyR1 alone; prime-rl; slime; and last verl's reward after its KL penalty."""

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "reward": REWARD,
    "silent_share": ("frac_reward_zero_std", "vas/silent_share"),
    "predicted_mixed": ("vas/predicted_mixed_share",),
    "realised_mixed": ("vas/realised_mixed_share",),
    "coverage": ("vas/coverage",),
    "weighted_places": ("vas/weighted_places",),
    "probe_places": ("vas/probe_places",),
    "uniform_places": ("vas/uniform_places",),
    "rollouts": ("vas/training_rollouts",),
    "gradient_norm": ("grad_norm", "actor/grad_norm", "optim/grad_norm", "train/grad_norm"),
    "seconds": ("step_time", "timing_s/step", "perf/time_per_step", "time/step", "perf/step_time"),
}
"""Column of a run's steps -> what trainers call it."""

_SHARES = ("silent_share", "predicted_mixed", "realised_mixed", "coverage")
_SOLVED = ("train/agg/all/<agent>/solved_none", "train/agg/all/<agent>/solved_all")
"""prime-rl's shares of groups with every reward 0 and with every reward 1."""


def steps_table(source: Path, entries: Iterable[tuple[str, Mapping[str, Any]]]) -> pd.DataFrame:
    """Return one row a training step.

    Args:
        source: the file or folder, for messages.
        entries: what was logged, each after what to call its place. Entries without a reward fill in the row of their
            step, as where one part of a trainer logs rewards and another its times; others are passed over.

    Returns:
        ``step`` and the columns of :data:`COLUMNS`, NaN where nothing was logged, by step. A step logged twice, as
        resumed runs do, counts as logged last.

    Raises:
        DataError: an entry is unreadable, or no step has a reward.
    """
    rows: dict[int, dict[str, float]] = {}
    beside: dict[int, dict[str, float]] = {}
    penalised = False
    again: int | None = None
    for place, entry in entries:
        row = _row(place, entry)
        if row is None:
            continue
        name = row.pop("named")
        step = step_of(place, entry)
        if name is None:
            beside.setdefault(step, {}).update(row)
            continue
        if rows.pop(step, None) is not None:  # of equal steps the last counts
            again = step if again is None else again
        rows[step] = row
        penalised = penalised or name == PENALISED
    if not rows:
        raise DataError(f"{source} has no training step: none of its entries has {' or '.join(REWARD)}")
    if all(math.isnan(row.get("reward", math.nan)) for row in rows.values()):
        raise DataError(f"{source} has no training step with a reward: it is null or NaN in all {len(rows)}")
    if penalised:
        logger.warning("%s has no critic/score/mean everywhere: %s is read, a KL penalty included", source, PENALISED)
    last = next(reversed(rows))
    if again is not None and last < max(rows):
        logger.warning(
            "%s goes back to step %d and on to step %d: what stands here of later steps, up to %d, is of before",
            source, again, last, max(rows),
        )  # fmt: skip
    whole = [{"step": step, **beside.get(step, {}), **row} for step, row in rows.items()]
    table = pd.DataFrame(whole, columns=["step", *COLUMNS])
    return table.astype(dict.fromkeys(COLUMNS, float)).sort_values("step", ignore_index=True)


def _row(place: str, entry: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the columns that an entry has, and under ``named`` the name of its reward; None where it has none."""
    found = {column: _find(place, entry, names) for column, names in COLUMNS.items()}
    row: dict[str, Any] = {
        column: _number_or_missing(place, entry, name) for column, name in found.items() if name is not None
    }
    solved = [_find(place, entry, (name,)) for name in _SOLVED]
    if "silent_share" not in row and None not in solved:
        row["silent_share"] = sum(_number_or_missing(place, entry, str(name)) for name in solved)
    if not row or "step" not in entry:
        if found["reward"] is None:
            return None
        step_of(place, entry)
    for column in _SHARES:
        value = row.get(column, math.nan)
        if not (math.isnan(value) or 0 <= value <= 1):
            raise DataError(f"{place}: {found[column] or _SOLVED} must lie in [0, 1]; received {value}")
    return {**row, "named": found["reward"]}


def _find(place: str, entry: Mapping[str, Any], names: Iterable[str]) -> str | None:
    for name in names:
        if name in entry:
            return name
        if "<agent>" in name:
            found = [key for key in entry if _pattern(name).fullmatch(key)]
            if len(found) > 1:
                raise DataError(f"{place}: {name} is logged of several agents ({', '.join(found)}); one run has one")
            if found:
                return found[0]
    return None


def _pattern(name: str) -> re.Pattern[str]:
    return re.compile("[^/]+".join(map(re.escape, name.split("<agent>"))))


def _number_or_missing(place: str, entry: Mapping[str, Any], name: str) -> float:
    """Return a number, or NaN where it is null: TRL logs that where no reward function gave a value."""
    return math.nan if entry[name] is None else number(place, entry, name)
