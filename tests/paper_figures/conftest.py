"""A set of outputs made once from small tables, and a copy of the project to break."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from paper_figures.declaration import ROOT
from paper_figures.figures import get_figures
from paper_figures.graph import build
from paper_figures.pipeline import claims_node, figure_node, report_node
from tests.paper_figures.small_tables import PRESET, claims_answer, write_small_tables
from vas_theory.storage import write_json

RunCommand = Callable[..., subprocess.CompletedProcess[str]]


def record_claims(root: Path) -> None:
    """Write a small ledger and record it as what the claims' sources gave."""
    node = claims_node(root, PRESET)
    build(type(node)(**{**vars(node), "build": lambda: write_json(node.outputs[0], claims_answer())}))


@pytest.fixture(scope="session")
def _built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("built")
    write_small_tables(root)
    record_claims(root)
    for figure in get_figures():
        build(figure_node(figure, root, PRESET))
    build(report_node(root, PRESET))
    return root


@pytest.fixture
def built(_built: Path, tmp_path: Path) -> Path:
    """A folder of one's own in which every table, figure and the report are current."""
    root = tmp_path / "built"
    shutil.copytree(_built, root)
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
