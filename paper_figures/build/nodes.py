"""The project's graph: claims, figures and report, and how their files depend on each other."""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TextIO

from paper_figures.build.graph import Node, fingerprint, read_record
from paper_figures.drawing import render
from paper_figures.drawing.declaration import ROOT, Figure, Table, output_folder, published_folder
from paper_figures.explorer.facts import TABLES as EXPLORER_TABLES
from paper_figures.explorer.networks import TABLE as NETWORKS
from paper_figures.figures import get_figures
from paper_figures.knowledge import KNOWLEDGE
from paper_figures.report.results import TABLES as REPORT_TABLES
from paper_figures.report.results import Job
from paper_figures.study import STUDY
from vas_theory.claims.lib.ledger import report_row
from vas_theory.foundation.command_line import require
from vas_theory.foundation.errors import DataError
from vas_theory.provenance.fingerprint import Entry, key_of
from vas_theory.provenance.project import this_project
from vas_theory.provenance.stamps import table_problems as file_problems
from vas_theory.provenance.tables import atomic_path, read_metadata, table_hash

__all__ = [
    "claims_node",
    "explorer_node",
    "figure_node",
    "figure_nodes",
    "project_nodes",
    "project_tables",
    "report_jobs",
    "report_node",
    "table_problems",
]

HERE = Path(__file__).resolve().parents[1]


def _files(paths: Iterable[Path]) -> dict[str, Path | str]:
    """Return files of the project by their place in it."""
    return {path.relative_to(HERE.parent).as_posix(): path for path in sorted(paths)}


def _code(*entries: Entry) -> dict[str, Path | str]:
    """Return what entries reach: a hash a module, and one for how its definitions refer to each other."""
    key = key_of(*entries)
    return {**key.modules, **key.files, "key": key.digest}


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"  # names and states can be told without; drawing says what is missing


def _remedies(tables: Iterable[Table], root: Path, preset: str) -> dict[Path, str]:
    """Return the files of tables, each with the command that makes it."""
    return {path: table.shown_command(preset) for table in tables for path in table.files(root, preset)}


def _makings(tables: Iterable[Table], root: Path, preset: str) -> dict[str, str]:
    """Return config and seed of each table that is there: figures read them beside the rows."""
    found = {}
    for table in tables:
        with contextlib.suppress(DataError):
            metadata = read_metadata(table.path(root, preset))
            found[f"config of {table.name}"] = json.dumps([metadata["config"], metadata["seed"]], sort_keys=True)
    return found


def project_tables(root: Path, preset: str) -> list[Table]:
    """Return the tables that figures, report and explorer of a preset read, each file once."""
    tables = [table for figure in get_figures() for table in figure.inputs.values()]
    return list({table.path(root, preset): table for table in [*tables, *REPORT_TABLES, *EXPLORER_TABLES]}.values())


def figure_node(figure: Figure, root: Path, preset: str) -> Node:
    """Return the node of one figure; at the paper size it also renews the committed copies."""
    folder = output_folder(root, preset)
    names = render.output_names(figure)
    published = {name: published_folder(root) / name for name in render.published_names(figure) if preset == "paper"}

    def draw() -> None:
        files = dict(render.render(figure, render.load_tables(figure, root, preset)))
        for left_by_a_kill in folder.glob(f".{figure.name}.*.tmp"):
            left_by_a_kill.unlink(missing_ok=True)
        targets = [(name, folder / name) for name in names] + list(published.items())
        for name, path in targets:
            with atomic_path(path) as temporary:
                temporary.write_bytes(files[name])

    tables = _remedies(figure.inputs.values(), root, preset)
    versions = {name: _version(name) for name in ("matplotlib", "seaborn")}
    return Node(
        name=figure.name,
        sources=_code(f"paper_figures.figures.{figure.name}:FIGURE", render.render),
        inputs=list(tables),
        outputs=[*(folder / name for name in names), *published.values()],
        record=folder / f"{figure.name}.meta.json",
        build=draw,
        settings=versions | _makings(figure.inputs.values(), root, preset),
        remedies=tables,
    )


def figure_nodes(root: Path, preset: str, names: Iterable[str] = ()) -> list[Node]:
    """Return the nodes of the named figures, or of all."""
    return [figure_node(figure, root, preset) for figure in get_figures(names)]


