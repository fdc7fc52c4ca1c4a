"""The figures of the network laboratory: marks are the tables' numbers, whatever worlds and arms are there."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from paper_figures.drawing.declaration import Figure, LoadedTable, Tables
from paper_figures.drawing.render import draw_canvas
from paper_figures.drawing.style import SLIDE, Look, figure_style
from paper_figures.figures import get_figures
from paper_figures.networks import FRESH
from simulations.networks.tournament.agreement import agreement
from simulations.networks.tournament.ranking import rank_networks
from tests.paper_figures.small_tables import small_tables
from tests.paper_figures.tables.simulations import tournament_ranking
from tests.paper_figures.tables.simulations.network_ranking import ends
from tests.paper_figures.tables.simulations.networks import final

NAMES = (
    "network_learning",
    "network_arms",
    "network_curves",
    "network_gradient_share",
    "network_coverage",
    "network_agreement",
)


def drawn(figure: Figure, tables: Tables) -> list[Axes]:
    with figure_style(Look(SLIDE)):
        return list(draw_canvas(figure, tables, Look(SLIDE)).axes)


def of(worlds: list[str], arms: list[str]) -> dict[str, LoadedTable]:
    """Return the networks' tables of some worlds and arms."""
    curves = final.frame()
    curves = curves[curves["world"].isin(worlds) & curves["arm"].isin(arms)]
    runs = ends(curves)
    frames = {"ranking": rank_networks(runs), "agreement": agreement(runs, None), "curves": curves}
    return {name: LoadedTable(frame, 3, {}) for name, frame in frames.items()}


@pytest.mark.parametrize("name", NAMES[:5])
@pytest.mark.parametrize(
    ("worlds", "arms"),
    [(["easy"], ["uniform", "predictor"]), (["idle"], ["uniform", "vas"]), (["hard"], ["uniform", "oracle"])],
)
def test_figures_draw_and_speak_with_one_world_and_two_arms(name: str, worlds: list[str], arms: list[str]) -> None:
    (figure,) = get_figures([name])
    tables = {**small_tables(figure), **of(worlds, arms)}
    numbers = figure.numbers(tables)
    assert figure.headline(numbers)
    assert figure.caption(numbers)
    for axis in drawn(figure, tables):
        assert axis.lines or axis.collections or axis.texts


def marks(axis: Axes, marker: str) -> list[float]:
    """Return where the marks of a kind stand on the horizontal axis, sorted."""
    lines = [line for line in axis.get_lines() if line.get_marker() == marker and len(line.get_xdata()) == 1]
    return sorted(float(line.get_xdata()[0]) for line in lines)


def spans(axis: Axes) -> list[tuple[float, float]]:
    """Return the ends of horizontal intervals, sorted."""
    parts = [part for part in axis.collections if hasattr(part, "get_segments")]
    found = [segment for part in parts for segment in part.get_segments() if segment[0, 1] == segment[1, 1]]
    return sorted((float(segment[:, 0].min()), float(segment[:, 0].max())) for segment in found)


def test_learning_has_a_row_an_arm_with_its_interval_and_a_point_a_world() -> None:
    (figure,) = get_figures(["network_learning"])
    tables = small_tables(figure)
    (axis,) = drawn(figure, tables)
    numbers = figure.numbers(tables)
    each = numbers[numbers["world"] != "all"].dropna(subset=["learning"])
    means = numbers[numbers["world"] == "all"]
    assert np.allclose(marks(axis, "o"), sorted(each["learning"]))
    assert np.allclose(marks(axis, "D"), sorted(means["learning"]))
    assert np.allclose(spans(axis), sorted(map(tuple, means[["learning_low", "learning_high"]].to_numpy())))
    arms = ["vas-states", "predictor", "vas", "dapo", "vas-paper", "index", "oracle"]  # free knowledge last
    assert [label.get_text().rpartition("(")[2].rstrip(")") for label in axis.get_yticklabels()] == arms
    written = {text.get_text() for text in axis.texts}
    best = means.set_index("arm").loc["vas-states"]
    assert f"{best['learning']:.2f} [{best['learning_low']:.2f}, {best['learning_high']:.2f}]" in written
    assert "given pass rates for free" in written
    assert "idle +0.1" in figure.caption(numbers)
    assert "less than 1 point nothing is shown: idle" in figure.caption(numbers)


