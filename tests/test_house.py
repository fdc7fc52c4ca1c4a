"""Rules for the whole project: what imports what, how fast the command lines start, how they refuse bad input."""

from __future__ import annotations

import ast
import importlib
import re
import statistics
import subprocess
import sys
import time
import tomllib
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path

import pytest

from paper_figures.docs.import_graph import circle, grouped, import_graph

ROOT = Path(__file__).parents[1]
ROOMS = ("vas_theory", "simulations", "full_scale", "paper_figures")
FORBIDDEN = {
    "vas_theory": {"simulations", "full_scale", "paper_figures", "torch", "matplotlib", "seaborn"},
    "simulations": {"full_scale", "paper_figures", "torch", "matplotlib", "seaborn"},
    "full_scale": {"simulations", "paper_figures", "matplotlib", "seaborn"},
    "paper_figures": {"full_scale"},
}


def _imports(path: Path) -> set[str]:
    """Return the top-level names of every module a file imports, at any depth of nesting."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("room", ROOMS)
def test_no_room_imports_what_it_must_not(room: str) -> None:
    files = sorted((ROOT / room).rglob("*.py"))
    assert files
    breaches = {str(path.relative_to(ROOT)): found for path in files if (found := _imports(path) & _forbidden(path))}
    assert not breaches


def _forbidden(path: Path) -> set[str]:
    """Return what a file must not import; the small networks are the one part of the simulations that needs torch."""
    where = path.relative_to(ROOT).parts
    return FORBIDDEN[where[0]] - ({"torch"} if where[:2] == ("simulations", "networks") else set())


def test_only_the_network_laboratory_of_the_simulations_may_import_torch() -> None:
    assert "torch" not in _forbidden(ROOT / "simulations" / "networks" / "runs" / "training.py")
    assert "matplotlib" in _forbidden(ROOT / "simulations" / "networks" / "runs" / "training.py")
    assert "torch" in _forbidden(ROOT / "simulations" / "world" / "learner.py")
    assert "torch" in _forbidden(ROOT / "vas_theory" / "networks" / "training.py")


def test_experiments_and_worlds_load_without_torch() -> None:
    # torch takes seconds to load and is in no extra that the other experiments need
    code = (
        "import sys, simulations.experiments as e, simulations.networks.worlds as w, simulations.networks.command_line;"
        "[e.get_experiment(n) for n in e.experiment_names()]; [w.get_world(n) for n in w.world_names()];"
        "print('torch' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"


def test_the_import_reader_sees_nested_and_aliased_imports(tmp_path: Path) -> None:
    source = tmp_path / "module.py"
    source.write_text(
        "def f():\n    import torch.nn as nn\n    from full_scale.compact.loop import run\n", encoding="utf-8"
    )
    assert _imports(source) == {"torch", "full_scale"}


def test_no_module_and_no_package_imports_itself_through_others() -> None:
    graph = import_graph(ROOT, ROOMS)
    assert not circle(graph)
    assert not circle(grouped(graph, 2))


def test_circles_are_found_also_where_an_import_is_inside_a_function(tmp_path: Path) -> None:
    package = tmp_path / "package"
    (package / "inner").mkdir(parents=True)
    (package / "__init__.py").write_text("from package.a import f\n", encoding="utf-8")
    (package / "a.py").write_text("def f():\n    from package.inner import b\n", encoding="utf-8")
    inner = package / "inner" / "b.py"
    (package / "inner" / "__init__.py").write_text("", encoding="utf-8")
    inner.write_text("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import package.a\n", encoding="utf-8")
    assert not circle(import_graph(tmp_path, ("package",)))
    inner.write_text("import package.a\n", encoding="utf-8")
    graph = import_graph(tmp_path, ("package",))
    assert set(circle(graph)) == {"package.a", "package.inner.b"}
    assert set(circle(grouped(graph, 2))) == {"package.a", "package.inner"}


FLAT_MODULES = 13
"""Modules beside each other that a reader still takes in at once."""
FAMILIES = {
    "vas_theory/claims": "one file a claim",
    "vas_theory/selection/strategies": "one file a strategy",
    "simulations/experiments": "one file an experiment",
    "full_scale/predictions": "one file a prediction",
    "paper_figures/figures": "one file a figure",
}
"""Folders of like files, which may be as many as there are things of their kind."""


def test_no_folder_holds_more_modules_than_a_reader_takes_in() -> None:
    counts = Counter(
        path.parent.relative_to(ROOT).as_posix()
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if path.name not in ("__init__.py", "__main__.py")
    )
    assert FAMILIES.keys() <= counts.keys(), "a family that is gone"
    crowded = {folder: count for folder, count in counts.items() if count > FLAT_MODULES and folder not in FAMILIES}
    assert not crowded, "group the modules of these folders by what they are about"


def test_importing_the_theory_loads_numpy_at_most() -> None:
    code = (
        "import sys, vas_theory; print([m for m in ('scipy', 'sympy', 'numba', 'pandas', 'torch') if m in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_load_nothing_heavy(room: str, option: str) -> None:
    # the import log is deterministic where a timing would not be; the ratio to a bare start is in the benchmarks
    answer = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", room, option], capture_output=True, text=True, check=True
    )
    loaded = {line.rsplit("|", 1)[-1].strip() for line in answer.stderr.splitlines() if "|" in line}
    assert not loaded & {"numpy", "scipy", "pandas", "torch", "pydantic", "rich", "matplotlib", "sympy", "numba"}
    assert room in answer.stdout


@pytest.mark.bench
@pytest.mark.parametrize("room", ROOMS)
def test_help_starts_within_nine_bare_interpreters(room: str) -> None:
    def seconds(command: list[str]) -> float:
        started = time.perf_counter()
        subprocess.run(command, capture_output=True, check=True)
        return time.perf_counter() - started

    ratios = [
        seconds([sys.executable, "-m", room, "--help"]) / seconds([sys.executable, "-c", "pass"]) for _ in range(9)
    ]
    ratio = statistics.median(ratios)
    print(f"{room} --help: {ratio:.1f} bare starts")
    assert ratio <= 9


REFUSED = [
    (["vas_theory", "show", "B99"], "unknown claim 'B99'"),
    (["vas_theory", "verify", "Z99"], "unknown claim 'Z99'"),
    (["vas_theory", "audit", "missing.toml"], "missing.toml"),
    (["simulations", "run", "no_such_experiment"], "no_such_experiment"),
    (["simulations", "run", "bound_gallery", "--set", "no_such_key=1"], "no_such_key"),
    (["simulations", "networks", "tournament", "--arms", "no-such-arm"], "no-such-arm"),
    (["simulations", "networks", "run", "no-such-world", "uniform"], "no-such-world"),
    (["simulations", "networks", "run", "chains-short", "vas", "--seeds", "0"], "--seeds"),
    (["simulations", "networks", "run", "chains-short", "vas", "--learning-rate", "-1"], "--learning-rate"),
    (["full_scale", "study", "--preset", "no-such-preset"], "no-such-preset"),
    (["full_scale", "pipeline", "no-such-pipeline"], "no-such-pipeline"),
    (["full_scale", "advise", "no-such-log"], "no-such-log does not exist"),
    (["full_scale", "score", "no-such.jsonl", "--output", "s.parquet"], "no-such.jsonl"),
    (["full_scale", "score", "d.jsonl", "--concurrency", "4", "--output", "s.parquet"], "--concurrency must come with"),
    (["paper_figures", "make", "no_such_figure"], "no_such_figure"),
]


IN_A_PROCESS = [next(command for command, _ in REFUSED if command[0] == room) for room in ROOMS]
"""Of each room the first; what the others refuse in this process a process of their own would refuse alike."""


@pytest.mark.parametrize(("command", "needle"), REFUSED, ids=[" ".join(command) for command, _ in REFUSED])
def test_bad_input_gets_one_line_and_exit_code_two(
    command: list[str], needle: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    if command in IN_A_PROCESS:
        answer = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, cwd=tmp_path)
        code, error = answer.returncode, answer.stderr
    else:
        monkeypatch.chdir(tmp_path)
        room, *arguments = command
        code, error = importlib.import_module(f"{room}.__main__").main(arguments), capfd.readouterr().err
    assert code == 2
    lines = error.strip().splitlines()
    assert len(lines) == 1, error
    assert lines[0].startswith("error: ")
    assert needle in lines[0]


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "vas_theory", "--debug", "show", "B99"]
    answer = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert "Traceback" in answer.stderr
    assert "UnknownNameError" in answer.stderr


def test_every_p_value_is_compared_with_a_rate_that_is_stated_in_one_place() -> None:
    literal = re.compile(r"(pvalue|p_value\(.*\)|\.sf\(.*\)) >=? *[\d.]")
    assert literal.search("assert stats.chisquare(a).pvalue > 1e-4")
    assert literal.search("assert stats.chi2(3).sf(value) > .01")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if literal.search(line) and path != Path(__file__)
    ]
    assert not found, "take the rate of false alarms from tests/false_alarms.py"


def test_pytest_looks_into_every_folder_of_the_tests(pytestconfig: pytest.Config) -> None:
    passed_over = pytestconfig.getini("norecursedirs")
    tests = Path(__file__).parent
    folders = {folder for file in tests.rglob("test_*.py") for folder in file.relative_to(tests).parts[:-1]}
    assert "build" in folders
    assert not [folder for folder in folders if any(fnmatch(folder, pattern) for pattern in passed_over)]


def test_torch_is_pinned_in_the_constraints_alone() -> None:
    constraints = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert "torch==2.13.0" in constraints
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    everything = [item for extra in project["optional-dependencies"].values() for item in extra]
    assert [item for item in everything if item.startswith("torch")] == ["torch>=2.11", "torch>=2.11"]
