"""What the network laboratory measured, read from its committed table: one record a world and arm.

A world is a family of prompts with a small transformer that was trained there on 20 paired seeds at equal rollouts, the
learning rate tuned for each arm. The table is fact: every world that is in it counts, however many.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from full_scale.advising.pool import PoolShape
from vas_theory.foundation.errors import ArgumentError, DataError
from vas_theory.foundation.installation import SOURCES, where_tables_are
from vas_theory.provenance.tables import read_table

__all__ = ["BASELINE", "TABLE", "Measured", "MeasuredWorld", "read_evidence"]

BASELINE = "uniform"
TABLE = SOURCES / "simulations" / "results" / "paper" / "network_evidence.parquet"
"""The committed table; a wheel has it too, as advice rests on it."""


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


def read_evidence(table: Path | str | None = None) -> list[MeasuredWorld]:
    """Return every world in which uniform sampling learns something.

    Args:
        table: as ``python -m simulations networks tables`` writes it, or the folder of ``network_evidence.parquet``;
            the committed one by default.

    Raises:
        DataError: the table is not there, or cannot be read.
        IntegrityError: the table was altered.
    """
    path = Path(table) if table is not None else TABLE
    path = path / TABLE.name if path.is_dir() else path
    if not path.is_file():
        raise DataError(f"{path} is no table of the network laboratory{where_tables_are()}")
    worlds = (_world(str(name), list(rows.to_dict("records"))) for name, rows in read_table(path).groupby("world"))
    return [world for world in worlds if world is not None]


def _world(name: str, rows: Sequence[Mapping[Hashable, Any]]) -> MeasuredWorld | None:
    base = next(row for row in rows if row["arm"] == BASELINE)
    try:
        shape = PoolShape.from_shares(
            pass_rate=base["pass_rate"],
            silent_share=base["silent_share"],
            group_size=base["group_size"],
            visits=base["visits"],
        )
    except ArgumentError:  # shaped rewards are no pass rates
        return None
    arms = {
        row["arm"]: Measured(
            learning=(row["learning"], row["learning_error"]),
            coverage=(row["coverage"], row["coverage_error"]),
            free=row["free"],
            tuned=row["tuned"],
        )
        for row in rows
        if row["arm"] != BASELINE
    }
    return MeasuredWorld(name, shape, base["seeds"], arms)