def crowded() -> dict[str, LoadedTable]:
    """Return tables with many arms, one of them best, and with a world that was added later for two arms."""
    tables = of(list(final.WORLDS), list(final.FACTORS))
    ranking, curves = tables["ranking"].frame, tables["curves"].frame
    parts = [ranking]
    for number in range(20):
        own = ranking[ranking["arm"] == "vas"].assign(arm=f"method-{number}")
        own[["learning", "learning_low", "learning_high"]] += 1.0 if number == 7 else -0.02 * number
        parts.append(own[own["world"] != "easy"] if number == 3 else own)
    later = ["uniform", "vas-states"]
    parts.append(ranking[(ranking["world"] == "easy") & ranking["arm"].isin(later)].assign(world=FRESH[0]))
    more = curves[(curves["world"] == "easy") & curves["arm"].isin(later)].assign(world=FRESH[0])
    return {
        "ranking": LoadedTable(pd.concat(parts, ignore_index=True), 3, {}),
        "curves": LoadedTable(pd.concat([curves, more], ignore_index=True), 3, {}),
        "agreement": tables["agreement"],
    }


def test_many_arms_have_a_figure_of_their_own_and_the_short_one_takes_the_best_of_them() -> None:
    tables = crowded()
    short, whole = get_figures(["network_learning", "network_arms"])
    arms = set(short.numbers(tables)["arm"])
    assert "method-7" in arms
    assert len(arms) < 12
    axes = drawn(whole, tables)
    numbers = whole.numbers(tables)
    assert len(axes[0].get_yticklabels()) == numbers.loc[numbers["knowledge"] == "charged", "arm"].nunique() == 26
    assert [label.get_text() for label in axes[1].get_yticklabels()] == ["oracle"]
    assert axes[0].get_xlim() == axes[1].get_xlim()
    assert "Of 26 arms whose rollouts are all charged" in whole.headline(numbers)
    assert f"Open points: worlds that were added when the group size had been chosen ({FRESH[0]})" in whole.caption(
        numbers
    )
    hollow = [line for line in axes[0].get_lines() if line.get_markerfacecolor() == Look(SLIDE).paper]
    assert len([line for line in hollow if len(line.get_xdata()) == 1]) == 1


@pytest.mark.parametrize("name", ["network_gradient_share", "network_coverage"])
def test_means_are_compared_over_the_same_worlds(name: str) -> None:
    (figure,) = get_figures([name])
    tables = crowded()
    numbers = figure.numbers(tables)
    assert FRESH[0] not in set(numbers["world"])
    (axis,) = drawn(figure, tables)
    assert not {text.get_text() for text in axis.texts} & {f"method-{number}" for number in range(20)}
    assert "the 20 small ones are other methods and controls" in figure.caption(numbers)


def test_curves_show_means_and_intervals_in_points() -> None:
    (figure,) = get_figures(["network_curves"])
    tables = small_tables(figure)
    (axis,) = drawn(figure, tables)
    arms, worlds = 6, len(final.WORLDS)
    assert len(axis.get_lines()) == worlds * arms + 1
    assert len(axis.collections) == worlds * arms
    frame = final.frame()
    runs = frame[(frame["world"] == "easy") & (frame["arm"] == "uniform")]
    wanted = 100 * (runs.groupby("rollouts")["held_out_pass_rate"].mean() - 0.3).to_numpy()
    assert any(len(line.get_ydata()) == 4 and np.allclose(line.get_ydata(), wanted) for line in axis.get_lines())
    assert [label.get_text().replace("\n", "") for label in axis.get_xticklabels()] == sorted(final.WORLDS)


def test_the_first_predictor_is_drawn_where_the_sampler_with_states_did_not_run() -> None:
    (figure,) = get_figures(["network_curves"])
    frame = final.frame()
    assert {"vas-states", "predictor"} <= set(frame["arm"])
    for arms, there in ((frame["arm"].unique(), "vas-states"), (["uniform", "predictor"], "predictor")):
        numbers = figure.numbers({"curves": LoadedTable(frame[frame["arm"].isin(arms)], 3, {})})
        assert {"vas-states", "predictor"} & set(numbers["arm"]) == {there}


