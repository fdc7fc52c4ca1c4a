"""The wheel in fresh environments outside the repository: every command from an empty folder, with each extra.

``VAS_EXTRAS="figures tasks"`` tries those extras alone. Needs a package index.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.full_scale.conftest import build_tiny
from tests.full_scale.logs import writers

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

ROOT = Path(__file__).parents[1]
LARGEST = 2_500_000
EXTRAS = sorted(set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]) - {"dev"})
WANTED = os.environ.get("VAS_EXTRAS", "").split() or EXTRAS

WITH = {
    "figures": [
        "vas-simulations run bound_gallery --preset smoke",
        "vas-figures make bound_gallery --preset smoke",
        "python -c \"import paper_figures; paper_figures.figure('network_learning').savefig('networks.png')\"",
        "python -c \"from full_scale.logs import read_run; read_run('log').plot().savefig('run.png')\"",
    ],
    "cluster": ["vas-simulations run tds_value --preset smoke --backend dask"],
    "tasks": ['python -c "import reasoning_gym"'],
    "tensorboard": ['python -c "import tensorboard.backend.event_processing.event_accumulator"'],
    "networks": ["vas-simulations networks --help", 'python -c "import simulations.networks.runs.training"'],
    "full-scale": [
        "vas-full-scale plan smollm2-cpu",
        'python -c "from full_scale import VASConfig, VASGRPOTrainer"',
        "python -m full_scale train --config tiny.toml",
        "python -m full_scale watch full_scale/output/tiny --output page.html",
        "python -m full_scale score questions.jsonl --model model --output scored.parquet --max-new-tokens 2",
        "python -m full_scale advise scored.parquet --visits 3",
    ],
    "docs": ['python -c "import sphinx, myst_nb"'],
    "notebooks": ["python -m paper_figures notebooks", 'python -c "import nbmake"'],
}
"""Commands that need an extra."""

NEEDS_TORCH = ("full-scale", "networks")

ELSEWHERE = {
    "python -m full_scale score arithmetic --limit 12 --rollouts 4 --max-new-tokens 8 --style completion "
    "--output scored.parquet": "needs the package of a real model; a tiny one scores the same way",
    "python -m paper_figures make network_learning --preset paper": "needs the committed tables of a checkout",
}
"""Commands of the README that no empty folder can try, and why."""

TRIED = {
    "python -m vas_theory verify B02", "python -m vas_theory show A06", "python -m vas_theory list",
    "python -m vas_theory audit bandit.toml", "python -m simulations list", "python -m full_scale --help",
    "python -m full_scale plan mmr1-7b", "python -m paper_figures list",
}  # fmt: skip
"""Commands that the core alone can do."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)],
        check=True,
    )
    (found,) = folder.glob("*.whl")
    return found


class Installed:
    """A fresh environment with the wheel, and an empty folder in which its commands run."""

    def __init__(self, folder: Path, wheel: Path, extra: str) -> None:
        self.folder, self.bin = folder / "empty", folder / "environment" / "bin"
        self.folder.mkdir()
        venv.create(folder / "environment", with_pip=True)
        if extra in NEEDS_TORCH:  # first and by version: a range may bring another, far larger build
            (pinned,) = (line for line in (ROOT / "constraints.txt").read_text().split() if line.startswith("torch=="))
            self.run(f"python -m pip install --quiet --disable-pip-version-check '{pinned}'")
        what = f"{wheel}[{extra}]" if extra else str(wheel)
        self.run(f"python -m pip install --quiet --disable-pip-version-check '{what}'")
        self.before = self.files()

    def run(self, command: str, *, fails: bool = False) -> str:
        """Run a command and return what it says; check that it ends as it should."""
        hidden = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
        environment = {name: value for name, value in os.environ.items() if name not in hidden}
        environment |= {"PATH": f"{self.bin}:{os.environ['PATH']}", "HF_HUB_OFFLINE": "1"}
        answer = subprocess.run(command, shell=True, cwd=self.folder, env=environment, capture_output=True, text=True)
        assert answer.returncode == (2 if fails else 0), f"{command}\n{answer.stdout}\n{answer.stderr}"
        return answer.stdout + answer.stderr

    def files(self) -> set[Path]:
        """Return the files of the four packages as installed, without caches."""
        places = [place for room in ("vas_theory", "simulations", "full_scale", "paper_figures")
                  for place in self.bin.parent.glob(f"lib/python*/site-packages/{room}")]  # fmt: skip
        assert len(places) == 4
        return {path for place in places for path in place.rglob("*") if "__pycache__" not in path.parts}


