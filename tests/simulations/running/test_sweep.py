"""Sweeps survive what happens to long runs: real kills, cut files, changed configs."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from simulations.running.sweep import Cell, SweepError, run_sweep
from vas_theory.foundation.errors import ArgumentError, DataError, MissingExtraError, UnknownNameError
from vas_theory.provenance.tables import sha256_file

_SCRIPT = """
import sys, time
from pathlib import Path
import numpy as np, pandas as pd
from simulations.running.sweep import Cell, run_sweep

def run_cell(cell):
    with open(sys.argv[2], "a") as log:
        log.write(cell.name + "\\n")
    time.sleep(float(sys.argv[3]))
    return pd.DataFrame({"cell": cell.name, "x": np.random.default_rng(cell.seed).random(50)})

if __name__ == "__main__":
    cells = [Cell(f"cell{i}", {"size": 50}, i) for i in range(8)]
    run_sweep("demo", cells, run_cell, sys.argv[1], workers=int(sys.argv[4]))
"""


def _run_cell(cell: Cell) -> pd.DataFrame:
    _calls.append(cell.name)
    return pd.DataFrame({"cell": [cell.name] * 3, "x": [cell.seed, cell.config["a"], 0]})


_calls: list[str] = []
CELLS = [Cell(f"c{index}", {"a": 1}, index) for index in range(4)]


@pytest.fixture(autouse=True)
def _no_calls() -> None:
    _calls.clear()


def _sweep(folder: Path, cells: list[Cell] = CELLS, stream: io.StringIO | None = None) -> pd.DataFrame:
    return run_sweep("demo", cells, _run_cell, folder, stream=stream or io.StringIO())


def test_only_missing_cells_run(tmp_path: Path) -> None:
    _sweep(tmp_path, CELLS[1:3])
    frame = _sweep(tmp_path)
    assert _calls == ["c1", "c2", "c0", "c3"]
    assert frame["cell"].unique().tolist() == ["c0", "c1", "c2", "c3"]
    pd.testing.assert_frame_equal(_sweep(tmp_path), frame)
    assert len(_calls) == 4


@pytest.mark.parametrize("change", ["config", "seed"])
def test_a_cell_of_another_making_runs_again(tmp_path: Path, change: str) -> None:
    _sweep(tmp_path)
    other = Cell("c2", {"a": 2}, 2) if change == "config" else Cell("c2", {"a": 1}, 7)
    frame = _sweep(tmp_path, [*CELLS[:2], other, CELLS[3]])
    assert _calls[4:] == ["c2"]
    assert set(frame.loc[frame["cell"] == "c2", "x"]) == {other.seed, other.config["a"], 0}


def test_a_cell_runs_again_when_what_it_uses_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("probe_one", "probe_two"):
        (tmp_path / f"{name}.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    cells = [Cell("c0", {"a": 1}, 0, ("probe_one:x",)), Cell("c1", {"a": 1}, 1, ("probe_two:x",))]
    _sweep(tmp_path / "cells", cells)
    (tmp_path / "probe_two.py").write_text("x = 2  # two\n")
    (tmp_path / "probe_one.py").write_text("x = 1  # one\n")
    _sweep(tmp_path / "cells", cells)
    assert _calls == ["c0", "c1", "c1"]


@pytest.mark.parametrize("damage", ["cut", "flip", "no metadata", "cut metadata"])
def test_damaged_cells_are_computed_again_to_the_same_bytes(tmp_path: Path, damage: str) -> None:
    _sweep(tmp_path)
    path, sidecar = tmp_path / "c1.parquet", tmp_path / "c1.parquet.meta.json"
    whole = path.read_bytes()
    if damage == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    elif damage == "flip":
        path.write_bytes(whole[:40] + bytes([whole[40] ^ 1]) + whole[41:])
    elif damage == "no metadata":
        sidecar.unlink()
    else:
        sidecar.write_text(sidecar.read_text()[:30])
    _sweep(tmp_path)
    assert _calls[4:] == ["c1"]
    assert path.read_bytes() == whole


def _start(script: Path, folder: Path, log: Path, pause: float, workers: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(script), str(folder), str(log), str(pause), str(workers)]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cells of a sweep that nobody disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "demo.py").write_text(_SCRIPT)
    assert _start(folder / "demo.py", folder / "cells", folder / "log", 0, 1).wait(timeout=60) == 0
    return folder / "cells"


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_killed_sweep_goes_on_where_it_was(tmp_path: Path, whole: Path, workers: int) -> None:
    script, log = tmp_path / "demo.py", tmp_path / "log"
    script.write_text(_SCRIPT)
    process = _start(script, tmp_path / "cells", log, 0.3, workers)
    deadline = time.monotonic() + 60
    while len(list((tmp_path / "cells").glob("*.meta.json"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=10)
    (tmp_path / "cells" / ".cell7.parquet.abc.tmp").write_text("what a kill in mid-write leaves behind")
    finished = {path.name.split(".")[0] for path in (tmp_path / "cells").glob("*.meta.json")}
    assert 2 <= len(finished) < 8
    log.unlink()
    assert _start(script, tmp_path / "cells", log, 0, workers).wait(timeout=60) == 0
    assert set(log.read_text().split()) == {f"cell{index}" for index in range(8)} - finished
    names = sorted(path.name for path in whole.glob("*.parquet"))
    assert sorted(path.name for path in (tmp_path / "cells").iterdir() if path.suffix != ".json") == names
    assert len(names) == 8
    for name in names:
        assert sha256_file(tmp_path / "cells" / name) == sha256_file(whole / name)


def test_two_sweeps_in_one_folder_end_with_the_same_bytes(tmp_path: Path, whole: Path) -> None:
    """Both may compute the same cell; a table is put in place whole or not at all, so either's will do."""
    script = tmp_path / "demo.py"
    script.write_text(_SCRIPT)
    both = [_start(script, tmp_path / "cells", tmp_path / f"log{number}", 0.05, 1) for number in range(2)]
    assert [process.wait(timeout=60) for process in both] == [0, 0]
    names = sorted(path.name for path in whole.glob("*.parquet"))
    assert sorted(path.name for path in (tmp_path / "cells").glob("*.parquet")) == names
    for name in names:
        assert sha256_file(tmp_path / "cells" / name) == sha256_file(whole / name)
    log = tmp_path / "log"
    assert _start(script, tmp_path / "cells", log, 0, 1).wait(timeout=60) == 0
    assert not log.exists()  # all are current