def test_the_headline_of_curves_has_means_over_worlds_in_which_all_these_arms_ran() -> None:
    (figure,) = get_figures(["network_curves"])
    tables = crowded()
    assert "mean of 3 worlds" in figure.headline(figure.numbers(tables))
    assert drawn(figure, tables)


@pytest.mark.parametrize(
    ("name", "x", "y"),
    [
        ("network_gradient_share", "mixed_ratio", "learning"),
        ("network_coverage", "pass_at_1_points", "pass_at_32_points"),
    ],
)
def test_scatters_have_a_point_a_world_and_a_named_one_an_arm(name: str, x: str, y: str) -> None:
    (figure,) = get_figures([name])
    tables = small_tables(figure)
    (axis,) = drawn(figure, tables)
    numbers = figure.numbers(tables)
    small = np.vstack([line.get_xydata() for line in axis.get_lines() if line.get_marker() == "o"])
    wanted = numbers[[x, y]].to_numpy()
    assert np.allclose(small[np.lexsort(small.T)], wanted[np.lexsort(wanted.T)])
    means = numbers.groupby("arm")[[x, y]].mean()
    marks = np.vstack([line.get_xydata() for line in axis.get_lines() if line.get_marker() == "D"])
    assert np.allclose(marks[np.lexsort(marks.T)], means.to_numpy()[np.lexsort(means.to_numpy().T)])
    assert {text.get_text() for text in axis.texts} == set(means.index)


def test_controls_are_explained_where_they_ran() -> None:
    (figure,) = get_figures(["network_arms"])
    numbers = figure.numbers(small_tables(figure))
    assert "Controls" not in figure.caption(numbers)
    controls = numbers[numbers["arm"] == "oracle"].assign(arm="vas-reversed")
    assert "A reversed column holds the same information." in figure.caption(pd.concat([numbers, controls]))


def test_the_index_like_arm_refutes_in_words() -> None:
    (figure,) = get_figures(["network_gradient_share"])
    headline = figure.headline(figure.numbers(small_tables(figure)))
    assert headline.startswith("dapo has 2.7 times uniform's groups with a gradient and learns 0.71 times as much")
    assert "vas-states has 1.3 times and learns 1.43" in headline


def test_agreement_compares_shared_arms_in_points() -> None:
    (figure,) = get_figures(["network_agreement"])
    tables = dict(small_tables(figure))
    names = ["vas", "vas-paper", "index", "dapo"]
    measured = pd.DataFrame(
        {"quantity": "accuracy_gain", "arm": names, "measured": [0.01, -0.1, -0.02, -0.05], "measured_low": -0.2,
         "measured_high": 0.2}
    )  # fmt: skip
    tables["validation"] = LoadedTable(measured, 3, {})
    compared = agreement(ends(final.frame()), tournament_ranking.frame(), measured)
    tables["agreement"] = LoadedTable(compared, 3, {})
    numbers = figure.numbers(tables)
    study = numbers[numbers["peer"] == "135M model"].set_index("arm")
    assert set(study.index) == {"uniform", *names}
    assert study.loc["index", "peer_points"] == pytest.approx(-2)
    ranking = tables["ranking"].frame
    row = ranking[(ranking["kind"] == "overall") & (ranking["arm"] == "index")].iloc[0]
    assert study.loc["index", "network_points"] == pytest.approx(100 * row["difference"])
    wanted = compared[(compared["with"] == "study") & (compared["world"] == "all")].iloc[0]
    assert study["correlation"].to_numpy() == pytest.approx(wanted["correlation"])
    said = f"{wanted['correlation']:+.2f} [{wanted['correlation_low']:+.2f}, {wanted['correlation_high']:+.2f}]"
    assert f"135M model: {said} over 5 arms" in figure.headline(numbers)


def test_agreement_draws_from_a_table_that_was_made_without_the_other_sides() -> None:
    (figure,) = get_figures(["network_agreement"])
    tables = {**small_tables(figure), "agreement": LoadedTable(agreement(ends(final.frame()), None), 3, {})}
    assert figure.headline(figure.numbers(tables)).count("too few to rank") == 3
    assert drawn(figure, tables)
