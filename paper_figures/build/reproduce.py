"""The main job: a first result at once, then verify, simulate, train, draw and report; what is current is skipped."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

from paper_figures.build.digest import DIGEST
from paper_figures.build.graph import build, stale_reasons
from paper_figures.build.lanes import Job, JobFailed, Lanes
from paper_figures.build.nodes import claims_node, project_tables
from paper_figures.drawing.declaration import ROOT
from paper_figures.figures import figure_names, get_figures
from paper_figures.report.results import Counts, claim_counts, prediction_counts
from vas_theory.claims import all_claims
from vas_theory.foundation.errors import DataError, MissingExtraError
from vas_theory.provenance.tables import atomic_path, write_json

__all__ = ["SECONDS", "reproduce"]


_NEEDED = {
    "figures": ("matplotlib", "jinja2", "latex2mathml"),
    "full-scale": ("torch", "transformers", "safetensors", "gguf"),
}
SECONDS = ROOT / "paper_figures" / "results" / "reproduce_seconds.json"
"""What each part took when the main job was recorded last, from which it tells the time left."""
_FIRST = "network_learning"
_STAGES = {
    "verify": "every claim and its certificate",
    "simulations": "experiments on bandits and small networks",
    "study": "GRPO and VAS on a real language model",
    "figures": "what is stale among the figures",
    "report": "one offline page",
    "explorer": "a page on which you try your own pool",
}


def _module(name: str, stage: str, arguments: Sequence[str]) -> Job:
    """Return the job ``python -m ARGUMENTS`` in the project's folder."""

    def run(log: TextIO, started: Callable[[subprocess.Popen[bytes]], None]) -> int:
        process = subprocess.Popen([sys.executable, "-m", *arguments], cwd=ROOT, stdout=log, stderr=log)
        started(process)
        return process.wait()

    return Job(name, stage, run)


def _require_everything() -> None:
    """Say at once what a late stage would miss.

    Raises:
        MissingExtraError: a package that some stage needs is not installed.
    """
    for extra, modules in _NEEDED.items():
        for module in modules:
            if importlib.util.find_spec(module) is None:
                raise MissingExtraError(module, extra)


def _first_results(root: Path) -> Iterator[str]:
    """Verify ten claims, and draw one figure from committed tables: what a reader can look at meanwhile."""
    from paper_figures.canvases import figure
    from vas_theory.claims.lib.checks import verify

    claims = all_claims()
    for name in DIGEST:
        if name in claims:
            stands = verify(claims[name]).passed
            yield f"  {name} {claims[name].verdict!s:<8} {'' if stands else 'DOES NOT STAND: '}{DIGEST[name]}"
    name = _FIRST if _FIRST in figure_names() else figure_names()[0]
    (declared,) = get_figures([name])
    target = root / "paper_figures" / "output" / "first_figure.png"
    if not all(path.is_file() for table in declared.inputs.values() for path in table.files(root, "paper")):
        yield "  there are no committed tables here: the first figure comes with the others"
        return
    with atomic_path(target) as temporary:
        figure(name, root=root).savefig(temporary, format="png", dpi=150)
    yield f"  {_shown(target)}: {declared.title.lower()}, from committed tables"


def _verify(root: Path, preset: str) -> Job:
    def run(log: TextIO, started: Callable[[subprocess.Popen[bytes]], None]) -> int:
        node = claims_node(root, preset, log, started)
        try:
            if stale_reasons(node):
                build(node)
        except subprocess.CalledProcessError as error:
            return error.returncode
        return 0

    return Job("verify", "verify", run)


def _rooms(root: Path, preset: str) -> dict[str, list[Job]]:
    """Return the jobs that make tables, by room and in order."""
    jobs: dict[str, dict[str, Job]] = {"simulations": {}, "full_scale": {}}
    stages = {"simulations": "simulations", "full_scale": "study"}
    for table in project_tables(root, preset):
        if table.is_made(preset):
            name = table.command.partition(" --")[0].removeprefix(f"{table.room} ").removeprefix("run ")
            jobs[table.room].setdefault(name, _module(name, stages[table.room], table.arguments(root, preset)))
    return {room: list(found.values()) for room, found in jobs.items()}


