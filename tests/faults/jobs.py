"""The jobs that are killed: one of every kind that works for more than a moment and writes files."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ROOT", "Job", "jobs"]

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Job:
    """A command that is to end with the same files however often it was killed.

    Args:
        what: in words.
        command: from the folder in which it is to write: ``-m`` and a module, or nothing and a script, then arguments.
        environment: further variables, from that folder.
        prepare: called once with the folder.
    """

    what: str
    command: Callable[[Path], list[str]]
    environment: Callable[[Path], dict[str, str]] = lambda folder: {}
    prepare: Callable[[Path], None] = lambda folder: None


def _tiny(folder: Path) -> Path:
    """Write the tests' tiny language model, once for all jobs."""
    from tests.full_scale.conftest import build_tiny  # torch is loaded when a model is made

    return build_tiny(folder)


STUDY = """
[model]
name = "{model}"
precision = "float32"
[task]
largest_operand = 4
[rollouts]
prompts_per_step = 4
group_size = 8
max_new_tokens = 1
[optimiser]
learning_rate = 1e-3
[training]
steps = 24
evaluate_every = 8
checkpoint_every = 1
seeds = [0]
[[arms]]
name = "uniform"
mixture_ratio = 0.0
[[arms]]
name = "vas"
"""

TRL = """
import json, os, sys
from datasets import Dataset
from trl import GRPOConfig
from full_scale import VASConfig, VASGRPOTrainer

model, output = sys.argv[1:]
rows = [{"prompt": f"{a}+{b}=", "answer": str(a + b)} for a in range(4) for b in range(3)]

def parity(prompts, completions, **kwargs):
    return [float((sum(map(ord, text)) + ord(prompt[0])) % 2) for text, prompt in zip(completions, prompts)]

args = GRPOConfig(
    output_dir=output, max_steps=24, per_device_train_batch_size=8, num_generations=4, max_completion_length=2,
    learning_rate=1e-2, logging_steps=1, save_steps=2, save_total_limit=2, use_cpu=True, bf16=False,
    report_to="none", disable_tqdm=True,
)
trainer = VASGRPOTrainer(model=model, reward_funcs=parity, args=args, train_dataset=Dataset.from_list(rows),
                         vas=VASConfig())
there = os.path.isdir(output) and any(name.startswith("checkpoint") for name in os.listdir(output))
trainer.train(resume_from_checkpoint=there)
TIMES = ("sampler_seconds", "step_time", "runtime", "per_second", "flos")
logs = [{k: v for k, v in row.items() if not any(t in k for t in TIMES)} for row in trainer.state.log_history
        if "loss" in row]
with open(os.path.join(output, "log.json"), "w") as stream:
    json.dump({"log": logs, "state": trainer.sampler.state_dict()["checksum"]}, stream)
trainer.save_model(os.path.join(output, "weights"))
"""

FIGURES = ("potentials", "real_predictions", "real_dynamics")

CONVERSION = "from full_scale.models.packaged import ensure_packaged_model; ensure_packaged_model()"


def jobs(shared: Path) -> dict[str, Job]:
    """Return the jobs by name; what they share, such as the tiny model, lies in ``shared``."""
    model = shared / "tiny"
    if not model.exists():
        _tiny(model)
    (shared / "tiny.toml").write_text(STUDY.format(model=model), encoding="utf-8")
    (shared / "run_trl.py").write_text(TRL, encoding="utf-8")
    (shared / "convert.py").write_text(CONVERSION, encoding="utf-8")

    def training(folder: Path) -> list[str]:
        return ["-m", "full_scale", "train", "--config", str(shared / "tiny.toml"), "--output", str(folder)]

    def small_tables(folder: Path) -> None:
        for name in ("simulations", "full_scale", "vas_theory"):
            results = ROOT / name / "results" / "paper"
            if results.exists():
                shutil.copytree(results, folder / name / "results" / "paper")

    def after(name: str, *arguments: str) -> Callable[[Path], None]:
        """Return what puts there what a command makes that comes before the job; it runs once."""
        before = shared / name

        def prepare(folder: Path) -> None:
            if not before.exists():
                command = [sys.executable, "-m", "full_scale", *arguments, "--output", str(before)]
                with (shared / f"{name}.log").open("wb") as log:
                    subprocess.run(command, check=True, cwd=ROOT, stdout=log, stderr=log)
            shutil.copytree(before, folder, dirs_exist_ok=True)

        return prepare

    return {
        "compact": Job(
            "a training of a tiny model in the compact engine, two arms",
            training,
            prepare=after("predicted", "predict", "--config", str(shared / "tiny.toml")),
        ),
        "trl": Job(
            "a training of a tiny model through TRL",
            lambda folder: ["", str(shared / "run_trl.py"), str(model), str(folder / "run")],
        ),
        "sweep": Job(
            "an experiment in cells",
            lambda folder: [
                *("-m", "simulations", "run", "time_to_target", "--preset", "quick"),
                *("--workers", "2", "--output", str(folder)),
            ],
        ),
        "network": Job(
            "a network tournament",
            lambda folder: [
                *("-m", "simulations", "networks", "tournament", "--preset", "smoke", "--output", str(folder)),
            ],
        ),
        "conversion": Job(
            "the conversion of a packaged model",
            lambda folder: ["", str(shared / "convert.py")],
            environment=lambda folder: {"XDG_CACHE_HOME": str(folder)},
        ),
        "figures": Job(
            "a build of three figures, with all their files",
            lambda folder: [
                *("-m", "paper_figures", "make", *FIGURES, "--preset", "paper"),
                *("--root", str(folder)),
            ],
            prepare=small_tables,
        ),
        "pipeline": Job(
            "a stage of the pipeline, the cold start",
            lambda folder: [
                *("-m", "full_scale", "pipeline", "vlm-smoke", "--only", "cold-start", "--output", str(folder)),
                *("--set", "cold_start.steps=24"),
            ],
            prepare=after("curated", "pipeline", "vlm-smoke", "--only", "curate"),
        ),
    }
