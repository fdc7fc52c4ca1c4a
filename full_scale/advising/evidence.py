"""What the network laboratory measured, read from its committed tables: one record a world and arm.

A world is a family of prompts with a small transformer that was trained there on 20 paired seeds at equal rollouts, the
learning rate tuned for each arm. The tables are facts: every world that is in the folder counts, however many.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from full_scale.advising.pool import PoolShape
from vas_theory.foundation.errors import ArgumentError, DataError
from vas_theory.foundation.installation import SOURCES, where_tables_are
from vas_theory.provenance.tables import read_metadata, read_table

__all__ = ["BASELINE", "TABLES", "Measured", "MeasuredWorld", "read_evidence"]

Array = NDArray[np.float64]

BASELINE = "uniform"
TABLES = SOURCES / "simulations" / "results" / "paper" / "networks"
"""Where the committed tables lie; a wheel has them too, as advice rests on them."""
_LEAST_GAIN = 0.01
"""Where uniform sampling gains less, nothing is told relative to its gain; the laboratory's own rule."""
_RESAMPLES = 1000


@dataclass(frozen=True)
class Measured:
    """What an arm did in a world, beside uniform sampling at equal rollouts.

    Attributes:
        learning: its gain over the start divided by uniform's, and the standard error over paired seeds.
        coverage: difference of pass@32 to uniform, with its standard error.
        free: what the arm was told without being charged for it, "" if nothing.
        tuned: whether worse learning rates were tried on both sides of its own and of uniform's.
    """

    learning: tuple[float, float]
    coverage: tuple[float, float]
    free: str
    tuned: bool


@dataclass(frozen=True)
class MeasuredWorld:
    """A world, as a log of its uniform runs would show it, and what each arm did there.

    Attributes:
        name: of the world.
        shape: its pool under uniform sampling in the first part of the runs.
        seeds: paired seeds.
        arms: by name, without uniform sampling.
    """

    name: str
    shape: PoolShape
    seeds: int
    arms: Mapping[str, Measured] = field(default_factory=dict)


def read_evidence(folder: Path | str | None = None) -> list[MeasuredWorld]:
    """Return every world of the tables in which uniform sampling learns something.

    Args:
        folder: with ``final`` and ``tuning``, one table a world and arm; the committed one by default.

    Raises:
        DataError: the tables are not there, or one cannot be read.
        IntegrityError: a table was altered.
    """
    place = Path(folder) if folder is not None else TABLES
    files = sorted((place / "final").glob("network-*.parquet"))
    if not files:
        raise DataError(f"{place} holds no tables of the network laboratory{where_tables_are()}")
    found: dict[str, dict[str, Path]] = {}
    for file in files:
        world, _, arm = file.stem.removeprefix("network-").partition(".")
        found.setdefault(world, {})[arm] = file
    worlds = [_world(name, arms, place / "tuning") for name, arms in found.items() if BASELINE in arms]
    return [world for world in worlds if world is not None]


def _world(name: str, files: Mapping[str, Path], tuning: Path) -> MeasuredWorld | None:
    base = read_table(files[BASELINE])
    run = read_metadata(files[BASELINE])["config"]["run"]
    if np.diff(_ends(base)).mean() < _LEAST_GAIN:
        return None
    first = base[base["updates"] == base.loc[base["updates"] > 0, "updates"].min()]
    try:
        shape = PoolShape.from_shares(
            pass_rate=float(first["training_reward"].mean()),
            silent_share=1.0 - float(first["mixed_groups"].mean()) / run["batch_size"],
            group_size=run["group_size"],
            visits=run["budget"] / run["group_size"] / run["pool"],
        )
    except ArgumentError:  # shaped rewards are no pass rates
        return None
    arms = {
        arm: _measured(read_table(file), base, _interior(tuning, name, arm) and _interior(tuning, name, BASELINE))
        for arm, file in files.items()
        if arm != BASELINE
    }
    return MeasuredWorld(name, shape, base["seed"].nunique(), arms)


def _interior(tuning: Path, world: str, arm: str) -> bool:
    file = tuning / f"network-{world}.{arm}.parquet"
    return file.exists() and bool(read_table(file)["interior"].all())


def _ends(table: pd.DataFrame, column: str = "held_out_pass_rate") -> Array:
    """Return a column at the start and at the end of each run, shape (S, 2), in the order of the seeds."""
    by_seed = table.sort_values(["seed", "updates"], kind="stable").groupby("seed")[column]
    return np.column_stack([by_seed.first(), by_seed.last()]).astype(np.float64)


def _measured(own: pd.DataFrame, base: pd.DataFrame, tuned: bool) -> Measured:
    seeds = sorted(set(own["seed"]) & set(base["seed"]))
    own, base = own[own["seed"].isin(seeds)], base[base["seed"].isin(seeds)]
    mine, theirs = _ends(own), _ends(base)
    draws = np.random.default_rng(0).integers(len(seeds), size=(_RESAMPLES, len(seeds)))
    resampled = _learning(mine[draws].mean(1), theirs[draws].mean(1))
    coverage = _ends(own, "pass_at_32")[:, 1] - _ends(base, "pass_at_32")[:, 1]
    return Measured(
        learning=(float(_learning(mine.mean(0), theirs.mean(0))), float(resampled.std(ddof=1))),
        coverage=(float(coverage.mean()), float(coverage.std(ddof=1) / np.sqrt(len(seeds)))),
        free=str(own["free"].iloc[0]),
        tuned=tuned,
    )


def _learning(own: Array, base: Array) -> Array:
    """Return gains over the start relative to the base's; the last axis holds start and end, both arms start alike."""
    return np.asarray((own[..., 1] - base[..., 0]) / (base[..., 1] - base[..., 0]))
