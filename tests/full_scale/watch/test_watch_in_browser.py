"""The page in a real browser: on a telephone and a desktop, light and dark, from a file and from its server."""

from __future__ import annotations

import dataclasses
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from full_scale.watch.content import Watched, content
from full_scale.watch.page import render
from full_scale.watch.serving import page_server
from tests.browser import Browser, Page
from tests.full_scale.logs import writers
from tests.full_scale.watch.test_watch_content import HOSTILE
from vas_theory.foundation.errors import ArgumentError

pytestmark = pytest.mark.browser

LOGGED = {"vas/predicted_mixed_share": 0.6, "vas/realised_mixed_share": 0.5, "vas/coverage": 0.4}
PLACES = {"vas/weighted_places": 3.0, "vas/probe_places": 0.0, "vas/uniform_places": 3.0, "vas/training_rollouts": 24.0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    for seed in range(2):
        writers.trl(folder / f"vas-seed{seed}", writers.some_rollouts(seed=seed), LOGGED | PLACES)
        rollouts = writers.some_rollouts(seed=seed + 9) + [(step, HOSTILE, [0.0] * 4) for step in (1, 2, 3)]
        writers.verl(folder / f"uniform-seed{seed}", sorted(rollouts, key=lambda group: group[0]))
    return folder


@pytest.fixture(scope="module")
def file(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    watched = Watched([folder])
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_text(
        render(content(watched.read(), ["a note " + HOSTILE], "now"), served=False, refresh=0), encoding="utf-8"
    )
    return path


def show_run(page: Page, place: int) -> None:
    page.evaluate(
        f"(() => {{ const field = document.getElementById('run'); field.value = '{place}'; "
        "field.dispatchEvent(new Event('change')); })()"
    )


def charts(page: Page) -> dict[str, str]:
    """Return what each chart of one run says, by its name."""
    found: dict[str, str] = page.evaluate(
        "Object.fromEntries([...document.querySelectorAll('#details [data-chart]')]"
        ".map((chart) => [chart.dataset.chart, chart.innerText]))"
    )
    return found


@pytest.mark.parametrize(("width", "dark"), [(390, False), (390, True), (1280, False), (1280, True)])
def test_the_page_fits_and_complains_of_nothing(browser: Browser, file: Path, width: int, dark: bool) -> None:
    page = browser.open(file, width=width, dark=dark)
    assert page.complaints() == []
    assert page.requests() == []
    assert page.too_wide() == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    sizes = page.evaluate(
        "[...document.querySelectorAll('canvas')].map((canvas) => canvas.getBoundingClientRect().width)"
    )
    assert len(sizes) >= 8
    assert all(250 < size <= width for size in sizes)


def test_every_text_is_shown_as_text(browser: Browser, file: Path) -> None:
    page = browser.open(file)
    assert page.evaluate("document.title") == "Training runs"
    assert page.evaluate("document.querySelectorAll('img').length") == 0
    assert "onerror" in page.text("#problems")
    show_run(page, 0)
    assert HOSTILE in page.text("#silent-rows")
    assert page.evaluate("document.title") == "Training runs"


def test_charts_say_what_the_logs_say_and_what_they_do_not(browser: Browser, file: Path) -> None:
    page = browser.open(file)
    unlogged = charts(page)  # a run of verl, first by name
    assert "not logged" in unlogged["coverage"]
    show_run(page, 2)
    logged = charts(page)
    assert "Mixed groups of the run so far" in logged["mixed"]
    assert "predicted\n60.0%" in logged["mixed"]
    assert "by weight\n50.0%" in logged["draws"]
    assert "coverage\n40.0%" in logged["coverage"]
    assert "Expected time left 60 s" in page.text("#tiles")


def test_arms_are_chosen_and_found_by_name(browser: Browser, file: Path) -> None:
    page = browser.open(file)
    legend = "document.querySelector('#comparison [data-chart=reward] .legend').innerText"
    assert "vas" in page.evaluate(legend)
    rows = "[...document.querySelectorAll('#arms tr')]"
    page.evaluate(f"{rows}.find((row) => row.innerText.startsWith('vas')).querySelector('input').click()")
    assert "vas" not in page.evaluate(legend)
    assert "uniform" in page.evaluate(legend)
    page.fill("#filter", "VAS")
    assert page.evaluate("document.querySelectorAll('#arms tr').length") == 1


def test_two_hundred_runs_stay_usable(browser: Browser, folder: Path, tmp_path: Path) -> None:
    (run, *_) = Watched([folder]).read()
    names = [f"arm{place % 100}-seed{place // 100}" for place in range(200)]
    many = [dataclasses.replace(run, name=name) for name in names]
    found = content(many, [], "now")
    path = tmp_path / "many.html"
    path.write_text(render(found, served=False, refresh=0), encoding="utf-8")
    assert path.stat().st_size < 3_000_000
    page = browser.open(path, width=390)
    assert page.evaluate("document.querySelectorAll('#arms tr').length") == 100
    assert page.too_wide() == []
    page.fill("#filter", "arm77")
    assert page.evaluate("document.querySelectorAll('#arms tr').length") == 1


@pytest.fixture
def served(folder: Path) -> Iterator[tuple[str, list[str]]]:
    watched, problems = Watched([folder]), ["first"]

    def read() -> dict[str, Any]:
        return content(watched.read(), problems, "now")

    server = page_server(read, 0, refresh=1)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", problems
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_served_page_follows_its_runs(browser: Browser, served: tuple[str, list[str]]) -> None:
    address, problems = served
    page = browser.open(f"{address}/")
    assert page.text("#problems") == "first"
    problems[0] = "second"
    deadline = time.monotonic() + 20
    while page.text("#problems") != "second" and time.monotonic() < deadline:
        time.sleep(0.2)
    assert page.text("#problems") == "second"
    assert page.complaints() == []
    assert set(page.requests()) == {f"{address}/data.json"}


def test_the_server_answers_this_machine_alone(served: tuple[str, list[str]]) -> None:
    address, _ = served

    def status(path: str, **headers: str) -> int:
        try:
            with urllib.request.urlopen(urllib.request.Request(f"{address}{path}", headers=headers)) as answer:
                assert "connect-src 'self'" in answer.headers["Content-Security-Policy"]
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    assert status("/data.json") == 200
    assert status("/other") == 404
    assert status("/data.json", Host="elsewhere.example") == 403
    port = int(address.rpartition(":")[2])
    with pytest.raises(ArgumentError, match="--port must be free"):
        page_server(dict, port, refresh=1)
