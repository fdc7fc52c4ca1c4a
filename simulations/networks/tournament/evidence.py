"""What the network tournament says to somebody with a pool of their own: one row a world and arm.

``python -m full_scale advise`` compares a user's pool with these rows, so each has what a log of uniform sampling would
show of its world, beside what the arm did there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulations.networks.tournament.analysis import BASELINE, LEAST_GAIN
from simulations.running.sweep import Cell

__all__ = ["evidence"]

Array = NDArray[np.float64]

_RESAMPLES = 1000


def evidence(curves: pd.DataFrame, cells: Sequence[Cell], tuned: Mapping[tuple[str, str], bool]) -> pd.DataFrame:
    """Return what each arm did beside uniform sampling, in the worlds where uniform sampling learns something.

    Args:
        curves: learning curves, one row a run and evaluation.
        cells: what was run, which has each world's pool, budget, batch and group size.
        tuned: by world and arm, whether worse learning rates were tried on both sides of the chosen one.

    Returns:
        Columns ``world``, ``arm``, ``seeds``; of the world ``pass_rate`` and ``silent_share`` (of groups) under uniform
        sampling in the first part of the runs, ``group_size`` and ``visits`` (groups that the budget has for each
        prompt); of the arm ``learning``, its gain over the start divided by uniform's, ``coverage``, the difference of
        pass@32, ``learning_error`` and ``coverage_error``, standard errors over paired seeds, ``free``, what it was
        told without being charged for it, and ``tuned``, of its own learning rate and uniform's.
    """
    runs = {str(cell.config["world"]): cell.config["run"] for cell in cells if cell.config["arm"]["name"] == BASELINE}
    rows = []
    parts = {(str(world), str(arm)): rows for (world, arm), rows in curves.groupby(["world", "arm"], sort=True)}
    for (world, arm), own in parts.items():
        base = parts[world, BASELINE]
        if np.diff(_ends(base)).mean() < LEAST_GAIN:
            continue
        run = runs[world]
        first = base[base["updates"] == base.loc[base["updates"] > 0, "updates"].min()]
        shape = {
            "pass_rate": float(first["training_reward"].mean()),
            "silent_share": 1.0 - float(first["mixed_groups"].mean()) / run["batch_size"],
            "group_size": int(run["group_size"]),
            "visits": run["budget"] / run["group_size"] / run["pool"],
        }
        trusted = tuned.get((world, arm), False) and tuned.get((world, BASELINE), False)
        rows.append({"world": world, "arm": arm, **shape, **_beside(own, base), "tuned": trusted})
    return pd.DataFrame(rows)


def _ends(table: pd.DataFrame, column: str = "held_out_pass_rate") -> Array:
    """Return a column at the start and at the end of each run, shape (S, 2), in the order of the seeds."""
    by_seed = table.sort_values(["seed", "updates"], kind="stable").groupby("seed")[column]
    return np.column_stack([by_seed.first(), by_seed.last()]).astype(np.float64)


def _beside(own: pd.DataFrame, base: pd.DataFrame) -> dict[str, object]:
    seeds = sorted(set(own["seed"]) & set(base["seed"]))
    own, base = own[own["seed"].isin(seeds)], base[base["seed"].isin(seeds)]
    mine, theirs = _ends(own), _ends(base)
    draws = np.random.default_rng(0).integers(len(seeds), size=(_RESAMPLES, len(seeds)))
    coverage = _ends(own, "pass_at_32")[:, 1] - _ends(base, "pass_at_32")[:, 1]
    return {
        "seeds": len(seeds),
        "learning": float(_learning(mine.mean(0), theirs.mean(0))),
        "learning_error": float(_learning(mine[draws].mean(1), theirs[draws].mean(1)).std(ddof=1)),
        "coverage": float(coverage.mean()),
        "coverage_error": float(coverage.std(ddof=1) / np.sqrt(len(seeds))),
        "free": str(own["free"].iloc[0]),
    }


def _learning(own: Array, base: Array) -> Array:
    """Return gains over the start relative to the base's; the last axis holds start and end, both arms start alike."""
    return np.asarray((own[..., 1] - base[..., 0]) / (base[..., 1] - base[..., 0]))
