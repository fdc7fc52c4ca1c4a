"""Which of the project's definitions really run, to hold the keys of results against."""

from __future__ import annotations

import ast
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from vas_theory.provenance.project import WHOLE, Place, this_project
from vas_theory.provenance.reach import Reach

PROJECT = this_project()
_ROOT = str(PROJECT.root)


def _is_ours(file: str) -> bool:
    """Whether a file is the project's and not one of an environment inside its folder."""
    return file.startswith(_ROOT) and "/site-packages/" not in file


class Ran:
    """The code objects of the project that ran, except while a module was being loaded."""

    def __init__(self) -> None:
        self.codes: set[CodeType] = set()

    def note(self, frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event != "call" or code in self.codes or not _is_ours(code.co_filename):
            return
        above: FrameType | None = frame
        while above is not None:
            if above.f_code.co_name == "<module>" and _is_ours(above.f_code.co_filename):
                return  # what runs when a module is loaded is the module's
            above = above.f_back
        self.codes.add(code)

    def modules(self) -> set[str]:
        """Import paths of the modules whose code ran."""
        return {module_of(code.co_filename) for code in self.codes}

    def outside(self, reached: Reach) -> list[str]:
        """Name the definitions that ran although a key does not cover them, those of neutral modules aside."""
        left = []
        for code in self.codes:
            module = module_of(code.co_filename)
            if module.startswith("tests.") or PROJECT.is_neutral(module):
                continue
            names = [*_owners(code.co_filename, code.co_firstlineno), WHOLE]
            if not any(Place(module, name) in reached.edges for name in names):
                left.append(f"{module}:{code.co_qualname}")
        return sorted(left)


@contextmanager
def record() -> Iterator[Ran]:
    """Record what runs inside the block, in threads too."""
    ran, before = Ran(), sys.getprofile()
    sys.setprofile(ran.note)
    threading.setprofile(ran.note)
    try:
        yield ran
    finally:
        sys.setprofile(before)
        threading.setprofile(None)


@cache
def module_of(file: str) -> str:
    """Return the import path of a file of the project."""
    path = Path(file).relative_to(_ROOT)
    return ".".join((path.parent if path.name == "__init__.py" else path.with_suffix("")).parts)


def _owners(file: str, line: int) -> list[str]:
    """Return the names that the statement at the head of a file binds in which a line lies."""
    return next((names for first, last, names in _statements(file) if first <= line <= last), [])


@cache
def _statements(file: str) -> list[tuple[int, int, list[str]]]:
    found = []
    for statement in ast.parse(Path(file).read_text(encoding="utf-8")).body:
        first = min([statement.lineno, *(mark.lineno for mark in getattr(statement, "decorator_list", []))])
        names = [getattr(statement, "name", "")] if hasattr(statement, "name") else _bound(statement)
        found.append((first, statement.end_lineno or first, names))
    return found


def _bound(statement: ast.stmt) -> list[str]:
    return [node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
