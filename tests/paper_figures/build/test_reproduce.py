"""The whole job over small stand-ins for the other packages, in real processes."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
from pathlib import Path

import pytest

from paper_figures.__main__ import main
from paper_figures.drawing.declaration import ROOT
from paper_figures.figures import figure_names
from tests.paper_figures.conftest import RunCommand
from tests.paper_figures.small_tables import PRESET
from tests.paper_figures.tables.full_scale import validation

_FIGURE = """
from paper_figures.drawing.declaration import Figure, Label, Table

FIGURE = Figure(
    name="stand_in", title="Stand-in", order=1, label=Label.SIMULATED, panels=1,
    inputs={
        "a": Table("simulations", "bound_gallery", "simulations run bound_gallery --preset {preset}"),
        "b": Table("full_scale", "training_steps", "full_scale study --preset {preset}"),
    },
    numbers=lambda tables: tables["b"].frame.head(2),
    headline=lambda numbers: "two rows",
    caption=lambda numbers: "Two rows are read.",
    draw=lambda axes, tables, look: axes[0].plot([0, 1]),
)
"""

_STAND_IN = """
import os, sys
from pathlib import Path
from paper_figures.build.nodes import project_tables
from tests.paper_figures.small_tables import claims_answer, small_table
from vas_theory.provenance.fingerprint import key_of
from vas_theory.provenance.tables import write_json, write_table

room = {room!r}
here = Path(__file__).parent.parent
with open(here / "calls.txt", "a") as stream:
    stream.write(" ".join([room, *sys.argv[1:]]) + "\\n")
if os.environ.get("FAILING_ROOM") == room:
    print("this room was told to fail", file=sys.stderr)
    sys.exit(7)
if room == "vas_theory":
    write_json(sys.argv[sys.argv.index("--output") + 1], claims_answer())
for table in project_tables(here, {preset!r}):
    if table.room == room:
        small = small_table(table)
        made = dict(config=small.config, seed=0, key=key_of(small_table), seconds=1.0)
        write_table(small.frame, table.path(here, {preset!r}), **made)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The package paper_figures with one simple figure, and packages that only write small tables."""
    root = tmp_path / "project"
    ignore = shutil.ignore_patterns("output", "__pycache__", "reference")
    shutil.copytree(ROOT / "paper_figures", root / "paper_figures", ignore=ignore)
    for name in figure_names():
        (root / "paper_figures" / "figures" / f"{name}.py").unlink()
    (root / "paper_figures" / "figures" / "stand_in.py").write_text(_FIGURE)
    for room in ("vas_theory", "simulations"):
        shutil.copytree(
            ROOT / room,
            root / room,
            ignore=shutil.ignore_patterns("[abcl][0-9]*_*", "results", "output", "__pycache__"),
        )  # the ledger without claims
    for name in ("pyproject.toml", "constraints.txt"):  # a checkout, whose record may be renewed
        shutil.copy(ROOT / name, root / name)
    (root / "full_scale").mkdir()
    (root / "full_scale" / "__init__.py").touch()
    for room in ("vas_theory", "simulations", "full_scale"):
        (root / room / "__main__.py").write_text(_STAND_IN.format(room=room, preset=PRESET))
    shutil.copytree(ROOT / "tests" / "paper_figures", root / "tests" / "paper_figures", ignore=ignore)
    return root


def made(folder: Path) -> dict[Path, int]:
    """Return when each output was written; what jobs print and the first figure are written in every run."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".log"]
    return {path: path.stat().st_mtime_ns for path in files if path.name != "first_figure.png"}


def calls(project: Path) -> list[str]:
    return (project / "calls.txt").read_text().splitlines()


def test_the_job_stops_at_a_failing_stage_resumes_and_then_recomputes_nothing(
    project: Path, run_figures: RunCommand
) -> None:
    job = ("reproduce", "--preset", PRESET)
    failed = run_figures(*job, project=project, FAILING_ROOM="full_scale")
    assert failed.returncode == 7
    assert "error: stage study failed" in failed.stderr
    assert "exit code 7" in failed.stderr
    assert "stages that are done: verify" in failed.stderr
    assert "full_scale" not in failed.stderr.partition("stages that are done")[2].partition(";")[0]
    assert "figures 1" not in failed.stdout
    assert not (project / "paper_figures" / "output" / "report.html").exists()

    resumed = run_figures(*job, "--record", project=project)
    assert resumed.returncode == 0, resumed.stderr
    assert [call.split()[0] for call in calls(project)].count("vas_theory") == 1
    places = [resumed.stdout.index(f"done  {part}") for part in ("verify", "study", "figures 1", "report")]
    assert places == sorted(places)
    assert set(json.loads((project / "paper_figures" / "results" / "reproduce_seconds.json").read_text())) > {
        "verify", "study", "bound_gallery", "tournament_ranking", "figures 1", "report", "explorer"
    }  # fmt: skip
    assert "report: paper_figures/output/report.html\n" in resumed.stdout
    assert resumed.stdout.endswith((project / "paper_figures" / "results" / "reproduce.txt").read_text())
    verdicts = list(validation.frame()["verdict"])
    held = verdicts.count("held")
    summary = resumed.stdout.split("report: ")[-1]
    assert "claims verified       2 of 2  1 proved, 1 refuted" in summary
    assert f"{held} of {len(verdicts)}" in summary.partition("predictions held")[2]
    assert f"(size {PRESET})" in summary
    assert "minutes spent" in summary

    folder = project / "paper_figures" / "output"
    before = made(folder)
    again = run_figures(*job, project=project)
    assert again.returncode == 0
    assert before == made(folder)
    assert run_figures("check", "--preset", PRESET, project=project).returncode == 0

    source = project / "vas_theory" / "claims" / "__init__.py"
    for text, stale in (("# edited\n", False), ("assert __name__\n", True)):
        source.write_text(source.read_text() + text)
        checked = run_figures("check", "--preset", PRESET, project=project).stdout
        assert ("claims: source" in checked) is stale


def test_a_missing_package_is_named_before_any_stage_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "torch" else find(name))
    assert main(["reproduce", "--root", str(tmp_path)]) == 2
    assert "'torch'" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_claim_that_fails_stops_the_job(project: Path, run_figures: RunCommand) -> None:
    outcome = run_figures("reproduce", "--preset", PRESET, project=project, FAILING_ROOM="vas_theory")
    assert outcome.returncode == 7
    assert "error: stage verify failed" in outcome.stderr
    assert "this room was told to fail" in outcome.stderr
    assert not [call for call in calls(project) if call.startswith("full_scale")]


def test_every_table_of_every_figure_has_a_stage(project: Path, run_figures: RunCommand) -> None:
    run_figures("reproduce", "--preset", PRESET, project=project, FAILING_ROOM="full_scale")
    folder = os.path.join(project, "simulations", "output", PRESET)
    wanted = {
        f"simulations run bound_gallery --preset {PRESET} --output {folder}",  # the one figure's
        f"simulations run tournament_ranking --preset {PRESET} --output {folder}",  # the report's and the explorer's
        f"simulations run tournament_challenge --preset {PRESET} --output {folder}",  # the report's
    }
    assert {call for call in calls(project) if call.startswith("simulations")} <= wanted
    folder = os.path.join(project, "full_scale", "output", PRESET)
    assert f"full_scale study --preset {PRESET} --output {folder}" in calls(project)
    run_figures("reproduce", "--preset", PRESET, project=project)
    assert {call for call in calls(project) if call.startswith("simulations")} == wanted
