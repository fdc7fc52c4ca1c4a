"""Fits of logged groups against worlds whose prior and drift are known, and forecasts against arithmetic by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from vas_theory.foundation.errors import ArgumentError, DataError
from vas_theory.selection.posteriors.discounted_beta import DiscountedBeta
from vas_theory.selection.posteriors.fit import fit_discounted_beta, replay, score_forecasts

SIZE = 8


def _log(
    shape: float, drift: float, *, prompts: int = 300, steps: int = 40, batch: int = 60, seed: int = 0
) -> pd.DataFrame:
    """Groups of uniformly drawn prompts: pass rates start as Beta(shape, shape), their angles walk."""
    rng = np.random.default_rng(seed)
    angle = np.arcsin(np.sqrt(rng.beta(shape, shape, prompts)))
    rows = []
    for step in range(1, steps + 1):
        drawn = rng.choice(prompts, batch, replace=False)
        right = rng.binomial(SIZE, np.sin(angle[drawn]) ** 2)
        rows.append(pd.DataFrame({"step": step, "prompt": drawn, "rollouts": SIZE, "reward": right / SIZE}))
        angle += math.sqrt(drift) * rng.standard_normal(prompts)
    return pd.concat(rows, ignore_index=True)


@pytest.mark.parametrize(("shape", "drift"), [(0.5, 0.0), (0.1, 0.0), (0.5, 3e-2)])
def test_the_world_that_made_the_log_is_found(shape: float, drift: float) -> None:
    table = fit_discounted_beta(_log(shape, drift), priors=(0.1, 0.5), drifts=(0.0, 1e-3, 3e-2))
    assert tuple(table.loc[0, ["prior", "drift"]]) == (shape, drift)
    assert table["log_loss"].is_monotonic_increasing
    assert (table["groups"] == table["groups"][0]).all()
    if drift == 0:  # then the posterior is exact: mean forecast and share that came agree to three standard errors
        best = table.iloc[0]
        assert abs(best["expected"] - best["mixed"]) < 3 * 0.5 / math.sqrt(best["groups"])


def test_each_forecast_is_made_before_its_group_is_seen() -> None:
    log = pd.DataFrame({"step": [1, 1, 2, 2], "prompt": ["a", "b", "a", "c"], "rollouts": 2, "reward": [0.5, 1, 0, 0]})
    (row,) = replay(log, lambda count: DiscountedBeta(count, prior=(1, 1), drift=0.0)).to_dict("records")
    # after one right and one wrong the posterior is Beta(2, 2): 2 E p (1 - p) = 2 (2 * 2) / (4 * 5)
    assert row == {"run": 0, "step": 2, "prompt": "a", "expected": pytest.approx(0.4), "mixed": False}
    assert score_forecasts(pd.DataFrame([row]))["log_loss"] == pytest.approx(-math.log(0.6))


def test_runs_do_not_learn_from_each_other() -> None:
    log = _log(0.2, 1e-3, steps=8)
    both = pd.concat([log.assign(run="one"), log.assign(run="two")])
    found = replay(both, DiscountedBeta).groupby("run")["expected"].apply(list)
    assert found["one"] == found["two"] == replay(log, DiscountedBeta)["expected"].tolist()


def test_a_prompt_that_comes_twice_in_a_step_counts_once() -> None:
    log = pd.DataFrame({"step": [1, 2, 2], "prompt": ["a", "a", "a"], "rollouts": 4, "reward": [0.5, 1.0, 0.5]})
    assert replay(log, DiscountedBeta)["mixed"].tolist() == [False]


@pytest.mark.parametrize(
    ("change", "needle"),
    [
        ({"reward": [0.3, 0.5]}, "graded ones need a rule"),
        ({"reward": [1.5, 0.5]}, "means of 0/1 rewards"),
        ({"prompt": ["a", "b"]}, "nothing to forecast"),
    ],
)
def test_logs_that_cannot_be_replayed_are_refused(change: dict[str, list[object]], needle: str) -> None:
    log = pd.DataFrame({"step": [1, 2], "prompt": ["a", "a"], "rollouts": 2, "reward": [0.5, 0.5]} | change)
    with pytest.raises(DataError, match=needle):
        replay(log, DiscountedBeta)


def test_missing_columns_and_empty_grids_are_named() -> None:
    with pytest.raises(DataError, match="prompt, rollouts"):
        replay(pd.DataFrame({"step": [1]}), DiscountedBeta)
    with pytest.raises(ArgumentError, match="priors and drifts"):
        fit_discounted_beta(_log(0.5, 0.0, steps=2), priors=())


def test_a_fit_to_few_groups_says_how_few(caplog: pytest.LogCaptureFixture) -> None:
    log = _log(0.5, 0.0, prompts=60, steps=3, batch=20)
    table = fit_discounted_beta(log, priors=(0.1, 0.5), drifts=(0.0,))
    assert f"compared on {table['groups'][0]} groups only" in caplog.text
    caplog.clear()
    fit_discounted_beta(_log(0.5, 0.0, prompts=60, steps=12, batch=20), priors=(0.1, 0.5), drifts=(0.0,))
    assert caplog.text == ""