def test_files_of_the_future_and_of_the_past_are_as_current_as_others(tmp_path: Path) -> None:
    """Clocks jump, archives and checkouts set dates: what counts is what a file holds."""
    _sweep(tmp_path)
    for index, path in enumerate(sorted(tmp_path.iterdir())):
        os.utime(path, (0, 0) if index % 2 else (2**32, 2**32))
    _calls.clear()
    _sweep(tmp_path)
    assert _calls == []


_KILLED_WORKER = """
import os, signal, sys
from pathlib import Path
import pandas as pd
from simulations.running.sweep import Cell, run_sweep

def run_cell(cell):
    marker = Path(sys.argv[1]) / "killed"
    if cell.name == "cell3" and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return pd.DataFrame({"cell": [cell.name]})

def main(_):
    cells = [Cell(f"cell{i}", {}, i) for i in range(6)]
    run_sweep("demo", cells, run_cell, sys.argv[1] + "/cells", workers=2)

if __name__ == "__main__":
    from vas_theory.foundation.command_line import build_parser, run
    parser = build_parser("demo", "demo")
    parser.set_defaults(handler=main)
    sys.exit(run(parser, []))
"""


def test_a_worker_that_the_system_kills_is_one_line_and_the_next_call_goes_on(tmp_path: Path) -> None:
    script = tmp_path / "demo.py"
    script.write_text(_KILLED_WORKER)
    command = [sys.executable, str(script), str(tmp_path)]
    first = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert first.returncode == 2
    assert "a worker was killed" in first.stderr.strip().splitlines()[-1]
    assert "Traceback" not in first.stderr
    assert subprocess.run(command, capture_output=True, timeout=120).returncode == 0
    assert len(list((tmp_path / "cells").glob("*.parquet"))) == 6


@pytest.mark.parametrize("error", [RuntimeError, DataError])
def test_an_error_in_a_cell_keeps_the_finished_ones(tmp_path: Path, error: type[Exception]) -> None:
    """A bug stops the sweep at once; input that one cell cannot use is named after all others have run."""

    def fails(cell: Cell) -> pd.DataFrame:
        if cell.name == "c2":
            raise error("nothing to see")
        return _run_cell(cell)

    words = "cell c2: nothing to see; the cells" if error is DataError else "^nothing to see$"
    with pytest.raises(SweepError if error is DataError else error, match=words):
        run_sweep("demo", CELLS, fails, tmp_path, entries=(_run_cell,), stream=io.StringIO())
    assert _calls == (["c0", "c1", "c3"] if error is DataError else ["c0", "c1"])
    _sweep(tmp_path)
    assert sorted(_calls) == ["c0", "c1", "c2", "c3"]


def test_progress_is_said(tmp_path: Path) -> None:
    stream = io.StringIO()
    _sweep(tmp_path, stream=stream)
    assert stream.getvalue().startswith("demo: 4/4 cells")


def test_bad_sweeps_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="different names"):
        _sweep(tmp_path, [CELLS[0], CELLS[0]])
    with pytest.raises(ArgumentError, match="cells"):
        _sweep(tmp_path, [])
    with pytest.raises(ArgumentError, match="workers"):
        run_sweep("demo", CELLS, _run_cell, tmp_path, workers=0)


def test_dask_makes_the_same_bytes(tmp_path: Path) -> None:
    """On the workers of a cluster that is there already: two threads of this process."""
    distributed = pytest.importorskip("distributed")
    here = _sweep(tmp_path / "here")
    with distributed.Client(processes=False, n_workers=1, threads_per_worker=2, dashboard_address=None):
        frame = run_sweep("demo", CELLS, _run_cell, tmp_path / "there", backend="dask", stream=io.StringIO())
    pd.testing.assert_frame_equal(frame, here)
    for path in (tmp_path / "here").glob("*.parquet"):
        assert sha256_file(path) == sha256_file(tmp_path / "there" / path.name)


def test_missing_backends_are_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownNameError, match="did you mean dask"):
        run_sweep("demo", CELLS, _run_cell, tmp_path, backend="dusk")
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtraError, match="extra 'cluster'"):
        run_sweep("demo", CELLS, _run_cell, tmp_path, backend="dask", stream=io.StringIO())


def test_a_cell_that_is_named_after_a_file_lies_in_the_folder_of_the_sweep(tmp_path: Path) -> None:
    other, folder = tmp_path / "elsewhere", tmp_path / "cells"
    cells = [Cell(f"{other}/{name}.json.uniform", {"a": 1}, 0) for name in ("one", "two")]
    cells.append(Cell("../one.json.uniform", {"a": 2}, 0))
    table = run_sweep("named", cells, _run_cell, folder)
    assert len(table) == 9
    assert not other.exists()
    assert len(list(folder.glob("*.parquet"))) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cells"]
