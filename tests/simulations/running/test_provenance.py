"""Keys are complete: what a small run really executes and loads is in the key of its table."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from simulations.experiments import experiment_names, get_experiment
from simulations.running.sweep import Cell
from tests.tracing import PROJECT, record
from vas_theory.provenance.fingerprint import key_of, place
from vas_theory.provenance.project import Project
from vas_theory.provenance.reach import Reach, reach
from vas_theory.provenance.stamps import table_problems
from vas_theory.provenance.tables import read_table, sha256_file, write_table

ROOT = PROJECT.root
RESULTS = ROOT / "simulations" / "results" / "paper"
SMALLER = {
    "settings_sweep": {"scale": 0.02, "steps": 30, "update_intervals": (7, 30)},
    "sampled_prompts": {"scale": 0.02},
    "training_dynamics": {"scale": 0.02},
    "time_to_target": {"max_steps": 60},
    "bound_gallery": {"bandits": 60},
    "finite_group_gain": {"bandits": 2, "groups": 50},
    "potential_flows": {"starts": [[0.05, 0.3]], "replicas": 2},
}
"""What makes smoke sizes smaller still."""

SLOW = {
    "tournament_ranking", "tournament_challenge", "step_credit_ranking", "tournament", "time_to_target",
    "settings_sweep", "claim_stress",
}  # fmt: skip


def _cells(name: str) -> list[Cell]:
    """Return cells of different kinds: the first, the last and one in between."""
    experiment = get_experiment(name)
    assert experiment.cells is not None
    cells = list(experiment.cells(experiment.configure("smoke", SMALLER.get(name))))
    return list({cell.name: cell for cell in (cells[0], cells[len(cells) // 2], cells[-1])}.values())


def _marked(name: str) -> object:
    return pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name


@pytest.mark.parametrize("name", [_marked(name) for name in experiment_names()])
def test_what_a_small_run_executes_and_loads_is_in_its_key(name: str) -> None:
    experiment = get_experiment(name)
    cells = _cells(name) if experiment.cells is not None else []
    entries = [place(experiment.entry), *(place(use) for cell in cells for use in cell.uses)]
    reached = reach(PROJECT, entries)
    resampled = experiment.reads and "resamples" in type(experiment.presets["smoke"]).model_fields
    config = experiment.configure("smoke", {"resamples": 100} if resampled else SMALLER.get(name))
    tables = {table: _few(table) for table in experiment.reads}
    with record() as ran:
        if experiment.run is not None:
            experiment.run(config)
        elif experiment.run_cell is not None:
            for cell in cells:
                experiment.run_cell(cell)
        else:
            assert experiment.summarise is not None
            experiment.summarise(config, tables)
    assert len(ran.codes) > 5, "nothing was recorded"
    assert not ran.outside(reached)
    loaded = {module for module in ran.modules() if not PROJECT.is_neutral(module) and not module.startswith("tests.")}
    assert loaded <= reached.loaded


def _few(table: str) -> pd.DataFrame:
    frame = read_table(RESULTS / f"{table}.parquet")
    worlds = sorted(frame["world"].unique())[:2]
    few = (frame["seed"] < 4) | (frame["phase"] == "tuning")
    return frame[frame["world"].isin(worlds) & few]


def _arms_of(reached: Reach) -> set[str]:
    return {module for module in reached.loaded if module.startswith("vas_theory.selection.strategies.")}


def test_an_arm_depends_on_its_own_strategy_alone() -> None:
    """What a strategy shares with others it imports; a new strategy is imported by none."""
    entry = "simulations.experiments.tournament:_run_cell"
    own = _arms_of(reach(PROJECT, map(place, (entry, "vas_theory.selection.strategies.uniform:STRATEGY"))))
    assert own == {"vas_theory.selection.strategies.uniform"}
    assert len(_arms_of(reach(PROJECT, [place(entry)]))) > 20, "without a named strategy all count"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the code, to break."""
    root = tmp_path_factory.mktemp("copy")
    for room in ("vas_theory", "simulations", "full_scale"):
        ignored = shutil.ignore_patterns("results", "output", "__pycache__")
        shutil.copytree(ROOT / room, root / room, ignore=ignored)
    return root


TOURNAMENT, VAS = "simulations.experiments.tournament:_run_cell", "vas_theory.selection.strategies.vas:STRATEGY"


