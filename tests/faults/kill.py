"""Kill real jobs at random moments and compare every file of what they leave with an undisturbed run.

``python -m tests.faults.kill --jobs compact sweep --kills 50 --seed 0 --table FILE``: each job runs once alone; then it
is started again and again in a folder of the same name, killed (SIGKILL, with its whole process group) at a random
moment, in an empty folder not before it writes its first file, until it was killed so often; then it runs to its end,
and the digests of all files of the two folders are compared.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import runpy
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Mapping
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from tests.faults.jobs import ROOT, Job, jobs
from vas_theory.provenance.tables import parquet_bytes

TIMES = (
    *("seconds", "rollout_seconds", "sampler_seconds", "sampler_share", "written", "finished", "step_time"),
    "train_runtime",
)
"""What differs between two runs of anything: when it was, and how long it took."""

DERIVED = (*TIMES, "sha256", "bytes", "files", "checksum")
"""In records beside the files also what follows from their bytes: the bytes themselves are compared."""


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
        return parquet_bytes(frame.drop(columns=[name for name in TIMES if name in frame]))
    if path.suffix == ".json":
        return json.dumps(_without(json.loads(path.read_text(encoding="utf-8"))), sort_keys=True).encode()
    return path.read_bytes()


def _without(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without(item) for name, item in value.items() if name not in DERIVED}
    return [_without(item) for item in value] if isinstance(value, list) else value


def _load_libraries() -> None:
    """Load what the jobs need from elsewhere, once for all runs, and nothing of the project.

    A run is forked from here: loading takes most of the time of a short job and writes nothing.
    """
    import datasets
    import joblib
    import matplotlib.pyplot
    import numba
    import scipy.optimize
    import scipy.stats
    import seaborn
    import sympy
    from transformers import AutoModelForCausalLM, Qwen2_5_VLForConditionalGeneration
    from trl import GRPOTrainer, SFTTrainer

    del datasets, joblib, matplotlib, numba, scipy, seaborn, sympy
    del AutoModelForCausalLM, Qwen2_5_VLForConditionalGeneration, GRPOTrainer, SFTTrainer


def _run(job: Job, folder: Path) -> None:
    """Be the job's process, in a process group of its own."""
    os.setsid()
    log = os.open(folder.parent / f"{folder.name}.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for stream in (1, 2):
        os.dup2(log, stream)
    os.chdir(ROOT)
    os.environ.update(job.environment(folder))
    kind, name, *arguments = job.command(folder)
    sys.argv = [name, *arguments]
    if kind == "-m":
        runpy.run_module(name, run_name="__main__", alter_sys=True)
    else:
        runpy.run_path(name, run_name="__main__")


def _start(job: Job, folder: Path) -> BaseProcess:
    process = get_context("fork").Process(target=_run, args=(job, folder))
    process.start()
    return process


def _undisturbed(job: Job, folder: Path) -> tuple[float, float]:
    """Run a job to its end; return after how many seconds its first file was there, and after how many it ended."""
    before, started = set(folder.rglob("*")), time.time()
    began = time.monotonic()
    process = _start(job, folder)
    process.join()
    duration = time.monotonic() - began
    if process.exitcode != 0:
        raise SystemExit(f"the undisturbed run ended with {process.exitcode}: {folder}.log")
    written = [path.stat().st_mtime for path in set(folder.rglob("*")) - before if path.is_file()]
    if not written:
        raise SystemExit(f"the undisturbed run wrote nothing: {folder}.log")
    return max(0.0, min(written) - started), duration


def survive(job: Job, work: Path, kills: int, rng: random.Random) -> dict[str, Any]:
    """Run a job alone, then under ``kills`` kills, and compare; a job that ends before it is killed begins anew."""
    folder = work / "run"  # the same for every run, as some files name the folder they lie in

    def anew() -> None:
        folder.mkdir(parents=True)
        job.prepare(folder)

    anew()
    first, duration = _undisturbed(job, folder)
    wanted = digests(folder)
    folder.rename(work / "whole")
    done, rounds, different = 0, 0, []
    while done < kills:
        rounds += 1
        anew()
        ended, earliest = False, first
        while not ended and done < kills:
            began = time.monotonic()
            process = _start(job, folder)
            process.join(rng.uniform(earliest, duration))
            ended = process.exitcode is not None
            if not ended:
                os.killpg(process.ident or 0, signal.SIGKILL)
                process.join()
                done += 1
            elif earliest:  # it was faster than the run before, or the machine is less busy: kill sooner from now on
                shorter = (time.monotonic() - began) / duration
                first, duration = first * shorter, duration * shorter
            earliest = 0.0  # what goes on from where it was killed has less before it
        if not ended:
            process = _start(job, folder)
            process.join()
        if process.exitcode != 0:
            raise SystemExit(f"a run that was killed before ended with {process.exitcode}: {folder}.log")
        found = digests(folder)
        wrong = [name for name in wanted.keys() | found if wanted.get(name) != found.get(name)]
        different += [f"killed{rounds}/{name}" for name in wrong]
        if wrong:
            folder.rename(work / f"killed{rounds}")
        else:
            shutil.rmtree(folder)
    return {"files": len(wanted), "kills": done, "rounds": rounds, "different": sorted(different)}


def shown(table: Path) -> dict[str, str]:
    """Return the rows of a table by job; empty where there is none."""
    lines = table.read_text(encoding="utf-8").splitlines() if table.is_file() else []
    rows = [line for line in lines if line.startswith("| ")][1:]
    return {row.split(" | ")[0].removeprefix("| "): row for row in rows}


def write_table(table: Path, known: Mapping[str, Job], fresh: Mapping[str, str]) -> None:
    """Write the rows of this run among those that the table has of other jobs."""
    rows = shown(table) | fresh
    lines = [
        "# Jobs that were killed at random moments",
        "",
        "Written by `make kills`: the job starts again after every kill until it has ended, and every file that it",
        "leaves is compared with those of a run that was left alone.",
        "",
        "| job | kills | seed | complete runs | files compared in each | that differ |",
        "|---|---|---|---|---|---|",
    ]
    lines += [rows[job.what] for job in known.values() if job.what in rows]
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")


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
    _load_libraries()
    failed = False
    for name in arguments.jobs or known:
        rng = random.Random(f"{arguments.seed} {name}")
        outcome = survive(known[name], work / name, arguments.kills, rng)
        failed |= bool(outcome["different"])
        for path in outcome["different"]:
            print(f"{name}: {path} differs", flush=True)
        what, different = known[name].what, len(outcome["different"])
        cells = [what, outcome["kills"], arguments.seed, outcome["rounds"], outcome["files"], different]
        row = f"| {' | '.join(map(str, cells))} |"
        print(row, flush=True)
        if arguments.table is not None:
            write_table(arguments.table, known, {what: row})
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
