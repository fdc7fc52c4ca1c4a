"""The report as a browser shows it: everything rendered, nothing wider than a phone, no request to anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from paper_figures.figures import get_figures
from paper_figures.report.assemble import embedded
from tests.browser import Browser
from tests.paper_figures.small_tables import PRESET

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("width", "dark"), [(390, True), (390, False), (1280, True), (1280, False)])
def test_everything_is_shown_and_nothing_is_fetched(browser: Browser, built_once: Path, width: int, dark: bool) -> None:
    folder = built_once / "paper_figures" / "output"
    page = browser.open(folder / "report.html", width=width, dark=dark)
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    loaded = page.evaluate("[...document.images].map((image) => image.complete && image.naturalWidth > 0)")
    assert len(loaded) == len(get_figures())
    assert all(loaded)
    shown = page.evaluate("document.querySelector('#training_curves img').currentSrc")
    size = "column" if width < 640 else "slide"
    assert shown == embedded(folder / PRESET / f"training_curves.{size}.png")
    turned = page.evaluate("getComputedStyle(document.querySelector('#training_curves img')).filter")
    assert (turned != "none") is dark, "light images would shine on dark paper"
    assert page.evaluate("document.fonts.ready.then(() => [...document.fonts].map((font) => font.status))") == [
        "loaded"
    ], "the font of formulas"
    assert page.too_wide() == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.requests() == []
    assert page.complaints() == []


def test_the_contents_lead_to_every_section(browser: Browser, built_once: Path) -> None:
    page = browser.open(built_once / "paper_figures" / "output" / "report.html")
    dead = page.evaluate(
        "[...document.querySelectorAll('nav a, .glance a')].filter((link) => !document.querySelector(link.hash))"
        ".map((link) => link.hash)"
    )
    assert dead == []
    page.press("Tab")
    assert page.focused() == "A"
