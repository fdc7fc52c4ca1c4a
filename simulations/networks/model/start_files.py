"""Whether the file of a start is whole: one that was cut or altered is trained anew, and that is said."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from pathlib import Path

import torch

from simulations.networks.model.starts import FOLDER, make_start, start_path
from simulations.networks.world import World
from vas_theory.provenance.tables import atomic_path

__all__ = ["is_whole", "prepare_start"]

logger = logging.getLogger(__name__)


def is_whole(path: Path) -> bool:
    """Say whether a start's file has the SHA-256 that was written beside it when it was made."""
    try:
        expected = _checksum(path).read_text(encoding="ascii")
        return hashlib.sha256(path.read_bytes()).hexdigest() == expected
    except (OSError, UnicodeDecodeError):
        return False


def prepare_start(
    world: World, name: str = "own", folder: Path = FOLDER, report: Callable[[str], None] | None = None
) -> None:
    """Train and keep a start if its file is not there, or is not the one that was written.

    It is trained in one thread: the order of a sum, and so its bits, depend on their number.

    Raises:
        UnknownNameError: the world has no such start.
    """
    path = start_path(world, name, folder)
    if is_whole(path):
        return
    if path.exists():
        logger.warning("start %s was cut short or altered, or has no checksum: it is trained anew", path)
        path.unlink()
    if report is not None:
        report(f"{world.name}: training the start {name!r}, which is kept in {path}")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        make_start(world, name, folder)
    finally:
        torch.set_num_threads(threads)
    with atomic_path(_checksum(path)) as temporary:
        temporary.write_text(hashlib.sha256(path.read_bytes()).hexdigest(), encoding="ascii")


def _checksum(path: Path) -> Path:
    return path.with_name(path.name + ".sha256")
