"""The explorer's facts and page: what it carries is the tables', and it needs nothing from outside."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from paper_figures.explorer.facts import TABLES, facts
from paper_figures.laboratory import sampler_record, world_gains
from simulations.running.bandit_worlds import world
from simulations.world.pool import draw_pass_rates
from tests.paper_figures.small_tables import PRESET, write_tables
from tests.paper_figures.tables.full_scale import pilot
from tests.paper_figures.tables.simulations import tournament, tournament_ranking
from vas_theory.foundation.errors import IntegrityError
from vas_theory.selection.strategies import strategy_names


@pytest.fixture
def html(explorer_root: Path) -> str:
    return (explorer_root / "paper_figures" / "output" / "explorer.html").read_text(encoding="utf-8")


def embedded(html: str) -> dict[str, list[dict[str, object]]]:
    found = re.search(r'<script type="application/json" id="facts">(.*?)</script>', html, re.DOTALL)
    assert found
    answer: dict[str, list[dict[str, object]]] = json.loads(found[1])
    return answer


def test_the_page_is_one_file_that_may_load_nothing(html: str) -> None:
    assert "default-src 'none'" in html
    assert set(re.findall(r'\s(?:src|href|action|srcset|data)="([^"]*)"', html)) == {"data:,"}
    for word in ("http:", "https:", "fetch(", "XMLHttpRequest", "WebSocket", "import(", "@import"):
        assert word not in html, word
    assert set(re.findall(r"url\(.{10}", html)) == {'url("data:font'}


def test_embedded_gains_are_the_tournaments(explorer_root: Path, html: str) -> None:
    known = embedded(html)
    assert known == facts(explorer_root, PRESET)
    table = tournament.frame()
    last = table[(table["regime"] == "tuned") & (table["rollouts"] == table["budget"])]
    reached = last.pivot_table(index=["world", "strategy"], values="pass_rate")["pass_rate"]
    for place in known["worlds"]:
        for arm in place["arms"]:  # type: ignore[attr-defined]
            wanted = reached[place["name"], arm["name"]] - reached[place["name"], "uniform"]
            assert arm["gain"] == pytest.approx(wanted, abs=1e-5)
            assert arm["gain_low"] <= arm["gain"] <= arm["gain_high"]
            assert arm["name"] in strategy_names()
            assert arm["trainable"] == (arm["name"] != "oracle")


def test_embedded_worlds_describe_the_pools_they_stand_for(html: str) -> None:
    """The mean pass rate and reward variance of a world are those of rates drawn from it (error of 40,000 draws)."""
    for place in embedded(html)["worlds"]:
        config = world(str(place["name"]))
        rates = draw_pass_rates(config.pool.difficulty, np.random.default_rng(5), 40_000)  # type: ignore[union-attr]
        assert place["passRate"] == pytest.approx(rates.mean(), abs=0.01)
        assert place["rewardVariance"] == pytest.approx((rates * (1 - rates)).mean(), abs=0.003)
        assert place["passes"] == pytest.approx(config.budget / config.group_size / config.pool.prompts, abs=0.01)


def test_the_measured_pool_is_the_pilots(html: str) -> None:
    (measured,) = (pool for pool in embedded(html)["pools"] if pool["name"] == "measured")
    frame = pilot.frame()
    assert measured["rates"] == sorted((frame["successes"] / frame["rollouts"]).round(5))
    assert "smollm2-135m on arithmetic" in str(measured["text"])


def test_an_altered_table_is_refused(tmp_path: Path) -> None:
    write_tables(TABLES, tmp_path)
    path = TABLES[0].path(tmp_path, PRESET)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(IntegrityError, match=r"tournament_ranking\.parquet"):
        facts(tmp_path, PRESET)


def test_the_record_of_vas_counts_wins_ties_and_losses() -> None:
    ours, published = sampler_record(world_gains(tournament_ranking.frame(), "fixed"))
    assert ours["worlds"] == published["worlds"] == 3
    assert (ours["beats"], ours["level"], ours["loses"]) == (
        ["bimodal-shared"],
        ["small-groups"],
        ["hard-interference"],
    )
    assert len(published["loses"]) == 3
