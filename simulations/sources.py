"""Which of this project's own files a result depends on, read from the import statements."""

from __future__ import annotations

import ast
import importlib
import importlib.util
from pathlib import Path
from types import ModuleType

__all__ = ["first_party_sources"]

_PACKAGES = ("vas_theory", "simulations")
# These decide how results are stored and reported, not what they are.
_NEUTRAL = {"vas_theory.storage", "vas_theory.errors", "vas_theory.command_line", "simulations.sources"}


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def _imported_names(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return {name for name in names if name.split(".")[0] in _PACKAGES}


def first_party_sources(*modules: str) -> list[ModuleType]:
    """Return the modules and every module of this project that they import, directly or through others.

    Imports inside functions count; modules that only store or report results do not.

    Args:
        modules: import paths, such as ``"simulations.experiments.bound_gallery"``.

    Returns:
        The modules, sorted by name.
    """
    found: dict[str, ModuleType] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name in found or name in _NEUTRAL or not _is_module(name):
            continue
        found[name] = importlib.import_module(name)
        path = found[name].__file__
        if path is not None:
            waiting.extend(_imported_names(Path(path)))
    return [found[name] for name in sorted(found)]
