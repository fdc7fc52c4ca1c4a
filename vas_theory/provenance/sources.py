"""Which of this project's own files a result depends on, read from the import statements."""

from __future__ import annotations

import ast
import importlib
import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType

from vas_theory.foundation.errors import DataError

__all__ = ["first_party_sources", "source_files"]

_PACKAGES = ("vas_theory", "simulations", "full_scale", "paper_figures")
# These decide how results are stored and reported, not what they are.
_NEUTRAL = {
    "vas_theory.foundation.command_line",
    "vas_theory.foundation.errors",
    "vas_theory.provenance.sources",
    "vas_theory.provenance.tables",
}


@cache
def _folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise DataError(f"package {package} has no source files to hash")
    return Path(spec.origin).parent


def _file(name: str) -> Path | None:
    """Return the file of a module by import path, without importing it; None where it names something else."""
    package, *rest = name.split(".")
    if package not in _PACKAGES:  # a module of the user's, such as an experiment of their own
        spec = importlib.util.find_spec(name)
        return None if spec is None or spec.origin is None else Path(spec.origin)
    base = _folder(package).joinpath(*rest)
    candidates = [base / "__init__.py"] + ([base.with_suffix(".py")] if rest else [])
    return next((path for path in candidates if path.is_file()), None)


def _imported_names(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return {name for name in names if name.split(".")[0] in _PACKAGES}


def source_files(*modules: str) -> dict[str, Path]:
    """Return the files of the modules and of every module of this project that they import, directly or not.

    Imports inside functions count; modules that only store or report results do not. Nothing is imported.

    Args:
        modules: import paths, such as ``"simulations.experiments.bound_gallery"``.

    Returns:
        Import path -> file, sorted by import path.
    """
    found: dict[str, Path] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name in found or name in _NEUTRAL:
            continue
        path = _file(name)
        if path is not None:
            found[name] = path
            waiting.extend(_imported_names(path))
    return dict(sorted(found.items()))


def first_party_sources(*modules: str) -> list[ModuleType]:
    """Return what :func:`source_files` finds as imported modules, sorted by name.

    Args:
        modules: import paths.
    """
    return [importlib.import_module(name) for name in source_files(*modules)]
