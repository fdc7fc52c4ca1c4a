"""Plots of what the lower packages make, for notebooks: drawn by the package of figures, which knows what it draws.

Imports point from figures to what they show, so the things below know the drawing module by its name alone and load it
when a plot is asked for. It needs matplotlib, which nothing else here does.
"""

from __future__ import annotations

import importlib
from typing import Any

from vas_theory.foundation.command_line import require

__all__ = ["plot"]

__neutral__ = "how results are drawn"

_DRAWING = "paper_figures.drawing.plots"


def plot(kind: str, subject: Any, **options: Any) -> Any:
    """Return a new ``matplotlib.figure.Figure``, which belongs to no global state of matplotlib.

    Args:
        kind: the function of :mod:`paper_figures.drawing.plots` that draws it.
        subject: what is drawn.
        options: of that function.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    require("matplotlib.figure", "figures")
    return getattr(importlib.import_module(_DRAWING), kind)(subject, **options)
