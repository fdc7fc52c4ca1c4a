"""The command line on real files: exit codes, messages, cut tables, killed builds, edited sources."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from paper_figures.__main__ import main
from paper_figures.drawing.declaration import ROOT
from paper_figures.figures import figure_names
from tests.paper_figures.conftest import RunCommand
from tests.paper_figures.small_tables import PRESET
from tests.paper_figures.tables.simulations import bound_gallery
from vas_theory.provenance.fingerprint import key_of
from vas_theory.provenance.tables import sha256_file, write_table

ONE = "training_curves"


def arguments(command: str, root: Path, *more: str) -> list[str]:
    return [command, *more, "--root", str(root), "--preset", PRESET]


def test_check_passes_when_everything_is_current(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments("check", built)) == 0
    assert "everything is current" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("simulations/output/{}/bound_gallery.parquet", ["bound_gallery.parquet does not exist", "bound_gallery: "]),
        ("full_scale/output/{}/probe.parquet", ["probe.parquet does not exist", "real_model_gradient: "]),
        ("full_scale/output/{}/validation.parquet", ["validation.parquet does not exist", "report: "]),
        (
            "paper_figures/output/{}/training_curves.slide.png",
            ["training_curves: ", "slide.png is missing"],
        ),
        ("paper_figures/output/{}/claims.json", ["claims: not built yet"]),
        ("paper_figures/output/report.html", ["report: not built yet"]),
    ],
)
def test_check_names_what_was_deleted(
    built: Path, capsys: pytest.CaptureFixture[str], path: str, named: list[str]
) -> None:
    (built / path.format(PRESET)).unlink()
    assert main(arguments("check", built)) == 1
    out = capsys.readouterr().out
    for text in named:
        assert text in out


@pytest.mark.usefixtures("sketches")
def test_check_names_a_table_made_again_and_make_redraws_only_its_figure(
    built: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = built / "simulations" / "output" / PRESET / "bound_gallery.parquet"
    write_table(bound_gallery.frame(60), path, config={}, seed=1, key=key_of(bound_gallery.frame))
    assert main(arguments("check", built)) == 1
    out = capsys.readouterr().out
    assert "bound_gallery: input" in out
    assert "report: builds on bound_gallery, which is stale" in out
    assert "training_curves" not in out
    assert main(arguments("make", built)) == 0
    out = capsys.readouterr().out
    assert "bound_gallery: drawn" in out
    assert "training_curves: current" in out
    assert main(arguments("report", built)) == 0
    capsys.readouterr()
    assert main(arguments("check", built)) == 0


def test_check_names_a_table_made_by_other_code(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = built / "full_scale" / "output" / PRESET / "probe.parquet"
    key = key_of(bound_gallery.frame)
    older = replace(key, digest="0", modules=dict.fromkeys(key.modules, "0"))
    write_table(bound_gallery.frame(5), path, config={}, seed=1, key=older)
    for more in ([], ["--tables"]):
        assert main(arguments("check", built, *more)) == 1
        out = capsys.readouterr().out
        assert "probe.parquet was made by other code: tests.paper_figures.tables.simulations.bound_gallery" in out
    write_table(bound_gallery.frame(5), path, config={}, seed=1, key=replace(key, entries=("tests.gone:frame",)))
    main(arguments("check", built, "--tables"))
    assert "probe.parquet was made by other code" not in capsys.readouterr().out, "the code has moved"


@pytest.mark.parametrize("command", ["make", "report"])
def test_a_cut_table_is_one_line_that_names_the_file(
    built: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    name = "training_steps" if command == "make" else "validation"
    path = built / "full_scale" / "output" / PRESET / f"{name}.parquet"
    path.write_bytes(path.read_bytes()[:-100])
    assert main(arguments(command, built)) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert str(path) in error
    assert error.count("\n") == 1


def test_a_missing_table_says_how_to_make_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments("make", tmp_path, ONE)) == 2
    error = capsys.readouterr().err
    assert "training_steps.parquet" in error
    assert f"python -m full_scale study --preset {PRESET}" in error


@pytest.mark.parametrize("command", ["list", "check", "make", "report", "reproduce"])
def test_a_root_that_is_no_folder_is_refused(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    for root in [tmp_path / "file", *([tmp_path / "absent"] if command != "reproduce" else [])]:
        assert main([command, "--root", str(root)]) == 2
        assert "--root must be a folder" in capsys.readouterr().err
    assert {path.name for path in tmp_path.iterdir()} == {"file"}


def test_the_tilde_of_a_root_is_the_users_folder(
    built: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(built))
    assert main(["list", "--preset", PRESET, "--root", "~"]) == 0
    assert "current" in capsys.readouterr().out


def test_unknown_figure_offers_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["make", "bound_galery"]) == 2
    assert "did you mean bound_gallery?" in capsys.readouterr().err


def test_list_shows_the_state(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (built / "paper_figures" / "output" / PRESET / "bound_gallery.csv").unlink()
    assert main(arguments("list", built)) == 0
    shown = capsys.readouterr().out.splitlines()
    assert max(map(len, shown)) <= 80
    lines = {line.split()[0]: line for line in shown}
    assert "stale" in lines["bound_gallery"]
    assert "current" in lines[ONE]
    assert main([*arguments("list", built), "--json"]) == 0
    states = {row["name"]: row["state"] for row in json.loads(capsys.readouterr().out)["figures"]}
    assert (states["bound_gallery"], states[ONE]) == ("stale", "current")


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys, contextlib; from paper_figures.__main__ import main\n"
        "with contextlib.suppress(SystemExit): main(['--help'])\n"
        "assert not {'numpy', 'pandas', 'matplotlib', 'jinja2', 'rich'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the sources in a folder of its own, so that they can be edited."""
    for room in ("paper_figures", "simulations", "vas_theory", "tests/paper_figures"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("output", "__pycache__"))
    shutil.rmtree(tmp_path / "simulations" / "results")  # pages of any size read what of it is there
    return tmp_path


