"""Turn a figure and its tables into bytes: vector PDF, PNG and a CSV of the numbers.

Equal inputs give equal bytes: no dates and no version go into the files, fonts come with matplotlib, and
nothing is drawn through pyplot's global state.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paper_figures.declaration import Figure, LoadedTable, Tables
from paper_figures.style import COLUMN, SLIDE, Look, figure_style
from vas_theory.command_line import require
from vas_theory.storage import read_metadata, read_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

__all__ = ["draw_canvas", "load_tables", "output_names", "render"]

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
    canvas: Canvas = canvas_class(figsize=look.medium.size(figure.panels), layout="constrained")
    axes = canvas.subplots(rows, columns, squeeze=False).reshape(-1)
    for spare in axes[figure.panels :]:
        spare.set_axis_off()
    figure.draw(list(axes[: figure.panels]), tables, look)
    return canvas


def output_names(figure: Figure) -> list[str]:
    """Return the names of the files that :func:`render` makes."""
    images = [f"{figure.name}{suffix}.png" for suffix in _LOOKS]
    documents = [f"{figure.name}{suffix}.pdf" for suffix, look in _LOOKS.items() if look.theme == "light"]
    return [f"{figure.name}.csv", f"{figure.name}.txt", *documents, *images]


def render(figure: Figure, tables: Tables) -> Iterator[tuple[str, bytes]]:
    """Yield file name and bytes of caption, table of numbers and the figure in every size and theme."""
    numbers = figure.numbers(tables)
    words = (figure.label_text(numbers), figure.headline(numbers), figure.caption(numbers))
    yield f"{figure.name}.txt", ("\n\n".join(words) + "\n").encode()
    yield f"{figure.name}.csv", numbers.to_csv(index=False, lineterminator="\n", float_format="%.10g").encode()
    for suffix, look in _LOOKS.items():
        with figure_style(look):
            canvas = draw_canvas(figure, tables, look)
            if look.theme == "light":
                yield f"{figure.name}{suffix}.pdf", _save(canvas, "pdf", {"CreationDate": None, "Producer": None})
            metadata = {"Software": None}
            yield f"{figure.name}{suffix}.png", _save(canvas, "png", metadata, dpi=look.medium.dots_per_inch)


def _save(canvas: Canvas, file_format: str, metadata: dict[str, None], **options: Any) -> bytes:
    stream = io.BytesIO()
    canvas.savefig(stream, format=file_format, metadata=metadata, **options)
    return stream.getvalue()
