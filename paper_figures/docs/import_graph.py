"""Which module of the project imports which, read from the source: imports inside functions count too."""

from __future__ import annotations

import ast
import graphlib
from collections.abc import Iterator, Mapping
from pathlib import Path

__all__ = ["circle", "grouped", "import_graph"]


def _imported(tree: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """Yield the import statements that can run; those for type checkers never do."""
    if isinstance(tree, ast.If) and ast.unparse(tree.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
        for node in tree.orelse:
            yield from _imported(node)
        return
    if isinstance(tree, (ast.Import, ast.ImportFrom)):
        yield tree
    for child in ast.iter_child_nodes(tree):
        yield from _imported(child)


def import_graph(root: Path, packages: tuple[str, ...]) -> dict[str, set[str]]:
    """Return for every module the modules of the project that it imports.

    Args:
        root: folder of the packages.
        packages: names of the top-level packages.
    """
    files = {}
    for package in packages:
        for path in sorted((root / package).rglob("*.py")):
            name = ".".join(path.relative_to(root).with_suffix("").parts)
            files[name.removesuffix(".__init__")] = path
    graph: dict[str, set[str]] = {}
    for name, path in files.items():
        found: set[str] = set()
        for statement in _imported(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(statement, ast.Import):
                found |= {alias.name for alias in statement.names}
            elif statement.module:
                inner = {f"{statement.module}.{alias.name}" for alias in statement.names}
                found |= inner & files.keys() or {statement.module}
        graph[name] = found & set(files)
    return graph


def grouped(graph: Mapping[str, set[str]], depth: int) -> dict[str, set[str]]:
    """Return the graph of packages ``depth`` names deep."""

    def head(name: str) -> str:
        return ".".join(name.split(".")[:depth])

    packages: dict[str, set[str]] = {}
    for name, imported in graph.items():
        packages.setdefault(head(name), set()).update(head(other) for other in imported if head(other) != head(name))
    return packages


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """Return the names along one circle, or nothing."""
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        names: list[str] = error.args[1]
        return names
    return []
