"""The figures: one module each, which defines ``FIGURE``. Adding a file adds the figure.

Modules whose names begin with an underscore hold what several figures share; all figures depend on them.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable

from paper_figures.drawing.declaration import Figure
from vas_theory.foundation.errors import UnknownNameError

__all__ = ["figure_names", "get_figures"]

__dispatch__ = "FIGURE"


def figure_names() -> list[str]:
    """Return the names of all figures, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))


def get_figures(names: Iterable[str] = ()) -> list[Figure]:
    """Load the figures with these names (all when none are given) in the order the report shows them.

    Raises:
        UnknownNameError: there is none of this name.
    """
    known = figure_names()
    wanted = list(names)
    for name in wanted:
        if name not in known:
            raise UnknownNameError("figure", name, known)
    figures = [importlib.import_module(f"{__name__}.{name}").FIGURE for name in wanted or known]
    return sorted(figures, key=lambda figure: figure.order)
