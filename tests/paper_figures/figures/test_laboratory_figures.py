"""The data behind the marks and captions of the laboratory's figures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from scipy.stats import ttest_1samp

from paper_figures.drawing.declaration import LoadedTable
from paper_figures.drawing.render import draw_canvas
from paper_figures.drawing.style import SLIDE, Look, figure_style
from paper_figures.figures import get_figures
from paper_figures.figures._intervals import means_over_seeds
from tests.paper_figures.tables.simulations import (
    finite_group_gain,
    one_step_progress,
    potential_flows,
    score_estimation,
    tds_value,
    time_to_target,
)

TABLES = {
    "finite_group_gain": ("gains", finite_group_gain.frame, finite_group_gain.CONFIG),
    "one_step_progress": ("steps", one_step_progress.frame, {}),
    "score_error": ("scores", score_estimation.frame, score_estimation.CONFIG),
    "tds_value": ("draws", tds_value.frame, tds_value.CONFIG),
    "potentials": ("flows", potential_flows.frame, potential_flows.CONFIG),
    "time_to_target": ("times", time_to_target.frame, time_to_target.CONFIG),
}
"""The one table of each figure: its key, a frame whose numbers are known, and the config."""


def tables_of(name: str, frame: pd.DataFrame | None = None) -> dict[str, LoadedTable]:
    key, make, config = TABLES[name]
    return {key: LoadedTable(make() if frame is None else frame, 3, config)}


def axes_of(name: str) -> Sequence[Axes]:
    (figure,) = get_figures([name])
    with figure_style(Look(SLIDE)):
        axes: Sequence[Axes] = draw_canvas(figure, tables_of(name), Look(SLIDE)).axes
    return axes


def words_of(name: str, frame: pd.DataFrame | None = None) -> str:
    (figure,) = get_figures([name])
    numbers = figure.numbers(tables_of(name, frame))
    return f"{figure.headline(numbers)}\n{figure.caption(numbers)}"


def drawn(axis: Axes) -> list[np.ndarray]:
    return [np.asarray(line.get_ydata(), dtype=float) for line in axis.get_lines()]


def is_drawn(axis: Axes, wanted: Sequence[float] | np.ndarray) -> bool:
    values = np.asarray(wanted, dtype=float)
    return any(len(line) == len(values) and np.allclose(line, values) for line in drawn(axis))


def test_intervals_are_those_of_the_t_test() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"arm": "a", "seed": np.repeat(np.arange(5), 3), "score": rng.normal(size=15)})
    means = frame.groupby("seed")["score"].mean()
    low, high = ttest_1samp(means, 0).confidence_interval(0.95)
    row = means_over_seeds(frame, ["arm"], ["score"]).iloc[0]
    assert row[["score", "score_low", "score_high"]].tolist() == pytest.approx([means.mean(), low, high])
    assert row["seeds"] == 5
    alone = means_over_seeds(frame[frame["seed"] == 0], ["arm"], ["score"]).iloc[0]
    assert np.isnan(alone["score_low"])


def test_group_gains_are_drawn_and_counted() -> None:
    frame = finite_group_gain.frame()
    whitened = frame[(frame["part"] == "gain") & (frame["kind"] == "grpo") & (frame["ddof"] == 0)]
    first, brackets, _, angles = axes_of("finite_group_gain")
    for size, part in whitened.groupby("group_size"):
        assert is_drawn(first, part["gain"])
        assert is_drawn(brackets, np.full(len(part), 0.9)) or size == 2
    assert len(drawn(angles)) == 6 + 1
    frame.loc[whitened.index[0], "gain"] = 2 * frame.loc[whitened.index[0], "upper_bracket"]
    caption = words_of("finite_group_gain", frame)
    assert "1 of 90 gains lie outside them" in caption
    # of ten made-up cosines from -1/2 to 1, three are negative and one is -1/2 + 3/6 = 0, at either group size
    assert "6 of 20 rare success bandits" in caption
    assert "0 of 20 binary, 0 of 20 graded" in caption
    assert "6 of 20 rare success with 0.01 added" in caption


def test_guarantees_and_failures_of_steps_are_drawn_and_counted() -> None:
    frame = one_step_progress.frame()
    words = words_of("one_step_progress", frame)
    assert "0 of 128 steps gain less than is guaranteed; 6 of 96 gain less than Theorem 1 claims" in words
    assert "A08 quadratic 3 of 16" in words
    assert "never where it is proved or corrected (0 of 96)" in words
    relative, shares, ratios, failures = axes_of("one_step_progress")
    lengths = np.array([0.01, 0.1, 1.0, 10.0])
    assert is_drawn(relative, 2 * np.exp(-0.3 * lengths))
    assert is_drawn(shares, 0.9 - 0.15 * lengths[:3])  # the fourth guarantee is negative
    smallest = [line for line in drawn(ratios) if len(line) and (line < 1).any()]
    # two claims fail, each in three of the six parts of the range that hold bandits
    assert [np.sort(line)[:4].tolist() for line in smallest] == [[-0.5, -0.5, -0.5, 2.0], [-0.5, -0.5, -0.5, 1.5]]
    heights = [patch.get_height() for patch in failures.patches]
    assert sorted(heights)[-2:] == pytest.approx([100 * 3 / 16] * 2)
    broken = frame.copy()
    broken.loc[0, "violated"] = True
    assert "1 of 128 steps gain less" in words_of("one_step_progress", broken)


def test_scores_are_drawn_as_means_over_seeds() -> None:
    frame = score_estimation.frame()
    ranks, drawn_variance, drift, stale = axes_of("score_error")
    bimodal = frame[frame["world"] == "bimodal"].groupby(["score", "rollouts"])
    for score in ("OVS", "VPS", "expected signal"):
        assert is_drawn(ranks, bimodal["rank_correlation"].mean()[score])
    assert is_drawn(drawn_variance, bimodal["seen_gain"].mean()["OVS"])
    drifting = frame[frame["world"] == "drifting"]
    assert is_drawn(drift, drifting[drifting["score"] == "online"].groupby("drift")["rank_correlation"].mean())
    aged = drifting[(drifting["score"] == "every 16") & (drifting["drift"] == 0.004)]
    assert is_drawn(stale, aged.groupby("age")["rank_correlation"].mean())
    words = words_of("score_error")
    assert "3 seeds (base seed 3), 95% t intervals" in words
    assert "OVS reaches the 1.80 of the exact variances" in words
    assert "2.80 at N = 2" in words


def test_changes_by_diversity_are_drawn_and_counted() -> None:
    frame = tds_value.frame()
    left, _ = axes_of("tds_value")
    means = 100 * frame[frame["beta"] > 0].groupby(["world", "rollouts", "beta"], sort=False)["measured_change"].mean()
    assert is_drawn(left, means["harms"])
    frame["measured_change"] = frame["predicted_change"] + 0.01 * (frame["seed"] - 1.5) * (frame["beta"] > 0)
    words = words_of("tds_value", frame)
    assert "12 of 12 predictions lie in the interval" in words
    assert "8 of 8 measured changes have it" in words
    far = frame.assign(measured_change=-frame["measured_change"])
    assert "0 of 8 measured changes have it" in words_of("tds_value", far)


def test_paths_and_pushes_are_drawn_and_read() -> None:
    frame = potential_flows.frame()
    pushes, plain, whitened, defects = axes_of("potentials")
    assert is_drawn(pushes, np.ones(9))  # uniform sampling with the plain gradient pushes everywhere alike
    for axis, method in ((plain, "VAS, plain"), (whitened, "mix, whitened")):
        for _, part in frame[(frame["part"] == "path") & (frame["method"] == method)].groupby("start"):
            assert is_drawn(axis, part["p2"])
    assert is_drawn(defects, -2 * np.arange(5) / 4 * (1 - np.arange(5) / 4))
    words = words_of("potentials")
    assert "at most 0.020 away from the flow" in words
    assert "from (0.1, 0.4)" in words
    assert "up to -5e-05 at a weighted share of 0.5" in words


def test_times_exponents_and_misses_are_drawn_and_counted() -> None:
    frame = time_to_target.frame()
    rare, _, runs, _ = axes_of("time_to_target")
    flow = frame[(frame["part"] == "flow") & (frame["route"] == "rare success")].set_index("update")
    for column in ("time", "bound_b14", "bound_b53", "bound_l02"):
        assert is_drawn(rare, flow.loc["gradient", column])
    assert is_drawn(runs, flow.loc["whitened, G = 8", "time"] / 0.5)
    words = words_of("time_to_target")
    misses = int(frame["misses"].sum())
    assert misses > 0
    assert f"with {misses} misses in all" in words
    assert "0 of 24 comparisons of a time with a bound fail" in words
    assert "plain -0.99 [-1.05, -0.94]" in words
    assert "power -0.50 when rewards shrink and -1.00 when success is rare" in words
    slow = frame.copy()
    slow.loc[slow.index[0], "time"] = 0.1
    assert "2 of 24 comparisons" in words_of("time_to_target", slow)
