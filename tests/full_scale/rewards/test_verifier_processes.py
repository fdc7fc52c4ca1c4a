"""The verifier's processes: sealed, limited in time and memory, replaced when they die."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from full_scale.rewards import math_worker
from full_scale.rewards.verifier import MathVerifier

TOWER = "9^{9^{9^{9}}}"


@pytest.fixture(scope="module")
def verifier() -> Iterator[MathVerifier]:
    with MathVerifier(deadline=20.0) as shared:
        yield shared


@pytest.mark.parametrize(
    "action",
    [
        "os.system('true')",
        "open('canary', 'w')",
        "open('canary', 'a')",
        "__import__('subprocess').run(['true'])",
        "__import__('socket').create_connection(('127.0.0.1', 9))",
        "os.remove('canary')",
        "os.mkdir('canary')",
    ],
)
def test_a_sealed_process_ends_before_it_acts(action: str, tmp_path: Path) -> None:
    script = Path(math_worker.__file__)
    loader = f"import os, sys, socket, subprocess; sys.path.insert(0, {str(script.parent)!r}); import math_worker"
    code = f"{loader}; math_worker.seal(); open({str(script)!r}).close(); {action}"
    found = subprocess.run([sys.executable, "-B", "-c", code], cwd=tmp_path, check=False)
    assert found.returncode == math_worker.REFUSED
    assert not list(tmp_path.iterdir())


def test_towers_are_stopped_at_the_deadline_and_the_next_answer_is_judged(
    verifier: MathVerifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    replaced, timeouts = verifier.replaced, verifier.counts["timeout"]
    verifier.verify("x", "y")  # a process is running
    child = verifier._idle[0].process
    monkeypatch.setattr(verifier, "deadline", 0.5)
    assert verifier.verify_many([("1", TOWER)] * 8) == ["timeout"] * 8
    assert verifier.counts["timeout"] == timeouts + 8
    assert verifier.replaced == replaced + 1
    assert child.returncode == -signal.SIGKILL  # and reaped
    monkeypatch.setattr(verifier, "deadline", 20.0)
    assert verifier.verify("2x", "x+x") == "right"


def test_killed_process_is_a_crash_and_is_replaced(verifier: MathVerifier) -> None:
    verifier.verify("x", "y")
    replaced = verifier.replaced
    verifier._idle[0].process.kill()
    assert verifier.verify("2x", "x+x") == "crash"
    assert verifier.replaced == replaced + 1
    assert verifier.verify("2x", "x+x") == "right"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the address-space limit is Linux's")
def test_memory_is_limited_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("full_scale.rewards.verifier.LONGEST", 10**6)
    with MathVerifier(deadline=60.0, memory_mib=128) as small:
        assert small.verify("2x", "x+x") == "right"
        assert small.verify("1", "9" * 200_000) == "memory"
        assert small.replaced == 1
        assert small.verify("2x", "x+x") == "right"


def test_orphans_end_by_themselves() -> None:
    """A worker whose parent is gone while it computes is ended by its own alarm; one that waits, by end of input."""
    code = (
        "import os, signal, sys, threading; from full_scale.rewards.verifier import MathVerifier\n"
        "v = MathVerifier(deadline=30.0); v.verify('x', 'y'); print(v._idle[0].process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    root = Path(__file__).resolve().parents[3]
    found = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    pid = int(found.stdout)
    for _ in range(100):
        status = Path(f"/proc/{pid}/status")
        if not status.exists() or "Z (zombie)" in status.read_text():
            return
        threading.Event().wait(0.05)
    raise AssertionError("the worker outlived its parent")


def test_systems_without_a_memory_limit_are_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Unlimited:
        memory_limited, usable = False, False

        def __init__(self, *_: object) -> None:
            pass

        def compare(self, *_: object) -> str:
            return "right"

        def stop(self) -> None:
            pass

    monkeypatch.setattr("full_scale.rewards.verifier._Worker", Unlimited)
    verifier = MathVerifier()
    with caplog.at_level(logging.WARNING):
        verifier.verify("2x", "x+x")
        verifier.verify("2x", "x+x")
    assert [record.getMessage() for record in caplog.records] == [
        "this system cannot limit a process's memory: answers are checked with a deadline only"
    ]
