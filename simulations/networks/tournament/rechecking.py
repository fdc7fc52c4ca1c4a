"""Computing random cells of the network tournament again: equal bits, or it is said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from simulations.networks.runs.arm import Arm
from simulations.networks.tournament.cells import run_final, run_tuning
from simulations.networks.tournament.presets import Preset, final_cell, tuning_cell, wider_cell
from simulations.networks.tournament.roster import get_arm
from simulations.networks.tournament.running import make_starts
from simulations.networks.world import World
from simulations.networks.worlds import get_world
from simulations.running.sweep import Cell
from vas_theory.foundation.errors import ArgumentError, DataError, UnknownNameError
from vas_theory.provenance.fingerprint import key_of
from vas_theory.provenance.stamps import choose_cells, contains, made_for, stamp
from vas_theory.provenance.tables import read_metadata, read_table, table_files

__all__ = ["recheck_networks"]

_RUNNERS: dict[str, Callable[[Cell], pd.DataFrame]] = {"tuning": run_tuning, "wider": run_final, "final": run_final}


@dataclass(frozen=True)
class _Stored:
    path: Path
    cell: Cell
    part: str
    world: World
    arm: Arm


def recheck_networks(
    preset: Preset, folder: Path, *, cells: int, seed: int, report: Callable[[str], None] = print
) -> list[str]:
    """Compute random cells again and compare them with what is stored, bit for bit; stamp those that are the same.

    Equal bits are promised on one kind of processor alone.

    Args:
        preset: the size that the cells were made for.
        folder: of the tables.
        cells: how many, at random.
        seed: of the choice, which the stamp records.
        report: called with a line for each.

    Returns:
        The names of those that differ.

    Raises:
        ArgumentError: ``cells`` is below 1.
        DataError: no cell of this size is stored.
    """
    if cells < 1:
        raise ArgumentError("--cells", "be at least 1", cells)
    stored = _stored_cells(preset, folder)
    if not stored:
        raise DataError(f"no cell of this size is stored in {folder / 'networks'}")
    differing = []
    for name in choose_cells(sorted(stored), cells, seed, "networks"):
        found = stored[name]
        make_starts([found.world], [found.arm], 1, report)
        run = _RUNNERS[found.part]
        rows, kept = run(found.cell), read_table(found.path)
        same = len(rows) == len(kept) and contains(kept, rows)
        if same:
            key = key_of(run, *found.cell.uses)
            if read_metadata(found.path).get("key") != key.digest:
                stamp(found.path, key, checked=[name], of=len(stored), seed=seed)
        else:
            differing.append(name)
        report(f"{found.path}: computed again: {'the same' if same else 'differs, not stamped'}")
    return differing


def _stored_cells(preset: Preset, folder: Path) -> dict[str, _Stored]:
    """Return the stored cells that were made for a size, by part and name."""
    found = {}
    for part in _RUNNERS:
        for path in table_files(folder / "networks" / f"{part}.parquet"):
            metadata = read_metadata(path)
            config = metadata["config"]
            try:
                world, arm = preset.sized(get_world(config["world"])), get_arm(config["arm"]["name"])
            except (UnknownNameError, KeyError, TypeError):
                continue
            rate = config.get("learning_rate", 0.0)
            plans = {"tuning": tuning_cell(preset, world, arm.name), "wider": wider_cell(preset, world, arm.name, rate)}
            cell = plans.get(part) or final_cell(preset, world, arm.name, rate)
            if made_for(metadata, cell.config, cell.seed):
                found[f"{part}/{path.stem}"] = _Stored(path, cell, part, world, arm)
    return found
