"""Turn a figure and its tables into bytes: vector PDF, PNG, and its numbers as CSV and LaTeX.

Equal inputs give equal bytes: no dates and no version go into the files, fonts come with matplotlib, and
nothing is drawn through pyplot's global state.
"""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paper_figures.drawing.declaration import Figure, LoadedTable, Tables
from paper_figures.drawing.export import as_csv, as_latex
from paper_figures.drawing.style import COLUMN, SLIDE, Look, figure_style
from vas_theory.foundation.command_line import require
from vas_theory.provenance.tables import read_metadata, read_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

__all__ = ["draw_canvas", "load_tables", "output_names", "published_names", "render", "with_palette"]

_LOOKS = {
    ".column": Look(COLUMN),
    ".column-dark": Look(COLUMN, "dark"),
    ".slide": Look(SLIDE),
    ".slide-dark": Look(SLIDE, "dark"),
}


def load_tables(figure: Figure, root: Path, preset: str) -> Tables:
    """Read and verify the tables of a figure.

    Raises:
        DataError: a table is missing or unreadable; the message names its file.
        IntegrityError: a table was altered or cut short.
    """
    loaded = {}
    for key, table in figure.inputs.items():
        path = table.path(root, preset)
        frame, metadata = read_table(path), read_metadata(path)
        loaded[key] = LoadedTable(frame, metadata.get("seed"), metadata.get("config", {}))
    return loaded


def draw_canvas(figure: Figure, tables: Tables, look: Look) -> Canvas:
    """Draw a figure in a look and return matplotlib's figure; call it inside :func:`figure_style`."""
    canvas_class: Any = require("matplotlib.figure", "figures").Figure
    rows, columns = look.medium.grid(figure.panels)
    canvas: Canvas = canvas_class(figsize=look.medium.size(figure.panels, figure.height), layout="constrained")
    axes = canvas.subplots(rows, columns, squeeze=False).reshape(-1)
    for spare in axes[figure.panels :]:
        spare.set_axis_off()
    figure.draw(list(axes[: figure.panels]), tables, look)
    return canvas


def output_names(figure: Figure) -> list[str]:
    """Return the names of the files that belong to a figure."""
    images = [f"{figure.name}{suffix}.png" for suffix in _LOOKS]
    documents = [f"{figure.name}{suffix}.pdf" for suffix, look in _LOOKS.items() if look.theme == "light"]
    return [f"{figure.name}.{kind}" for kind in ("csv", "tex", "txt")] + documents + images


def published_names(figure: Figure) -> list[str]:
    """Return the names of the files of which a copy is committed for the paper size: an image and the numbers."""
    return [f"{figure.name}.slide.png", f"{figure.name}.csv"]


def render(figure: Figure, tables: Tables) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of every file of a figure: caption, numbers, and each size and theme."""
    numbers = figure.numbers(tables)
    words = (figure.label_text(numbers), figure.headline(numbers), figure.caption(numbers))
    yield f"{figure.name}.txt", ("\n\n".join(words) + "\n").encode()
    yield f"{figure.name}.csv", as_csv(numbers).encode()
    yield f"{figure.name}.tex", as_latex(numbers).encode()
    for suffix, look in _LOOKS.items():
        with figure_style(look):
            canvas = draw_canvas(figure, tables, look)
            if look.theme == "light":
                yield f"{figure.name}{suffix}.pdf", _save(canvas, "pdf", {"CreationDate": None, "Producer": None})
            image = _save(canvas, "png", {"Software": None}, dpi=look.medium.dots_per_inch)
            yield f"{figure.name}{suffix}.png", with_palette(image)


def _save(canvas: Canvas, file_format: str, metadata: dict[str, None], **options: Any) -> bytes:
    stream = io.BytesIO()
    with _quiet_fonts():
        canvas.savefig(stream, format=file_format, metadata=metadata, **options)
    return stream.getvalue()


@contextlib.contextmanager
def _quiet_fonts() -> Iterator[None]:
    """Keep the font library from warning about the dates inside matplotlib's own mathematics fonts."""
    logger = logging.getLogger("fontTools")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def with_palette(image: bytes) -> bytes:
    """Return a PNG with at most 256 colours: a third of the bytes, and no difference that the eye can see."""
    module: Any = require("PIL.Image", "figures")
    stream = io.BytesIO()
    picture = module.open(io.BytesIO(image)).convert("RGB").quantize(256, dither=module.Dither.NONE)
    picture.save(stream, format="png", optimize=True)
    return stream.getvalue()
