"""Every notebook runs from its text form, offline, and shows what it promises."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from paper_figures.drawing.declaration import ROOT

FOLDER = ROOT / "paper_figures" / "notebooks"

QUICK = {
    "does_selection_help": (1, ["POOL", "pass_rate", "group_size"]),
    "theory_tour": (4, ["refuted - stands", "on the equality family: 1.000000000000000"]),
    "your_training_logs": (2, ["fitted pool", "broken.jsonl, line 2: reward must be a number"]),
}
SLOW = {
    "break_a_bound": (
        2,
        ["1.0: stands", "1.01: BROKEN", "proved (a lie)", "certificate passed: False"],
    ),
    "enter_the_tournament": (1, ["True of", "frontier", "uniform"]),
    "lecture": (
        2,
        ["smallest ratio of gradient to bound: 1.", "refuted - stands: True", "vas-paper", "uniform"],
    ),
    "train_a_network": (
        1,
        ["runs, every one of 5,120 rollouts", "groups with a gradient", "pass@32, points", "oracle"],
    ),
    "vas_in_trl": (1, ["largest lag: 0.0", "vas_sampler.npz", "ledger: 3840"]),
}
"""Figures and words that the outputs must have."""


def run(name: str, folder: Path) -> tuple[int, str]:
    """Execute a notebook and return how many figures it drew and all its text."""
    import nbformat

    environment = {key: value for key, value in os.environ.items() if key not in ("MPLBACKEND", "PYTHONWARNINGS")}
    environment |= {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "IPYTHONDIR": str(folder / "ipython")}
    target = folder / f"{name}.ipynb"
    command = [sys.executable, "-m", "jupytext", "--to", "ipynb", "--execute", "--run-path", str(folder)]
    answer = subprocess.run(
        [*command, "--output", str(target), str(FOLDER / f"{name}.md")],
        capture_output=True, text=True, env=environment, timeout=280,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr[-4000:]
    outputs = [out for cell in nbformat.read(target, 4).cells if cell.cell_type == "code" for out in cell.outputs]
    figures = sum("image/png" in out.get("data", {}) for out in outputs)
    return figures, "".join(out.get("text", "") for out in outputs)


def test_every_notebook_is_listed_here_and_stored_without_outputs() -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} == {*QUICK, *SLOW}
    assert not list(FOLDER.rglob("*.ipynb"))


@pytest.mark.parametrize("name", QUICK)
def test_quick_notebooks_run(name: str, tmp_path: Path) -> None:
    figures, words = QUICK[name]
    drawn, text = run(name, tmp_path)
    assert drawn == figures
    assert [word for word in words if word not in text] == []
    assert "NOT noticed" not in text


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_longer_notebooks_run(name: str, tmp_path: Path) -> None:
    figures, words = SLOW[name]
    drawn, text = run(name, tmp_path)
    assert drawn == figures
    assert [word for word in words if word not in text] == []
    assert "NOT noticed" not in text


def test_a_notebook_that_fails_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "FOLDER", tmp_path)
    head = (ROOT / "paper_figures/notebooks/theory_tour.md").read_text(encoding="utf-8").split("\n# ")[0]
    (tmp_path / "wrong.md").write_text(head + "\n# Wrong\n\n```{code-cell} python\n1 / 0\n```\n", encoding="utf-8")
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        run("wrong", tmp_path)
