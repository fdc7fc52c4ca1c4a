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

from paper_figures.drawing.export import as_csv, as_latex
from paper_figures.figures import figure_names
from tests.paper_figures.small_tables import PRESET


def cells(latex: str) -> list[list[str]]:
    """Return the cells of a table, split at the marks that are not escaped; a longtable has its head only once."""
    head, _, rest = latex.partition(r"\endfirsthead")
    latex = head + rest.partition(r"\endlastfoot")[2]
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
def test_every_figure_has_both_tables_of_the_same_size(built_once: Path, name: str) -> None:
    folder = built_once / "paper_figures" / "output" / PRESET
    frame = pd.read_csv(folder / f"{name}.csv")
    table = cells((folder / f"{name}.tex").read_text(encoding="utf-8"))
    assert len(table) == len(frame) + 1
    assert {len(row) for row in table} == {len(frame.columns)}


def test_a_table_longer_than_a_page_may_break() -> None:
    short, long = (as_latex(pd.DataFrame({"x": np.arange(float(rows))})) for rows in (40, 41))
    assert short.startswith(r"\begin{tabular}{r}")
    assert long.startswith(r"\begin{longtable}{r}")
    assert cells(long) == [["x"], *([f"{value}"] for value in range(41))]


def _compile(table: str, folder: Path) -> str:
    """Return the log of a page with one table in it."""
    head = r"\documentclass{article}\usepackage{booktabs}\usepackage{longtable}\begin{document}"
    (folder / "page.tex").write_text(f"{head}\n{table}\n\\end{{document}}", encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    answer = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace")
    assert answer.returncode == 0, answer.stdout[-2000:]
    return answer.stdout


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no LaTeX on this machine")
@pytest.mark.parametrize("name", figure_names())
def test_every_table_compiles_and_none_runs_off_the_foot_of_a_page(built_once: Path, tmp_path: Path, name: str) -> None:
    table = (built_once / "paper_figures" / "output" / PRESET / f"{name}.tex").read_text(encoding="utf-8")
    assert r"Overfull \vbox" not in _compile(table, tmp_path)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no LaTeX on this machine")
def test_special_characters_and_many_rows_compile(tmp_path: Path) -> None:
    words = [r"#1 & 50% of $x_i$ {in} \n ~ ^"] * 200
    table = as_latex(pd.DataFrame({"a_name #": words, "gain": np.full(200, np.inf), "x": np.full(200, -1.5e-9)}))
    log = _compile(table, tmp_path)
    assert r"Overfull \vbox" not in log
    pages = re.search(r"\((\d+) pages", log)
    assert pages is not None
    assert int(pages.group(1)) > 3
