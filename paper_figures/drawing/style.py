"""One look for all figures: Okabe-Ito colours and one beside them that keep their order in grey, mathtext, fixed sizes.

Nothing is set at import: :func:`figure_style` is a context manager that starts from matplotlib's own
defaults, so neither a user's matplotlibrc nor an earlier figure can change what is drawn.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["COLUMN", "OKABE_ITO", "SLIDE", "Look", "Medium", "figure_style"]

OKABE_ITO = {
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermilion": "#D55E00",
    "purple": "#CC79A7",
}
_DARK = {"blue": "#2a80c0", "vermilion": "#f07f3c"}
"""Lighter on dark paper, where the originals are faint."""
_WINE = {"light": "#7a1f4b", "dark": "#f7c6d9"}
"""In place of the palette's black, which the text has: far from the others in tone, so in grey as well."""
_BLACK = {"light": "#1b1f24", "dark": OKABE_ITO["yellow"]}
"""The palette's black, and its yellow where that would be the colour of the text and too near to wine."""

Theme = Literal["light", "dark"]


@dataclass(frozen=True)
class Medium:
    """Where a figure is shown.

    Args:
        name: suffix of the files.
        panel: width and height of one panel in inches.
        columns: panels side by side at most.
        font_size: in points.
        dots_per_inch: of the PNG.
    """

    name: str
    panel: tuple[float, float]
    columns: int
    font_size: float
    dots_per_inch: int

    def grid(self, panels: int) -> tuple[int, int]:
        """Return rows and columns for a number of panels."""
        columns = min(self.columns, panels)
        return -(-panels // columns), columns

    def size(self, panels: int, height: float = 1.0) -> tuple[float, float]:
        """Return width and height of the whole figure in inches; one panel alone is no wider than two.

        Args:
            panels: how many.
            height: of a panel, over the usual one.
        """
        rows, columns = self.grid(panels)
        width = self.panel[0] * min(self.columns, max(columns, 2))
        return width, height * self.panel[1] * rows


COLUMN = Medium("column", (3.35, 2.6), 1, 8.0, 216)
"""One column of a two-column paper, and a telephone."""

SLIDE = Medium("slide", (5.0, 3.9), 2, 12.0, 150)
"""A slide, and a page on a desktop screen."""

# Luminance order differs from hue order, so neighbouring series differ in grey as well as in dash and marker.
_SERIES = (
    ("blue", "-", "o"),
    ("orange", "--", "s"),
    ("green", "-.", "^"),
    ("vermilion", ":", "D"),
    ("sky", (0, (5, 1)), "v"),
    ("purple", (0, (3, 1, 1, 1)), "P"),
)
_ARMS = {
    "uniform": ("blue", "--", "o"),
    "vas": ("orange", "-", "s"),
    "index": ("green", "-.", "^"),
    "index-ada": ("black", (0, (9, 1)), "p"),
    "vas-weighted": ("vermilion", ":", "D"),
    "dapo": ("sky", (0, (5, 1)), "v"),
    "mopps": ("purple", (0, (3, 1, 1, 1)), "P"),
    "vas-paper": ("wine", (0, (1, 1)), "X"),
    "oracle": ("muted", (0, (8, 2)), "*"),
    # these and those above that share their colour are never drawn in one figure
    "vas-paper-1": ("purple", (0, (3, 1, 1, 1)), "P"),
    "uniform-8": ("sky", (0, (5, 1)), "v"),
    "uniform-tree": ("purple", (0, (3, 1, 1, 1)), "P"),
    "treerpo": ("vermilion", ":", "D"),
    "tree-opo": ("wine", (0, (1, 1)), "X"),
    "states": ("green", "-.", "^"),
    "column": ("purple", (0, (3, 1, 1, 1)), "P"),
}
_OTHERS = ("vermilion", "sky", "purple")


@dataclass(frozen=True)
class Look:
    """A medium and a theme, and the colours that ``draw`` functions use.

    Args:
        medium: the size.
        theme: light or dark background.
    """

    medium: Medium
    theme: Theme = "light"

    @property
    def ink(self) -> str:
        """Colour of text and axes."""
        return "#1b1f24" if self.theme == "light" else "#e4e7eb"

    @property
    def muted(self) -> str:
        """Colour of grids and reference lines that must not compete with the data."""
        return "#8a9099" if self.theme == "light" else "#7d858f"

    @property
    def paper(self) -> str:
        """Colour of the background."""
        return "#ffffff" if self.theme == "light" else "#171b20"

    def colour(self, name: str) -> str:
        """Return ``ink``, ``muted``, or a colour of Okabe and Ito's or ours, changed where it would lack contrast."""
        if name in ("ink", "muted"):
            return self.ink if name == "ink" else self.muted
        if name in ("wine", "black"):
            return {"wine": _WINE, "black": _BLACK}[name][self.theme]
        if self.theme == "dark" and name in _DARK:
            return _DARK[name]
        if self.theme == "light" and name == "orange":
            return "#D08A00"
        return OKABE_ITO[name]

    def series(self, index: int) -> dict[str, Any]:
        """Return colour, dash and marker of the index-th series."""
        colour, dash, marker = _SERIES[index % len(_SERIES)]
        return {"color": self.colour(colour), "linestyle": dash, "marker": marker}

    def arm(self, name: str) -> dict[str, Any]:
        """Return colour, dash and marker of a sampling arm, the same in every figure.

        Arms that have none of their own share three colours, a dash and a marker.
        """
        other = (_OTHERS[sum(name.encode()) % len(_OTHERS)], (0, (6, 1, 2, 1)), "h")
        colour, dash, marker = _ARMS.get(name, other)
        return {"color": self.colour(colour), "linestyle": dash, "marker": marker}

    def parameters(self) -> dict[str, Any]:
        """Return the matplotlib settings of this look."""
        size = self.medium.font_size
        return {
            "font.family": "DejaVu Sans",  # comes with matplotlib: the same glyphs on every machine
            "mathtext.fontset": "dejavusans",
            "text.usetex": False,
            "font.size": size,
            "axes.titlesize": size,
            "axes.titleweight": "bold",
            "axes.titlelocation": "left",
            "axes.labelsize": size,
            "xtick.labelsize": 0.9 * size,
            "ytick.labelsize": 0.9 * size,
            "legend.fontsize": 0.9 * size,
            "legend.frameon": False,
            "legend.handlelength": 2.6,
            "lines.linewidth": size / 6,
            "lines.markersize": size / 2.2,
            "axes.linewidth": size / 14,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.axisbelow": True,
            "axes.grid": True,
            "grid.alpha": 0.25,
            "grid.linewidth": size / 16,
            "grid.color": self.muted,
            "text.color": self.ink,
            "axes.edgecolor": self.ink,
            "axes.labelcolor": self.ink,
            "axes.titlecolor": self.ink,
            "xtick.color": self.ink,
            "ytick.color": self.ink,
            "figure.constrained_layout.w_pad": 0.08,
            "figure.constrained_layout.h_pad": 0.06,
            "figure.facecolor": self.paper,
            "axes.facecolor": self.paper,
            "savefig.facecolor": self.paper,
            "pdf.fonttype": 42,
        }


@contextlib.contextmanager
def figure_style(look: Look) -> Iterator[None]:
    """Apply a look inside the block and restore every matplotlib setting after it."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(look.parameters())
        yield
