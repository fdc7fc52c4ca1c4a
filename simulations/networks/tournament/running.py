"""The network tournament: every arm in every world, at a learning rate tuned alike, on paired seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from simulations.networks.model.starts import FOLDER, make_start, named_start, start_path
from simulations.networks.runs.arm import Arm
from simulations.networks.tournament.cells import run_final, run_tuning
from simulations.networks.tournament.predictions import predicted_sign
from simulations.networks.tournament.roster import ARMS, get_arm
from simulations.networks.world import World
from simulations.networks.worlds import get_world, world_module, world_names
from simulations.running.sweep import Cell, run_sweep
from vas_theory.foundation.errors import ArgumentError
from vas_theory.provenance.fingerprint import key_of
from vas_theory.provenance.tables import write_table

__all__ = ["PRESETS", "Preset", "run_tournament", "summary"]

DEVELOPMENT = 1000
"""Seed indices from here on are for choosing settings and are never reported."""


@dataclass(frozen=True)
class Preset:
    """A size of the tournament.

    Args:
        worlds: their names; all that are not for development when empty.
        arms: their names; all when empty.
        seeds: paired seeds that are reported.
        tuning_seeds: other seeds, for the choice of the learning rate; 0 takes the world's own rate for all.
        scale: multiplies pool, held-out prompts and budget.
        start_scale: multiplies the steps of the supervised starts.
        passes: updates made from the same rollouts.
        measurements: rows of a learning curve after the first.
    """

    worlds: tuple[str, ...] = ()
    arms: tuple[str, ...] = ()
    seeds: int = 20
    tuning_seeds: int = 2
    scale: float = 1.0
    start_scale: float = 1.0
    passes: int = 1
    measurements: int = 3

    def __post_init__(self) -> None:
        for name, least in (("seeds", 2), ("tuning_seeds", 0), ("passes", 1), ("measurements", 1)):
            if getattr(self, name) < least:
                raise ArgumentError(name, f"be at least {least}", getattr(self, name))
        for name in ("scale", "start_scale"):
            if not 0 < getattr(self, name) <= 1:
                raise ArgumentError(name, "lie in (0, 1]", getattr(self, name))

    def all_worlds(self) -> list[World]:
        """Return the worlds, with runs and starts of this size."""
        names = self.worlds or tuple(world_names(development=False))
        return [self.sized(get_world(name)) for name in names]

    def sized(self, world: World) -> World:
        """Return a world with runs and a start of this size."""
        run = world.run
        whole = run.batch_size * run.group_size
        budget = max(1, round(run.budget * self.scale / whole)) * whole
        run = replace(run, pool=round(run.pool * self.scale), held_out=round(run.held_out * self.scale), budget=budget)
        return replace(world, run=run, start=replace(world.start, steps=round(world.start.steps * self.start_scale)))


_SHORT = ("uniform", "vas", "predictor", "oracle")

PRESETS: dict[str, Preset] = {
    "smoke": Preset(("chains-short",), ("uniform", "predictor"), 2, 0, 0.1, 0.1, 1, 2),
    "quick": Preset(("chains-short",), _SHORT, 6, 0, 0.5),
    "paper": Preset(),
}
"""Seconds, minutes, and the size of the committed tables: 300 steps of 128 rollouts in most worlds."""


def run_tournament(
    preset: Preset, folder: Path, *, workers: int = 1, backend: str = "loky", report: Callable[[str], None] = print
) -> pd.DataFrame:
    """Run what is not there yet and return the table of all runs' ends.

    Below ``folder`` lie ``networks/tuning`` and ``networks/final`` with one table a world and arm, whose rows are the
    learning curves, and ``network_tournament.parquet``, the returned table. Kill it at any moment and call again.

    Args:
        preset: which size.
        folder: of the tables.
        workers: processes.
        backend: where they run, see :func:`~simulations.running.sweep.run_sweep`.
        report: called with lines about what is being done.

    Returns:
        The table of :func:`summary`.
    """
    worlds = preset.all_worlds()
    arms = [get_arm(name) for name in preset.arms or ARMS]
    _make_starts(worlds, arms, workers, report)
    pairs = [(world, arm.name) for world in worlds for arm in arms]
    sweep: dict[str, Any] = {"workers": workers, "backend": backend}
    tuning = None
    rates = {(world.name, arm): world.run.learning_rate for world, arm in pairs}
    if preset.tuning_seeds:
        indices = range(preset.seeds, preset.seeds + preset.tuning_seeds)
        cells = [_cell(preset, world, arm, indices) for world, arm in pairs]
        tuning = run_sweep("tuning", cells, run_tuning, folder / "networks" / "tuning", **sweep)
        chosen = tuning[tuning["chosen"]].groupby(["world", "arm"])["learning_rate"].first()
        rates = {pair: float(chosen[pair]) for pair in rates}
    cells = [
        _cell(
            preset, world, arm, range(preset.seeds), learning_rate=rates[world.name, arm],
            measurements=preset.measurements,
        )
        for world, arm in pairs
    ]  # fmt: skip
    curves = run_sweep("final", cells, run_final, folder / "networks" / "final", **sweep)
    table = summary(curves, tuning)
    config, uses = asdict(preset), {entry for cell in cells for entry in cell.uses}
    key = key_of(summary, run_tuning, run_final, *sorted(uses))
    write_table(table, folder / "network_tournament.parquet", config=config, seed=0, key=key)
    return table


def _make_starts(worlds: Sequence[World], arms: Sequence[Arm], workers: int, report: Callable[[str], None]) -> None:
    """Train the starts that are not there yet, those of other models that an arm has pass rates of included."""
    import joblib

    columns = {str(arm.options.get("column")) for arm in arms} & {"reseeded", "otherwise"}
    wanted = [(world, named_start(world, name)) for world in worlds for name in ("own", *sorted(columns))]
    missing = [(world, name) for world, name in wanted if not start_path(world, name).exists()]
    if missing:
        names = ", ".join(f"{world.name} {name}" for world, name in missing)
        report(f"training supervised starts, which are kept in {FOLDER}: {names}")
    joblib.Parallel(n_jobs=workers)(joblib.delayed(make_start)(world, name) for world, name in missing)


def _cell(preset: Preset, world: World, arm: str, indices: Iterable[int], **values: Any) -> Cell:
    entry = get_arm(arm)
    config = {
        "world": world.name,
        "run": asdict(world.run),
        "start": asdict(world.start),
        "start_file": start_path(world).name,
        "starts": str(FOLDER),
        "arm": {**asdict(entry), "options": dict(entry.options)},
        "indices": list(indices),
        "passes": preset.passes,
        **values,
    }
    uses = (f"{world_module(world.name)}:WORLDS", *entry.entries)
    return Cell(f"network-{world.name}.{arm}", config, 0, uses)


def summary(curves: pd.DataFrame, tuning: pd.DataFrame | None) -> pd.DataFrame:
    """Return one row a run: its end, its start, and means over the run.

    Returns:
        The columns of the curves' last rows, where ``mixed_groups``, ``entropy`` and ``gradient_norm`` are means over
        the run's steps; ``start_pass_rate`` and ``start_pass_at_32``; ``phase``, ``final`` or ``tuning`` (whose runs
        are on other seeds); ``chosen`` and ``interior`` say what the tuning found; ``predicted`` is the sign, written
        down before any run, of the arm's difference to uniform sampling.
    """
    keys = ["world", "arm", "seed"]
    steps = curves["steps"].where(curves["steps"] > 0)
    rows = curves.drop_duplicates(keys, keep="last").set_index(keys)
    first = curves.drop_duplicates(keys, keep="first").set_index(keys)
    for name in ("mixed_groups", "entropy", "gradient_norm"):
        weighted = (curves[name] * steps).groupby([curves[key] for key in keys], sort=False).sum()
        rows[name] = weighted / steps.groupby([curves[key] for key in keys], sort=False).sum()
    rows["start_pass_rate"], rows["start_pass_at_32"] = first["held_out_pass_rate"], first["pass_at_32"]
    rows = rows.reset_index().assign(phase="final", chosen=True)
    parts: list[pd.DataFrame] = [rows]
    if tuning is not None:
        found = tuning[tuning["chosen"]].groupby(["world", "arm"])["interior"].first()
        rows["interior"] = [bool(found[world, arm]) for world, arm in zip(rows["world"], rows["arm"], strict=True)]
        parts = [rows, tuning.assign(phase="tuning")]
    table = pd.concat(parts, ignore_index=True)
    pairs: Sequence[tuple[str, str]] = list(zip(table["world"], table["arm"], strict=True))
    return table.assign(predicted=[predicted_sign(world, arm) for world, arm in pairs])