def test_editing_style_or_figure_source_makes_it_stale(built: Path, project: Path, run_figures: RunCommand) -> None:
    """The records travel with the outputs, so the copy judges what the project drew."""
    for room in built.iterdir():
        shutil.copytree(room, project / room.name, dirs_exist_ok=True)

    figure = project / "paper_figures" / "figures" / f"{ONE}.py"
    figure.write_text(figure.read_text() + "# a remark\n")
    assert run_figures("check", "--preset", PRESET, project=project).returncode == 0
    figure.write_text(figure.read_text() + "raise RuntimeError\n".replace("raise RuntimeError", "print()"))
    outcome = run_figures("check", "--preset", PRESET, project=project)
    assert outcome.returncode == 1
    assert f"{ONE}: source" in outcome.stdout
    assert f"source paper_figures.figures.{ONE} changed" in outcome.stdout
    assert "bound_gallery" not in outcome.stdout
    style = project / "paper_figures" / "drawing" / "style.py"
    style.write_text(style.read_text().replace("COLUMN =", "_WIDE = 1\nCOLUMN =", 1) + "print(end='')\n")
    outcome = run_figures("check", "--preset", PRESET, project=project)
    lines = [line for line in outcome.stdout.splitlines() if "paper_figures.drawing.style changed" in line]
    assert set(figure_names()) <= {line.partition(":")[0] for line in lines}


_KILL_ITSELF = """
import os, signal, sys
replace, calls = os.replace, []

def counted(*names):
    calls.append(names)
    if len(calls) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    replace(*names)

os.replace = counted
from paper_figures.__main__ import main
from paper_figures.drawing import render
from tests.paper_figures.conftest import sketched
render.render = sketched
main(sys.argv[1:])
"""


def test_a_killed_build_is_stale_and_the_next_one_gives_the_same_files(built: Path, run_figures: RunCommand) -> None:
    """Kill a build before its third rename; then draw in a process whose hash seed and time zone differ."""
    folder = built / "paper_figures" / "output" / PRESET
    wanted = {path.name: sha256_file(path) for path in folder.glob(f"{ONE}*") if path.suffix != ".json"}
    (folder / f"{ONE}.slide.pdf").write_text("altered")
    command = [sys.executable, "-c", _KILL_ITSELF, *arguments("make", built, ONE)]
    assert subprocess.run(command, cwd=ROOT).returncode == -signal.SIGKILL
    assert main(arguments("check", built)) == 1
    outcome = run_figures(*arguments("make", built, ONE), PYTHONHASHSEED="4", TZ="Asia/Tokyo")
    assert outcome.returncode == 0, outcome.stderr
    assert wanted == {name: sha256_file(folder / name) for name in wanted}
    assert main(arguments("check", built)) == 0
    assert not list(folder.glob(".*"))
