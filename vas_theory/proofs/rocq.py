"""Rocq as a program: what of it is installed, compiling the proofs, asking it for statements and axioms."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from vas_theory.foundation.errors import DataError, VASError

__all__ = ["BUILD", "SOURCES", "RocqMissingError", "answers", "build", "missing_packages", "sources", "version"]

__reads__ = ("statements.txt",)
"""The record of what the theorems state; their proofs decide no number."""

SOURCES = Path(__file__).parent
BUILD = SOURCES.parent / "output" / "proofs"
"""Ignored folder with copies of the sources and what Rocq makes of them."""

_LIBRARIES = {"Coquelicot": "libcoq-coquelicot", "Interval": "libcoq-interval"}


class RocqMissingError(VASError):
    """Rocq or a library of it is not installed."""

    def __init__(self, packages: Sequence[str]) -> None:
        super().__init__(f"the formal proofs need Debian packages that are missing: {' '.join(packages)}")


def missing_packages() -> list[str]:
    """Return the Debian packages that the proofs need and that are not installed (opam's names drop ``lib``)."""
    if shutil.which("coqc") is None or shutil.which("coq_makefile") is None:
        return ["coq", *_LIBRARIES.values()]
    contributed = Path(_call(["coqc", "-where"]).strip()) / "user-contrib"
    return [package for library, package in _LIBRARIES.items() if not (contributed / library).is_dir()]


def version() -> str:
    """Return the version of Rocq, such as ``8.16.1``."""
    return _call(["coqc", "--print-version"]).split()[0]


def sources(folder: Path = SOURCES) -> dict[str, str]:
    """Return the text of every ``.v`` file by the name of its module."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.v"))}


def build(folder: Path = BUILD, *, jobs: int = 2) -> None:
    """Compile every proof in ``folder``; files that did not change are not compiled again.

    Raises:
        RocqMissingError: Rocq or one of its libraries is not installed.
        DataError: a file does not compile; the message is Rocq's.
    """
    if packages := missing_packages():
        raise RocqMissingError(packages)
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("*.v"):
        if not (SOURCES / stale.name).exists():
            stale.unlink()
    names = sorted(path.name for path in SOURCES.glob("*.v"))
    for name in [*names, "_CoqProject"]:
        source, copy = SOURCES / name, folder / name
        if not copy.exists() or source.read_bytes() != copy.read_bytes():
            shutil.copyfile(source, copy)  # what did not change keeps its time, and make its compiled file
    _call(["coq_makefile", "-f", "_CoqProject", *names, "-o", "Makefile.coq"], folder)
    # a make that calls this hands down its own flags and job server, which do not fit here
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}
    _call(["make", "--no-print-directory", "-j", str(jobs), "-f", "Makefile.coq"], folder, environment)


def answers(commands: Iterable[tuple[str, str]], folder: Path = BUILD, *, jobs: int = 2) -> dict[str, str]:
    """Return what Rocq prints for each (name, command), asked of the compiled proofs by ``jobs`` processes.

    The proofs' modules are loaded and not opened, so that their names print as ``Module.name``.
    """
    listed = list(commands)
    with ThreadPoolExecutor(jobs) as pool:
        parts = list(pool.map(lambda job: _asked(listed[job::jobs], folder, job), range(jobs)))
    found = {name: text for part in parts for name, text in part.items()}
    return {name: found[name] for name, _ in listed}


def _asked(commands: Sequence[tuple[str, str]], folder: Path, job: int) -> dict[str, str]:
    modules = " ".join(path.stem for path in sorted(SOURCES.glob("*.v")))
    lines = [
        "Require Import Reals List. From Coquelicot Require Import Coquelicot. Import ListNotations.",
        f"From Vas Require {modules}.",
        "Open Scope R_scope. Set Printing Width 110. Set Printing Depth 10000.",
    ]
    for name, command in commands:
        lines.append(f'Goal True. idtac "@@ {name}". Abort.\n{command}')
    (folder / "ask").mkdir(exist_ok=True)
    question = folder / "ask" / f"Question{job}.v"
    question.write_text("\n".join(lines), encoding="utf-8")
    text = _call(["coqc", "-q", "-w", "none", "-Q", ".", "Vas", f"ask/{question.name}"], folder)
    parts = re.split(r"^@@ (\S+)\n", text, flags=re.M)
    return dict(zip(parts[1::2], (part.strip() for part in parts[2::2]), strict=True))


def _call(command: Sequence[str], folder: Path | None = None, environment: dict[str, str] | None = None) -> str:
    answer = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if answer.returncode:
        text = f"{answer.stdout}\n{answer.stderr}"
        error = re.search(
            r'^File "[^"]*", line \d+, characters [^\n]*\nError:.*?(?=\n\n|\nmake|\Z)', text, flags=re.M | re.S
        )
        raise DataError(f"{command[0]} failed: {error.group(0) if error else text.strip()[-2000:]}")
    return answer.stdout
