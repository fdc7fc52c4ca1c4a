"""What the page says of runs: arms with intervals over seeds, problems aloud, and texts that cannot become markup."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from full_scale.__main__ import main
from full_scale.logs import read_run
from full_scale.watch.content import Watched, content
from full_scale.watch.page import render
from tests.full_scale.logs import writers
from vas_theory.foundation.errors import DataError
from vas_theory.foundation.intervals import student

HOSTILE = "</script><script>document.title='changed'</script><img src=x onerror=\"document.title='changed'\">"


def runs_in(folder: Path, seeds: int = 3) -> Path:
    for seed in range(seeds):
        writers.trl(folder / f"vas-seed{seed}", writers.some_rollouts(seed=seed))
    return folder


def embedded(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    answer: dict[str, Any] = json.loads(found[1])
    return answer


def test_an_arm_is_the_mean_of_its_runs_with_students_interval(tmp_path: Path) -> None:
    watched = Watched([runs_in(tmp_path)])
    found = content(watched.read(), watched.problems, "now")
    (arm,) = found["arms"]
    assert (arm["name"], arm["runs"]) == ("vas", 3)
    last = np.array([read_run(tmp_path / f"vas-seed{seed}").steps["reward"].iloc[-1] for seed in range(3)])
    wanted = student(last, 0.95)
    assert arm["reward"]["value"][-1] == pytest.approx(wanted.value, rel=1e-4)
    assert arm["reward"]["low"][-1] == pytest.approx(wanted.low, rel=1e-4)
    assert arm["reward"]["high"][-1] == pytest.approx(wanted.high, rel=1e-4)
    assert found["problems"] == []


def test_one_run_alone_has_no_interval(tmp_path: Path) -> None:
    watched = Watched([runs_in(tmp_path, seeds=1)])
    (arm,) = content(watched.read(), [], "now")["arms"]
    assert set(arm["reward"]["low"]) == {None}


def test_a_run_that_is_given_twice_counts_once_aloud(tmp_path: Path) -> None:
    folder = runs_in(tmp_path, seeds=1) / "vas-seed0"
    (tmp_path / "link").symlink_to(folder)
    watched = Watched([folder, tmp_path / "." / "vas-seed0", tmp_path / "link"])
    (arm,) = content(watched.read(), [], "now")["arms"]
    assert arm["runs"] == 1
    assert set(arm["reward"]["low"]) == {None}
    assert watched.problems == ["2 of 3 runs are given twice and count once"]


def test_only_runs_that_changed_are_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import full_scale.watch.content as module

    watched, read = Watched([runs_in(tmp_path)]), []
    original = module.read_runs
    monkeypatch.setattr(module, "read_runs", lambda place: read.append(place.name) or original(place))
    watched.read()
    assert read == []
    state = next((tmp_path / "vas-seed1").glob("*/trainer_state.json"))
    changed = state.read_text(encoding="utf-8").replace('"step_time": 2.0', '"step_time": 4.0')
    state.write_text(changed, encoding="utf-8")
    assert [run.steps["seconds"].iloc[0] for run in watched.read()] == [2.0, 4.0, 2.0]
    assert read == ["vas-seed1"]


def test_a_run_that_cannot_be_read_meanwhile_stays_as_it_was_and_is_named(tmp_path: Path) -> None:
    watched = Watched([runs_in(tmp_path)])
    state = next((tmp_path / "vas-seed2").glob("*/trainer_state.json"))
    state.write_text('{"log_history": [', encoding="utf-8")
    assert len(watched.read()) == 3
    (problem,) = watched.problems
    assert "vas-seed2" in problem
    assert "not JSON" in problem
    assert embedded(render(content(watched.read(), watched.problems, "now"), served=False, refresh=0))["problems"]


def test_the_page_keeps_its_numbers_until_a_run_changes_and_after_all_are_gone(tmp_path: Path) -> None:
    watched = Watched([runs_in(tmp_path / "runs", seeds=2)])
    first, second = watched.content("one"), watched.content("two")
    assert second["arms"] is first["arms"]
    assert (first["written"], second["written"]) == ("one", "two")
    (tmp_path / "runs").rename(tmp_path / "elsewhere")
    gone = watched.content("three")
    assert gone["arms"] is first["arms"]
    assert "does not exist" in gone["problems"][0]


def test_warnings_of_the_reading_are_shown(tmp_path: Path) -> None:
    folder = writers.trl(tmp_path / "run", writers.some_rollouts())
    for state in folder.glob("*/trainer_state.json"):
        text = json.loads(state.read_text(encoding="utf-8"))
        text["log_history"].append({"step": 3, "eval_reward": 1.0})
        state.write_text(json.dumps(text), encoding="utf-8")
    watched = Watched([folder])
    for _ in range(2):  # also where nothing is read again
        assert any("left out, written at an evaluation" in problem for problem in watched.content("now")["problems"])


def test_texts_of_a_model_cannot_end_their_script(tmp_path: Path) -> None:
    rollouts = [(step, HOSTILE, [0.0] * 4) for step in (1, 2, 3)] + [(3, "b", [0.0, 1.0, 1.0, 1.0])]
    run = read_run(writers.verl(tmp_path / "run", rollouts))
    page = render(content([run], [HOSTILE], "now"), served=False, refresh=0)
    assert HOSTILE not in page
    assert page.count("</script>") == 2
    found = embedded(page)
    assert found["runs"][0]["silent"][0] == {"prompt": HOSTILE, "visits": 3, "reward": 0.0}
    assert found["problems"] == [HOSTILE]


def test_the_page_is_one_file_that_may_load_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.html"
    assert main(["watch", str(runs_in(tmp_path / "runs")), "--output", str(page)]) == 0
    assert str(page) in capsys.readouterr().out
    html = page.read_text(encoding="utf-8")
    assert "default-src 'none'" in html
    assert "connect-src" not in html
    assert set(re.findall(r'\s(?:src|href|action|srcset)="([^"]*)"', html)) == {"data:,"}
    assert len(html) < 400_000


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["absent"], "absent does not exist"),
        (["."], "holds no log that is known"),
        ([".", "--every", "5"], "--every must be seconds, with --output"),
        ([".", "--port", "70000"], "--port must lie in [0, 65535]"),
    ],
)
def test_bad_input_is_refused_in_one_line(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["watch", *arguments]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert words in line


def test_nothing_to_watch_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no log that is known"):
        Watched([tmp_path])


def test_a_page_takes_the_place_of_nothing_but_a_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = runs_in(tmp_path / "runs", seeds=1)
    (log,) = folder.rglob("trainer_state.json")
    before = log.read_bytes()
    assert main(["watch", str(folder), "--output", str(log)]) == 2
    assert "--output must be a new file or an earlier page" in capsys.readouterr().err
    assert log.read_bytes() == before
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for _ in range(2):
        assert main(["watch", str(folder), "--output", "~/page.html"]) == 0
    assert (home / "page.html").is_file()
    assert f"page: {home / 'page.html'}" in capsys.readouterr().out


def test_a_link_to_itself_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "loop").symlink_to("loop")
    assert main(["watch", str(tmp_path / "loop"), "--output", str(tmp_path / "page.html")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_change_is_seen_also_where_the_clock_went_back(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text('{"step": 1, "reward": 0.1}\n', encoding="utf-8")
    (tmp_path / "other").write_text("newer", encoding="utf-8")
    watched = Watched([tmp_path])
    log.write_text('{"step": 1, "reward": 0.9}\n', encoding="utf-8")
    os.utime(log, (1e9, 1e9))
    (run,) = watched.read()
    assert run.steps["reward"].tolist() == [0.9]
