"""Maps of gains: what the cells say, and a colour scale whose middle is no gain."""

from __future__ import annotations

import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from paper_figures.drawing.style import SLIDE, Look
from paper_figures.figures._gain_map import draw_gain_map, gain_texts


def test_cells_have_a_sign_and_brackets_where_the_interval_holds_zero() -> None:
    points = pd.DataFrame([[1.24, -0.04], [-3.0, 0.5]])
    unclear = pd.DataFrame([[False, True], [False, True]])
    assert gain_texts(points, unclear).to_numpy().tolist() == [["+1.2", "(+0.0)"], ["-3.0", "(+0.5)"]]
    assert gain_texts(points).iloc[1, 1] == "+0.5"


def test_no_gain_is_white_and_the_first_row_is_on_top() -> None:
    figure = Figure()
    FigureCanvasAgg(figure)
    axis = figure.subplots()
    points = pd.DataFrame([[0.0, 10.0], [-10.0, 5.0]])
    draw_gain_map(axis, points, gain_texts(points), 10.0, Look(SLIDE), rows=["a", "b"], columns=["x", "y"])
    figure.canvas.draw()
    colours = axis.collections[0].get_facecolor()
    assert to_rgb(colours[0])[:3] == pytest.approx((0.97, 0.97, 0.97), abs=0.01)
    assert sum(colours[1][:3]) < 1.0, "the largest gain is dark"
    assert axis.yaxis_inverted()
    assert [text.get_text() for text in axis.texts] == ["+0.0", "+10.0", "-10.0", "+5.0"]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["a", "b"]
