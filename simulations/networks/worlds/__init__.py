"""Worlds of the network laboratory, one file each, which defines ``WORLDS``. Adding a file adds its worlds."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING

from vas_theory.foundation.errors import UnknownNameError

if TYPE_CHECKING:
    from simulations.networks.world import World

__all__ = ["get_world", "world_module", "world_names"]

__dispatch__ = "WORLDS"


@cache
def _registry() -> dict[str, tuple[World, str]]:
    found: dict[str, tuple[World, str]] = {}
    for module in pkgutil.iter_modules(__path__):
        if not module.name.startswith("_"):
            path = f"{__name__}.{module.name}"
            found |= {world.name: (world, path) for world in importlib.import_module(path).WORLDS}
    return found


def world_names(*, development: bool | None = None) -> list[str]:
    """Return the names of all worlds, or of those that are (not) kept for development."""
    return sorted(
        name for name, (world, _) in _registry().items() if development is None or world.development == development
    )


def get_world(name: str) -> World:
    """Return a world.

    Raises:
        UnknownNameError: there is none of this name.
    """
    if name not in _registry():
        raise UnknownNameError("world", name, _registry())
    return _registry()[name][0]


def world_module(name: str) -> str:
    """Return the import path of the file that defines a world."""
    get_world(name)
    return _registry()[name][1]
