"""Plots for notebooks show the numbers of what they draw and leave matplotlib's global state alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from full_scale.logs import read_run
from full_scale.logs.example import write_column
from tests.full_scale.logs import writers


def test_a_run_plots_its_windows(tmp_path: Path) -> None:
    from matplotlib import _pylab_helpers

    read = read_run(writers.trl(tmp_path / "vas-seed1", writers.some_rollouts(), {"vas/predicted_mixed_share": 0.5}))
    figure = read.plot()
    table = read.windows()
    reward, silent, mixed, classes = figure.axes
    assert reward.lines[0].get_ydata() == pytest.approx(table["reward"])
    assert silent.lines[0].get_ydata() == pytest.approx(table["silent_share"])
    assert [line.get_label() for line in mixed.lines] == ["realised mixed", "predicted mixed"]
    assert len(classes.collections) == 6
    assert not _pylab_helpers.Gcf.figs


def test_what_was_not_logged_is_said(tmp_path: Path) -> None:
    figure = read_run(writers.easyr1(tmp_path / "run", writers.some_rollouts())).plot()
    assert [axis.texts[0].get_text() for axis in figure.axes[1:]] == ["not logged"] * 3


def test_a_claim_plots_both_of_its_sides() -> None:
    from paper_figures.drawing.plots import claim as plot_claim
    from vas_theory.claims import get_claims

    (claim,) = get_claims(["B02"])
    (axis,) = plot_claim(claim, instances=20).axes
    names = [line.get_label() for line in axis.lines]
    assert set(claim.domain.families) == {
        str(name).replace(" ", "_") for name in names if not str(name).startswith("_")
    }
    for line in axis.lines[:-1]:  # the last is where the sides are equal
        slack = claim.relation.slack(np.asarray(line.get_ydata()), np.asarray(line.get_xdata()))
        assert slack.min() > -1e-9


def test_an_answer_plots_every_way_that_was_measured(tmp_path: Path) -> None:
    from full_scale.advising.answer import ask

    answer = ask(write_column(tmp_path / "column.parquet"), visits=2)
    (axis,) = answer.plot().axes
    told = [found for found in answer.advice.ways if found.forecast is not None]
    assert len(told) >= 3
    assert [label.get_text() for label in axis.get_yticklabels()] == [f"{w.way.arm}: {w.verdict}" for w in told]
    ends = [segment for part in axis.collections for segment in part.get_segments()]
    assert sorted(float(end) for segment in ends for end in segment[:, 0]) == pytest.approx(
        sorted(end for w in told if w.forecast is not None for end in (w.forecast.low, w.forecast.high))
    )
    assert answer.advice.verdict in axis.get_title(loc="left")
    assert answer.text().startswith("POOL (")
    assert set(answer.as_dict()) == {"pool", "features", "advice", "calibration", "limit"}
