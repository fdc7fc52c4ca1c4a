"""The notebooks as files that Jupyter, Colab and Binder open; in the repository they are text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vas_theory.foundation.command_line import require
from vas_theory.foundation.installation import NAME
from vas_theory.provenance.tables import atomic_path

__all__ = ["NOTEBOOKS", "write_notebooks"]

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"


def write_notebooks(folder: Path, *, colab: bool) -> list[Path]:
    """Write every notebook as ``.ipynb`` and return the files.

    Args:
        folder: where to.
        colab: begin each with a cell that installs this package, which Colab does not have.

    Raises:
        MissingExtraError: jupytext is not installed.
    """
    jupytext: Any = require("jupytext", "notebooks")
    nbformat: Any = require("nbformat.v4", "notebooks")
    written = []
    for source in sorted(NOTEBOOKS.glob("*.md")):
        notebook = jupytext.read(source)
        if colab:
            notebook.cells.insert(0, nbformat.new_code_cell(f"%pip install -q '{NAME}[figures,full-scale]'"))
        path = folder / f"{source.stem}.ipynb"
        with atomic_path(path) as temporary:
            jupytext.write(notebook, temporary, fmt="ipynb")
        written.append(path)
    return written
