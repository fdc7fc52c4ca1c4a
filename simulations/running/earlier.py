"""Cells computed by the code that made a table, from a checkout of it, for processors that give other last bits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from simulations.running.sweep import Cell
from vas_theory.foundation.errors import DataError
from vas_theory.provenance.fingerprint import key_of
from vas_theory.provenance.project import Project

__all__ = ["OtherCodeError", "check_checkout", "run_earlier"]


class OtherCodeError(DataError):
    """A checkout does not hold the code that made a file."""


_SCRIPT = """
import importlib, json, sys
from types import SimpleNamespace
entry, values, target = sys.argv[1:]
module, _, name = entry.partition(":")
found, values = importlib.import_module(module), json.loads(values)
if "cell" in values:
    frame = getattr(found, name)(SimpleNamespace(**values["cell"]))
else:
    frame = found.EXPERIMENT.run(found.EXPERIMENT.configure("paper", values["config"]))
frame.to_parquet(target)
"""


def check_checkout(metadata: Mapping[str, Any], checkout: Path) -> str:
    """Return the commit of a checkout, if its code is that which a table names.

    Raises:
        OtherCodeError: it is not.
    """
    answer = subprocess.run(["git", "-C", str(checkout), "rev-parse", "HEAD"], capture_output=True, text=True)
    commit = answer.stdout.strip() or "no commit"
    if commit.startswith(metadata.get("carried", {}).get("commit", "no such commit")) and "rechecked" not in metadata:
        return commit
    try:
        found = key_of(*metadata["entries"], project=Project(checkout.resolve())).digest
    except DataError as error:
        raise OtherCodeError(f"--against {checkout}: {error}") from None
    if found != metadata["key"]:
        raise OtherCodeError(f"--against {checkout} (commit {commit[:8]}) does not hold the code that made the table")
    return commit


def run_earlier(metadata: Mapping[str, Any], checkout: Path, cell: Cell | None) -> pd.DataFrame:
    """Compute a cell, or the whole of an experiment without cells, by the code of a checkout in a process of its own.

    Raises:
        DataError: that code ended with an error.
    """
    if cell is None:
        values: dict[str, Any] = {"config": {**metadata["config"], "seed": metadata["seed"]}}
    else:
        values = {"cell": {"name": cell.name, "config": dict(cell.config), "seed": cell.seed}}
    with tempfile.TemporaryDirectory(prefix="earlier-") as folder:
        target = Path(folder) / "rows.parquet"
        answer = subprocess.run(
            [sys.executable, "-c", _SCRIPT, metadata["entries"][0], json.dumps(values), str(target)],
            cwd=checkout, env={**os.environ, "PYTHONPATH": str(checkout.resolve())}, capture_output=True, text=True,
        )  # fmt: skip
        if answer.returncode:
            raise DataError(f"the code in {checkout} failed: {answer.stderr.strip().splitlines()[-1]}")
        return pd.read_parquet(target)
