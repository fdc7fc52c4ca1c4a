"""The tables of the network tournament, made of the worlds and arms that are finished."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from simulations.networks.tournament.agreement import agreement
from simulations.networks.tournament.analysis import BASELINE
from simulations.networks.tournament.cells import run_final, run_tuning
from simulations.networks.tournament.evidence import evidence
from simulations.networks.tournament.predictions import predicted_sign
from simulations.networks.tournament.presets import Preset, final_cell, tuning_cell, wider_cell
from simulations.networks.tournament.ranking import rank_networks
from simulations.networks.tournament.roster import get_arm
from simulations.networks.tournament.widening import next_rate, widened
from simulations.networks.world import World
from simulations.networks.worlds import get_world
from simulations.running.sweep import Cell
from vas_theory.foundation.errors import DataError, UnknownNameError
from vas_theory.provenance.fingerprint import key_of
from vas_theory.provenance.stamps import made_for
from vas_theory.provenance.tables import read_metadata, read_table, table_files, table_hash, write_table

__all__ = ["WIDENINGS", "chosen_rate", "finished", "stored_tuning", "summary", "write_tables"]

_ROOT = Path(__file__).resolve().parents[3]
_BANDITS = _ROOT / "simulations" / "results" / "paper" / "tournament_ranking.parquet"
_FITTED = _BANDITS.with_name("fitted_ranking.parquet")
_STUDY = _ROOT / "full_scale" / "results" / "paper" / "validation.parquet"
"""The committed rankings of bandits, in worlds made and fitted, and gains of a real model: networks of every size are
compared with them."""

WIDENINGS = 3
"""Rates that are tried beyond the grid of an arm and world at most."""


def finished(
    preset: Preset, folder: Path, report: Callable[[str], None] = print
) -> tuple[pd.DataFrame, pd.DataFrame, list[Cell]]:
    """Return the :func:`summary` of every world and arm of a size that is finished in a folder, its curves and cells.

    Args:
        preset: the size; its worlds and arms do not matter.
        folder: of the tables.
        report: called with a line about what is left out: cells of other settings or without their tuning, and worlds
            without uniform sampling.

    Raises:
        DataError: nothing is finished.
    """
    left_out: list[str] = []
    found: dict[tuple[str, str], tuple[Cell, pd.DataFrame, pd.DataFrame]] = {}
    for path in table_files(folder / "networks" / "final.parquet"):
        config = read_metadata(path)["config"]
        try:
            world, arm = preset.sized(get_world(config["world"])), get_arm(config["arm"]["name"]).name
        except (UnknownNameError, KeyError, TypeError):
            left_out.append(path.stem)
            continue
        tuned = preset.tuning_seeds > 0
        tuning = stored_tuning(preset, world, arm, folder) if tuned else pd.DataFrame()
        rate = chosen_rate(tuning) if tuned else world.run.learning_rate
        cell = final_cell(preset, world, arm, rate)
        curves = None if np.isnan(rate) else _stored(cell, path.parent)
        if curves is None:
            left_out.append(path.stem)
        else:
            found[world.name, arm] = (cell, curves, tuning)
    kept = {pair: parts for pair, parts in found.items() if (pair[0], BASELINE) in found}
    left_out += [f"network-{world}.{arm}" for world, arm in found.keys() - kept.keys()]
    if left_out:
        report(f"left out, because settings, tuning or {BASELINE} are not there: {', '.join(sorted(left_out))}")
    if not kept:
        raise DataError(f"no world of this size is finished in {folder}: python -m simulations networks tournament")
    curves = pd.concat([parts[1] for parts in kept.values()], ignore_index=True)
    tunings = [parts[2] for parts in kept.values()]
    table = summary(curves, pd.concat(tunings, ignore_index=True) if preset.tuning_seeds else None)
    return table, curves, [parts[0] for parts in kept.values()]


def write_tables(preset: Preset, folder: Path, report: Callable[[str], None] = print) -> pd.DataFrame:
    """Write the tables of what is :func:`finished` and return the first.

    ``network_tournament.parquet`` has every run's end, ``network_ranking.parquet`` what
    :func:`~simulations.networks.tournament.ranking.rank_networks` says of them, ``network_evidence.parquet`` what
    :func:`~simulations.networks.tournament.evidence.evidence` has for somebody's own pool, and
    ``network_agreement.parquet`` the rank correlations of
    :func:`~simulations.networks.tournament.agreement.agreement`.

    Raises:
        DataError: nothing is finished, or nothing but uniform sampling; no table is written then.
    """
    table, curves, cells = finished(preset, folder, report)
    if (table["arm"] == BASELINE).all():
        raise DataError(f"{folder} has no finished arm beside {BASELINE} that could be compared with it")
    about = {**asdict(preset), "worlds": sorted(table["world"].unique()), "arms": sorted(table["arm"].unique())}
    key = key_of(summary, run_tuning, run_final, *sorted({entry for cell in cells for entry in cell.uses}))
    write_table(table, folder / "network_tournament.parquet", config=about, seed=0, key=key)
    ranking, path = rank_networks(table), folder / "network_ranking.parquet"
    write_table(ranking, path, config=about, seed=0, key=key_of(rank_networks))
    told = evidence(curves, cells, _tuned(table))
    write_table(told, folder / "network_evidence.parquet", config=about, seed=0, key=key_of(evidence))
    bandits, study = _committed(_BANDITS, "bandits", report), _committed(_STUDY, "a real model", report)
    fitted = _committed(_FITTED, "bandits that start as a trace does", report)
    compared = agreement(table, bandits, study, fitted)
    reads = (folder / "network_tournament.parquet", _BANDITS, _FITTED, _STUDY)
    about["reads"] = {path.stem: table_hash(path) for path in reads if table_files(path)}
    write_table(compared, folder / "network_agreement.parquet", config=about, seed=0, key=key_of(agreement))
    return table


def _tuned(table: pd.DataFrame) -> dict[tuple[str, str], bool]:
    """Return by world and arm whether worse learning rates were tried on both sides of the chosen one."""
    if "interior" not in table:
        return {}
    ends = table[table["phase"] == "final"]
    return {
        (str(world), str(arm)): bool(rows.all()) for (world, arm), rows in ends.groupby(["world", "arm"])["interior"]
    }


def _committed(path: Path, what: str, report: Callable[[str], None]) -> pd.DataFrame | None:
    """Return a committed table; where it is not there, say what the networks are not compared with."""
    if table_files(path):
        return read_table(path)
    report(f"{path} is not there: the networks are not compared with {what}")
    return None


def _stored(cell: Cell, folder: Path, key: str | None = None) -> pd.DataFrame | None:
    """Return the stored table of a cell, or nothing where it is missing or was made for other settings or a key."""
    path = folder / f"{cell.name}.parquet"
    if not path.exists() or not made_for(metadata := read_metadata(path), cell.config, cell.seed):
        return None
    return None if key is not None and metadata.get("key") != key else read_table(path)


def stored_tuning(preset: Preset, world: World, arm: str, folder: Path, *, current: bool = False) -> pd.DataFrame:
    """Return the tuning of an arm in a world, beyond the grid where that was done; no rows where there is none.

    Args:
        preset, world, arm, folder: what was tuned, and where the tables are.
        current: leave out what other code made beyond the grid, so that it is computed again.
    """
    tuning = _stored(tuning_cell(preset, world, arm), folder / "networks" / "tuning")
    if tuning is None:
        return pd.DataFrame()
    for _ in range(WIDENINGS):
        rate = next_rate(tuning)
        if not rate:
            break
        cell = wider_cell(preset, world, arm, rate)
        key = key_of(run_final, *cell.uses).digest if current else None
        further = _stored(cell, folder / "networks" / "wider", key)
        if further is None:
            break
        tuning = widened(tuning, [further])
    return tuning


def chosen_rate(tuning: pd.DataFrame) -> float:
    """Return the learning rate that tuning chose for an arm in a world; NaN without rows."""
    return float("nan") if tuning.empty else float(tuning.loc[tuning["chosen"], "learning_rate"].iloc[0])


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
