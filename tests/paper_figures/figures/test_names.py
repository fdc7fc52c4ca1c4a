"""Names beside points: inside the axes, apart from each other and off the marks."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text

from paper_figures.drawing.style import COLUMN, SLIDE, Look, Medium, figure_style
from paper_figures.figures._names import draw_names

NAMES = ["oracle", "vas-own", "vas-states", "predictor", "insight", "mopps", "vas", "vas-paper-free", "dapo", "index"]


@pytest.mark.parametrize("medium", [SLIDE, COLUMN], ids=["slide", "column"])
def test_names_of_a_thick_cloud_can_all_be_read(medium: Medium) -> None:
    places = np.random.default_rng(0).normal(scale=0.4, size=(len(NAMES), 2))
    look = Look(medium)
    with figure_style(look):
        figure = Figure(figsize=medium.size(1))
        axis = figure.subplots()
        axis.set(xlim=(-3, 3), ylim=(-3, 3))
        axis.plot(*places.T, "D")
        draw_names(axis, NAMES, places, look)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        written = [child for child in axis.get_children() if isinstance(child, Annotation)]
        boxes = [Text.get_window_extent(text, canvas.get_renderer()) for text in written]  # without the line
        frame = axis.get_window_extent()
        marks = axis.transData.transform(places)
    assert sorted(text.get_text() for text in written) == sorted(NAMES)
    for box in boxes:
        assert frame.contains(box.x0, box.y0)
        assert frame.contains(box.x1, box.y1)
        assert not any(box.contains(*mark) for mark in marks)
    for one, other in itertools.combinations(boxes, 2):
        assert not one.overlaps(other)


def test_a_name_far_from_its_point_is_led_to_it() -> None:
    look = Look(SLIDE)
    places = np.array([[0.0, 0.0], *np.random.default_rng(1).normal(scale=0.02, size=(7, 2))])
    with figure_style(look):
        axis = Figure(figsize=SLIDE.size(1)).subplots()
        axis.set(xlim=(-1, 1), ylim=(-1, 1))
        draw_names(axis, NAMES[:8], places, look)
        led = [child for child in axis.get_children() if isinstance(child, Annotation) and child.arrow_patch]
    assert led
