"""The explorer in a real browser: its formulas against the Python package, its keyboard, messages and file."""

from __future__ import annotations

import itertools
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from full_scale.config.training import load_config
from full_scale.plugins.config import SelectionConfig
from tests.browser import Browser, Page
from tests.paper_figures.tables.full_scale import pilot
from vas_theory.groups.pass_rate_laws import group_gain
from vas_theory.potentials import mixture_expected_variance
from vas_theory.selection.contract.strategy import SelectionSetting
from vas_theory.selection.sampler.config import build_config
from vas_theory.selection.sampler.variance_aware import VarianceAwareSampler
from vas_theory.selection.scores import expected_group_signal, mixed_group_probability, variance_promotion_score
from vas_theory.selection.strategies import make_strategy

pytestmark = pytest.mark.browser

RELATIVE = 1e-11
"""Sums of some hundred float64 terms in another order; the recursions of both sides lose a few units of 1e-16 each."""


@pytest.fixture
def address(explorer_root: Path) -> Path:
    return explorer_root / "paper_figures" / "output" / "explorer.html"


@pytest.fixture
def page(browser: Browser, address: Path) -> Page:
    return browser.open(address)


def call(page: Page, function: str, *arguments: Any) -> Any:
    return page.evaluate(f"{function}({', '.join(json.dumps(argument) for argument in arguments)})")


def test_group_formulas_agree_with_the_package(page: Page) -> None:
    rates = [0.0, 1e-9, 0.003, 0.25, 0.5, 0.77, 0.999, 1.0]
    for size in (2, 3, 8, 16, 64):
        for p in rates:
            signal = call(page, "Formulas.groupSignal", p, size)
            assert signal == pytest.approx(float(expected_group_signal(p, size)), rel=RELATIVE, abs=1e-300)
            assert signal == pytest.approx(p * (1 - p) * float(group_gain(p, size)), rel=RELATIVE, abs=1e-300)
            silent = call(page, "Formulas.silentGroup", p, size)
            assert silent == pytest.approx(1 - float(mixed_group_probability(p, size)), rel=RELATIVE)


def test_beta_pools_agree_with_scipy(page: Page) -> None:
    for a, b in ((0.05, 200.0), (0.4, 3.6), (1.0, 1.0), (2.5, 0.3), (40.0, 60.0), (200.0, 200.0)):
        found = call(page, "Formulas.betaPool", [[1.0, a, b]], 40)
        wanted = stats.beta(a, b).ppf((np.arange(40) + 0.5) / 40)
        assert np.allclose(found, wanted, rtol=1e-9, atol=2e-12)  # the bisection stops at 1e-12
    mixture = [[0.55, 0.5, 4.0], [0.45, 4.0, 0.6]]
    found = np.array(call(page, "Formulas.betaPool", mixture, 40))
    reached = sum(share * stats.beta(a, b).cdf(found) for share, a, b in mixture)
    assert np.allclose(reached, (np.arange(40) + 0.5) / 40, atol=1e-9)


def spend(settings: dict[str, Any]) -> dict[str, int]:
    """Spend a budget step by step, as a strategy does: score when a refresh is due, then train if it is paid for."""
    spent = {"refreshes": 0, "steps": 0, "scoring": 0, "training": 0}
    left, step = settings["budget"], settings["batchSize"] * settings["groupSize"]
    while True:
        due = settings["periodic"] and spent["steps"] % settings["updateInterval"] == 0
        scoring = settings["prompts"] * settings["scoringRollouts"] if due else 0
        if scoring + step > left:
            return spent
        left -= scoring + step
        spent["refreshes"] += int(due)
        spent["steps"] += 1
        spent["scoring"] += scoring
        spent["training"] += step


def grid() -> Iterator[tuple[np.ndarray, np.ndarray, dict[str, Any]]]:
    rng = np.random.default_rng(12)
    pools = [rng.beta(0.5, 1.5, 60), rng.integers(0, 9, 40) / 8, np.zeros(5), np.array([0.3])]
    choices = itertools.product(
        pools, (2, 8, 16), (0.0, 0.37, 1.0), (("vps", 0.8, 0.2), ("vps", 1.0, 0.0), ("expected_signal", 0.0, 0.0)),
        (False, True),
    )  # fmt: skip
    for rates, group_size, ratio, (score, alpha, beta), periodic in choices:
        settings = {
            "groupSize": group_size, "mixtureRatio": ratio, "score": score, "alpha": alpha, "beta": beta,
            "periodic": periodic, "batchSize": 24, "prompts": 100, "scoringRollouts": int(rng.integers(2, 33)),
            "updateInterval": int(rng.integers(1, 60)), "budget": int(rng.integers(1, 100_000)),
        }  # fmt: skip
        yield rates, rng.random(len(rates)), settings


