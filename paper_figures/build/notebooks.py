"""The notebooks as files that Jupyter, Colab and Binder open; in the repository they are text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vas_theory.foundation.command_line import require
from vas_theory.foundation.installation import NAME
from vas_theory.provenance.tables import atomic_path

__all__ = ["NOTEBOOKS", "write_notebooks"]

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"


def write_notebooks(folder: Path, *, colab: bool, package: str | None = None) -> list[Path]:
    """Write every notebook as ``.ipynb`` and return the files.

    Args:
        folder: where to.
        colab: begin each with a cell that installs this package, which Colab does not have.
        package: where that cell finds it: the address of a wheel or of a repository; by default the package index.

    Raises:
        MissingExtraError: jupytext is not installed.
    """
    jupytext: Any = require("jupytext", "notebooks")
    nbformat: Any = require("nbformat.v4", "notebooks")
    what = f"{NAME}[figures,full-scale]" + (f" @ {package}" if package else "")
    written = []
    for source in sorted(NOTEBOOKS.glob("*.md")):
        notebook = jupytext.read(source)
        if colab:
            notebook.cells.insert(0, nbformat.new_code_cell(f"%pip install -q '{what}'"))
        path = folder / f"{source.stem}.ipynb"
        with atomic_path(path) as temporary:
            Path(temporary).write_text(jupytext.writes(notebook, fmt="ipynb"), encoding="utf-8")
        written.append(path)
    return written
