"""``python -m paper_figures``: list, draw and check figures, write report and explorer, run the whole job."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from vas_theory.foundation.command_line import build_parser, run


def _root(arguments: argparse.Namespace) -> Path:
    from paper_figures.drawing.declaration import ROOT
    from vas_theory.foundation.errors import ArgumentError
    from vas_theory.foundation.outputs import without_tilde

    root = without_tilde(arguments.root or ROOT, "--root").resolve()
    if not root.is_dir() and (root.exists() or arguments.command != "reproduce"):
        raise ArgumentError("--root", "be a folder with the results of the four packages", str(root))
    return root


def _list(arguments: argparse.Namespace) -> None:
    from paper_figures.build.graph import stale_reasons
    from paper_figures.build.nodes import figure_node
    from paper_figures.figures import get_figures
    from vas_theory.foundation.display import print_list

    figures = get_figures()
    rows = []
    for figure in figures:
        stale = stale_reasons(figure_node(figure, _root(arguments), arguments.preset))
        state = "current" if not stale else "not built" if "not built yet" in stale else "stale"
        tables = [f"{table.room}/{table.name}" for table in figure.inputs.values()]
        rows.append(
            {"name": figure.name, "state": state, "kind": figure.label, "title": figure.title, "tables": tables}
        )
    print_list("figures", rows, as_json=arguments.json)


def _make(arguments: argparse.Namespace) -> None:
    from paper_figures.build.graph import build, stale_reasons
    from paper_figures.build.nodes import figure_nodes

    nodes = figure_nodes(_root(arguments), arguments.preset, arguments.names)
    for position, node in enumerate(nodes, 1):
        reasons = stale_reasons(node)
        if not reasons and not arguments.force:
            print(f"  [{position}/{len(nodes)}] {node.name}: current", flush=True)
            continue
        seconds = build(node)
        print(f"  [{position}/{len(nodes)}] {node.name}: drawn in {seconds:.1f} s", flush=True)


def _check(arguments: argparse.Namespace) -> int:
    from paper_figures.build.graph import stale_nodes
    from paper_figures.build.nodes import project_nodes, table_problems

    root = _root(arguments)
    count, problems = table_problems(root, arguments.preset)
    stale = {} if arguments.tables else stale_nodes(project_nodes(root, arguments.preset))
    for problem in problems:
        print(f"table: {problem}")
    for name, reasons in stale.items():
        more = f"; and {len(reasons) - 4} more" if len(reasons) > 4 else ""
        print(f"{name}: {'; '.join(reasons[:4])}{more}")
    if problems or stale:
        rest = "" if arguments.tables else f" and {len(stale)} of the rest"
        print(f"{len(problems)} table(s){rest} are stale or missing; run "
              f"python -m paper_figures reproduce --preset {arguments.preset}, or keep tables whose cells come out the "
              "same with python -m simulations recheck and python -m full_scale recheck")  # fmt: skip
        return 1
    print(f"{count} tables are current" if arguments.tables else "everything is current")
    return 0


def _page(arguments: argparse.Namespace) -> None:
    from paper_figures.build.graph import build, stale_reasons
    from paper_figures.build.nodes import explorer_node, report_node

    make_node = {"report": report_node, "explorer": explorer_node}[arguments.command]
    node = make_node(_root(arguments), arguments.preset)
    if stale_reasons(node) or arguments.force:
        build(node)
    print(f"  {node.outputs[0]} ({node.outputs[0].stat().st_size / 1e6:.1f} MB)", flush=True)


def _reproduce(arguments: argparse.Namespace) -> int:
    from paper_figures.build.reproduce import reproduce
    from paper_figures.drawing.declaration import ROOT
    from vas_theory.foundation.outputs import require_checkout

    if arguments.record:
        require_checkout("--record")
    record = ROOT / "paper_figures" / "results" / "reproduce.txt" if arguments.record else None
    return reproduce(_root(arguments), arguments.preset, record)


def _readme(arguments: argparse.Namespace) -> None:
    from paper_figures.build.readme import write_readme
    from vas_theory.foundation.outputs import require_checkout

    require_checkout("readme")
    print("README.md: " + ("renewed" if write_readme() else "current"))


def _notebooks(arguments: argparse.Namespace) -> None:
    from paper_figures.build.notebooks import write_notebooks
    from vas_theory.foundation.outputs import check_output_folder

    colab = arguments.colab or arguments.package is not None
    for path in write_notebooks(check_output_folder(arguments.output), colab=colab, package=arguments.package):
        print(f"  {path}")


def _parser() -> argparse.ArgumentParser:
    parser = build_parser("paper_figures", "Figures, the report, and the whole job from claims to report.")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    for name, handler, help_text in (
        ("list", _list, "name every figure, its state, title and tables"),
        ("make", _make, "draw the figures that are stale"),
        ("check", _check, "exit 1 and name what is stale or missing"),
        ("report", _page, "write the report from figures, ledger and predictions"),
        ("explorer", _page, "write the page on which you try your own pool and budget"),
        ("reproduce", _reproduce, "verify, simulate, train, draw and report; skips what is current"),
    ):
        command = commands.add_parser(name, help=help_text)
        command.set_defaults(handler=handler)
        command.add_argument("--preset", choices=("smoke", "quick", "paper"), default="quick", help="size (quick)")
        command.add_argument(
            "--root",
            type=Path,
            metavar="DIR",
            help="folder of the four packages' results (default: the checkout, or here)",
        )
        if name == "list":
            command.add_argument("--json", action="store_true", help="print JSON")
        if name == "make":
            command.add_argument("names", nargs="*", metavar="NAME", help="figures; all when none are given")
        if name == "reproduce":
            command.add_argument("--record", action="store_true", help="store the closing lines for the README")
        if name == "check":
            command.add_argument("--tables", action="store_true", help="look at tables alone, of which none is built")
        if name in ("make", "report", "explorer"):
            command.add_argument("--force", action="store_true", help="also what is current")
    command = commands.add_parser("notebooks", help="write the notebooks as .ipynb files")
    command.set_defaults(handler=_notebooks)
    command.add_argument("--output", type=Path, default=Path("notebooks"), metavar="DIR", help="where to (notebooks)")
    command.add_argument("--colab", action="store_true", help="begin each with a cell that installs this package")
    command.add_argument(
        "--package", metavar="ADDRESS", help="where that cell finds it: a wheel's or git+https address"
    )
    command = commands.add_parser("readme", help="renew the generated parts of README.md")
    command.set_defaults(handler=_readme)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run(_parser(), argv)


if __name__ == "__main__":
    sys.exit(main())
