"""The project's graph: claims, figures and report, and how their files depend on each other."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from paper_figures.drawing import render
from paper_figures.drawing.declaration import ROOT, Figure, Table, output_folder, published_folder
from paper_figures.explorer.facts import TABLES as EXPLORER_TABLES
from paper_figures.figures import get_figures
from paper_figures.build.graph import Node
from paper_figures.report.results import TABLES as REPORT_TABLES
from paper_figures.study import STUDY
from vas_theory.foundation.command_line import require
from vas_theory.foundation.errors import DataError, MissingExtraError
from vas_theory.provenance.sources import source_files
from vas_theory.provenance.tables import atomic_path, read_metadata, sha256_file

__all__ = [
    "claims_node",
    "explorer_node",
    "figure_node",
    "figure_nodes",
    "project_nodes",
    "project_tables",
    "report_node",
    "table_problem",
]

HERE = Path(__file__).resolve().parents[1]
CLAIMS = ROOT / "vas_theory" / "claims"


def _sources(paths: Iterable[Path]) -> dict[str, Path]:
    """Return source files by their place in the project."""
    return {path.relative_to(ROOT).as_posix(): path for path in sorted(paths)}


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        raise MissingExtraError(package, "figures") from None


def _remedies(tables: Iterable[Table], root: Path, preset: str) -> dict[Path, str]:
    """Return the files of tables, each with the command that makes it."""
    return {table.path(root, preset): table.shown_command(preset) for table in tables}


def project_tables(root: Path, preset: str) -> list[Table]:
    """Return the tables that figures, report and explorer of a preset read, each file once."""
    tables = [table for figure in get_figures() for table in figure.inputs.values()]
    return list({table.path(root, preset): table for table in [*tables, *REPORT_TABLES, *EXPLORER_TABLES]}.values())


def figure_node(figure: Figure, root: Path, preset: str) -> Node:
    """Return the node of one figure; at the paper size it also renews the committed copies."""
    folder = output_folder(root, preset)
    package = HERE / "figures"
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
    shared = [HERE / "drawing" / f"{name}.py" for name in ("style", "render", "declaration")]
    return Node(
        name=figure.name,
        sources=_sources([package / f"{figure.name}.py", *shared, *package.glob("_[!_]*.py")]),
        inputs=list(tables),
        outputs=[*(folder / name for name in names), *published.values()],
        record=folder / f"{figure.name}.meta.json",
        build=draw,
        settings={"matplotlib": _version("matplotlib")},
        remedies=tables,
    )


def figure_nodes(root: Path, preset: str, names: Iterable[str] = ()) -> list[Node]:
    """Return the nodes of the named figures, or of all."""
    return [figure_node(figure, root, preset) for figure in get_figures(names)]


def _claim_modules() -> list[str]:
    """Return the ledger's package and its modules, which it finds by their file names and not by imports."""
    return ["vas_theory.claims", *(f"vas_theory.claims.{path.stem}" for path in CLAIMS.glob("[!_]*.py"))]


def claims_node(root: Path, preset: str) -> Node:
    """Return the node of the verified ledger; building it runs every claim's checks."""
    folder = output_folder(root, preset)
    target = folder / "claims.json"

    def verify() -> None:
        folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "vas_theory", "verify", "--json", "--output", str(target)]
        subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)

    return Node(
        name="claims",
        sources=_sources(source_files(*_claim_modules()).values()),
        inputs=[],
        outputs=[target],
        record=folder / "claims.json.meta.json",
        build=verify,
    )


def report_node(root: Path, preset: str) -> Node:
    """Return the node of the report, which reads every figure, the ledger and the predictions."""
    require("jinja2", "figures")
    from paper_figures.report import assemble

    folder = output_folder(root, preset)
    figures = figure_nodes(root, preset)
    target = folder.parent / "report.html"

    def write() -> None:
        content = assemble.report(root, preset)
        with atomic_path(target) as temporary:
            temporary.write_text(content, encoding="utf-8")

    tables = _remedies(REPORT_TABLES, root, preset)
    return Node(
        name="report",
        sources=_sources(path for path in (HERE / "report").iterdir() if path.suffix in (".py", ".html", ".css")),
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
    """Return the node of the explorer: the tournament's worlds, a measured pool, and the study where it is there."""
    require("jinja2", "figures")
    from paper_figures.explorer import assemble

    target = output_folder(root, preset).parent / "explorer.html"

    def write() -> None:
        content = assemble.explorer(root, preset)
        with atomic_path(target) as temporary:
            temporary.write_text(content, encoding="utf-8")

    tables = _remedies(EXPLORER_TABLES, root, preset)
    study = [path for table in STUDY if (path := table.path(root, preset)).is_file() and path not in tables]
    own = [path for path in (HERE / "explorer").iterdir() if path.suffix in (".py", ".html", ".css", ".js")]
    shared = [HERE / "laboratory.py", HERE / "study.py", HERE / "report" / "style.css", HERE / "report" / "maths.py"]
    return Node(
        name="explorer",
        sources=_sources([*own, *shared]),
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


def table_problem(table: Table, root: Path, preset: str) -> str | None:
    """Say what is wrong with a stored table: missing, altered, or made by other sources than today's."""
    path = table.path(root, preset)
    try:
        metadata = read_metadata(path)
    except DataError as error:
        return str(error)
    if sha256_file(path) != metadata.get("sha256"):
        return f"table {path} was altered or cut short"
    for name, recorded in sorted(metadata.get("sources", {}).items()):
        files = _source_files(name, table.room)
        if files and recorded not in map(sha256_file, files):
            return f"table {path} was made by another version of {name}"
    return None


def _source_files(name: str, room: str) -> list[Path]:
    """Return the files that a recorded source may mean: a module by import path, or a file of the room by name."""
    if name.endswith(".py"):
        return sorted((ROOT / room).rglob(name))
    base = ROOT.joinpath(*name.split("."))
    return [path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()]
