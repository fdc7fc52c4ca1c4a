"""Runs of this project's own study: tables of many runs, or the folder of one that is finished or under way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pandas as pd

from full_scale.logs.metric_names import COLUMNS
from vas_theory.foundation.errors import DataError

__all__ = ["StudyRun", "progress_file", "read_progress", "read_tables"]

_STEPS, _PROMPTS = "training_steps.parquet", "training_prompts.parquet"


@dataclass(frozen=True)
class StudyRun:
    """One arm from one seed; ``budget`` counts rollouts, and is None where nothing tells it."""

    arm: str
    seed: int
    steps: pd.DataFrame
    groups: pd.DataFrame | None
    budget: int | None


def progress_file(folder: Path) -> Path | None:
    """Return the rows of a run's folder: of its result, else of its newest checkpoint; None where there are none."""
    result = folder / "result" / "progress.json"
    found = [result] if result.is_file() else sorted((folder / "checkpoints").glob("step-*/progress.json"))
    return found[-1] if found else None


def read_progress(path: Path) -> StudyRun:
    """Read what the compact engine knows of one run.

    Raises:
        DataError: the file is cut or has no steps.
    """
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
        steps, prompts = pd.DataFrame(saved["steps"]), pd.DataFrame(saved["prompts"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(f"{path} cannot be read: {error}") from None
    if steps.empty:
        raise DataError(f"{path} has no steps")
    first = steps.iloc[0]
    groups = None if prompts.empty else _groups(prompts)
    over = path.parent.name == "result"
    budget = int(steps["rollouts"].max()) if over else _budget(path.parent / "manifest.json")
    return StudyRun(str(first["arm"]), int(first["seed"]), _steps(steps, groups), groups, budget)


def read_tables(folder: Path) -> list[StudyRun]:
    """Read the runs of a study from its tables ``training_steps`` and, where it is there, ``training_prompts``.

    The tables are written when all runs are over, so what a run has spent is its budget.

    Raises:
        DataError: a table cannot be read.
    """
    steps, groups = _table(folder / _STEPS), None
    if (folder / _PROMPTS).is_file():
        groups = dict(list(_table(folder / _PROMPTS).groupby(["arm", "seed"], sort=False)))
    runs = []
    for name, part in steps.groupby(["arm", "seed"], sort=False):
        arm, seed = cast("tuple[str, int]", name)
        mine = None if groups is None else groups.get(name)
        known = None if mine is None else _groups(mine)
        runs.append(StudyRun(str(arm), int(seed), _steps(part, known), known, int(part["rollouts"].max())))
    return runs


def _table(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {error}") from None


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _budget(manifest: Path) -> int | None:
    about = _json(manifest).get("about")
    return _configured(about.get("identity") if isinstance(about, dict) else None)


def _configured(config: Any) -> int | None:
    """Return steps times rollouts a step of a study's settings."""
    try:
        rollouts = config["rollouts"]
        return int(config["training"]["steps"]) * int(rollouts["prompts_per_step"]) * int(rollouts["group_size"])
    except (KeyError, TypeError, ValueError):
        return None


def _steps(rows: pd.DataFrame, groups: pd.DataFrame | None) -> pd.DataFrame:
    """Return the columns of every run's steps, and the held-out accuracy; step 0, before training, has that alone.

    Silent groups are counted over all that were sampled where these are known, else over those that were trained on:
    arms that refill a batch train on none.
    """
    silent = 1.0 - rows["mixed_groups"] / rows["groups"].where(rows["groups"] > 0)
    if groups is not None:
        sampled = groups.groupby("step")["silent"].mean()
        silent = rows["step"].map(sampled).fillna(silent)
    known: Mapping[str, pd.Series] = {
        "reward": rows["mean_reward"],
        "silent_share": silent,
        "rollouts": rows["rollouts"],
        "gradient_norm": rows["gradient_norm"],
        "seconds": rows["seconds"].where(rows["step"] > 0),
        "held_out": rows["held_out_accuracy"],
    }
    table = pd.DataFrame({name: pd.to_numeric(column).astype(float) for name, column in known.items()})
    table = table.reindex(columns=[*COLUMNS, "held_out"])
    table.insert(0, "step", rows["step"].astype(int))
    return table.reset_index(drop=True)


def _groups(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the groups; a reward is the share of right rollouts here."""
    used = rows[rows["group_size"] > 0]
    share = used["successes"] / used["group_size"]
    table = {
        "step": used["step"],
        "prompt": used["prompt_key"],
        "rollouts": used["group_size"],
        "reward": share,
        "variance": share * (1.0 - share),
        "silent": (used["successes"] == 0) | (used["successes"] == used["group_size"]),
        "expected_mixed": pd.to_numeric(used["expected_mixed"]).astype(float),
    }
    return pd.DataFrame(table).reset_index(drop=True)
