"""The report: self-contained, complete, escaped, and honest about what failed."""

from __future__ import annotations

import base64
import io
import re
from html import unescape
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paper_figures.build.nodes import project_tables
from paper_figures.figures import get_figures
from paper_figures.laboratory import REGIMES, sampler_record, world_gains, world_rows
from paper_figures.report.assemble import embedded, signed
from paper_figures.report.maths import FONT, formula, text_with_formulas
from tests.paper_figures.small_tables import PRESET, claims_answer
from tests.paper_figures.tables.full_scale import validation
from tests.paper_figures.tables.simulations import tournament_ranking
from vas_theory.claims import all_claims

_ADDRESSES = ("src", "srcset", "href", "action", "data", "poster", "background", "formaction", "cite", "xlink:href")


class Page(HTMLParser):
    """Collects addresses, tags, ids and text, and checks that tags nest."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.addresses: list[tuple[str, str]] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in ("meta", "link", "img", "source", "br", "mspace"):
            self.open.append(tag)
        for name, value in attributes:
            if name in _ADDRESSES:
                self.addresses.append((tag, value or ""))
            if name == "id":
                self.ids.append(value or "")
            assert not name.startswith("on"), "no script in attributes"

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attributes)
        if self.open and self.open[-1] == tag:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


@pytest.fixture
def html(built_once: Path) -> str:
    return (built_once / "paper_figures" / "output" / "report.html").read_text(encoding="utf-8")


def test_the_page_needs_nothing_from_outside(html: str) -> None:
    page = Page(html)
    assert page.open == []
    for tag, address in page.addresses:
        assert address.startswith("data:") or (tag == "a" and address[1:] in page.ids), address[:80]
    assert "script" not in page.tags
    assert "iframe" not in page.tags
    for style in re.findall(r"<style>(.*?)</style>", html, re.DOTALL):
        assert "@import" not in style
        assert set(re.findall(r"url\(.{10}", style)) <= {'url("data:font'}
    without_images = re.sub(r"data:(image/avif|font/woff);base64,[A-Za-z0-9+/=]+", "", html)
    assert "http:" not in without_images
    assert "https:" not in without_images


def test_every_figure_is_embedded_in_both_sizes(built_once: Path, html: str) -> None:
    found = set(re.findall(r"data:image/avif;base64,[A-Za-z0-9+/=]+", html))
    for figure in get_figures():
        for medium in ("slide", "column"):
            path = built_once / "paper_figures" / "output" / PRESET / f"{figure.name}.{medium}.png"
            assert embedded(path) in found


def test_an_embedded_image_is_the_figure_at_two_thirds_of_its_sides(built_once: Path) -> None:
    path = built_once / "paper_figures" / "output" / PRESET / "training_curves.slide.png"
    whole = Image.open(path).convert("RGB")
    shown = Image.open(io.BytesIO(base64.b64decode(embedded(path).partition(",")[2]))).convert("RGB")
    assert [round(2 / 3 * side) for side in whole.size] == list(shown.size)
    apart = np.asarray(whole.resize(shown.size, Image.Resampling.LANCZOS), float) - np.asarray(shown, float)
    assert np.abs(apart).mean() < 2
    assert len(embedded(path)) < 0.8 * path.stat().st_size * 4 / 3


def test_failed_and_uninformative_predictions_are_shown(html: str) -> None:
    words = Page(html).words
    frame = validation.frame()
    verdicts = frame["verdict"].value_counts()
    assert f"{verdicts['held']} of {len(frame)} predictions held: {verdicts['failed']} failed" in words
    for verdict, text in (("failed", "failed on the real model"), ("uninformative", "too noisy to tell")):
        named = frame[(frame["verdict"] == verdict) & (frame["prompt_key"] == "")]["id"]
        assert f"{text}: {', '.join(named)}, the gradient norms of " in words
    for name, statement in zip(frame["id"], frame["statement"], strict=True):
        assert f"{name}" in words
        assert statement in words  # also says that < and & were escaped and not lost


def test_ledger_is_complete_and_names_what_is_refuted(html: str) -> None:
    words = Page(html).words
    assert "2 of 2 verdicts verified: 1 proved, 1 refuted" in words
    assert "each by an exact counterexample or by rigorous interval bounds: A05." in words
    for row in claims_answer()["claims"]:  # type: ignore[attr-defined]
        assert row["title"] in words


def test_every_part_says_how_to_reproduce_it(html: str) -> None:
    words = Page(html).words
    for command in (
        f"python -m simulations run bound_gallery --preset {PRESET}",
        f"python -m full_scale study --preset {PRESET}",
        f"python -m paper_figures make training_curves --preset {PRESET}",
        f"make reproduce PRESET={PRESET}",
    ):
        assert command in words
    tables = project_tables(Path("here"), PRESET)
    assert len(re.findall(r'title="([0-9a-f]{64})">', html)) == 1 + len(tables) + len(get_figures())


def test_the_record_of_vas_and_every_world_are_shown(html: str) -> None:
    words = Page(html).words
    for form in [row for name in REGIMES for row in sampler_record(world_gains(tournament_ranking.frame(), name))]:
        beats, level, loses = (len(form[verdict]) for verdict in ("beats", "level", "loses"))
        assert (
            f"beats uniform sampling in {beats}, no clear difference in {level}, loses in {loses} of 3 bandit worlds"
            in words
        )
    assert "It loses here." in words
    assert words.rindex("Where VAS loses It loses here.") < words.rindex("Final pass rate over uniform sampling's, in")
    assert words.index("Should you use it?") < words.index("beats uniform sampling in"), "the summary comes first"
    losses = words[words.rindex("Final pass rate over uniform sampling's, in") :]
    summary = tournament_ranking.frame()
    for row in [row for name in ("fixed", "tuned") for row in world_rows(world_gains(summary, name))]:
        shown = f"{row['world']} {signed(row['vas']['gain'])} {signed(row['vas']['gain_low'])} to "
        assert shown in losses
        assert row["best"]["strategy"] == "mopps"


def test_figures_stand_in_the_section_of_their_evidence(html: str) -> None:
    for figure in get_figures():
        section = re.findall(r'<section id="(\w+)">', html[: html.index(f'<figure id="{figure.name}">')])[-1]
        assert section == figure.label.value


def test_every_statement_of_the_ledger_becomes_mathml() -> None:
    left = [claim.id for claim in all_claims().values() if not formula(claim.statement).startswith("<math")]
    assert left == []


def test_the_font_of_formulas_has_every_symbol_of_the_ledger_and_mathematical_tables() -> None:
    from fontTools.ttLib import TTFont

    font = TTFont(io.BytesIO(resources.files("paper_figures.report").joinpath(FONT).read_bytes()))
    assert "MATH" in font
    assert "Vera" not in str(font["name"].getDebugName(1)), "a changed font may not have that name"
    texts = [re.sub("<[^>]*>", "", formula(claim.statement)) for claim in all_claims().values()]
    symbols = {letter for text in texts for letter in unescape(text)}
    assert len(symbols) > 90
    assert symbols - set(map(chr, font.getBestCmap())) == set()


def test_a_formula_that_cannot_be_translated_is_shown_as_it_is() -> None:
    assert formula(r"\unknowncommand{x}") == r"<code>\unknowncommand{x}</code>"
    assert formula(r"\frac{1}{") == r"<code>\frac{1}{</code>"
    assert formula("<b>") != "<b>"


def test_text_outside_formulas_is_escaped() -> None:
    answer = text_with_formulas("<i>a</i> & $x_1$ <")
    assert answer.startswith("&lt;i&gt;a&lt;/i&gt; &amp; <math")
    assert answer.endswith("</math> &lt;")


def test_the_page_says_where_the_index_loses(html: str) -> None:
    assert "Where the look-ahead index loses" in html
    kept = "worlds kept back during development: at most 0.5 points behind the best other method in"
    rest = "this could not be shown in held-out-1 (-3.0 points, mopps)."
    share = "Mean share of the oracle&#39;s gain over uniform sampling: 0.90."
    assert html.count(f"<li>At tuned learning rates, {kept} 1 of 2 worlds; {rest} {share}</li>") == 1
    assert html.count(f"{kept} 2 of 2 worlds. ") == 2
