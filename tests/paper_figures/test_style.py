"""The one look: it leaves no trace, ignores the user's settings, and works in grey, light and dark."""

from __future__ import annotations

import io
import re

import matplotlib
import numpy as np
import pytest

from paper_figures.figures import get_figures
from paper_figures.render import draw_canvas
from paper_figures.style import COLUMN, SLIDE, Look, figure_style
from tests.paper_figures.small_tables import small_tables


def test_style_leaves_no_trace_and_ignores_the_users_settings() -> None:
    (figure,) = get_figures(["training_curves"])

    def image() -> bytes:
        stream = io.BytesIO()
        with figure_style(Look(SLIDE)):
            draw_canvas(figure, small_tables(figure), Look(SLIDE)).savefig(stream, format="png")
        return stream.getvalue()

    first = image()
    with matplotlib.rc_context({"font.size": 33, "axes.facecolor": "red", "figure.dpi": 13}):
        before = dict(matplotlib.rcParams)
        assert image() == first
        assert dict(matplotlib.rcParams) == before


def test_series_differ_without_colour() -> None:
    look = Look(COLUMN)
    series = [look.series(index) for index in range(6)]
    assert len({str(style["linestyle"]) for style in series}) == len({style["marker"] for style in series}) == 6
    arms = [look.arm("uniform"), look.arm("vas")]
    assert arms[0]["linestyle"] != arms[1]["linestyle"]
    luminance = [_luminance(style["color"]) for style in arms]
    assert abs(luminance[0] - luminance[1]) > 0.1


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_marks_stand_out_from_the_paper(theme: str) -> None:
    look = Look(COLUMN, theme)  # type: ignore[arg-type]
    assert _contrast(look.ink, look.paper) > 7
    for index in range(6):
        assert _contrast(look.series(index)["color"], look.paper) > 2


def _luminance(colour: str) -> float:
    assert re.fullmatch(r"#[0-9a-fA-F]{6}", colour)
    channels = np.array([int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def _contrast(first: str, second: str) -> float:
    darker, lighter = sorted((_luminance(first), _luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)
