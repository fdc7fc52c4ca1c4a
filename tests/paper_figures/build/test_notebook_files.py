"""The notebooks as files for Jupyter, Colab and Binder hold the cells of the texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from paper_figures.__main__ import main
from paper_figures.build.notebooks import NOTEBOOKS


@pytest.mark.parametrize(
    ("options", "installed"),
    [
        ([], None),
        (["--colab"], "variance-aware-sampling[figures,full-scale]"),
        (
            ["--package", "https://example.org/a.whl"],
            "variance-aware-sampling[figures,full-scale] @ https://example.org/a.whl",
        ),
    ],
)
def test_every_notebook_is_written_with_its_cells(options: list[str], installed: str | None, tmp_path: Path) -> None:
    jupytext = pytest.importorskip("jupytext")
    nbformat = pytest.importorskip("nbformat")
    assert main(["notebooks", "--output", str(tmp_path), *options]) == 0
    for source in NOTEBOOKS.glob("*.md"):
        written = nbformat.read(tmp_path / f"{source.stem}.ipynb", as_version=4)
        nbformat.validate(written)
        cells = [cell.source for cell in written.cells if cell.cell_type == "code"]
        if installed is not None:
            assert cells.pop(0) == f"%pip install -q '{installed}'"
        assert cells == [cell.source for cell in jupytext.read(source).cells if cell.cell_type == "code"]
