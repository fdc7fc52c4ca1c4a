"""A set of outputs made once from small tables, and a copy of the project to break."""

from __future__ import annotations

import base64
import functools
import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from paper_figures.build.graph import build
from paper_figures.build.nodes import claims_node, explorer_node, figure_node, report_node
from paper_figures.drawing.declaration import ROOT, Figure, Tables
from paper_figures.drawing.render import output_names, render
from paper_figures.explorer.facts import TABLES as EXPLORER_TABLES
from paper_figures.figures import get_figures
from tests.paper_figures.small_tables import PRESET, claims_answer, write_small_tables, write_tables
from vas_theory.provenance.tables import write_json

RunCommand = Callable[..., subprocess.CompletedProcess[str]]

DRAWN = "training_curves"
"""Drawn in every size here; what the others draw is compared with their references, and drawn in full by slow tests."""

_BLANK = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="
)
"""One transparent pixel."""


def record_claims(root: Path) -> None:
    """Write a small ledger and record it as what the claims' sources gave."""
    node = claims_node(root, PRESET)
    build(type(node)(**{**vars(node), "build": lambda: write_json(node.outputs[0], claims_answer())}))


@functools.wraps(render)  # so that it counts as the code that it stands for
def sketched(figure: Figure, tables: Tables) -> Iterator[tuple[str, bytes]]:
    """Yield a figure's words and numbers, with blank images in place of the drawn ones."""
    words = dict(itertools.islice(render(figure, tables), 3))
    for name in output_names(figure):
        yield name, words.get(name, _BLANK if name.endswith(".png") else b"%PDF-1.4")


@pytest.fixture
def sketches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw no image, where a test is about files and not about what they show."""
    monkeypatch.setattr("paper_figures.drawing.render.render", sketched)


@pytest.fixture(scope="session")
def built_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which every table, figure and page is current, to read and not to change."""
    root = tmp_path_factory.mktemp("built")
    write_small_tables(root)
    record_claims(root)
    for figure in get_figures():
        with pytest.MonkeyPatch.context() as patch:
            if figure.name != DRAWN:
                patch.setattr("paper_figures.drawing.render.render", sketched)
            build(figure_node(figure, root, PRESET))
    build(report_node(root, PRESET))
    build(explorer_node(root, PRESET))
    return root


@pytest.fixture
def built(built_once: Path, tmp_path: Path) -> Path:
    """A folder of its own in which every table, figure and the report are current."""
    root = tmp_path / "built"
    shutil.copytree(built_once, root)
    return root


@pytest.fixture(scope="session")
def explorer_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the explorer and the tables it is made from, to read and not to change."""
    root = tmp_path_factory.mktemp("explorer")
    write_tables(EXPLORER_TABLES, root)
    build(explorer_node(root, PRESET))
    return root


@pytest.fixture
def run_figures() -> RunCommand:
    """Run ``python -m paper_figures ARGUMENTS`` in a process of its own."""

    def run(*arguments: object, project: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "paper_figures", *map(str, arguments)],
            cwd=project, env={**os.environ, "PYTHONPATH": str(project), **environment}, capture_output=True, text=True,
        )  # fmt: skip

    return run
