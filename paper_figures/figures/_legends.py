"""A legend below all panels, where it covers nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.drawing.style import Look

__all__ = ["legend_below"]


def legend_below(axis: Axes, look: Look, *, wide: int, narrow: int = 3, font: float = 0.75) -> None:
    """Explain the marks of one panel below all panels.

    Args:
        axis: the panel whose marks have labels.
        look: of the figure.
        wide: entries side by side where there is room for two panels.
        narrow: entries side by side elsewhere.
        font: size of the letters over that of the figure.
    """
    canvas = axis.get_figure(root=True)
    assert canvas is not None
    canvas.legend(
        *axis.get_legend_handles_labels(), loc="outside lower center", fontsize=font * look.medium.font_size,
        ncols=wide if look.medium.columns > 1 else narrow,
    )  # fmt: skip
