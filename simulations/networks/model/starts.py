"""Supervised starts: networks trained on a world's demonstrations, made when they are first asked for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, fields
from functools import cache
from pathlib import Path

import numpy as np
import torch

from simulations.networks.model.transformer import Networks
from simulations.networks.model.updating import Batch, Optimiser, gradients
from simulations.networks.world import Start, World
from vas_theory.foundation.errors import UnknownNameError
from vas_theory.provenance.fingerprint import key_of
from vas_theory.provenance.tables import atomic_path

__all__ = ["FOLDER", "load_start", "make_start", "named_start", "start_names", "start_path", "train_start"]

__reads__ = ()

FOLDER = Path("simulations") / "output" / "networks" / "starts"
"""Where starts are kept; everything in it can be made again."""

_OTHERWISE = ("name", "summary", "varies", "run", "start", "other_starts", "development")
"""Fields of a world that its starts do not depend on, or that are hashed on their own."""


def start_names(world: World) -> list[str]:
    """Return the names of a world's starts: ``own``, from which it trains, and those of other models."""
    return ["own", *sorted(world.other_starts)]


def _start(world: World, name: str) -> Start:
    starts = {"own": world.start, **world.other_starts}
    if name not in starts:
        raise UnknownNameError(f"start of {world.name}", name, starts)
    return starts[name]


def named_start(world: World, name: str) -> str:
    """Return the name of a start: itself, or for ``otherwise`` that of another start that was taught otherwise."""
    if name != "otherwise":
        return name
    taught = sorted(other for other, start in world.other_starts.items() if start.variant)
    if not taught:
        raise UnknownNameError(f"start of {world.name}", name, start_names(world))
    return taught[0]


def start_path(world: World, name: str = "own", folder: Path = FOLDER) -> Path:
    """Return where a start lies: the name holds a hash of everything its weights depend on, the processor aside."""
    about = {
        "world": {item.name: repr(getattr(world, item.name)) for item in fields(world) if item.name not in _OTHERWISE},
        "start": asdict(_start(world, name)),
        "code": _code(type(world)),
        "torch": torch.__version__,
    }
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:16]
    return folder / f"{type(world).__name__}.{name}.{digest}.npy"  # worlds that differ in their runs share it


@cache
def _code(kind: type[World]) -> str:
    return key_of(train_start, kind).digest


def load_start(
    world: World, name: str = "own", folder: Path = FOLDER, report: Callable[[str], None] | None = None
) -> Networks:
    """Return the network of a start, one row; train and keep it if it is not there.

    Raises:
        UnknownNameError: the world has no such start.
    """
    path = start_path(world, name, folder)
    if not path.exists():
        if report is not None:
            report(f"{world.name}: training the start {name!r}, which is kept in {path}")
        weights = train_start(world, _start(world, name)).flat_SN.cpu().numpy()
        with atomic_path(path) as temporary, open(temporary, "wb") as stream:
            np.save(stream, weights)
    return Networks(world, torch.from_numpy(np.load(path)), _start(world, name).model)


def make_start(world: World, name: str, folder: Path = FOLDER) -> None:
    """Train and keep a start if it is not there."""
    load_start(world, name, folder)


def train_start(world: World, start: Start) -> Networks:
    """Train a network on demonstrations: warm-up over a tenth of the steps, then linear decay to zero."""
    networks = Networks.fresh(world, [start.seed], start.model)
    optimiser = Optimiser(networks, [start.learning_rate])
    rng = np.random.default_rng([start.seed, 1])
    warm = max(1, start.steps // 10)
    for step in range(start.steps):
        prompts_NL, responses_NT = world.demonstrations(rng, start.batch, start.variant)
        blank = np.zeros(responses_NT.shape, np.float32)
        each = np.full(start.batch, 1 / (start.batch * world.response_length))
        batch = Batch(prompts_NL, np.ones(start.batch, np.int64), responses_NT, blank, each)
        optimiser.set_rates(start.learning_rate * min((step + 1) / warm, (start.steps - step) / (start.steps - warm)))
        optimiser.step([0], gradients(networks, [batch], supervised=True))
    return networks
