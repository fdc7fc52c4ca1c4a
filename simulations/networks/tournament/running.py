"""The network tournament: every arm in every world, at a learning rate tuned alike, on paired seeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from simulations.networks.model.start_files import is_whole, prepare_start
from simulations.networks.model.starts import FOLDER, named_start, start_path
from simulations.networks.runs.arm import Arm
from simulations.networks.tournament.analysis import BASELINE
from simulations.networks.tournament.cells import run_final, run_tuning
from simulations.networks.tournament.finished import WIDENINGS, chosen_rate, stored_tuning, write_tables
from simulations.networks.tournament.presets import Preset, final_cell, tuning_cell, wider_cell
from simulations.networks.tournament.roster import ARMS, get_arm, stored_pairs
from simulations.networks.tournament.widening import next_rate
from simulations.networks.world import World
from simulations.running.sweep import run_sweep
from vas_theory.foundation.errors import ArgumentError
from vas_theory.provenance.tables import read_metadata

__all__ = ["make_starts", "run_tournament"]


def run_tournament(
    preset: Preset, folder: Path, *, workers: int = 1, backend: str = "loky", report: Callable[[str], None] = print
) -> pd.DataFrame:
    """Run what is not there yet and return the table of these worlds' and arms' ends.

    Below ``folder`` lie ``networks/tuning`` and ``networks/final`` with one table a world and arm, whose rows are the
    learning curves; ``networks/wider`` with tuning beyond the grid where the best rate lay at its end; and the tables
    of :func:`~simulations.networks.tournament.finished.write_tables`, of everything of this size that is finished
    there. Kill it at any moment and call again.

    Args:
        preset: which size.
        folder: of the tables.
        workers: processes.
        backend: where they run, see :func:`~simulations.running.sweep.run_sweep`.
        report: called with lines about what is being done.

    Returns:
        The table of :func:`~simulations.networks.tournament.finished.summary`, of uniform sampling too.

    Raises:
        ArgumentError: uniform sampling, against which all are read, is neither among the arms nor in the folder.
    """
    worlds = preset.all_worlds()
    arms = [get_arm(name) for name in preset.arms or ARMS]
    if all(arm.name != BASELINE for arm in arms):
        there = stored_pairs(folder / "networks" / "final")
        if missing := [world.name for world in worlds if (world.name, BASELINE) not in there]:
            requirement = f"hold {BASELINE}, against which all are read and which is not in {folder} for {missing[0]}"
            raise ArgumentError("arms", requirement, [arm.name for arm in arms])
    pairs = [(world, arm.name) for world in worlds for arm in arms]
    _say_what_is_replaced(preset, pairs, folder / "networks" / "final", report)
    make_starts(worlds, arms, workers, report)
    sweep: dict[str, Any] = {"workers": workers, "backend": backend}
    rates = {(world.name, arm): world.run.learning_rate for world, arm in pairs}
    if preset.tuning_seeds:
        cells = [tuning_cell(preset, world, arm) for world, arm in pairs]
        run_sweep("tuning", cells, run_tuning, folder / "networks" / "tuning", **sweep)
        for _ in range(WIDENINGS):
            further = [(*pair, next_rate(stored_tuning(preset, *pair, folder, current=True))) for pair in pairs]
            cells = [wider_cell(preset, world, arm, rate) for world, arm, rate in further if rate is not None]
            if not cells:
                break
            run_sweep("tuning beyond the grid", cells, run_final, folder / "networks" / "wider", **sweep)
        rates = {(world.name, arm): chosen_rate(stored_tuning(preset, world, arm, folder)) for world, arm in pairs}
    cells = [final_cell(preset, world, arm, rates[world.name, arm]) for world, arm in pairs]
    run_sweep("final", cells, run_final, folder / "networks" / "final", **sweep)
    table = write_tables(preset, folder, report)
    wanted = {(world.name, arm) for world in worlds for arm in (BASELINE, *(arm.name for arm in arms))}
    return table[[pair in wanted for pair in zip(table["world"], table["arm"], strict=True)]].reset_index(drop=True)


def _say_what_is_replaced(
    preset: Preset, pairs: Sequence[tuple[World, str]], folder: Path, report: Callable[[str], None]
) -> None:
    wanted = list(range(preset.seeds))
    paths = [folder / f"network-{world.name}.{arm}.parquet" for world, arm in pairs]
    there = [path for path in paths if path.exists() and read_metadata(path)["config"].get("indices") != wanted]
    if there:
        names = ", ".join(path.stem for path in there)
        report(f"finished runs of other seeds than these {preset.seeds} are replaced: {names}")


def make_starts(worlds: Sequence[World], arms: Sequence[Arm], workers: int, report: Callable[[str], None]) -> None:
    """Train the starts that are not there whole, those of other models that an arm has pass rates of included."""
    import joblib

    columns = {str(arm.options.get("column")) for arm in arms} & {"reseeded", "otherwise"}
    wanted = [(world, named_start(world, name)) for world in worlds for name in ("own", *sorted(columns))]
    missing = [(world, name) for world, name in wanted if not is_whole(start_path(world, name))]
    if missing:
        names = ", ".join(f"{world.name} {name}" for world, name in missing)
        report(f"training supervised starts, which are kept in {FOLDER}: {names}")
    joblib.Parallel(n_jobs=workers)(joblib.delayed(prepare_start)(world, name) for world, name in missing)
