"""Tables of numbers as CSV and LaTeX."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paper_figures.export import as_csv, as_latex
from paper_figures.figures import figure_names
from tests.paper_figures.small_tables import PRESET


def cells(latex: str) -> list[list[str]]:
    """Return the cells of a tabular, split at the marks that are not escaped."""
    rows = [line[:-2] for line in latex.splitlines() if line.endswith(r"\\")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)&", row)] for row in rows]


@given(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=5))
def test_csv_keeps_ten_digits(values: list[float]) -> None:
    read = pd.read_csv(io.StringIO(as_csv(pd.DataFrame({"x": values}))))
    assert np.allclose(read["x"], values, rtol=1e-9, atol=0)


@given(st.floats(-1e300, 1e300))
def test_latex_numbers_have_four_digits(value: float) -> None:
    text = cells(as_latex(pd.DataFrame({"x": [value]})))[1][0].strip("$")
    mantissa, _, power = text.partition(r" \times 10^{")
    assert np.isclose(float(f"{mantissa}e{power[:-1] or 0}"), value, rtol=5.1e-4, atol=0)


def test_latex_aligns_escapes_and_marks_what_is_missing() -> None:
    frame = pd.DataFrame({"arm_name": ["a&b_c", "50% {x}"], "gain": [-0.25, np.nan], "seeds": [3, 4]})
    text = as_latex(frame)
    assert r"\begin{tabular}{lrr}" in text
    assert all(rule in text for rule in (r"\toprule", r"\midrule", r"\bottomrule"))
    assert cells(text) == [
        ["arm name", "gain", "seeds"],
        [r"a\&b\_c", "$-0.25$", "3"],
        [r"50\% \{x\}", "--", "4"],
    ]


@pytest.mark.parametrize("name", figure_names())
def test_every_figure_has_both_tables_of_the_same_size(built: Path, name: str) -> None:
    folder = built / "paper_figures" / "output" / PRESET
    frame = pd.read_csv(folder / f"{name}.csv")
    table = cells((folder / f"{name}.tex").read_text(encoding="utf-8"))
    assert len(table) == len(frame) + 1
    assert {len(row) for row in table} == {len(frame.columns)}


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no LaTeX on this machine")
def test_latex_compiles(built: Path, tmp_path: Path) -> None:
    folder = built / "paper_figures" / "output" / PRESET
    tables = "\n\n".join((folder / f"{name}.tex").read_text(encoding="utf-8") for name in figure_names())
    page = rf"\documentclass{{article}}\usepackage{{booktabs}}\begin{{document}}{tables}\end{{document}}"
    (tmp_path / "page.tex").write_text(page, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True).returncode == 0