def test_a_change_in_any_module_of_the_closure_makes_a_table_stale_and_a_remark_does_not(
    copy: Path, tmp_path: Path
) -> None:
    table = tmp_path / "vas.parquet"
    key = key_of(TOURNAMENT, VAS, project=Project(copy))
    write_table(pd.DataFrame({"x": [1]}), table, config={}, seed=0, key=key)
    assert not table_problems(table, Project(copy))
    modules = sorted(reach(Project(copy), map(place, (TOURNAMENT, VAS))).loaded)
    assert {"vas_theory.selection.sampler.batch", "vas_theory.selection.scores"} <= set(modules)
    for name in modules:
        path = Project(copy).file(name)
        assert path is not None
        text = path.read_text(encoding="utf-8")
        path.write_text(f"{text}\nraise RuntimeError\n", encoding="utf-8")
        assert table_problems(table, Project(copy)) == [f"table {table} was made by other code: {name}"]
        path.write_text(text.replace('"""', '"""Reworded. ', 1) + "\n# a remark\n", encoding="utf-8")
    assert not table_problems(table, Project(copy)), "a remark in one of them"


def test_a_new_strategy_leaves_the_arms_of_the_others_as_they_are(copy: Path) -> None:
    strategies = copy / "vas_theory" / "selection" / "strategies"
    code = (
        "import importlib, shutil\n"
        "from pathlib import Path; from simulations.experiments import get_experiment\n"
        "from simulations.running.stored import pieces_of\n"
        "def pieces():\n"
        "    for name in ('tournament', 'step_credit'):\n"
        "        experiment = get_experiment(name)\n"
        "        for piece in pieces_of(experiment, experiment.configure('paper'), Path(f'{name}.parquet')):\n"
        "            print(piece.path, piece.key.digest, piece.config)\n"
        "pieces()\n"
        "print('after')\n"
        f"shutil.copy({str(strategies / 'uniform.py')!r}, {str(strategies / 'throw_away.py')!r})\n"
        "importlib.invalidate_caches()\n"
        "pieces()\n"
    )
    command = [sys.executable, "-c", code]
    answer = subprocess.run(command, cwd=copy, env={**os.environ, "PYTHONPATH": str(copy)}, capture_output=True)
    (strategies / "throw_away.py").unlink(missing_ok=True)
    assert answer.returncode == 0, answer.stderr
    before, after = (part.splitlines() for part in answer.stdout.decode().split("after\n"))
    assert before
    new = [line.split()[0] for line in after if line not in before]
    assert new == ["tournament/throw-away.parquet", "step_credit/throw-away.parquet"]
    assert set(before) <= set(after)


SMALLEST = {
    "tournament": {"worlds": ["bimodal-alone"], "scale": 0.01, "strategies": ["uniform"]},
    "step_credit": {"worlds": ["bimodal-8"], "scale": 0.125, "strategies": ["uniform"]},
    "settings_sweep": {"scale": 0.01, "steps": 10, "update_intervals": [300], "references": ["uniform"]},
}
"""Experiments whose tables are stored as one file an arm, as small as they get."""


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALLEST)
def test_after_a_clone_a_new_arm_is_computed_alone(name: str, copy: Path, tmp_path: Path) -> None:
    arms = get_experiment(name).arms

    def run(*more: str) -> dict[str, str]:
        """Run the experiment with uniform sampling and further arms, and return the hash of each of its files."""
        values = {**SMALLEST[name], arms: ["uniform", *more]}
        settings = [part for key, value in values.items() for part in ("--set", f"{key}={json.dumps(value)}")]
        command = [sys.executable, "-m", "simulations", "run", name, "--preset", "smoke", "--output", str(tmp_path)]
        environment = {**os.environ, "PYTHONPATH": str(copy)}
        answer = subprocess.run([*command, *settings], cwd=copy, env=environment, capture_output=True, text=True)
        assert answer.returncode == 0, answer.stderr
        return {file.name: sha256_file(file) for file in (tmp_path / name).iterdir()}

    before = run()
    assert before
    shutil.rmtree(tmp_path / "cells")  # a clone has no finished cells
    strategies = copy / "vas_theory" / "selection" / "strategies"
    shutil.copy(strategies / "uniform.py", strategies / "throw_away.py")
    try:
        after = run("throw-away")
    finally:
        (strategies / "throw_away.py").unlink()
    assert {file: after[file] for file in before} == before
    assert set(after) - set(before) == {"throw-away.parquet", "throw-away.parquet.meta.json"}
    computed = {path.name for path in (tmp_path / "cells" / name).glob("*.parquet")}
    assert computed
    assert all("throw-away" in cell for cell in computed)


FIX = (
    "compute what is missing with: python -m simulations run {0} --preset paper --output simulations/results/paper; "
    "keep what comes out the same with: python -m simulations recheck {0} (and the same options)"
)


UNCOMMITTED = {"fitted"}
"""Experiments whose table of the paper size has not been run yet."""


@pytest.mark.parametrize("name", sorted(set(experiment_names()) - UNCOMMITTED))
def test_the_committed_table_is_that_of_todays_code_and_config(name: str) -> None:
    from simulations.running.stored import pieces_of, problem

    experiment = get_experiment(name)
    pieces = pieces_of(experiment, experiment.configure("paper"), RESULTS / f"{name}.parquet")
    problems = [found for piece in pieces if (found := problem(piece)) is not None]
    assert not problems, FIX.format(name)
