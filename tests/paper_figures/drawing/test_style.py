"""The one look: it leaves no trace, ignores the user's settings, and works in grey, light and dark."""

from __future__ import annotations

import io
import itertools
import re

import matplotlib
import numpy as np
import pytest
from numpy.typing import NDArray

from paper_figures.drawing.declaration import ROOT
from paper_figures.drawing.render import draw_canvas
from paper_figures.drawing.style import COLUMN, SLIDE, Look, figure_style
from paper_figures.figures import get_figures
from tests.paper_figures.small_tables import small_tables
from vas_theory.provenance.tables import read_table


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
def test_every_arm_of_the_study_has_a_colour_of_its_own_for_every_eye(theme: str) -> None:
    """A difference of 2.3 can just be seen (CIE 1976); what is drawn side by side has more than three times that."""
    look = Look(COLUMN, theme)  # type: ignore[arg-type]
    steps = read_table(ROOT / "full_scale" / "results" / "paper" / "training_steps.parquet")
    arms = sorted(str(arm) for arm in steps["arm"].unique())
    styles = {arm: look.arm(arm) for arm in arms}
    assert len(arms) == 8
    for part in ("color", "linestyle", "marker"):
        assert len({str(style[part]) for style in styles.values()}) == len(arms), part
    for sight, kept in SIGHTS.items():
        seen = {arm: _lab(kept @ _linear(style["color"])) for arm, style in styles.items()}
        for one, other in itertools.combinations(arms, 2):
            assert np.linalg.norm(seen[one] - seen[other]) > 7, (sight, one, other)
    for arm, style in styles.items():
        assert _contrast(style["color"], look.paper) > 2, arm


@pytest.mark.parametrize("name", ["tournament_curves", "step_credit", "training_dynamics"])
def test_arms_keep_their_colour_and_share_none_in_a_panel(name: str) -> None:
    (figure,) = get_figures([name])
    look = Look(SLIDE)
    with figure_style(look):
        axes = draw_canvas(figure, small_tables(figure), look).axes
    curves = {line.get_label(): line.get_color() for line in axes[0].get_lines() if line.get_label()[0] != "_"}
    assert len(set(curves.values())) == len(curves) > 3
    assert curves["uniform"] == look.arm("uniform")["color"]
    for arm, colour in curves.items():
        assert name == "training_dynamics" or colour == look.arm(arm)["color"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_marks_stand_out_from_the_paper(theme: str) -> None:
    look = Look(COLUMN, theme)  # type: ignore[arg-type]
    assert _contrast(look.ink, look.paper) > 7
    for index in range(6):
        assert _contrast(look.series(index)["color"], look.paper) > 2


SIGHTS = {
    "normal": np.eye(3),
    "protanopia": np.array([[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]]),
    "deuteranopia": np.array([[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]]),
    "tritanopia": np.array([[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]]),
}
"""Linear RGB as people with two kinds of cones see it (Machado, Oliveira and Fernandes 2009, severity 1)."""
_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def _linear(colour: str) -> NDArray[np.float64]:
    assert re.fullmatch(r"#[0-9a-fA-F]{6}", colour)
    channels = np.array([int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)])
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def _lab(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return lightness and the two opponent colours of CIELAB."""
    parts = _XYZ @ np.clip(linear, 0, 1) / _XYZ.sum(axis=1)
    x, y, z = np.where(parts > 216 / 24389, np.cbrt(parts), (24389 / 27 * parts + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def _luminance(colour: str) -> float:
    return float(_linear(colour) @ _XYZ[1])


def _contrast(first: str, second: str) -> float:
    darker, lighter = sorted((_luminance(first), _luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)
