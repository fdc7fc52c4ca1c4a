"""Kill real jobs at random moments and compare every file of what they leave with an undisturbed run.

``python tests/faults/kill.py --jobs compact sweep --kills 50 --seed 0 --table FILE``: each job runs once alone; then it
is started again and again in another folder, killed (SIGKILL, with its whole process group) at a random moment, until
it was killed so often; then it runs to its end, and the digests of all files of the two folders are compared.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

TIMES = ("seconds", "rollout_seconds", "sampler_seconds", "sampler_share", "written", "step_time", "train_runtime")
"""What differs between two runs of anything: when it was, and how long it took."""

DERIVED = (*TIMES, "sha256", "bytes", "files", "checksum")
"""In records beside the files also what follows from their bytes: the bytes themselves are compared."""


@dataclass(frozen=True)
class Job:
    """A command that is to end with the same files however often it was killed.

    Args:
        what: in words.
        command: from the folder in which it is to write.
        environment: further variables, from that folder.
        prepare: called once with the folder.
    """

    what: str
    command: Callable[[Path], list[str]]
    environment: Callable[[Path], dict[str, str]] = lambda folder: {}
    prepare: Callable[[Path], None] = lambda folder: None


def _tiny(folder: Path) -> Path:
    """Write the tests' tiny language model, once for all jobs."""
    spec = importlib.util.spec_from_file_location("tiny", ROOT / "tests" / "full_scale" / "conftest.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    model: Path = module.build_tiny(folder)
    return model


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
steps = 60
evaluate_every = 20
checkpoint_every = 2
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

CONVERSION = "from full_scale.models.packaged import ensure_packaged_model; ensure_packaged_model()"


def jobs(shared: Path) -> dict[str, Job]:
    """Return the jobs by name; what they share, such as the tiny model, lies in ``shared``."""
    model = shared / "tiny"
    if not model.exists():
        _tiny(model)
    (shared / "tiny.toml").write_text(STUDY.format(model=model), encoding="utf-8")
    (shared / "run_trl.py").write_text(TRL, encoding="utf-8")
    python = [sys.executable, "-m"]

    def study(folder: Path) -> list[str]:
        return [*python, "full_scale", "study", "--config", str(shared / "tiny.toml"), "--output", str(folder)]

    def small_tables(folder: Path) -> None:
        for name in ("simulations", "full_scale", "vas_theory"):
            results = ROOT / name / "results" / "paper"
            if results.exists():
                shutil.copytree(results, folder / name / "results" / "paper")

    return {
        "compact": Job("a study of a tiny model in the compact engine, every stage", study),
        "trl": Job(
            "a training of a tiny model through TRL",
            lambda folder: [sys.executable, str(shared / "run_trl.py"), str(model), str(folder / "run")],
        ),
        "sweep": Job(
            "an experiment in cells",
            lambda folder: [
                *(*python, "simulations", "run", "time_to_target", "--preset", "quick"),
                *("--workers", "2", "--output", str(folder)),
            ],
        ),
        "network": Job(
            "a network tournament",
            lambda folder: [
                *(*python, "simulations", "networks", "tournament", "--preset", "smoke", "--output", str(folder)),
            ],
        ),
        "conversion": Job(
            "the conversion of a packaged model",
            lambda folder: [sys.executable, "-c", CONVERSION],
            environment=lambda folder: {"XDG_CACHE_HOME": str(folder)},
        ),
        "figures": Job(
            "a build of figures",
            lambda folder: [
                *(*python, "paper_figures", "make", "potential_flows", "real_predictions", "--preset", "paper"),
                *("--root", str(folder)),
            ],
            prepare=small_tables,
        ),
    }


def digests(folder: Path) -> dict[str, str]:
    """Return path -> SHA-256 of every file; times of day and durations are left out of tables and records."""
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        if path.suffix == ".lock" or path.parent.name.startswith("checkpoint-"):
            continue  # of TRL's checkpoints the last ones stay; what they lead to is compared
        found[str(path.relative_to(folder))] = hashlib.sha256(_content(path)).hexdigest()
    return found


def _content(path: Path) -> bytes:
    if path.suffix == ".parquet":
        import pandas as pd

        frame = pd.read_parquet(path)
        return frame.drop(columns=[name for name in TIMES if name in frame]).to_json(double_precision=15).encode()
    if path.suffix == ".json":
        return json.dumps(_without(json.loads(path.read_text(encoding="utf-8"))), sort_keys=True).encode()
    return path.read_bytes()


def _without(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without(item) for name, item in value.items() if name not in DERIVED}
    return [_without(item) for item in value] if isinstance(value, list) else value


def _start(job: Job, folder: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **job.environment(folder)}
    with (folder.parent / f"{folder.name}.log").open("ab") as log:
        return subprocess.Popen(
            job.command(folder), env=environment, stdout=log, stderr=log, cwd=ROOT, start_new_session=True
        )


def survive(job: Job, work: Path, kills: int, rng: random.Random) -> dict[str, Any]:
    """Run a job alone, then under ``kills`` kills, and compare; a job that ends before it is killed begins anew."""
    whole = work / "whole"
    whole.mkdir(parents=True)
    job.prepare(whole)
    began = time.monotonic()
    code = _start(job, whole).wait()
    duration = time.monotonic() - began
    if code != 0:
        raise SystemExit(f"the undisturbed run ended with {code}: {work}/whole.log")
    wanted = digests(whole)
    done, rounds, different = 0, 0, []
    while done < kills:
        rounds += 1
        folder = work / f"killed{rounds}"
        folder.mkdir()
        job.prepare(folder)
        while done < kills:
            process = _start(job, folder)
            try:
                if process.wait(timeout=rng.uniform(0, duration)) != 0:
                    raise SystemExit(f"a run that was killed before did not end: {folder}.log")
                break
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                done += 1
        if process.returncode != 0 and _start(job, folder).wait() != 0:
            raise SystemExit(f"a run that was killed before did not end: {folder}.log")
        found = digests(folder)
        different += [f"{folder.name}/{name}" for name in wanted.keys() | found if wanted.get(name) != found.get(name)]
        if not different:
            shutil.rmtree(folder)
    return {"files": len(wanted), "kills": done, "rounds": rounds, "different": sorted(different)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", nargs="+", default=None, help="all when none are given")
    parser.add_argument("--kills", type=int, default=50, help="of each job")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--work", type=Path, default=None, help="a new folder for what the jobs write")
    parser.add_argument("--table", type=Path, default=None, help="a markdown table of what came out")
    arguments = parser.parse_args()
    work = arguments.work or Path(tempfile.mkdtemp(prefix="kill-"))
    work.mkdir(parents=True, exist_ok=True)
    known = jobs(work)
    unknown = [name for name in arguments.jobs or () if name not in known]
    if unknown:
        parser.error(f"--jobs must be among {', '.join(known)}, got {', '.join(unknown)}")
    lines = ["| job | kills | runs | files compared | that differ |", "|---|---|---|---|---|"]
    failed = False
    for name in arguments.jobs or known:
        rng = random.Random(f"{arguments.seed} {name}")
        outcome = survive(known[name], work / name, arguments.kills, rng)
        failed |= bool(outcome["different"])
        for path in outcome["different"]:
            print(f"{name}: {path} differs", flush=True)
        shown = [known[name].what, outcome["kills"], outcome["rounds"], outcome["files"], len(outcome["different"])]
        lines.append(f"| {' | '.join(map(str, shown))} |")
        print(lines[-1], flush=True)
    if arguments.table is not None:
        arguments.table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
