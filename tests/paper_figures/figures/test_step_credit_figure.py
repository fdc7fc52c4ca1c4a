"""The figure of step-level credit: its parts, its caption and its marks against the table behind it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import trim_mean

from paper_figures.drawing.declaration import LoadedTable, Tables
from paper_figures.drawing.render import draw_canvas
from paper_figures.drawing.style import SLIDE, Look, figure_style
from paper_figures.figures import get_figures
from simulations.analysis.credit import credit_summary
from tests.paper_figures.tables.simulations import step_credit

(FIGURE,) = get_figures(["step_credit"])


def _summarised(frame: pd.DataFrame) -> Tables:
    return {"runs": LoadedTable(frame, 7, {}), "ranking": LoadedTable(credit_summary(frame, resamples=200), 0, {})}


@pytest.fixture(scope="module")
def tables() -> Tables:
    return _summarised(step_credit.frame())


@pytest.fixture(scope="module")
def numbers(tables: Tables) -> pd.DataFrame:
    return FIGURE.numbers(tables)


def _ends(regime: str) -> pd.DataFrame:
    """Final pass rates, one row a world and seed, one column an arm."""
    frame = step_credit.frame()
    final = frame[(frame["phase"] == "final") & (frame["regime"] == regime) & (frame["rollouts"] == frame["budget"])]
    return final.pivot(index=["world", "seed"], columns="strategy", values="pass_rate")


@pytest.mark.parametrize("regime", ["fixed", "tuned"])
def test_each_part_is_a_difference_of_two_arms(numbers: pd.DataFrame, regime: str) -> None:
    ends = _ends(regime)
    rows = numbers[(numbers["kind"] == "effect") & (numbers["regime"] == regime)].set_index("effect")
    pairs = {
        "shared prefixes": ("uniform-tree", "uniform"),
        "credit, treerpo": ("treerpo", "uniform-tree"),
        "credit, tree-opo": ("tree-opo", "uniform-tree"),
        "both, tree-opo": ("tree-opo", "uniform"),
        "choice, index": ("index", "uniform"),
    }
    for effect, (ours, theirs) in pairs.items():
        assert rows.loc[effect, "gain"] == pytest.approx(trim_mean(ends[ours] - ends[theirs], 0.25))
        assert rows.loc[effect, "gain_low"] <= rows.loc[effect, "gain"] <= rows.loc[effect, "gain_high"]
    large = ends.drop(index="bimodal-8", level="world")
    groups = rows.loc["groups of 8, not 27"]
    assert groups["gain"] == pytest.approx(trim_mean(large["uniform-8"] - large["uniform"], 0.25))
    assert groups["worlds"] == 2


def test_equal_steps_compare_with_uniform_where_a_tree_has_generated_as_much(numbers: pd.DataFrame) -> None:
    """A tree of 27 leaves has 39 nodes for 81 steps, one of 8 leaves 14 for 24."""
    frame = step_credit.frame()
    ends = _ends("fixed")
    differences = []
    for (world, seed), run in (
        frame[frame["strategy"] == "uniform"].query("regime == 'fixed'").groupby(["world", "seed"])
    ):
        share = 14 / 24 if world == "bimodal-8" else 39 / 81
        reached = np.interp(share * step_credit.BUDGETS[world], run["rollouts"], run["pass_rate"])
        differences.append(ends.loc[(world, seed), "treerpo"] - reached)
    (row,) = numbers[(numbers["effect"] == "equal steps, treerpo") & (numbers["regime"] == "fixed")].to_dict("records")
    assert row["gain"] == pytest.approx(trim_mean(differences, 0.25))
    assert (row["least_share"], row["largest_share"]) == (39 / 81, 14 / 24)


def test_the_caption_says_what_the_table_holds(numbers: pd.DataFrame) -> None:
    caption = FIGURE.caption(numbers)
    assert "7 arms in 3 worlds of tree prompts" in caption
    assert "at 1,600 to 5,400 total rollouts, 4 paired seeds (base seed 7)" in caption
    assert "21 of 21 choices are the grid's highest" in caption
    assert (
        "groups with a gradient per 1,000 rollouts: uniform 29.9 and uniform-tree 23.2" in caption
    )  # 90 and 70 groups
    assert "treerpo 1.60 and tree-opo 1.80" in caption  # norms of .8 and .9 over .5
    assert "tree-opo is ahead of uniform in 0 of 3 worlds and behind in 3" in caption
    assert "treerpo is ahead of uniform in 0 of 3 worlds and behind in 2 (bimodal-8, hard-27)" in caption
    row = numbers[(numbers["effect"] == "choice, index") & (numbers["regime"] == "tuned")].iloc[0]
    said = f"choice, index {100 * row['gain']:+.1f} [{100 * row['gain_low']:+.1f}, {100 * row['gain_high']:+.1f}]"
    assert said in caption
    fixed = numbers[(numbers["effect"] == "choice, index") & (numbers["regime"] == "fixed")].iloc[0]
    said = f"choosing prompts by index {100 * fixed['gain']:+.1f} ({100 * row['gain']:+.1f})"
    assert said in FIGURE.headline(numbers)
    assert "groups of 8 instead of 27 " in FIGURE.headline(numbers)


def test_marks_are_the_numbers(tables: Tables, numbers: pd.DataFrame) -> None:
    look = Look(SLIDE)
    with figure_style(look):
        axes = draw_canvas(FIGURE, tables, look).axes
    ends = {line.get_label(): line.get_ydata()[-1] for line in axes[0].get_lines()}
    assert list(ends) == ["index", "uniform", "uniform-8", "uniform-tree", "treerpo", "tree-opo"]
    means = _ends("fixed").loc["bimodal-27"].mean()
    for name, end in ends.items():
        assert end == pytest.approx(means[name])
    shown = {text.get_text() for axis in axes[2:4] for text in axis.get_yticklabels()}
    assert shown == set(step_credit.GAINS)
    effects = [text.get_text() for text in axes[1].get_yticklabels()]
    points = np.asarray(axes[1].containers[0].lines[0].get_xdata(), dtype=float)
    fixed = numbers[(numbers["kind"] == "effect") & (numbers["regime"] == "fixed")].set_index("effect")
    np.testing.assert_allclose(points, 100 * fixed.loc[effects, "gain"])
    rows = numbers[(numbers["kind"] == "world") & (numbers["regime"] == "tuned")].set_index(["world", "strategy"])
    texts = {text.get_text() for text in axes[5].texts}
    assert f"{100 * rows.loc[('hard-27', 'tree-opo'), 'gain']:+.1f}" in texts
    assert "(+0.0)" in texts  # uniform-8 where a tree has 8 leaves


def test_arms_that_are_not_there_are_left_out(tables: Tables) -> None:
    """The smallest preset has neither a way of choosing prompts nor the control of group size."""
    frame = tables["runs"].frame
    few = _summarised(frame[frame["strategy"].isin(["uniform", "uniform-tree", "treerpo"])])
    numbers = FIGURE.numbers(few)
    effects = set(numbers["effect"].dropna())
    assert effects == {"shared prefixes", "credit, treerpo", "both, treerpo", "equal steps, treerpo"}
    assert "choice" not in FIGURE.headline(numbers)
    with figure_style(Look(SLIDE)):
        draw_canvas(FIGURE, few, Look(SLIDE))


def test_a_last_step_that_spends_nothing_counts(tables: Tables) -> None:
    """Training on kept rollouts alone leaves two rows with one count, of which the later is the end."""
    frame = tables["runs"].frame
    last = (frame["strategy"] == "vas") & (frame["phase"] == "final") & (frame["rollouts"] == frame["budget"])
    later = frame[last].assign(pass_rate=frame.loc[last, "pass_rate"] + 0.1)
    numbers = FIGURE.numbers(_summarised(pd.concat([frame, later], ignore_index=True)))
    before = FIGURE.numbers(tables)
    gains = [rows[rows["kind"] == "ranking"].set_index(["regime", "strategy"])["gain"] for rows in (numbers, before)]
    np.testing.assert_allclose(gains[0].xs("vas", level=1), gains[1].xs("vas", level=1).to_numpy() + 0.1)
