"""Tables carry their provenance, survive kills and refuse altered bytes."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from vas_theory.foundation.errors import DataError, IntegrityError
from vas_theory.provenance import tables as storage
from vas_theory.provenance.fingerprint import Key

FRAME = pd.DataFrame({"step": [0, 1, 2], "value": [0.5, 0.25, 0.125], "arm": ["a", "b", "a"]})
CONFIG = {"arms": 3, "note": "x"}
KEY = Key("abc", ("room.module:run",), {"room.module": "12"}, {})


def _write(path: Path, **changes: object) -> Path:
    arguments = {"config": CONFIG, "seed": 3, "key": KEY, **changes}
    return storage.write_table(FRAME, path, **arguments)  # type: ignore[arg-type]


def test_round_trip_and_equal_rows_give_equal_bytes(tmp_path: Path) -> None:
    first = _write(tmp_path / "a.parquet")
    second = _write(tmp_path / "b.parquet", config={"arms": 4}, seed=None, key=Key("other", (), {}, {}))
    pd.testing.assert_frame_equal(storage.read_table(first), FRAME)
    assert first.read_bytes() == second.read_bytes()
    metadata = storage.read_metadata(first)
    assert metadata["config"] == CONFIG
    assert metadata["seed"] == 3
    assert metadata["key"] == "abc"
    assert metadata["modules"] == {"room.module": "12"}
    assert metadata["versions"]["numpy"]


def test_current_means_same_config_seed_code_and_bytes(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.parquet")
    wanted = {"config": CONFIG, "seed": 3, "key": KEY}
    assert storage.table_is_current(path, **wanted)
    assert not storage.table_is_current(path, **{**wanted, "seed": 4})
    assert not storage.table_is_current(path, **{**wanted, "config": {"arms": 4}})
    assert not storage.table_is_current(path, **{**wanted, "key": Key("abd", (), {}, {})})
    assert not storage.table_is_current(tmp_path / "other.parquet", **wanted)
    path.write_bytes(path.read_bytes()[:-1])
    assert not storage.table_is_current(path, **wanted)


def test_a_table_of_arms_is_read_as_one(tmp_path: Path) -> None:
    for arm in ("b", "a"):
        part = FRAME[FRAME["arm"] == arm]
        storage.write_table(part, tmp_path / "t" / f"{arm}.parquet", config={**CONFIG, "arm": arm}, seed=3, key=KEY)
    path = tmp_path / "t.parquet"
    assert [file.name for file in storage.table_files(path)] == ["a.parquet", "b.parquet"]
    assert storage.read_table(path)["arm"].tolist() == ["a", "a", "b"]
    metadata = storage.read_metadata(path)
    assert metadata["config"] == CONFIG
    assert metadata["rows"] == 3
    assert set(metadata["arms"]) == {"a", "b"}
    (tmp_path / "t" / "a.parquet").write_bytes(b"")
    with pytest.raises(IntegrityError, match=r"a\.parquet"):
        storage.read_table(path)


@pytest.mark.parametrize("damage", ["truncate", "flip"])
def test_damaged_tables_are_refused_by_name(tmp_path: Path, damage: str) -> None:
    path = _write(tmp_path / "a.parquet")
    data = bytearray(path.read_bytes())
    if damage == "truncate":
        data = data[: len(data) // 2]
    else:
        data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(IntegrityError, match=r"a\.parquet was altered or cut short"):
        storage.read_table(path)


def test_missing_table_and_missing_metadata_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        storage.read_table(tmp_path / "a.parquet")
    path = _write(tmp_path / "a.parquet")
    (tmp_path / "a.parquet.meta.json").unlink()
    with pytest.raises(DataError, match="has no metadata file"):
        storage.read_table(path)


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    target = tmp_path / "value.json"
    storage.write_json(target, {"x": 1})
    with pytest.raises(ValueError, match="JSON"):
        storage.write_json(target, {"x": float("nan")})

    def fail_half_way() -> None:
        with storage.atomic_path(target) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert target.read_text() == '{\n  "x": 1\n}\n'
    assert [entry.name for entry in tmp_path.iterdir()] == ["value.json"]


def test_kill_during_writes_leaves_a_whole_file(tmp_path: Path) -> None:
    code = (
        "import sys; from vas_theory.provenance.tables import write_json\n"
        "n = 0\n"
        "while True:\n"
        "    n += 1; write_json(sys.argv[1], {'n': n, 'filler': 'x' * 200_000}); print(n, flush=True)\n"
    )
    target = tmp_path / "value.json"
    for delay in (0.01, 0.05, 0.11):
        process = subprocess.Popen([sys.executable, "-c", code, str(target)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(delay)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        text = target.read_text()
        assert text.endswith("}\n")
        assert len(text) > 200_000


def test_leftovers_go_when_their_writer_has_gone(tmp_path: Path) -> None:
    """A second sweep in the folder must not take away what the first is writing."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    here = platform.node().replace(".", "_")
    for name in (f"{here}-{os.getpid()}", f"{here}-{gone.pid}", "elsewhere-1", "old-1", "plain"):
        (tmp_path / f".cell.parquet.{name}.x1.tmp").touch()
    os.utime(tmp_path / ".cell.parquet.old-1.x1.tmp", (0, 0))
    storage.remove_leftovers(tmp_path)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {f".cell.parquet.{here}-{os.getpid()}.x1.tmp", ".cell.parquet.elsewhere-1.x1.tmp"}


def test_the_next_write_of_a_file_removes_what_killed_ones_left_of_it(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    here = platform.node().replace(".", "_")
    lost = f"{here}-{gone.pid}.x1.tmp"
    for name in (f".a.json.{lost}", f".b.json.{lost}", f".a.json.{here}-{os.getpid()}.x1.tmp"):
        (tmp_path / name).touch()
    storage.write_json(tmp_path / "a.json", {})
    assert {path.name for path in tmp_path.iterdir()} == {
        "a.json",
        f".b.json.{lost}",
        f".a.json.{here}-{os.getpid()}.x1.tmp",  # this process may be writing it
    }


def test_what_is_no_file_is_never_replaced_by_one(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "folder"):
        with pytest.raises(DataError, match="is no file"), storage.atomic_path(tmp_path / name):
            raise AssertionError("something was written")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "pipe"]
    assert not (tmp_path / "pipe").is_file()
