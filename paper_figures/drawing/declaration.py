"""What a figure is: the tables it reads, the numbers behind it, its caption and how it is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vas_theory.foundation.installation import working_root
from vas_theory.provenance.tables import table_files

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from paper_figures.drawing.style import Look

__all__ = ["ROOT", "SIZES", "Figure", "Label", "LoadedTable", "Table", "Tables", "output_folder", "published_folder"]

__reads__ = ()

ROOT = working_root()
"""The folder under which every room keeps its outputs: the checkout, or where the user is."""


class Label(StrEnum):
    """What kind of evidence a figure shows."""

    PROVED = "proved"
    SIMULATED = "simulated"
    MEASURED = "measured"


SIZES = ("smoke", "quick", "paper")
"""Presets: seconds, minutes, and the size whose tables are committed."""


@dataclass(frozen=True)
class Table:
    """A stored table and the command that makes it.

    The tables of the paper size are committed under ``<room>/results/paper/``; those of the other sizes lie under
    ``<room>/output/<preset>/``, which git ignores. A table of arms is one file an arm in a folder of its name.

    Args:
        room: the folder of the room that makes the table.
        name: file name without ``.parquet``, behind the folder within that of the size where there is one.
        command: arguments after ``python -m`` that make the table, with ``{preset}`` for the size; the command
            takes ``--output FOLDER``.
        presets: the sizes at which the main job makes this table. At any other size the committed table of the paper
            size is read as it is, so ``("paper",)`` is a table too dear for the small jobs and ``()`` one that this
            machine cannot make, such as a measurement on a GPU; its command is shown as it stands.
        folder: of the table within that of the size; the command writes there.
    """

    room: str
    name: str
    command: str
    presets: tuple[str, ...] = SIZES
    folder: str = ""

    def is_made(self, preset: str) -> bool:
        """Say whether the main job of this size makes the table."""
        return preset in self.presets

    def path(self, root: Path, preset: str) -> Path:
        """Return where the table that a preset reads lies under ``root``."""
        return self._folder(root, preset) / f"{self.name}.parquet"

    def files(self, root: Path, preset: str) -> list[Path]:
        """Return the files of the table that a preset reads, or where its file would lie if there is none."""
        path = self.path(root, preset)
        return table_files(path) or [path]

    def arguments(self, root: Path, preset: str) -> list[str]:
        """Return what follows ``python -m`` to make the table under ``root``."""
        return [
            *self.command.format(preset=self._size(preset)).split(),
            "--output",
            str(self._folder(root, preset)),
        ]

    def shown_command(self, preset: str) -> str:
        """Return the command as a reader types it in the project's folder."""
        size = self._size(preset)
        folder = Path(self.room, "results", "paper", self.folder).as_posix()
        written = f" --output {folder}" if size == "paper" and self.presets else ""
        return f"python -m {self.command.format(preset=size)}{written}"

    def _folder(self, root: Path, preset: str) -> Path:
        """Return the folder that the command writes to."""
        size = self._size(preset)
        return root / self.room / ("results" if size == "paper" else "output") / size / self.folder

    def _size(self, preset: str) -> str:
        return preset if self.is_made(preset) else "paper"


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
        height: of a panel, over the usual one: more than 1 for a list of many rows.
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
    height: float = 1.0

    def label_text(self, numbers: pd.DataFrame) -> str:
        """Return the label, with the device where there is one: ``simulated`` or ``measured on CPU``."""
        if self.label is not Label.MEASURED:
            return str(self.label)
        return "measured on " + ("CPU" if set(numbers["device"]) == {"cpu"} else "GPU")


def output_folder(root: Path, preset: str) -> Path:
    """Return where this room writes the figures of a preset."""
    return root / "paper_figures" / "output" / preset


def published_folder(root: Path) -> Path:
    """Return where the committed copies of the paper-size figures lie: one small PNG and the numbers of each."""
    return root / "paper_figures" / "results" / "paper"
