"""Running tests on a mutant: a child process that was forked with the libraries loaded and the mutant in memory."""

from __future__ import annotations

import importlib.machinery
import io
import os
import select
import signal
import sys
import tempfile
from collections.abc import Sequence
from typing import Any

from tests.mutation.mutants import ROOT, Mutant, compiled

__all__ = ["first_failure", "load_libraries"]

_SECONDS = 900
_PROJECT = ("vas_theory", "simulations", "full_scale", "paper_figures")
_WITHOUT = (
    "tests/vas_theory/selection/test_sampler_state.py::"
    "test_kill_9_between_and_during_saves_loses_nothing_that_was_saved"
)
"""It compares with a process of its own, which runs the code without the mutant, so that any mutant would differ."""
_OPTIONS = [
    "-q",
    "-x",
    "-p",
    "no:cacheprovider",
    "--assert=plain",
    "-n",
    "0",
    "--rootdir",
    str(ROOT),
    "--deselect",
    _WITHOUT,
]


def load_libraries(*, torch: bool) -> None:
    """Load what the tests need from elsewhere, once for all children; nothing of the project.

    Args:
        torch: also PyTorch and what is built on it.
    """
    import flint
    import hypothesis
    import mpmath
    import numba
    import pandas
    import pytest
    import scipy.integrate
    import scipy.optimize
    import scipy.stats
    import sympy

    del flint, hypothesis, mpmath, numba, pandas, pytest, scipy, sympy
    if torch:
        import datasets
        from transformers import AutoModelForCausalLM
        from trl import GRPOTrainer

        del datasets, AutoModelForCausalLM, GRPOTrainer
    os.environ["HYPOTHESIS_PROFILE"] = "ci"  # the same examples for every mutant


class _MutantLoader(importlib.machinery.SourceFileLoader):
    def __init__(self, name: str, path: str, mutant: Mutant) -> None:
        super().__init__(name, path)
        self.mutant = mutant

    def get_code(self, fullname: str) -> Any:
        return compiled(self.mutant)


class _Finder:
    """Finds the mutant's module instead of the file's."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant
        self.name = mutant.file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def find_spec(self, name: str, path: object = None, target: object = None) -> Any:
        if name != self.name:
            return None
        file = str(ROOT / self.mutant.file)
        package = [os.path.dirname(file)] if file.endswith("__init__.py") else None
        loader = _MutantLoader(name, file, self.mutant)
        return importlib.util.spec_from_file_location(name, file, loader=loader, submodule_search_locations=package)


class _Telling:
    """Writes the first test that fails into a pipe."""

    def __init__(self, pipe: int) -> None:
        self.pipe = pipe

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            os.write(self.pipe, f"{report.nodeid}\n".encode())

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            os.write(self.pipe, f"{report.nodeid} (loading)\n".encode())


def _compile_anew(folder: str) -> None:
    """Let numba keep what it compiles in a folder: its cache does not notice another constant in the same lines."""
    import numba

    numba.config.CACHE_DIR = folder


def _run(mutant: Mutant | None, arguments: Sequence[str], pipe: int, scratch: str) -> int:
    """Run pytest in a child and return its exit status."""
    import pytest

    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    sys.stdout = sys.stderr = io.TextIOWrapper(io.FileIO(silent, "w"))
    if mutant is not None:
        for name in [name for name in sys.modules if name.split(".")[0] in _PROJECT]:
            del sys.modules[name]  # loaded by the caller without the mutant
        if "LazyKernel" in (ROOT / mutant.file).read_text(encoding="utf-8"):
            _compile_anew(scratch)
        sys.meta_path.insert(0, _Finder(mutant))
    return int(pytest.main([*_OPTIONS, *arguments], plugins=[_Telling(pipe)]))


def first_failure(mutant: Mutant | None, arguments: Sequence[str]) -> str:
    """Return the first test that fails, or an empty text where all pass.

    Args:
        mutant: the mutant; ``None`` for the code as it is.
        arguments: pytest's.

    Raises:
        RuntimeError: pytest ran no test, or ended without a verdict.
    """
    with tempfile.TemporaryDirectory() as scratch:
        return _verdict(mutant, arguments, scratch)


def _verdict(mutant: Mutant | None, arguments: Sequence[str], scratch: str) -> str:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.setsid()
        status = 3
        try:
            os.close(reading)
            status = _run(mutant, arguments, writing, scratch)
        finally:
            os._exit(status)
    os.close(writing)
    told, ready = b"", True
    while ready:
        ready = bool(select.select([reading], [], [], _SECONDS)[0])
        part = os.read(reading, 65536) if ready else b""
        told += part
        if ready and not part:
            break
    if not ready:
        os.killpg(child, signal.SIGKILL)
    os.close(reading)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if told:
        return told.decode().splitlines()[0]
    if not ready:
        return f"no test: it ran for {_SECONDS} s without an end"
    if status != 0:
        raise RuntimeError(f"pytest {' '.join(arguments)} ended with status {status} and named no test")
    return ""
