"""Where tables lie at each size, and what the ledger's node depends on."""

from __future__ import annotations

from pathlib import Path

import pytest

from paper_figures.build.nodes import claims_node, explorer_node, project_tables, report_node
from paper_figures.drawing.declaration import SIZES, Table
from tests.paper_figures.small_tables import PRESET

ROOT = Path("/project")
COMMAND = "simulations run name --preset {preset}"


@pytest.mark.parametrize("preset", SIZES)
def test_a_table_is_made_at_every_size_and_committed_at_paper_size(preset: str) -> None:
    table = Table("simulations", "name", COMMAND)
    folder = "results/paper" if preset == "paper" else f"output/{preset}"
    assert table.is_made(preset)
    assert table.path(ROOT, preset) == ROOT / "simulations" / folder / "name.parquet"
    wanted = ["simulations", "run", "name", "--preset", preset, "--output", str(ROOT / "simulations" / folder)]
    assert table.arguments(ROOT, preset) == wanted


@pytest.mark.parametrize("presets", [("paper",), (), ("quick", "paper")])
def test_at_a_size_that_is_not_made_the_committed_table_is_read(presets: tuple[str, ...]) -> None:
    table = Table("simulations", "name", COMMAND, presets)
    committed = ROOT / "simulations" / "results" / "paper" / "name.parquet"
    for preset in SIZES:
        assert table.is_made(preset) == (preset in presets)
        if preset not in presets:
            assert table.path(ROOT, preset) == committed
            folder = " --output simulations/results/paper" if presets else ""
            assert table.shown_command(preset) == f"python -m simulations run name --preset paper{folder}"


def test_the_ledger_depends_on_what_claims_import_and_on_nothing_else() -> None:
    sources = set(claims_node(ROOT, PRESET).sources)
    assert {"vas_theory.claims.b02_variance_over_rho", "vas_theory.policy.gradients", "key"} < sources
    others = {name for name in sources - {"key"} if not name.startswith("vas_theory.")}
    assert others == {"statements.txt"}  # of the proofs
    assert not [name for name in sources if ".selection." in name]
    assert "vas_theory.provenance.tables" not in sources


def test_report_and_explorer_name_the_command_of_every_table_they_read() -> None:
    known = {table.path(ROOT, PRESET): table.shown_command(PRESET) for table in project_tables(ROOT, PRESET)}
    for node in (report_node(ROOT, PRESET), explorer_node(ROOT, PRESET)):
        assert node.remedies
        assert {path: known[path] for path in node.remedies} == node.remedies