@pytest.fixture
def install(tmp_path: Path, wheel: Path) -> Callable[[str], Installed]:
    return lambda extra: Installed(tmp_path, wheel, extra)


def test_the_wheel_is_small_typed_and_readable_without_the_repository(wheel: Path) -> None:
    assert wheel.stat().st_size <= LARGEST
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata,) = (archive.read(name).decode() for name in names if name.endswith("METADATA"))
    for room in ("vas_theory", "simulations", "full_scale", "paper_figures"):
        assert f"{room}/py.typed" in names
    committed = "simulations/results/paper"
    with_tables = ("vas_theory/results/", f"{committed}/network_evidence", f"{committed}/network_ranking")
    assert not [name for name in names if name.endswith(".parquet") and not name.startswith(with_tables)]
    assert "full_scale/watch/vendor/LICENSE.uPlot" in names
    body = metadata.partition("\n\n")[2]
    assert body.startswith("# Variance-aware sampling in GRPO")
    assert "](paper_figures" not in body  # a picture or a link that leads nowhere
    assert "Author: The variance-aware-sampling developers" in metadata


_LOOP = """
import numpy as np
from vas_theory.selection import VarianceAwareSampler

rng = np.random.default_rng(0)
pass_rate = rng.beta(0.4, 0.6, size=1000)
sampler = VarianceAwareSampler(1000, batch_size=64, mixture_ratio=0.5, seed=0)
for step in range(20):
    prompts = sampler.draw()
    sampler.observe(prompts, (rng.random((64, 8)) < pass_rate[prompts, None]).astype(float))
assert sampler.metrics()
"""
"""What a training loop of one's own does with the sampler; needs NumPy alone."""


def test_core_commands_work_in_an_empty_folder(install: Callable[[str], Installed]) -> None:
    here = install("")
    (here.folder / "bandit.toml").write_text("probs = [0.7, 0.2, 0.1]\nrewards = [1.0, 0.0, 0.0]\n")
    writers.verl(here.folder / "log", writers.some_rollouts())
    (here.folder / "loop.py").write_text(_LOOP)
    for command in (
        "python loop.py", *sorted(TRIED), "vas-theory list", "vas-simulations run bound_gallery --preset smoke",
        "vas-full-scale list", "vas-full-scale watch log --output page.html", "python -m full_scale advise log",
        "vas-figures list --preset paper",
    ):  # fmt: skip
        here.run(command)
    assert (here.folder / "simulations" / "output" / "smoke" / "bound_gallery.parquet").is_file()
    assert (here.folder / "page.html").is_file()
    for command, words in {
        "python -m paper_figures make bound_gallery --preset smoke": "pip install 'variance-aware-sampling[figures]'",
        "vas-figures make bound_gallery --preset paper": "the wheel is without the tables of the paper size",
        "vas-full-scale study --preset quick": "pip install 'variance-aware-sampling[full-scale]'",
        "vas-theory verify --record": "--record must be used in a checkout",
        "vas-figures readme": "readme must be used in a checkout",
    }.items():
        assert words in here.run(command, fails=True)
    assert here.files() == here.before


def test_every_extra_is_tried() -> None:
    assert set(WITH) == set(EXTRAS)
    assert set(WANTED) <= set(EXTRAS)


def tiny_study(folder: Path) -> None:
    """Write a model, questions, and a study of that model that takes seconds."""
    build_tiny(folder / "model")
    rows = [{"problem": f"{a}+1=", "answer": str(a + 1)} for a in range(6)]
    (folder / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (folder / "tiny.toml").write_text(
        """
[model]
name = "model"
precision = "float32"
[task]
largest_operand = 4
[rollouts]
prompts_per_step = 4
group_size = 8
max_new_tokens = 1
[training]
steps = 2
evaluate_every = 2
[[arms]]
name = "vas"
mixture_ratio = 0.5
""",
        encoding="utf-8",
    )


@pytest.mark.parametrize("extra", WANTED)
def test_an_extra_installs_without_constraints_and_does_what_it_is_for(
    extra: str, install: Callable[[str], Installed]
) -> None:
    here = install(extra)
    writers.verl(here.folder / "log", writers.some_rollouts())
    if extra == "full-scale":
        (here.folder / "model").mkdir()
        tiny_study(here.folder)
    for command in WITH[extra]:
        here.run(command)
    assert here.files() == here.before
    shutil.rmtree(here.bin.parent)  # some hold gigabytes
