"""Examples in docstrings say what they print."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = [
    ".".join((path.parent if path.name == "__init__.py" else path.with_suffix("")).relative_to(ROOT).parts)
    for room in ("vas_theory", "simulations", "full_scale", "paper_figures")
    for path in sorted((ROOT / room).rglob("*.py"))
    if "\n    >>> " in path.read_text(encoding="utf-8")
]


def test_the_functions_for_notebooks_have_examples() -> None:
    wanted = {"vas_theory.selection.describing", "vas_theory.claims", "simulations.frames"}
    assert wanted <= set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_examples_say_what_they_print(module: str) -> None:
    failed, tried = doctest.testmod(importlib.import_module(module))
    assert tried > 0
    assert failed == 0