def _phases(root: Path, preset: str) -> list[list[list[Job]]]:
    """Return the lanes of each phase: tables, then figures, then pages."""
    here = ["--preset", preset, "--root", str(root)]
    rooms = _rooms(root, preset)
    names = figure_names()
    halves = [part for part in (names[::2], names[1::2]) if part]
    return [
        [[_verify(root, preset), *rooms["full_scale"]], rooms["simulations"]],
        [
            [_module(f"figures {place}", "figures", ["paper_figures", "make", *half, *here])]
            for place, half in enumerate(halves, 1)
        ],
        [[_module(page, page, ["paper_figures", page, *here])] for page in ("report", "explorer")],
    ]


def _shown(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _describe(counts: Counts) -> str:
    return ", ".join(f"{number} {verdict}" for verdict, number in sorted(counts.verdicts.items()))


def _summary(root: Path, preset: str, minutes: float) -> str:
    claims, rehearsed = claim_counts(root, preset), prediction_counts(root, preset)
    try:  # the small sizes only rehearse the study, so that what counts are the predictions of the paper size
        predictions, size = prediction_counts(root, "paper"), "paper"
    except DataError:
        predictions, size = rehearsed, preset
    about = f"{_describe(predictions)} (size {size}" + (f"; {rehearsed.total} rehearsed)" if size != preset else ")")
    rows = [
        ("claims verified", f"{claims.standing} of {claims.total}", _describe(claims)),
        ("predictions held", f"{predictions.standing} of {predictions.total}", about),
        ("minutes spent", f"{minutes:.1f}", ""),
    ]
    lines = [f"  {name:<17} {value:>10}  {detail}".rstrip() for name, value, detail in rows]
    report = _shown(root / "paper_figures" / "output" / "report.html")
    return "\n".join([f"report: {report}", "", *lines])


def _earlier_seconds() -> dict[str, float]:
    try:
        return {str(name): float(value) for name, value in json.loads(SECONDS.read_text(encoding="utf-8")).items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}  # never recorded, or damaged: every part counts alike


def _done(lanes: Lanes, phases: Sequence[Sequence[Sequence[Job]]]) -> str:
    jobs = [job for phase in phases for lane in phase for job in lane]
    whole = Counter(job.stage for job in jobs)
    ready = Counter(job.stage for job in jobs if job.name in lanes.seconds)
    return ", ".join(stage for stage in _STAGES if whole[stage] and ready[stage] == whole[stage]) or "none"


def reproduce(root: Path, preset: str, record: Path | None = None) -> int:
    """Show a first result, then run every part, two side by side, and stop at the first that fails.

    Args:
        root: the project's folder, under which the packages keep their outputs.
        preset: the size of the job.
        record: where to store the closing lines besides printing them; what each part took is stored then, too.

    Returns:
        0, or the exit code of the part that failed.

    Raises:
        MissingExtraError: a package that some part needs is not installed.
    """
    _require_everything()
    start = time.perf_counter()
    phases = _phases(root, preset)
    jobs = [job for phase in phases for lane in phase for job in lane]
    lanes = Lanes(root / "paper_figures" / "output" / preset / "logs", _earlier_seconds())
    print("first results: ten of the paper's claims, checked now, and a figure", flush=True)
    for line in _first_results(root):
        print(line, flush=True)
    left = lanes.left(jobs, 2) / 60
    print(f"the rest: {len(jobs)} parts, two at a time, about {left:.0f} minutes on two free cores", flush=True)
    for stage in dict.fromkeys(job.stage for job in jobs):
        print(f"  {stage}: {_STAGES[stage]}", flush=True)
    for place, phase in enumerate(phases):
        try:
            lanes.run(phase, [job for later in phases[place + 1 :] for lane in later for job in lane])
        except JobFailed as error:
            sys.stderr.write("".join(error.log.read_text(encoding="utf-8", errors="replace").splitlines(True)[-20:]))
            print(
                f"error: stage {error.job.stage} failed: {error} (stages that are done: {_done(lanes, phases)}; "
                f"log: {_shown(error.log)})",
                file=sys.stderr,
            )
            return error.exit_code if error.exit_code > 0 else 1
    summary = _summary(root, preset, (time.perf_counter() - start) / 60)
    print(f"\n{summary}")
    if record is not None:
        with atomic_path(record) as temporary:
            temporary.write_text(summary + "\n", encoding="utf-8")
        write_json(SECONDS, {name: round(value, 1) for name, value in sorted(lanes.seconds.items())})
    return 0
