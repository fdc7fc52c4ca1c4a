"""What the tables of the documentation share: where stored tables lie, and how they become Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from paper_figures.drawing.declaration import ROOT
from vas_theory.provenance.tables import read_metadata, table_files

__all__ = ["find_table", "markdown", "missing", "origin", "points", "with_interval"]


def find_table(name: str, root: Path = ROOT, room: str = "simulations") -> Path | None:
    """Return the room's table of this name: the committed one of paper size, else one of a quick run."""
    places = [root / room / "results" / "paper", root / room / "output" / "quick"]
    return next((path for place in places if table_files(path := place / f"{name}.parquet")), None)


def markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def origin(path: Path, name: str) -> str:
    """Return how a simulated table was made."""
    preset = path.parent.name
    seed = read_metadata(path)["seed"]
    return f"*Simulated; size `{preset}`, seed {seed}: `python -m simulations run {name} --preset {preset}`.*"


def missing(name: str) -> str:
    """Return what stands in place of a simulated table that is not there."""
    return f"*Not computed in this copy; run `python -m simulations run {name} --preset quick` and build again.*"


def points(share: float) -> str:
    """Return a difference of shares in points with its sign, and what rounds to 0 without one."""
    rounded = round(100 * share, 1)
    return f"{rounded:+.1f}" if rounded else "0.0"


def with_interval(row: Mapping[Any, Any], name: str) -> str:
    """Return a difference and its ends, which a row has under ``name``, ``name_low`` and ``name_high``, in points."""
    value, low, high = (points(row[f"{name}{end}"]) for end in ("", "_low", "_high"))
    return f"{value} [{low}, {high}]"