def test_everything_shown_agrees_with_the_package_on_a_grid(page: Page) -> None:
    cases = list(grid())
    arguments = [[list(rates), list(diversities), settings] for rates, diversities, settings in cases]
    found = page.evaluate(
        f"{json.dumps(arguments)}.map((parts) => Formulas.explore(...parts))"
        ".map((answer) => ({...answer, breakEven: String(answer.breakEven)}))"
    )
    assert len(found) == len(cases) > 100
    for (rates, diversities, settings), answer in zip(cases, found, strict=True):
        _check(rates, diversities, settings, answer)


def _check(rates: np.ndarray, diversities: np.ndarray, settings: dict[str, Any], answer: dict[str, Any]) -> None:
    size, variance = settings["groupSize"], rates * (1 - rates)
    config = build_config({"batch_size": settings["batchSize"], "mixture_ratio": settings["mixtureRatio"]})
    share = config.num_weighted / config.batch_size
    if settings["score"] == "vps":
        # the mean plug-in variance over the binomial number of right rollouts
        right = np.arange(settings["scoringRollouts"] + 1)
        seen = right / right[-1] * (1 - right / right[-1])
        mean = stats.binom.pmf(right, right[-1], rates[:, None]) @ seen
        score = variance_promotion_score(mean, diversities, alpha=settings["alpha"], beta=settings["beta"])
    else:
        score = expected_group_signal(rates, size)
    even = np.full(len(rates), 1 / len(rates))
    weights = share * score / score.sum() + (1 - share) * even if score.sum() > 0 else even
    assert np.allclose(answer["weights"], weights, rtol=1e-9)
    quantities = {
        "passRate": rates, "rewardVariance": variance, "silentShare": 1 - mixed_group_probability(rates, size),
        "signal": expected_group_signal(rates, size),
    }  # fmt: skip
    for name, values in quantities.items():
        assert answer["uniform"][name] == pytest.approx(even @ values, rel=1e-9, abs=1e-12)
        assert answer["weighted"][name] == pytest.approx(weights @ values, rel=1e-9, abs=1e-12)
    if settings["score"] == "vps" and settings["beta"] == 0 and variance.sum() > 0:
        wanted = float(mixture_expected_variance(variance, share)) / variance.mean()
        assert answer["varianceGain"] == pytest.approx(wanted, rel=1e-9)
    spent = spend(settings)
    assert answer["plan"] == spent
    if spent["training"]:
        assert answer["scoringShare"] == pytest.approx(spent["scoring"] / (spent["scoring"] + spent["training"]))
    if not settings["periodic"]:
        assert answer["netGain"] == pytest.approx(answer["signalGain"], rel=RELATIVE)
        return
    # at the break-even interval the gain per rollout, scoring included, is that of uniform sampling
    refresh, between = settings["prompts"] * settings["scoringRollouts"], float(answer["breakEven"])
    if answer["signalGain"] > 1:
        assert answer["signalGain"] * between == pytest.approx(between + refresh)
        trained = settings["batchSize"] * size * settings["updateInterval"]
        assert (answer["netGain"] >= 1) == (trained >= between)
    else:
        assert between == np.inf


def test_the_page_shows_what_the_formulas_say(page: Page) -> None:
    frame = pilot.frame()
    rates = np.sort(frame["successes"] / frame["rollouts"])
    assert page.text("#variance-uniform") == f"{(rates * (1 - rates)).mean():.4f}"
    assert page.text("#signal-uniform") == f"{expected_group_signal(rates, 8).mean():.4f}"
    before = page.text("#variance-ratio")
    page.fill("#beta", "0")
    assert page.text("#variance-ratio") != before
    page.fill("#mixture-ratio", "0")
    assert page.text("#variance-ratio") == "1.00×"
    assert page.complaints() == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0.5\nabc", "Line 2: a pass rate must be a number from 0 to 1, such as 0.25 or 2/8; found “abc”."),
        (
            "pass_rate\n0.5\n\n1.5",
            "Line 4: a pass rate must be a number from 0 to 1, such as 0.25 or 2/8; found “1.5”.",
        ),
        ("0.5\n3/0", "Line 2: a pass rate must be a number from 0 to 1, such as 0.25 or 2/8; found “3/0”."),
        ("a,b\n1,2", "Line 1: a header must name pass_rate, or successes and rollouts; found “a, b”."),
        ("0.5,0.1\n0.5", "Line 2: every line or none must give a diversity."),
        ("0.5,2", "Line 1: a diversity must be a number from 0 to 1, such as 0.25 or 2/8; found “2”."),
        ("successes,rollouts\n3,", "Line 2: successes/rollouts must be a number from 0 to 1"),
        (
            "3,8\n1,8",
            "Line 1: a pass rate must be a number from 0 to 1, such as 0.25 or 2/8; found “3,8”. A comma is read "
            "as a decimal point: write 3/8 for 3 of 8, or a header successes,rollouts.",
        ),
        ("pass_rate", "There is a header but no line with a pass rate below it."),
        ("", "Paste at least one pass rate"),
        ("0.5\n<b>", "Line 2: a pass rate must be a number from 0 to 1, such as 0.25 or 2/8; found “<b>”."),
    ],
)
def test_bad_csv_names_the_line_and_what_came(page: Page, text: str, message: str) -> None:
    page.fill("#pool", "csv")
    page.fill("#csv", text)
    assert page.text("#csv-fault").startswith(message)
    assert page.evaluate("document.getElementById('csv').getAttribute('aria-invalid')") == "true"
    assert page.evaluate("document.getElementById('results').hidden")
    page.fill("#csv", "0.5")
    assert page.text("#csv-fault") == ""
    assert not page.evaluate("document.getElementById('results').hidden")


