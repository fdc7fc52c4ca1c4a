"""What a figure is: the tables it reads, the numbers behind it, its caption and how it is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from paper_figures.style import Look

__all__ = ["ROOT", "Figure", "Label", "LoadedTable", "Table", "Tables", "output_folder"]

ROOT = Path(__file__).resolve().parents[1]
"""The project's folder, under which every room keeps its outputs."""


class Label(StrEnum):
    """What kind of evidence a figure shows."""

    PROVED = "proved"
    SIMULATED = "simulated"
    MEASURED = "measured"


@dataclass(frozen=True)
class Table:
    """A stored table and the command that makes it.

    Args:
        room: the folder whose ``output/<preset>/`` holds the table.
        name: file name without ``.parquet``.
        command: arguments after ``python -m`` that make the table, with ``{preset}`` for the size; the command
            takes ``--output FOLDER``.
    """

    room: str
    name: str
    command: str

    def path(self, root: Path, preset: str) -> Path:
        """Return where the table lies under ``root``."""
        return root / self.room / "output" / preset / f"{self.name}.parquet"

    def arguments(self, root: Path, preset: str) -> list[str]:
        """Return what follows ``python -m`` to make the table under ``root``."""
        folder = self.path(root, preset).parent
        return [*self.command.format(preset=preset).split(), "--output", str(folder)]

    def shown_command(self, preset: str) -> str:
        """Return the command as a reader types it in the project's folder."""
        return f"python -m {self.command.format(preset=preset)}"


@dataclass(frozen=True)
class LoadedTable:
    """A verified table with the seed and config it was made from."""

    frame: pd.DataFrame
    seed: int | None
    config: Mapping[str, Any]


Tables = Mapping[str, LoadedTable]


@dataclass(frozen=True)
class Figure:
    """One figure. It reads tables and draws; results are computed where the tables are made.

    Args:
        name: the figure's name, which is the name of its file.
        title: a short heading.
        order: its place in the report.
        label: what kind of evidence it shows; the numbers of a measured one have a column ``device``.
        inputs: the tables it reads, by the name that ``numbers`` and ``draw`` use.
        panels: how many axes ``draw`` fills.
        numbers: the table of numbers that is stored beside the figure.
        headline: the result in a few words, a function of ``numbers``' result alone.
        caption: the caption, likewise, so that a number in it is always a number of the stored table.
            In headline and caption, text between dollar signs is LaTeX.
        draw: fills the axes.
    """

    name: str
    title: str
    order: int
    label: Label
    inputs: Mapping[str, Table]
    panels: int
    numbers: Callable[[Tables], pd.DataFrame]
    headline: Callable[[pd.DataFrame], str]
    caption: Callable[[pd.DataFrame], str]
    draw: Callable[[Sequence[Axes], Tables, Look], None]

    def label_text(self, numbers: pd.DataFrame) -> str:
        """Return the label, with the device where there is one: ``simulated`` or ``measured on CPU``."""
        if self.label is not Label.MEASURED:
            return str(self.label)
        return "measured on " + ("CPU" if set(numbers["device"]) == {"cpu"} else "GPU")


def output_folder(root: Path, preset: str) -> Path:
    """Return where this room writes the figures of a preset."""
    return root / "paper_figures" / "output" / preset