def claims_node(
    root: Path,
    preset: str,
    log: TextIO | None = None,
    started: Callable[[subprocess.Popen[bytes]], None] = lambda process: None,
) -> Node:
    """Return the node of the verified ledger; building it runs every claim's checks.

    Args:
        root: folder of the project's packages.
        preset: size of the job.
        log: where the checks tell of their progress; by default standard error.
        started: is told of the process that runs the checks.
    """
    folder = output_folder(root, preset)
    target = folder / "claims.json"

    def verify() -> None:
        folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "vas_theory", "verify", "--json", "--output", str(target)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=log)
        started(process)
        if process.wait():
            raise subprocess.CalledProcessError(process.returncode, command)

    return Node(
        name="claims",
        sources=_code("vas_theory.claims:all_claims", "vas_theory.claims.lib.checks:verify", report_row),
        inputs=[],
        outputs=[target],
        record=folder / "claims.json.meta.json",
        build=verify,
    )


def report_jobs(root: Path, preset: str, figures: Iterable[Node]) -> list[Job]:
    """Return every command besides the ledger's, with what it took and the files it made."""
    tables: dict[str, list[Path]] = {}
    for table in project_tables(root, preset):
        tables.setdefault(table.shown_command(preset), []).append(table.path(root, preset))
    jobs = [
        Job(
            command,
            sum(read_metadata(path).get("seconds") or 0.0 for path in paths),
            [(path.name, table_hash(path)) for path in paths],
        )
        for command, paths in tables.items()
    ]
    for node in figures:
        command = f"python -m paper_figures make {node.name} --preset {preset}"
        jobs.append(Job(command, read_record(node).get("seconds"), [(node.name, fingerprint(node))]))
    return jobs


def report_node(root: Path, preset: str) -> Node:
    """Return the node of the report, which reads every figure, the ledger and the predictions."""
    require("jinja2", "figures")
    from paper_figures.report import assemble

    folder = output_folder(root, preset)
    figures = figure_nodes(root, preset)
    target = folder.parent / "report.html"

    def write() -> None:
        content = assemble.report(root, preset, report_jobs(root, preset, figures))
        with atomic_path(target) as temporary:
            temporary.write_text(content, encoding="utf-8")

    tables = _remedies(REPORT_TABLES, root, preset)
    return Node(
        name="report",
        sources=_code(assemble.report) | _files(_pages("report")),
        inputs=[
            *(path for node in figures for path in node.outputs),
            *claims_node(root, preset).outputs,
            *tables,
        ],
        outputs=[target],
        record=folder.parent / "report.html.meta.json",
        build=write,
        settings={"preset": preset},
        remedies=tables,
    )


def explorer_node(root: Path, preset: str) -> Node:
    """Return the node of the explorer: worlds of bandits, a measured pool, and what training says where it is there."""
    require("jinja2", "figures")
    from paper_figures.explorer import assemble

    target = output_folder(root, preset).parent / "explorer.html"

    def write() -> None:
        content = assemble.explorer(root, preset)
        with atomic_path(target) as temporary:
            temporary.write_text(content, encoding="utf-8")

    tables = _remedies(EXPLORER_TABLES, root, preset)
    study = [
        path
        for table in (*STUDY, NETWORKS, *KNOWLEDGE.values())
        if (path := table.path(root, preset)).is_file() and path not in tables
    ]
    return Node(
        name="explorer",
        sources=_code(assemble.explorer) | _files([*_pages("explorer"), *_look()]),
        inputs=[*tables, *study],
        outputs=[target],
        record=target.with_name("explorer.html.meta.json"),
        build=write,
        settings={"preset": preset},
        remedies=tables,
    )


def project_nodes(root: Path, preset: str) -> list[Node]:
    """Return every node of the project."""
    pages = [report_node(root, preset), explorer_node(root, preset)]
    return [claims_node(root, preset), *figure_nodes(root, preset), *pages]


def table_problems(root: Path, preset: str) -> tuple[int, list[str]]:
    """Return how many tables a preset reads or commits, and what is wrong with those that are not current.

    A table is missing, altered, or was made by other code than today's.
    """
    paths = {path for table in project_tables(root, preset) for path in table.files(root, preset)}
    if preset == "paper":
        for folder in root.glob("*/results/paper"):
            kept = [path for path in folder.rglob("*.meta.json") if not {"cells", "runs"} & set(path.parts)]
            paths |= {path.with_name(path.name.removesuffix(".meta.json")) for path in kept}
    project = this_project()
    return len(paths), [problem for path in sorted(paths) for problem in file_problems(path, project)]


def _look() -> list[Path]:
    """Return what the report lends to other pages: its style and the font of formulas."""
    return [HERE / "report" / "style.css", HERE / "report" / "mathematics.woff"]


def _pages(room: str) -> list[Path]:
    """Return what a page is made of besides code."""
    return [path for path in (HERE / room).iterdir() if path.suffix in (".html", ".css", ".js", ".woff")]