@pytest.mark.parametrize(
    ("text", "rates", "diversities"),
    [
        ("0.25\r\n2/8\n\n1e-1", [0.25, 0.25, 0.1], None),
        ("\ufeffpass_rate;diversity\n0.5;0.1\n1;0", [0.5, 1.0], [0.1, 0.0]),
        ('prompt_key,successes,rollouts\n"1, 2",3,4\n"x",0,4', [0.75, 0.0], None),
        ("Pass Rate\tid\n0.5\tq", [0.5], None),
        ("0.5,1/4\n0,1", [0.5, 0.0], [0.25, 1.0]),
        ("0,5\n0,25\n1,0", [0.5, 0.25, 1.0], None),
        ("50%\n12.5 %", [0.5, 0.125], None),
        ("pass_rate;diversity\n0,5;25%", [0.5], [0.25]),
    ],
)
def test_good_csv_is_read(page: Page, text: str, rates: list[float], diversities: list[float] | None) -> None:
    assert call(page, "PastedRates.parse", text) == {"rates": rates, "diversities": diversities}


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("group-size", "1", "Group size must be a whole number from 2 to 64; found 1."),
        ("batch-size", "2.5", "Prompts a step must be a whole number from 1 to 100,000; found 2.5."),
        ("batch-size", "3000", "Prompts a step must be at most the pool's 2,000; found 3000."),
        ("budget", "", "Budget, in rollouts must be a whole number from 1 to 10,000,000,000; found nothing."),
        ("alpha", "-1", "Alpha (variance) must be a number from 0 to 1,000; found -1."),
    ],
)
def test_a_bad_number_is_named_beside_its_field(page: Page, field: str, value: str, message: str) -> None:
    page.fill(f"#{field}", value)
    assert page.text(f"#{field}-fault") == message
    assert page.text("#waiting") != ""


def test_numbers_may_be_written_with_commas_and_percent(page: Page) -> None:
    page.fill("#alpha", "0,8")
    page.fill("#budget", "150,000")
    assert page.text("#alpha-fault") == page.text("#budget-fault") == ""
    page.fill("#diversity", "50%")
    assert page.text("#diversity-fault") == ""
    page.fill("#group-size", "3,8")
    assert page.text("#group-size-fault") == "Group size must be a whole number from 2 to 64; found 3,8."


def test_the_fields_follow_a_pasted_pool(page: Page) -> None:
    page.fill("#pool", "csv")
    page.fill("#csv", "\n".join(["0.5"] * 10))
    assert page.evaluate("document.getElementById('prompts').value") == "10"
    assert page.evaluate("document.getElementById('batch-size').value") == "10"
    assert page.text("#csv-read") == "10 prompts read. A step now holds 10 of them."
    page.fill("#prompts", "4000")
    assert page.evaluate("document.getElementById('prompts').value") == "4000", "a change by hand stands"
    assert page.text("#waiting") == "" or page.evaluate("document.getElementById('waiting').hidden")


def downloaded(page: Page, folder: Path) -> Path:
    page.call("Page.setDownloadBehavior", behavior="allow", downloadPath=str(folder))
    page.evaluate("document.getElementById('download').click()")
    path = folder / "vas-study.toml"
    for _ in range(200):
        if path.exists() and path.stat().st_size:
            return path
        page.evaluate("new Promise((resolve) => setTimeout(resolve, 25))")
    raise AssertionError("nothing was downloaded")


