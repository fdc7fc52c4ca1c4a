"""The tournament's figure: its caption's counts, its marks and its map against the table behind it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from paper_figures.drawing.declaration import LoadedTable, Tables
from paper_figures.drawing.render import draw_canvas
from paper_figures.drawing.style import SLIDE, Look, figure_style
from paper_figures.figures import get_figures
from simulations.analysis.summaries import tournament_summary
from tests.paper_figures.tables.simulations import tournament

FIGURE, CURVES, WORLDS = (get_figures([name])[0] for name in ("tournament", "tournament_curves", "tournament_worlds"))


@pytest.fixture(scope="module")
def tables() -> Tables:
    frame = tournament.frame()
    ends = frame[(frame["regime"] == "tuned") & (frame["rollouts"] == frame["budget"])]
    tuning = [ends.assign(phase="tuning", seed=4, learning_rate=rate) for rate in (0.4, 0.8)]
    table = pd.concat([frame, *tuning], ignore_index=True)
    summary = LoadedTable(tournament_summary(table, resamples=200), 0, {})
    return {"tournament": LoadedTable(table, 7, {"scale": 0.35}), "ranking": summary}


def _finals(frame: pd.DataFrame, regime: str) -> pd.DataFrame:
    """Mean over seeds of the final pass rate over uniform's, world by strategy."""
    ends = frame[(frame["phase"] == "final") & (frame["regime"] == regime) & (frame["rollouts"] == frame["budget"])]
    means = ends.pivot_table("pass_rate", "world", "strategy")
    return means.sub(means["uniform"], axis=0)


def test_numbers_hold_every_arm_and_world(tables: Tables) -> None:
    numbers = FIGURE.numbers(tables)
    gains = _finals(tables["tournament"].frame, "fixed")
    worlds = numbers[(numbers["kind"] == "world") & (numbers["regime"] == "fixed")]
    found = worlds.pivot(index="world", columns="strategy", values="gain")
    np.testing.assert_allclose(found, gains[found.columns])
    ranking = numbers[(numbers["kind"] == "ranking") & (numbers["regime"] == "tuned")]
    assert sorted(ranking["strategy"]) == sorted(tournament.GAINS)
    assert ranking["gain"].is_monotonic_decreasing


def test_the_caption_says_what_the_table_holds(tables: Tables) -> None:
    numbers = FIGURE.numbers(tables)
    caption = WORLDS.caption(numbers)
    assert "3 worlds of bandit prompts at 4,000 total rollouts" in caption
    assert "4 paired seeds (base seed 7), pools and budgets at 35%" in caption
    assert "15 of 15 choices are the grid's highest" in caption
    assert "vas-paper is ahead in 0 of 3 and behind in 3 (bimodal-shared, hard-interference, small-groups)" in caption
    rows = numbers[(numbers["kind"] == "world") & (numbers["strategy"] == "vas") & (numbers["regime"] == "fixed")]
    assert f"vas is ahead in {(rows['gain_low'] > 0).sum()} of 3" in caption
    for regime in ("one learning rate", "tuned learning rates"):
        said = FIGURE.headline(numbers).partition(f"at {regime}: ")[2].partition(";")[0]
        assert "vas " in said
        assert "mopps " in said


def test_marks_are_the_numbers(tables: Tables) -> None:
    look = Look(SLIDE)
    numbers = FIGURE.numbers(tables)
    with figure_style(look):
        ranking, curves, worlds = (draw_canvas(figure, tables, look).axes for figure in (FIGURE, CURVES, WORLDS))
    ends = {line.get_label(): line.get_ydata()[-1] for line in curves[0].get_lines()}
    frame = tables["tournament"].frame
    final = frame[(frame["phase"] == "final") & (frame["regime"] == "fixed") & (frame["rollouts"] == frame["budget"])]
    for name, end in ends.items():
        assert end == pytest.approx(final.loc[final["strategy"] == name, "pass_rate"].mean())
    assert list(ends) == ["oracle", "mopps", "vas", "uniform", "vas-paper"]
    assert {text.get_text() for axis in ranking for text in axis.get_yticklabels()} == set(tournament.GAINS)
    assert len({axis.get_xlim() for axis in ranking}) == 1, "the halves of the ranking have one scale"
    rows = numbers[(numbers["kind"] == "world") & (numbers["regime"] == "tuned")].set_index(["world", "strategy"])
    row = rows.loc[("small-groups", "vas-paper")]
    assert f"{100 * row['gain']:+.1f}" in {text.get_text() for text in worlds[1].texts}
    unclear = sum(rows.query("strategy in ['vas', 'vas-paper', 'mopps']").eval("gain_low <= 0 <= gain_high"))
    assert sum(text.get_text().startswith("(") for text in worlds[1].texts) == unclear > 0
