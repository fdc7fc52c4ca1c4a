"""The stand-ins have the shapes of the tables that they stand in for."""

from __future__ import annotations

import pytest

from paper_figures.build.nodes import project_tables
from paper_figures.drawing.declaration import ROOT, Table
from tests.paper_figures.small_tables import PRESET, small_table
from vas_theory.provenance.tables import read_table, table_files

TABLES = project_tables(ROOT, PRESET)


@pytest.mark.parametrize("table", TABLES, ids=[table.name for table in TABLES])
def test_a_stand_in_has_columns_of_the_published_table(table: Table) -> None:
    published = table.path(ROOT, "paper")
    if not table_files(published):
        pytest.skip("this copy has no table of the paper size")
    frame, wanted = small_table(table).frame, read_table(published)
    assert set(frame.columns) <= set(wanted.columns)
    kinds = {"O": "text", "U": "text", "i": "number", "u": "number", "f": "number", "b": "truth"}
    for name in frame.columns:
        assert kinds[frame[name].dtype.kind] == kinds[wanted[name].dtype.kind], name
