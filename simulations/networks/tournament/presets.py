"""Sizes of the network tournament, and the cells that each consists of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from simulations.networks.model.starts import FOLDER, start_path
from simulations.networks.tournament.roster import get_arm
from simulations.networks.world import World
from simulations.networks.worlds import get_world, world_module, world_names
from simulations.running.sweep import Cell
from vas_theory.foundation.errors import ArgumentError

__all__ = ["DEVELOPMENT", "PRESETS", "Preset", "final_cell", "tuning_cell", "wider_cell"]

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
        if self.seeds + self.tuning_seeds > DEVELOPMENT:
            requirement = f"be at most {DEVELOPMENT - self.tuning_seeds}, as later ones are for choosing settings"
            raise ArgumentError("seeds", requirement, self.seeds)

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
    "quick": Preset(("chains-short",), _SHORT, 5, 0, 0.4),
    "paper": Preset(),
}
"""Seconds, minutes, and the size of the committed tables: 300 steps of 128 rollouts in most worlds."""


def tuning_cell(preset: Preset, world: World, arm: str) -> Cell:
    """Return the cell that tunes an arm in a world, on seeds of its own."""
    return _cell(preset, world, arm, range(preset.seeds, preset.seeds + preset.tuning_seeds))


def wider_cell(preset: Preset, world: World, arm: str, rate: float) -> Cell:
    """Return the cell that tries another learning rate on the tuning seeds."""
    cell = tuning_cell(preset, world, arm)
    further = {"learning_rate": rate, "measurements": 1}
    return replace(cell, name=f"{cell.name}.{rate:.3g}", config={**cell.config, **further})


def final_cell(preset: Preset, world: World, arm: str, rate: float) -> Cell:
    """Return the cell of the reported seeds."""
    return _cell(preset, world, arm, range(preset.seeds), learning_rate=rate, measurements=preset.measurements)


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
