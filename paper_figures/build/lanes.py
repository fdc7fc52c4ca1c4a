"""Commands side by side: each lane runs its own one after the other, and one line now and then tells of the whole."""

from __future__ import annotations

import concurrent.futures
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

__all__ = ["Job", "JobFailed", "Lanes"]

_UNKNOWN = 15.0
"""Seconds that a job counts for of which nothing is on record."""


@dataclass(frozen=True)
class Job:
    """Something to run.

    Args:
        name: what progress calls it, and its key in the record of seconds.
        stage: the stage of the whole that it belongs to.
        run: runs it with what it prints going to a log, and returns its exit code; it is told of the process it
            starts, which is ended when another job fails.
    """

    name: str
    stage: str
    run: Callable[[TextIO, Callable[[subprocess.Popen[bytes]], None]], int]


class JobFailed(Exception):
    """A job ended with an exit code other than 0; ``log`` holds what it printed."""

    def __init__(self, job: Job, exit_code: int, log: Path) -> None:
        super().__init__(f"{job.name} ended with exit code {exit_code}")
        self.job, self.exit_code, self.log = job, exit_code, log


class Lanes:
    """The jobs of a whole run and what each took.

    Args:
        logs: folder for what jobs print.
        record: job -> seconds that it took on an earlier run, from which the time left is told.
        every: seconds between lines while no job ends.
    """

    def __init__(self, logs: Path, record: Mapping[str, float], every: float = 20.0) -> None:
        self.seconds: dict[str, float] = {}
        self.done: list[str] = []
        self._logs, self._record, self._every = logs, record, every
        self._start = time.monotonic()
        self._running: dict[str, float] = {}
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._stopping = False
        self._lock = threading.Lock()

    def run(self, lanes: Sequence[Sequence[Job]], later: Sequence[Job] = ()) -> None:
        """Run lanes side by side.

        Args:
            lanes: the jobs of each, in order.
            later: jobs that come after these, to tell the time left of the whole.

        Raises:
            JobFailed: a job failed; what ran beside it was ended.
        """
        self._logs.mkdir(parents=True, exist_ok=True)
        with concurrent.futures.ThreadPoolExecutor(max(len(lanes), 1)) as pool:
            futures = {pool.submit(self._lane, jobs) for jobs in lanes}
            try:
                while futures:
                    ended, futures = concurrent.futures.wait(
                        futures, timeout=self._every, return_when=concurrent.futures.FIRST_COMPLETED
                    )
                    for future in ended:
                        future.result()
                    if not ended:
                        self._tell([*(job for jobs in lanes for job in jobs), *later], len(lanes))
            except BaseException:
                self._stop()
                raise

    def _lane(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            if self._stopping:
                return
            path = self._logs / f"{job.name.replace(' ', '-')}.log"
            began = self._running[job.name] = time.monotonic()
            with path.open("w", encoding="utf-8") as log:
                exit_code = job.run(log, self._processes.add)
            del self._running[job.name]
            if self._stopping:
                return
            if exit_code:
                raise JobFailed(job, exit_code, path)
            with self._lock:
                self.seconds[job.name] = time.monotonic() - began
                self.done.append(job.name)
            print(f"  done  {job.name} ({self.seconds[job.name]:.1f} s)", flush=True)

    def _stop(self) -> None:
        self._stopping = True
        for process in list(self._processes):
            if process.poll() is None:
                process.terminate()

    def _tell(self, jobs: Sequence[Job], lanes: int) -> None:
        elapsed = time.monotonic() - self._start
        print(
            f"  {elapsed / 60:.1f} min, about {max(self.left(jobs, lanes) / 60, 0.1):.1f} min left; running: "
            f"{', '.join(sorted(self._running)) or 'nothing'}",
            flush=True,
        )

    def left(self, jobs: Sequence[Job], lanes: int) -> float:
        """Return seconds until all jobs are done, as long as what is done took on record and took now tells."""
        known = [name for name in self.seconds if name in self._record]
        on_record = sum(self._record[name] for name in known)
        pace = sum(self.seconds[name] for name in known) / on_record if on_record else 1.0
        now, rest = time.monotonic(), []
        for job in jobs:
            if job.name not in self.seconds:
                whole = pace * self._record.get(job.name, _UNKNOWN)
                spent = now - self._running[job.name] if job.name in self._running else 0.0
                rest.append(max(whole - spent, 0.0))
        return max(sum(rest) / max(lanes, 1), max(rest, default=0.0))
