"""``python -m tests.fuzz``: every property test on new random examples, round after round, until the time is up.

Each round has a seed of its own and an order of its own, so that short runs reach other tests each time. The first
failure ends the run with the command that repeats it.
"""

from __future__ import annotations

import argparse
import os
import random
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from vas_theory.foundation.errors import ArgumentError

ROOT = Path(__file__).parents[1]
PROFILES = ("random", "deep")
_SEED, _UNTIL, _REPORT = "VAS_FUZZ_SEED", "VAS_FUZZ_UNTIL", "VAS_FUZZ_REPORT"


class Round:
    """Plugin of one round: shuffles the tests, stops between two of them when the time is up, and says how many ran.

    Args:
        seed: of the order.
        until: seconds since the epoch.
        report: file for the number of tests, those that ran and those that there are.
    """

    def __init__(self, seed: int, until: float, report: Path) -> None:
        self.seed, self.until, self.report = seed, until, report
        self.ran: set[str] = set()
        self.total = 0

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        # whole files in a row: a module's fixtures are built once
        files = sorted({item.path for item in items})
        random.Random(self.seed).shuffle(files)
        items.sort(key=lambda item: files.index(item.path))
        self.total = len(items)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call":
            self.ran.add(report.nodeid)

    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        if time.time() >= self.until:
            item.session.shouldstop = "the time is up"

    def pytest_sessionfinish(self) -> None:
        self.report.write_text(f"{len(self.ran)} {self.total}", encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Register the round that the environment describes; this module is given to pytest as a plugin."""
    if _SEED in os.environ:
        described = (int(os.environ[_SEED]), float(os.environ[_UNTIL]), Path(os.environ[_REPORT]))
        config.pluginmanager.register(Round(*described))


def command(profile: str, seed: int, tests: Sequence[str]) -> list[str]:
    """Return the command that runs the property tests of these files or folders with one seed."""
    # -m replaces the default selection, so what that leaves out is named again
    chosen = "hypothesis and not slow and not gpu and not bench and not verl"
    options = [
        "-c",
        "pyproject.toml",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        "-n",
        "0",
        "-m",
        chosen,
        f"--hypothesis-seed={seed}",
    ]
    return [sys.executable, "-m", "pytest", *options, *(tests or ["tests"])]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run rounds until the time is up; 1 at the first failure, 2 where the arguments or the tests cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, help="of the first round; by default the clock's")
    parser.add_argument("--profile", choices=PROFILES, default="random", help="examples a test: 200 or 2,000")
    parser.add_argument("tests", nargs="*", help="files or folders; all tests by default")
    chosen = parser.parse_args(arguments)
    if not 0 < chosen.minutes < 60 * 24 * 365:
        parser.error(str(ArgumentError("--minutes", "be a number > 0", chosen.minutes)))
    first = int(time.time()) if chosen.seed is None else chosen.seed
    until = time.time() + 60 * chosen.minutes
    report = ROOT / "tests" / "output" / "fuzz.txt"
    report.parent.mkdir(exist_ok=True)
    seed = first
    while time.time() < until:
        report.unlink(missing_ok=True)
        described = {_SEED: str(seed), _UNTIL: str(until), _REPORT: str(report), "HYPOTHESIS_PROFILE": chosen.profile}
        run = command(chosen.profile, seed, chosen.tests)
        code = subprocess.run([*run, "-p", "tests.fuzz"], cwd=ROOT, env={**os.environ, **described}).returncode
        ran, total = map(int, report.read_text(encoding="utf-8").split()) if report.is_file() else (0, 0)
        if code == 1 and ran:
            print(f"fuzz: seed {seed} found a failure; again: HYPOTHESIS_PROFILE={chosen.profile} {shlex.join(run)}")
            return 1
        if code not in (0, 2) or not ran:  # 2: stopped between two tests
            print(f"fuzz: no property test ran; pytest ended with {code}", file=sys.stderr)
            return 2
        print(f"fuzz: seed {seed}, {ran} of {total} property tests ran, no failure", flush=True)
        seed += 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
