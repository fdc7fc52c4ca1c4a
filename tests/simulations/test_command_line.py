"""The command line as a user meets it: what it writes and prints, exit codes, one-line errors."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from simulations.__main__ import main
from vas_theory.provenance.tables import read_table


def _call(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "simulations", *arguments], capture_output=True, text=True, cwd=cwd, timeout=120
    )


def test_run_writes_the_table_then_keeps_it(tmp_path: Path) -> None:
    answer = _call("run", "bound_gallery", "--preset", "smoke", "--seed", "3", "--set", "arms=[2, 4]", cwd=tmp_path)
    assert answer.returncode == 0, answer.stderr
    path = tmp_path / "simulations" / "output" / "smoke" / "bound_gallery.parquet"
    assert set(read_table(path)["arms"]) == {2, 4}
    before = path.stat().st_mtime_ns
    again = _call("run", "bound_gallery", "--preset", "smoke", "--seed", "3", "--set", "arms=[2, 4]", cwd=tmp_path)
    assert "already current" in again.stdout
    assert path.stat().st_mtime_ns == before


def test_several_experiments_are_run_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["run", "bound_gallery", "bound_gallery", "--preset", "smoke", "--set", "bandits=60"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert "computed in" in first
    assert "already current" in second


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run", "bound_galery"), "did you mean bound_gallery"),
        (("run", "bound_gallery", "nothing"), "unknown experiment"),
        (("run", "bound_gallery", "--preset", "smok"), "did you mean smoke"),
        (("run", "bound_gallery", "--set", "bandit=5"), "did you mean bandits"),
        (("run", "bound_gallery", "--set", "bandits=-5"), "bandits must"),
        (("run", "tournament", "--preset", "smoke", "--seed", str(1 << 32)), "seed must be below 4,294,967,296"),
        (("run", "tournament", "--preset", "smoke", "--set", "seeds=1000000000000"), "seeds must be below 10,001"),
        (("run", "bound_gallery", "--preset", "smoke", "--workers", "0"), "--workers must be at least 1"),
        (("run", "bound_gallery", "--preset", "smoke", "--backend", "dusk"), "did you mean dask"),
        (("run", "score_estimation", "--preset", "smoke", "--set", 'difficulties=["nothing"]'), "difficulty is one of"),
        (("tournament", "--preset", "smoke", "--set", "scale=0.001"), "scale must be at least 0.005"),
        (("show", "nothing"), "unknown experiment"),
        (("show", "bound_gallery", "--preset", "smok"), "did you mean smoke"),
        (("run", "tournament", "--preset", "smoke", "--backend", "dusk"), "did you mean dask"),
        (("recheck", "bound_gallery", "--preset", "smoke", "--seed", "-1"), "seed must be an integer"),
        (("networks", "tables", "--preset", "smoke", "--seeds", "1"), "seeds must be at least 2"),
        (("networks", "recheck", "--preset", "smoke", "--seeds", "999"), "no cell of this size is stored"),
        (("fit", "trace.json", "--rollouts", "0"), "--rollouts must lie in [1, 1000000]"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    arguments: tuple[str, ...],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*arguments]) == 2
    heard = capfd.readouterr()
    assert heard.out == ""
    assert heard.err.startswith("error: ")
    assert heard.err.count("\n") == 1
    assert words in heard.err
    assert not list(tmp_path.iterdir())


def test_list_and_show(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seen = {words: _call(*words, cwd=tmp_path).stdout for words in (("list",), ("networks", "list"))}
    assert all(max(map(len, text.splitlines())) <= 80 for text in seen.values())
    assert "bound_gallery" in seen["list",]
    listed = json.loads(_call("list", "--json", cwd=tmp_path).stdout)["experiments"]
    assert "bound_gallery" in [row["name"] for row in listed]
    assert main(["networks", "list", "--json"]) == 0
    networks = json.loads(capsys.readouterr().out)
    (arm,) = (row for row in networks["arms"] if row["name"] == "vas")
    assert (arm["strategy"], arm["free"]) == ("vas", "")
    assert arm["committed"] > 0
    assert {"name", "summary", "varies", "committed"} == set(networks["worlds"][0])
    assert main(["show", "bound_gallery"]) == 0
    shown = capsys.readouterr().out
    assert "[paper]" in shown
    assert "bandits = 36000" in shown


def test_the_tournament_prints_a_ranking(tmp_path: Path) -> None:
    answer = _call("tournament", "--preset", "smoke", "--set", 'worlds=["bimodal-alone"]', cwd=tmp_path)
    assert answer.returncode == 0, answer.stderr
    assert "winners by world" in answer.stdout
    assert "tournament: 2/2 cells" in answer.stderr


def test_help_loads_nothing_heavy() -> None:
    code = "import sys, simulations.__main__ as m\ntry: m.main(['--help'])\nexcept SystemExit: pass\n"
    code += "print(sorted({'numpy', 'pandas', 'pydantic', 'numba', 'rich', 'joblib'} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert answer.stdout.splitlines()[-1] == "[]"
