"""The main job: verify, simulate, train, draw and report, stage by stage, each skipped when it is current."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from paper_figures.build.graph import build, stale_reasons
from paper_figures.build.nodes import claims_node, project_tables
from paper_figures.drawing.declaration import ROOT
from paper_figures.report.results import Counts, claim_counts, prediction_counts
from vas_theory.foundation.errors import MissingExtraError
from vas_theory.provenance.tables import atomic_path

__all__ = ["reproduce"]


_NEEDED = {
    "figures": ("matplotlib", "jinja2", "latex2mathml"),
    "full-scale": ("torch", "transformers", "safetensors", "gguf"),
}


class StageFailed(Exception):
    """A stage's command ended with an exit code other than 0."""

    def __init__(self, command: Sequence[str], exit_code: int) -> None:
        super().__init__(f"{' '.join(command)} ended with exit code {exit_code}")
        self.exit_code = exit_code


@dataclass(frozen=True)
class Stage:
    """One part of the job: a name, what it does in words, and how to run it."""

    name: str
    summary: str
    run: Callable[[], None]


def _call(arguments: Sequence[str]) -> None:
    """Run ``python -m ARGUMENTS`` in the project's folder with its output shown as it comes."""
    print(f"  python -m {' '.join(arguments)}", flush=True)
    outcome = subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT)
    if outcome.returncode:
        raise StageFailed(["python", "-m", *arguments], outcome.returncode)


def _require_everything() -> None:
    """Say at once what a late stage would miss.

    Raises:
        MissingExtraError: a package that some stage needs is not installed.
    """
    for extra, modules in _NEEDED.items():
        for module in modules:
            if importlib.util.find_spec(module) is None:
                raise MissingExtraError(module, extra)


def _verify(root: Path, preset: str) -> None:
    node = claims_node(root, preset)
    if not stale_reasons(node):
        print(f"  {node.outputs[0]} is current", flush=True)
        return
    try:
        build(node)
    except subprocess.CalledProcessError as error:
        raise StageFailed(["python", "-m", "vas_theory", "verify"], error.returncode) from None


def _stages(root: Path, preset: str) -> list[Stage]:
    commands: dict[str, list[list[str]]] = {"simulations": [], "full_scale": []}
    for table in project_tables(root, preset):
        arguments = table.arguments(root, preset)
        if table.is_made(preset) and arguments not in commands[table.room]:
            commands[table.room].append(arguments)

    def run_all(room: str) -> Callable[[], None]:
        def run() -> None:
            for arguments in commands[room]:
                _call(arguments)

        return run

    here = ["--preset", preset, "--root", str(root)]
    return [
        Stage("verify", "every claim and its certificate", lambda: _verify(root, preset)),
        Stage("simulations", "experiments on random bandits", run_all("simulations")),
        Stage("study", "GRPO and VAS on a real language model", run_all("full_scale")),
        Stage("figures", "what is stale among the figures", lambda: _call(["paper_figures", "make", *here])),
        Stage("report", "one offline page", lambda: _call(["paper_figures", "report", *here])),
        Stage("explorer", "a page on which you try your own pool", lambda: _call(["paper_figures", "explorer", *here])),
    ]


def _describe(counts: Counts) -> str:
    return ", ".join(f"{number} {verdict}" for verdict, number in sorted(counts.verdicts.items()))


def _summary(root: Path, preset: str, minutes: float) -> str:
    claims, predictions = claim_counts(root, preset), prediction_counts(root, preset)
    report = root / "paper_figures" / "output" / "report.html"
    shown = report.relative_to(Path.cwd()) if report.is_relative_to(Path.cwd()) else report
    rows = [
        ("claims verified", f"{claims.standing} of {claims.total}", _describe(claims)),
        ("predictions held", f"{predictions.standing} of {predictions.total}", _describe(predictions)),
        ("minutes spent", f"{minutes:.1f}", ""),
    ]
    lines = [f"  {name:<17} {value:>9}  {detail}".rstrip() for name, value, detail in rows]
    return "\n".join([f"report: {shown}", "", *lines])


def reproduce(root: Path, preset: str, record: Path | None = None) -> int:
    """Run every stage in order and stop at the first that fails.

    Args:
        root: the project's folder, under which the packages keep their outputs.
        preset: the size of the job.
        record: where to store the closing lines besides printing them.

    Returns:
        0, or the exit code of the stage that failed.

    Raises:
        MissingExtraError: a package that some stage needs is not installed.
    """
    _require_everything()
    start = time.perf_counter()
    stages = _stages(root, preset)
    for position, stage in enumerate(stages, 1):
        print(f"[{position}/{len(stages)}] {stage.name}: {stage.summary}", flush=True)
        began = time.perf_counter()
        try:
            stage.run()
        except StageFailed as error:
            done = ", ".join(earlier.name for earlier in stages[: position - 1]) or "none"
            print(f"error: stage {stage.name} failed: {error} (stages that are done: {done})", file=sys.stderr)
            return error.exit_code if error.exit_code > 0 else 1
        print(f"  {time.perf_counter() - began:.1f} s", flush=True)
    summary = _summary(root, preset, (time.perf_counter() - start) / 60)
    print(f"\n{summary}")
    if record is not None:
        with atomic_path(record) as temporary:
            temporary.write_text(summary + "\n", encoding="utf-8")
    return 0
