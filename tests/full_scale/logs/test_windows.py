"""Windows of a run hold the means of their steps and the shares of their groups."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from full_scale.logs import read_run
from full_scale.logs.metric_names import COLUMNS
from full_scale.logs.run import Run
from full_scale.logs.windows import PASS_RATES
from tests.full_scale.logs import writers
from vas_theory.foundation.intervals import wilson


def a_run(groups: list[tuple[int, str, float, bool]] | None, **steps: list[float]) -> Run:
    table = pd.DataFrame({"step": range(1, len(next(iter(steps.values()))) + 1), **steps})
    found = None
    if groups is not None:
        found = pd.DataFrame(groups, columns=["step", "prompt", "reward", "silent"]).assign(rollouts=4, variance=0.1)
    return Run("run", "trl", Path(), table.reindex(columns=["step", *COLUMNS]), found)


def test_windows_hold_all_steps_once() -> None:
    run = a_run(None, reward=[0.0, 1.0, 0.5, 0.25, 0.75])
    found = run.windows(most=2)
    assert found["step"].tolist() == [3, 5]
    assert found["reward"].tolist() == [0.5, 0.5]
    assert len(run.windows()) == 5


def test_shares_of_groups_are_those_of_their_window() -> None:
    groups = [
        (1, "a", 0.0, True),
        (1, "b", 0.5, False),
        (2, "a", 1.0, True),
        (3, "c", 0.2, False),
        (4, "b", 0.8, False),
    ]
    found = a_run(groups, reward=[0.5] * 4).windows(most=2)
    assert found["new"].tolist() == [pytest.approx(2 / 3), 0.5]
    assert found["prompts"].tolist() == [2, 3]
    assert found[list(PASS_RATES)].values.tolist() == [[1 / 3, 0, 0, 1 / 3, 0, 1 / 3], [0, 0.5, 0, 0, 0.5, 0]]
    assert found["realised_mixed"].tolist() == [pytest.approx(1 / 3), 1.0]
    bound = wilson(1 / 3, 3, 0.95)
    assert found.loc[0, ["realised_low", "realised_high"]].tolist() == pytest.approx([bound.low, bound.high])


def test_every_pass_rate_lies_in_one_class() -> None:
    rates = np.arange(17) / 16
    groups = [(1, str(rate), float(rate), rate in (0, 1)) for rate in rates]
    found = a_run(groups, reward=[0.5]).windows()
    assert found[list(PASS_RATES)].sum(axis=1).tolist() == [pytest.approx(1.0)]


def test_rewards_beyond_one_have_no_pass_rates() -> None:
    found = a_run([(1, "a", 1.5, False)], reward=[1.5]).windows()
    assert found[list(PASS_RATES)].isna().all(axis=None)


def test_places_are_shares_where_the_trainer_logged_all_of_them() -> None:
    run = a_run(None, reward=[0.5, 0.5], weighted_places=[2.0, 4.0], probe_places=[0.0, 0.0], uniform_places=[6.0, 4.0])
    found = run.windows(most=1)
    assert found[["weighted", "probe", "uniform"]].values.tolist() == [[0.375, 0.0, 0.625]]
    assert a_run(None, reward=[0.5], weighted_places=[2.0]).windows()["weighted"].isna().all()


def test_the_expectation_before_a_draw_is_compared_with_its_own_window(tmp_path: Path) -> None:
    run = read_run(writers.trl(tmp_path / "run", writers.some_rollouts(), {"vas/predicted_mixed_share": 0.9}))
    assert run.groups is not None
    logged = run.windows(most=5)
    assert logged["predicted_mixed"].tolist() == [0.9] * 5
    assert logged.attrs["mixed_of"] == "run so far"
    mixed = ~run.groups["silent"]
    assert logged["realised_mixed"].tolist() == pytest.approx([mixed[: 12 * window].mean() for window in range(1, 6)])
    expected = Run("run", "compact", Path(), run.steps, run.groups.assign(expected_mixed=run.groups["step"] / 100))
    means = expected.windows(most=10)
    assert means["predicted_mixed"].tolist() == pytest.approx([step / 100 for step in range(1, 11)])
    assert means["realised_mixed"].tolist() == pytest.approx(mixed.groupby(run.groups["step"]).mean().tolist())
    assert means.attrs["mixed_of"] == "window"
