"""The project's figures as objects of matplotlib, and their numbers as tables, for notebooks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from paper_figures.drawing.declaration import ROOT, Figure
from paper_figures.drawing.render import draw_canvas, load_tables
from paper_figures.drawing.style import SLIDE, Look, figure_style
from paper_figures.figures import get_figures
from vas_theory.foundation.installation import SOURCES

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure as Canvas

__all__ = ["figure", "numbers"]


def figure(
    name: str, preset: str = "paper", theme: Literal["light", "dark"] = "light", root: Path | str | None = None
) -> Canvas:
    """Draw a figure and return it as a new ``matplotlib.figure.Figure``, which belongs to no global state.

    Args:
        name: of the figure, see ``python -m paper_figures list``.
        preset: the size whose tables it is drawn from.
        theme: of the background.
        root: the folder of results; by default the checkout, or the current folder, or the few tables of a wheel.

    Raises:
        UnknownNameError: there is no such figure.
        DataError: a table is missing.
        MissingExtraError: matplotlib is not installed.
    """
    found, look = _find(name), Look(SLIDE, theme)
    tables = load_tables(found, _root(found, preset, root), preset)
    with figure_style(look):
        return draw_canvas(found, tables, look)


def numbers(name: str, preset: str = "paper", root: Path | str | None = None) -> pd.DataFrame:
    """Return the numbers behind a figure; see :func:`figure` for the arguments and errors."""
    found = _find(name)
    return found.numbers(load_tables(found, _root(found, preset, root), preset))


def _find(name: str) -> Figure:
    (found,) = get_figures([name])
    return found


def _root(found: Figure, preset: str, root: Path | str | None) -> Path:
    """Return where a figure's tables are: under a root that was given, in the working folder, or with the code."""
    if root is not None:
        return Path(root)
    tables = found.inputs.values()
    for home in (ROOT, SOURCES):
        if all(path.is_file() for table in tables for path in table.files(home, preset)):
            return home
    return ROOT
