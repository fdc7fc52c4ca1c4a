"""Small tables of the shapes that the figures, the report and the explorer read.

``tables/<room>/<name>.py`` makes a table by formulas: a function ``frame()``, whose numbers tests know, and where a
reader looks at it a ``CONFIG``. Only the table of all claims is what its smoke preset gave once:
``python -m simulations run claim_stress --preset smoke --output tests/paper_figures/tables/simulations``.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterable
from pathlib import Path

from paper_figures.build.nodes import project_tables
from paper_figures.drawing.declaration import Figure, LoadedTable, Table
from vas_theory.provenance.fingerprint import key_of
from vas_theory.provenance.tables import read_metadata, read_table, write_json, write_table

__reads__ = ()

PRESET = "smoke"
SEED = 3
TABLES = Path(__file__).parent / "tables"


def small_table(table: Table) -> LoadedTable:
    """Return the small stand-in of a table, a copy that may be changed."""
    made = _made(table.room, table.name)
    return LoadedTable(made.frame.copy(), made.seed, made.config)


@functools.cache
def _made(room: str, name: str) -> LoadedTable:
    stored = TABLES / room / f"{name}.parquet"
    if stored.exists():
        metadata = read_metadata(stored)
        return LoadedTable(read_table(stored), metadata["seed"], metadata["config"])
    module = importlib.import_module(f"tests.paper_figures.tables.{room}.{name.replace('/', '.')}")
    return LoadedTable(module.frame(), SEED, getattr(module, "CONFIG", {}))


def small_tables(figure: Figure) -> dict[str, LoadedTable]:
    """Return small stand-ins of all tables that a figure reads."""
    return {key: small_table(table) for key, table in figure.inputs.items()}


def claims_answer() -> dict[str, object]:
    """A ledger with one proved and one refuted claim."""
    return {
        "claims": [
            {"id": "B02", "title": "variance bounds the gradient", "source": "this project", "verdict": "proved",
             "certificate": "sum-of-squares", "tightness": 1.0, "seconds": 0.5, "passed": True},
            {"id": "A05", "title": "assumption 1(ii)", "source": "arXiv 2509.21268", "verdict": "refuted",
             "certificate": "counterexample", "tightness": None, "seconds": 0.1, "passed": True},
        ],
        "passed": True,
    }  # fmt: skip


def write_tables(tables: Iterable[Table], root: Path) -> None:
    """Write small stand-ins of tables where a job under ``root`` looks for them."""
    key = key_of(small_table)
    for table in tables:
        small = small_table(table)
        path = table.path(root, PRESET)
        write_table(small.frame, path, config=small.config, seed=small.seed, key=key, seconds=1.5)


def write_small_tables(root: Path) -> None:
    """Write every table that the project reads, and the ledger, under ``root``."""
    write_tables(project_tables(root, PRESET), root)
    write_json(root / "paper_figures" / "output" / PRESET / "claims.json", claims_answer())
