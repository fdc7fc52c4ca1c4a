"""The pieces of the network tournament: one arm in one world, first on tuning seeds, then on the reported ones."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from simulations.networks.model.starts import load_start
from simulations.networks.runs.arm import Arm
from simulations.networks.runs.training import Plan, train_together
from simulations.networks.world import RunShape, Start, World
from simulations.networks.worlds import get_world
from simulations.running.sweep import Cell

__all__ = ["adjusted", "extended", "run_final", "run_seed", "run_tuning"]

_EXTENSIONS = 3


def run_seed(world: str, index: int) -> int:
    """Return the seed of a world's run of this index: the same for all arms, different in every world."""
    return int.from_bytes(hashlib.sha256(world.encode()).digest()[:4], "big") << 16 | index


def adjusted(world: World, run: Mapping[str, Any], start: Mapping[str, Any]) -> World:
    """Return a world with other runs and another start, as a preset has them."""
    shape = RunShape(**{**run, "learning_rates": tuple(run["learning_rates"])})
    return dataclasses.replace(world, run=shape, start=dataclasses.replace(Start(), **start))


def run_tuning(cell: Cell) -> pd.DataFrame:
    """Try learning rates on tuning seeds: the world's own and its neighbours, and on where the best is at an end.

    Returns:
        The last row of each run, with its seed and learning rate; ``chosen`` marks the rate with the best mean
        held-out pass rate, ``interior`` says whether worse ones were tried on both sides of it.
    """
    world = _world(cell)
    rates = extended(world.run)
    place = rates.index(world.run.learning_rate)
    waiting = [place - 1, place, place + 1]
    tried: dict[int, pd.DataFrame] = {}
    best = place
    for _ in range(_EXTENSIONS):
        plans = [Plan(_arm(cell), seed, rates[at], 1) for at in waiting for seed in _seeds(cell)]
        curves = train_together(world, load_start(world, folder=_folder(cell)), plans, passes=cell.config["passes"])
        last = pd.concat([_labelled(cell, plan, curve.iloc[[-1]]) for plan, curve in zip(plans, curves, strict=True)])
        tried |= {at: last[last["learning_rate"] == rates[at]] for at in waiting}
        best = max(tried, key=lambda at: tried[at]["held_out_pass_rate"].mean())
        waiting = [at for at in (best - 1, best + 1) if at not in tried and 0 <= at < len(rates)]
        if not waiting:
            break
    table = pd.concat([tried[at] for at in sorted(tried)], ignore_index=True)
    return table.assign(chosen=table["learning_rate"] == rates[best], interior={best - 1, best + 1} <= set(tried))


def run_final(cell: Cell) -> pd.DataFrame:
    """Run the reported seeds at the cell's learning rate and return their learning curves."""
    world = _world(cell)
    plans = [Plan(_arm(cell), seed, cell.config["learning_rate"], cell.config["measurements"]) for seed in _seeds(cell)]
    curves = train_together(world, load_start(world, folder=_folder(cell)), plans, passes=cell.config["passes"])
    return pd.concat(
        [_labelled(cell, plan, curve) for plan, curve in zip(plans, curves, strict=True)], ignore_index=True
    )


def extended(shape: RunShape) -> list[float]:
    """Return the grid of learning rates, with two more rates at each end."""
    rates = list(shape.learning_rates)
    low, high = rates[1] / rates[0], rates[-1] / rates[-2]
    return [rates[0] / low**2, rates[0] / low, *rates, rates[-1] * high, rates[-1] * high**2]


def _labelled(cell: Cell, plan: Plan, curve: pd.DataFrame) -> pd.DataFrame:
    key = {"world": cell.config["world"], "arm": plan.arm.name, "seed": plan.seed, "learning_rate": plan.learning_rate}
    about = pd.DataFrame({**key, "free": plan.arm.free}, index=curve.index)
    return pd.concat([about, curve], axis=1)


def _world(cell: Cell) -> World:
    return adjusted(get_world(cell.config["world"]), cell.config["run"], cell.config["start"])


def _arm(cell: Cell) -> Arm:
    return Arm(**cell.config["arm"])


def _seeds(cell: Cell) -> Sequence[int]:
    return [run_seed(cell.config["world"], index) for index in cell.config["indices"]]


def _folder(cell: Cell) -> Path:
    return Path(cell.config["starts"])
