"""``check --tables`` on a copy of the project: committed tables alone, and what a change of the code does to it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from paper_figures.drawing.declaration import ROOT

COMMAND = [sys.executable, "-m", "paper_figures", "check", "--preset", "paper", "--tables"]

TRAINING = {f"full_scale/{name}" for name in ("training_steps", "training_prompts", "accounts")}
STUDY = TRAINING | {f"full_scale/{name}" for name in ("evaluation", "evaluation_prompts", "pilot", "probe")}
SAMPLER = TRAINING | {"simulations/tournament/vas", "simulations/step_credit/vas", "simulations/settings_sweep/vas"}

CHANGED = {
    "vas_theory/selection/sampler/batch.py": SAMPLER,
    "vas_theory/selection/sampler/config.py": SAMPLER,
    "vas_theory/selection/scores.py": SAMPLER,
    "full_scale/rewards/math_worker.py": STUDY,
    "full_scale/config/training.py": STUDY,
    "simulations/networks/runs/training.py": {"simulations/networks/final/network-chains-few.uniform"},
}
"""Files, and some of the tables that a statement in them makes stale."""

SPARED = "simulations/results/paper/tournament/uniform.parquet"
"""A table that depends on none of these files."""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages as a clone has them: committed tables, nothing that was built."""
    root = tmp_path_factory.mktemp("clone")

    def ignored(folder: str, names: list[str]) -> set[str]:
        built = {"output", "__pycache__"}
        return set(names) & (built | {"cells", "runs"} if Path(folder).name == "paper" else built)

    for room in ("vas_theory", "simulations", "full_scale", "paper_figures", "tests"):
        shutil.copytree(ROOT / room, root / room, ignore=ignored)
    return root


def _check(root: Path) -> tuple[int, str]:
    environment = {**os.environ, "PYTHONPATH": str(root)}
    answer = subprocess.run(COMMAND, cwd=root, env=environment, capture_output=True, text=True)
    return answer.returncode, answer.stdout + answer.stderr


def _stale(said: str) -> set[str]:
    """Return the tables that the check names as made by other code, by their place among the results."""
    return {line.split("/results/paper/")[1].split(".parquet")[0] for line in said.splitlines() if "made by" in line}


@pytest.fixture(scope="module")
def before(copy: Path) -> set[str]:
    """Tables that are stale without any change."""
    return _stale(_check(copy)[1])


@pytest.mark.slow
def test_committed_tables_are_current_and_a_docstring_leaves_them_so(copy: Path) -> None:
    code, said = _check(copy)
    assert code == 0, said
    for file in CHANGED:
        text = (copy / file).read_text(encoding="utf-8")
        assert text.startswith('"""')
        (copy / file).write_text(text.replace('"""', '"""Reworded. ', 1) + "\n# a remark\n", encoding="utf-8")
    try:
        assert _check(copy) == (code, said)
    finally:
        for file in CHANGED:
            shutil.copy(ROOT / file, copy / file)


@pytest.mark.slow
@pytest.mark.parametrize("file", CHANGED)
def test_a_planted_error_is_named_with_the_tables_that_it_concerns(file: str, copy: Path, before: set[str]) -> None:
    with open(copy / file, "a", encoding="utf-8") as stream:
        stream.write("\nraise RuntimeError\n")
    try:
        code, said = _check(copy)
    finally:
        shutil.copy(ROOT / file, copy / file)
    assert code == 1
    wanted = {name.split("/", 1)[1] for name in CHANGED[file]}
    assert wanted <= _stale(said) - before, said
    assert SPARED not in said
    assert "RuntimeError" not in said, "code is read, not run"
