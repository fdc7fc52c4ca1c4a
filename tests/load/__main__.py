"""``python -m tests.load``: put loads on the project, each in a process of its own, and write the table of figures."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.load.rows import Row

ROOT = Path(__file__).parents[2]
TABLE = Path(__file__).with_name("table.md")

LOADS: dict[str, tuple[str, dict[str, Any]]] = {
    "pool": ("sampling:large_pool", {"prompts": 1_000_000, "against": 100_000, "steps": 1000}),
    "keys": ("sampling:long_keys", {"characters": 200_000, "steps": 200}),
    "resumes": ("sampling:resumes", {"count": 100}),
    "verifier": ("serving:hostile_verifier", {"count": 200, "costly": 40}),
    "watch": ("serving:many_runs", {"runs": 40, "few": 10}),
}
"""Name -> the function that puts the load on, and the settings of a smaller load."""


def measure(name: str, *, small: bool) -> list[Row]:
    """Put a load on, in a new process: the most memory that one ever held is told of a whole process alone.

    Raises:
        RuntimeError: it did not come to its end.
    """
    command = [sys.executable, "-m", "tests.load", "--one", name, *(["--small"] if small else [])]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if answer.returncode != 0:
        raise RuntimeError(f"the load {name} ended with {answer.returncode}: {answer.stderr[-2000:]}")
    return [Row(**row) for row in json.loads(answer.stdout.splitlines()[-1])]


def lines_of(table: Path) -> list[str]:
    """Return the rows of a table of loads; none where there is no file."""
    lines = table.read_text(encoding="utf-8").splitlines() if table.is_file() else []
    return [line for line in lines if line.startswith("| ")][1:]


def write(table: Path, fresh: Sequence[str]) -> None:
    """Write the rows, and those that the table has of loads that were not measured now."""
    loads = {line.split(" | ")[0] for line in fresh}
    rows = [line for line in lines_of(table) if line.split(" | ")[0] not in loads] + list(fresh)
    head = [
        "# Figures under load",
        "",
        "Written by `make load`. Times are ratios of what was measured side by side in one process, never seconds:",
        "these would be the machine's.",
        "",
        "| load | figure | seen | at most | held |",
        "|---|---|---|---|---|",
    ]
    table.write_text("\n".join([*head, *rows]) + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write; 1 where a limit does not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("--loads", nargs="+", choices=list(LOADS), default=list(LOADS), help="these alone")
    parser.add_argument("--small", action="store_true", help="the smaller loads of the tests; no table is written")
    parser.add_argument("--one", choices=list(LOADS), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.one:
        place, smaller = LOADS[options.one]
        module, _, function = place.partition(":")
        load: Callable[..., list[Row]] = getattr(import_module(f"tests.load.{module}"), function)
        print(json.dumps([asdict(row) for row in load(**(smaller if options.small else {}))]))
        return 0
    failed = False
    for name in options.loads:
        rows = measure(name, small=options.small)
        for row in rows:
            print(row.cells(), flush=True)
        failed |= not all(row.held for row in rows)
        if not options.small:
            write(TABLE, [row.cells() for row in rows])
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