@pytest.mark.parametrize(("score", "scoring"), [("vps", "online"), ("expected_signal", "online"), ("vps", "periodic")])
def test_the_downloaded_settings_load_and_are_the_pages(page: Page, tmp_path: Path, score: str, scoring: str) -> None:
    page.evaluate(f"document.getElementById('{scoring}').click()")
    wanted = {"score": score, "mixture-ratio": "0.35", "alpha": "1", "group-size": "4", "batch-size": "16"}
    for field, value in wanted.items():
        page.fill(f"#{field}", value)
    file = downloaded(page, tmp_path)
    config = load_config(file)
    uniform, ours, *recommended = config.arms
    assert (uniform.strategy, ours.name) == ("uniform", "vas-as-set")
    mine = {"uniform", "vas" if scoring == "online" else "vas-paper"}
    assert {arm.strategy for arm in recommended} == {page.text("#arm")} - mine
    assert "built-in arithmetic" in page.text("#download-trains")
    assert f'mixture_ratio=0.35, sampler={{"score": "{score}"' in page.text("#snippet")
    told = re.findall(r"\+trainer\.v1\.vas\.(sampler\.)?(\w+)=(\S+)", page.text("#snippet"))
    table: dict[str, Any] = {"sampler": {}}
    for inner, name, value in told:
        (table["sampler"] if inner else table)[name] = value if name == "score" else float(value)
    assert not SelectionConfig.from_table(table).weighs_diversity, "verl's plug-in refuses it"
    assert (config.rollouts.group_size, config.rollouts.prompts_per_step) == (4, 16)
    assert f"in {config.training.steps:,} steps of 64" in page.text("#training-left")
    arms = tomllib.loads(file.read_text(encoding="utf-8"))["arms"]
    if scoring == "online":
        sampler = VarianceAwareSampler(50, batch_size=16, mixture_ratio=ours.mixture_ratio, **ours.sampler)
        assert (sampler.config.mixture_ratio, sampler.config.score) == (0.35, score)
        assert score != "vps" or (sampler.config.alpha, sampler.config.beta) == (1.0, 0.2)
    else:
        setting = SelectionSetting(prompts=50, batch_size=16, group_size=4, budget=10_000)
        strategy: Any = make_strategy("vas-paper", setting, **arms[1]["options"])
        assert (strategy.update_interval, strategy.scoring_rollouts, strategy.mixture_ratio) == (28, 8, 0.35)


def test_the_recommendation_is_the_best_trainable_arm_of_the_closest_world(page: Page) -> None:
    page.fill("#pool", "mostly_hard")
    page.fill("#coupling", "interference")
    assert "hard-interference" in page.text("#world")
    assert page.text("#arm") == "mopps"
    page.fill("#pool", "bimodal")
    page.fill("#coupling", "shared")
    assert "bimodal-shared" in page.text("#world")
    assert "Within noise of it there: vas" in page.text("#world")
    assert "oracle" not in page.text("#arms").split()


def test_a_budget_too_small_for_a_step_says_so(page: Page) -> None:
    page.fill("#budget", "100")
    assert page.evaluate("document.getElementById('download').disabled")
    assert "does not pay for one step" in page.text("#download-note")


def test_everything_can_be_reached_and_changed_with_the_keyboard(page: Page) -> None:
    page.press("Tab")
    order = [page.focused()]
    while len(order) < 40 and order[-1] != "BODY":
        page.press("Tab")
        order.append(page.focused())
    for field in ("pool", "prompts", "group-size", "batch-size", "budget", "mixture-ratio", "score", "alpha", "beta",
                  "diversity", "online", "coupling", "noisy", "download"):  # fmt: skip
        assert field in order, field
    assert order.index("pool") < order.index("mixture-ratio") < order.index("download")
    page.evaluate("document.getElementById('mixture-ratio').focus()")
    page.press("ArrowRight")
    assert page.text("#mixture-ratio-shown") == "0.55"
    page.evaluate("document.getElementById('online').focus()")
    page.press("ArrowDown")
    assert page.evaluate("document.getElementById('periodic').checked")
    assert page.evaluate("document.getElementById('scoring-rollouts').checkVisibility()")
    page.evaluate("document.querySelector('#arms').closest('details').querySelector('summary').focus()")
    page.press("Enter")
    assert "uniform" in page.text("#arms")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_it_fits_and_asks_for_nothing(browser: Browser, address: Path, width: int, dark: bool) -> None:
    page = browser.open(address, width=width, dark=dark)
    for pool in ("beta", "csv"):
        page.fill("#pool", pool)
        page.evaluate("document.getElementById('periodic').click()")
        page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
        assert page.too_wide() == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.requests() == []
    assert page.complaints() == []
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(23, 27, 32)") == dark
