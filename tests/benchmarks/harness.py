"""Speed as ratios: candidates measured side by side in one run, and a table that says which floors they hold."""

from __future__ import annotations

import importlib.metadata
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from vas_theory.provenance.fingerprint import Key, key_of
from vas_theory.provenance.tables import atomic_path, write_table

__reads__ = ()

FOLDER = Path(__file__).parents[2] / "vas_theory" / "output" / "benchmarks"


def benchmark_key() -> Key:
    """Return the key of how speed is measured: what was measured is the code of the commit beside it."""
    here = Path(__file__).parent
    return key_of(*(f"tests.benchmarks.{path.stem}:*" for path in sorted(here.glob("*.py"))), within="tests.benchmarks")


def interleaved_seconds(
    candidates: Mapping[str, Callable[[], object]], *, repeats: int, calls: Mapping[str, int] | None = None
) -> dict[str, list[float]]:
    """Processor seconds a call, one number a round; the candidates take turns, so that all meet the same load.

    Processor time, because what other programs take from the clock is no candidate's doing. It adds up the threads
    of this process: give every candidate one thread.

    Args:
        candidates: name -> what to call; each is called once beforehand, to compile and to fill caches.
        repeats: rounds.
        calls: name -> calls in each of its turns (1 where missing); many for what takes microseconds.
    """
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    for call in candidates.values():
        call()
    for _ in range(repeats):
        for name, call in candidates.items():
            count = (calls or {}).get(name, 1)
            start = time.process_time()
            for _ in range(count):
                call()
            seconds[name].append((time.process_time() - start) / count)
    return seconds


def cpu_model() -> str:
    """The processor's name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()


@dataclass(frozen=True)
class Row:
    """One comparison. ``ratio`` is the peer's time over ours: above 1 we are faster."""

    name: str
    peer: str
    shape: str
    ratio: float
    floor: float
    met: bool
    lowest_ratio: float
    highest_ratio: float
    seconds: float
    peer_seconds: float
    versions: str
    cpu: str


@dataclass
class Report:
    """The comparisons of one run."""

    rows: list[Row] = field(default_factory=list)

    def compare(
        self,
        name: str,
        *,
        ours: list[float],
        peer: str,
        theirs: list[float],
        shape: str,
        floor: float,
        packages: tuple[str, ...] = (),
    ) -> Row:
        """Note the median of the rounds' ratios theirs / ours; the test asserts that the row is ``met``.

        Args:
            name: what is measured.
            ours: seconds of each round.
            peer: what it is measured against.
            theirs: the peer's seconds in the same rounds.
            shape: the size of the problem, in words.
            floor: the least ratio; one over the largest allowed multiple where the peer may be faster.
            packages: whose versions belong to the result, besides numpy and numba.
        """
        ratios = [b / a for a, b in zip(ours, theirs, strict=True)]
        ratio = statistics.median(ratios)
        versions = ", ".join(f"{p} {importlib.metadata.version(p)}" for p in ("numpy", "numba", *packages))
        row = Row(
            name,
            peer,
            shape,
            ratio,
            floor,
            ratio >= floor,
            min(ratios),
            max(ratios),
            statistics.median(ours),
            statistics.median(theirs),
            f"Python {platform.python_version()}, {versions}",
            cpu_model(),
        )
        self.rows.append(row)
        return row

    def text(self) -> str:
        """The table for people."""
        head = ("what", "against", "shape", "ratio", "range", "floor", "met")
        body = [
            (
                row.name,
                row.peer,
                row.shape,
                f"{row.ratio:.3g}",
                f"{row.lowest_ratio:.3g}..{row.highest_ratio:.3g}",
                f"{row.floor:.3g}",
                "yes" if row.met else "NO",
            )
            for row in self.rows
        ]
        widths = [max(len(line[k]) for line in [head, *body]) for k in range(len(head))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in [head, *body]
        ]
        lines.insert(1, "  ".join("-" * width for width in widths))
        return "\n".join(
            [
                "Ratio: the peer's processor time over ours, median of interleaved rounds.",
                "A floor below 1 is one over the largest multiple of the peer's time that is allowed.",
                f"CPU: {cpu_model()}",
                *sorted({row.versions for row in self.rows}),
                "",
                *lines,
                "",
            ]
        )

    def write(self, folder: Path = FOLDER) -> None:
        """Write the table as parquet and as text; the newest run replaces the one before."""
        import pandas as pd

        write_table(
            pd.DataFrame([asdict(row) for row in self.rows]),
            folder / "speed_ratios.parquet",
            config={"comparisons": len(self.rows)},
            seed=None,
            key=benchmark_key(),
        )
        with atomic_path(folder / "speed_ratios.txt") as temporary:
            temporary.write_text(self.text(), encoding="utf-8")
