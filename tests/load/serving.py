"""Loads of what reads others' texts and files: the verifier under hostile answers, the page of 200 runs."""

from __future__ import annotations

import os
import resource
import statistics
import tempfile
import time
from pathlib import Path

from full_scale.rewards.verifier import VERDICTS, MathVerifier
from full_scale.watch.content import Watched
from full_scale.watch.page import render
from tests.full_scale.logs import writers
from tests.load.hostile import hostile_answers
from tests.load.rows import Row, peak_mib, resident_mib

__all__ = ["hostile_verifier", "many_runs"]

_GOLDS = ("2", r"\frac{1}{3}", "x^2+1", r"\sqrt{2}", "(1, 2)", r"\{1, 2\}", "Monday")


def _open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def hostile_verifier(count: int = 10_000, costly: int = 200, deadline: float = 1.0, memory_mib: int = 512) -> list[Row]:
    """Different hostile answers, one after the other; about one in ``costly`` is made to break deadline or memory."""
    with MathVerifier(deadline=deadline, memory_mib=memory_mib) as verifier:
        began = time.monotonic()
        verifier.verify("x", "x + 1")  # starts a child
        start = time.monotonic() - began
        before, files = resident_mib(), _open_files()
        seconds: list[float] = []
        for place, answer in enumerate(hostile_answers(count, costly=costly)):
            began = time.monotonic()
            verifier.verify(_GOLDS[place % len(_GOLDS)], answer)
            seconds.append(time.monotonic() - began)
        assert sum(verifier.counts.values()) == count + 1
        right, unknown = verifier.counts["right"], len(verifier.counts.keys() - set(VERDICTS))
        killed, grown, kept = verifier.replaced, resident_mib() / before, _open_files() - files
    assert killed > 0, "nothing broke a limit: the answers are not hostile enough"
    bound = count * statistics.median(seconds) + killed * (deadline + start)
    load = f"{count:,} hostile answers, {deadline:g} s and {memory_mib} MiB for each"
    return [
        Row(load, "called right, or with a word that is no verdict", right + unknown, 0),
        Row(load, f"longest answer, over the deadline and a child's start ({killed} children were ended)",
            max(seconds) / (deadline + start), 3),
        Row(load, "all answers, over their number times the median and the ended children's deadlines and starts",
            sum(seconds) / bound, 3),
        Row(load, "most memory of a child, over its limit", peak_mib(resource.RUSAGE_CHILDREN) / memory_mib, 1),
        Row(load, "memory of this process at the end over that at the beginning", grown, 1.25),
        Row(load, "files left open", kept, 0),
    ]  # fmt: skip


def many_runs(runs: int = 200, few: int = 20, steps: int = 10) -> list[Row]:
    """Read and show many runs: time and size a run against few runs, memory, and reading again."""
    with tempfile.TemporaryDirectory() as folder:
        paths = {count: Path(folder) / str(count) for count in (few, runs)}
        for count, path in paths.items():
            for place in range(count):
                writers.trl(path / f"arm{place % 4}-seed{place // 4}", writers.some_rollouts(steps, seed=place))
        _page(paths[few])  # loads and compiles
        before, seconds, sizes = peak_mib(), {}, {}
        for count, path in paths.items():
            start = time.process_time()
            watched, size = _page(path)
            seconds[count], sizes[count] = time.process_time() - start, size
            assert len(watched.read()) == count
            assert not watched.problems, watched.problems[:3]
        again = []
        for _ in range(5):
            start = time.process_time()
            watched.content("again")
            again.append(time.process_time() - start)
    load = f"`watch` with {runs} runs"
    return [
        Row(load, f"processor time of the first page a run, over that with {few} runs",
            seconds[runs] / runs / (seconds[few] / few), 2),
        Row(load, "processor time of reading again what has not changed, over the first page",
            statistics.median(again) / seconds[runs], 0.1),
        Row(load, f"bytes of the page a run, over those with {few} runs",
            sizes[runs] / runs / (sizes[few] / few), 1.1),
        Row(load, "MiB of memory a run, at most", (peak_mib() - before) / runs, 2),
    ]  # fmt: skip


def _page(path: Path) -> tuple[Watched, int]:
    """Return the runs of a folder and how long their page is, its script and style left out."""
    watched = Watched([path])
    empty = len(render({}, served=False, refresh=0))
    return watched, len(render(watched.content("now"), served=False, refresh=0)) - empty
