"""A sweep that is told to stop takes its workers along."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from simulations.running.stopping import exit_on_termination

ROOT = Path(__file__).resolve().parents[3]

SCRIPT = """
import os, sys, time
from pathlib import Path
import pandas as pd
from simulations.running.sweep import Cell, run_sweep

def run_cell(cell):
    (Path(sys.argv[1]) / f"worker{os.getpid()}").touch()
    time.sleep(300)
    return pd.DataFrame({"a": [1]})

if __name__ == "__main__":
    cells = [Cell(f"cell{i}", {}, i) for i in range(4)]
    {call}
"""
CALL = "run_sweep('demo', cells, run_cell, sys.argv[1] + '/out', workers=2)"


def alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="asks the kernel which processes live")
def test_no_worker_outlives_a_sweep_that_was_terminated(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.replace("{call}", CALL), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, str(script), str(tmp_path)], env=environment, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 50
    while len(workers := list(tmp_path.glob("worker*"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert len(workers) == 2
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 128 + signal.SIGTERM
    numbers = [int(path.name.removeprefix("worker")) for path in workers]
    while any(map(alive, numbers)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(map(alive, numbers))


def test_a_handler_that_is_there_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = []
    before = signal.signal(signal.SIGTERM, lambda *_: heard.append(1))
    try:
        with exit_on_termination():
            os.kill(os.getpid(), signal.SIGTERM)
        assert heard == [1]
    finally:
        signal.signal(signal.SIGTERM, before)


def test_the_signal_ends_the_block_and_the_default_comes_back() -> None:
    if signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        pytest.skip("the process has a handler of its own")
    with pytest.raises(SystemExit) as caught, exit_on_termination():
        os.kill(os.getpid(), signal.SIGTERM)
    assert caught.value.code == 143
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_other_threads_are_left_alone() -> None:
    done = []

    def work() -> None:
        with exit_on_termination():
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]
