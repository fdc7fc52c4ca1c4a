"""References of every figure: its marks as a small image, its words as text.

Text is drawn by a library whose glyphs and extents differ between versions, and the layout follows them. So the
image is drawn in a fixed layout without text, which leaves paths and colours alone, and titles, labels and legends
are compared as words.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.text import Text
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from paper_figures.drawing.declaration import Figure
from paper_figures.drawing.render import draw_canvas
from paper_figures.drawing.style import Look, Medium, figure_style
from paper_figures.figures import figure_names, get_figures
from tests.paper_figures.small_tables import small_tables

REFERENCE = Path(__file__).parent / "reference"
LOOK = Look(Medium("reference", (2.4, 2.0), 2, 6.0, 60))
BLUR = 1.0
"""Pixels: edges of lines that fall differently between two pixels even out."""
TOLERANCE = 5.0
"""Largest difference of a blurred place, of 255; the tests below say what gives less and what gives more."""

Pixels = NDArray[np.float64]
ACCEPT = "VAS_WRITE_REFERENCE=1 python -m pytest tests/paper_figures/test_images.py"


def pixels(image: bytes) -> Pixels:
    return np.asarray(Image.open(io.BytesIO(image)).convert("RGB"), dtype=np.float64)


def words(canvas: Any) -> str:
    """Return titles, axis labels and legends, one line each."""
    lines = []
    for axis in canvas.axes:
        legend = axis.get_legend()
        entries = [] if legend is None else [text.get_text() for text in legend.get_texts()]
        found = [axis.get_title(loc="left"), axis.get_title(), axis.get_xlabel(), axis.get_ylabel(), *entries]
        lines += [" ".join(text.split()) for text in found if text.strip()]
    lines += [text.get_text() for legend in canvas.legends for text in legend.get_texts()]
    return "\n".join(lines) + "\n"


def drawn(figure: Figure, change: Callable[[list[Axes]], object] = lambda axes: None, **settings: Any) -> Any:
    """Return the image of the marks, and the words."""
    import matplotlib

    stream = io.BytesIO()
    with figure_style(LOOK):
        matplotlib.rcParams.update(settings)
        canvas = draw_canvas(figure, small_tables(figure), LOOK)
        change(canvas.axes)
        text = words(canvas)
        canvas.set_layout_engine("none")
        for axis in canvas.axes:
            if axis.get_legend() is not None:
                axis.get_legend().remove()
        for legend in list(canvas.legends):
            legend.remove()
        for artist in canvas.findobj(Text):
            artist.set_visible(False)
        canvas.savefig(stream, format="png", dpi=LOOK.medium.dots_per_inch, metadata={"Software": None})
    return stream.getvalue(), text


def difference(first: bytes, second: bytes) -> float:
    """Return the largest difference of any place and colour after blurring."""
    one, other = pixels(first), pixels(second)
    assert one.shape == other.shape
    return float(np.abs(gaussian_filter(one - other, (BLUR, BLUR, 0))).max())


@pytest.mark.parametrize("name", figure_names())
def test_marks_and_words_equal_their_references(name: str) -> None:
    """Set VAS_WRITE_REFERENCE=1 to accept a new look, then look at the images before committing them."""
    (figure,) = get_figures([name])
    image, text = drawn(figure)
    image_file, text_file = REFERENCE / f"{name}.png", REFERENCE / f"{name}.txt"
    if os.environ.get("VAS_WRITE_REFERENCE"):
        image_file.write_bytes(image)
        text_file.write_text(text, encoding="utf-8")
    assert text_file.exists(), f"look at the figure, then keep its reference with: {ACCEPT}"
    assert text == text_file.read_text(encoding="utf-8"), f"if the new words are right: {ACCEPT}"
    assert difference(image, image_file.read_bytes()) < TOLERANCE


def test_no_reference_is_left_over() -> None:
    kept, names = {path.stem for path in REFERENCE.iterdir()}, set(figure_names())
    assert not kept - names, "figures that are gone: git rm their files in tests/paper_figures/reference"
    assert not names - kept, f"look at the figures, then keep their references with: {ACCEPT}"


@pytest.mark.parametrize("settings", [{"text.hinting": "none"}, {"text.antialiased": False}, {"font.family": "serif"}])
def test_how_text_is_drawn_is_no_difference(settings: dict[str, Any]) -> None:
    (figure,) = get_figures(["training_curves"])
    (first, text), (second, same) = drawn(figure), drawn(figure, **settings)
    assert difference(first, second) < TOLERANCE
    assert text == same


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("training_curves", lambda axes: axes[1].get_lines()[0].remove()),  # one thin run of one seed
        ("training_curves", lambda axes: axes[1].set_ylim(0, 1.05)),
        ("training_curves", lambda axes: axes[1].get_lines()[-2].set_color("#56B4E9")),
        ("real_model_gradient", lambda axes: axes[1].get_lines()[0].set_marker("D")),
        ("real_model_gradient", lambda axes: axes[1].grid(False)),
    ],
    ids=["lost run", "moved axis", "other colour", "other marker", "lost grid"],
)
def test_a_changed_mark_is_a_difference(name: str, change: Callable[[list[Axes]], object]) -> None:
    (figure,) = get_figures([name])
    assert difference(drawn(figure)[0], drawn(figure, change)[0]) > TOLERANCE


def test_a_changed_word_is_a_difference() -> None:
    (figure,) = get_figures(["training_curves"])
    assert drawn(figure)[1] != drawn(figure, lambda axes: axes[1].set_xlabel("steps"))[1]
    assert drawn(figure)[1] != drawn(figure, lambda axes: axes[0].set_ylabel(""))[1]
