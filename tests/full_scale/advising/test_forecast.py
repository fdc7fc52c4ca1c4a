"""From measured worlds to others: coverage at the stated rate, and where a pool lies."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from full_scale.advising.advice import leave_one_out
from full_scale.advising.evidence import Measured, MeasuredWorld
from full_scale.advising.forecast import COVERAGE, beyond, coordinates, forecast_at, predict_arm
from full_scale.advising.pool import PoolShape


def world(
    name: str, visits: float, learning: float, error: float = 0.05, a: float = 0.2, b: float = 0.3
) -> MeasuredWorld:
    return MeasuredWorld(
        name, PoolShape(a, b, 8, visits), 20, {"vas-states": Measured((learning, error), (0.0, 0.01), "", True)}
    )


@pytest.mark.parametrize("count", [1, 2, 6])
def test_intervals_cover_at_the_stated_rate_where_the_assumptions_hold(count: int) -> None:
    """Worlds drawn from the model's own priors: 1,000 left-out values, binomial error 1.3 points."""
    rng = np.random.default_rng(count)
    inside, trials = 0, 1000
    for _ in range(trials):
        places, errors = rng.normal(size=(count, 3)), rng.uniform(0.02, 0.15, count)
        new = rng.normal(size=3)
        level, slopes, spread = rng.normal(1.0, 0.4), rng.normal(0.0, 0.2, 3), abs(rng.normal(0.0, 0.25))
        centre = places.mean(0)
        values = level + (places - centre) @ slopes + rng.normal(0, spread, count) + rng.normal(0, errors)
        truth = level + (new - centre) @ slopes + rng.normal(0, spread)
        found = forecast_at(places, values, errors, new)
        inside += found.low <= truth <= found.high
        assert found.low < found.middle < found.high
    assert abs(inside / trials - COVERAGE) < 3.5 * np.sqrt(COVERAGE * (1 - COVERAGE) / trials)


def test_more_worlds_that_agree_say_more() -> None:
    shape = PoolShape(0.2, 0.3, 8, 2.0)
    widths = []
    for count in (1, 3, 9):
        found = predict_arm([world(f"w{k}", 2.0, 1.3) for k in range(count)], "vas-states", shape)
        assert found is not None
        assert found.middle == pytest.approx(1.3, abs=0.06)
        assert found.worlds == count
        widths.append(found.high - found.low)
    assert widths[0] > 1.3 * widths[1] > 1.3**2 * widths[2]


def test_what_depends_on_the_visits_is_learned_from_worlds_that_differ_in_them() -> None:
    worlds = [world("few", 30.0, 0.8), world("some", 6.0, 1.0), world("many", 1.2, 1.2)]
    often, seldom = (predict_arm(worlds, "vas-states", PoolShape(0.2, 0.3, 8, visits)) for visits in (30.0, 1.2))
    assert often is not None
    assert seldom is not None
    assert often.middle < 0.9 < 1.1 < seldom.middle
    assert often.above < 0.2 < 0.8 < seldom.above


def test_an_arm_that_no_world_measured_is_not_foreseen() -> None:
    assert predict_arm([world("w", 2.0, 1.3)], "vas", PoolShape(0.2, 0.3, 8, 2.0)) is None


def test_a_pool_outside_the_measured_ones_is_told_by_what_differs() -> None:
    worlds = [world("a", 2.0, 1.3), world("b", 8.0, 1.1)]
    assert beyond(PoolShape(0.2, 0.3, 8, 4.0), worlds) == []
    (often,) = beyond(PoolShape(0.2, 0.3, 8, 60.0), worlds)
    assert "60" in often
    assert "2 to 8" in often
    words = beyond(PoolShape(3.0, 3.0, 8, 4.0), worlds)
    assert [line.split(" ")[0] for line in words] == ["headroom", "share"]


def test_a_unit_is_three_times_the_visits() -> None:
    one, other = coordinates(PoolShape(0.2, 0.3, 8, 2.0)), coordinates(PoolShape(0.2, 0.3, 8, 6.0))
    assert other - one == pytest.approx([1.0, 0.0, 0.0])


def test_leaving_one_world_out_of_the_committed_tables_bears_the_intervals_out(
    measured_worlds: list[MeasuredWorld],
) -> None:
    """As many values lie inside as the stated rate allows; with few worlds this can only find gross faults."""
    worlds = measured_worlds
    table = leave_one_out(worlds)
    assert set(table["world"]) <= {found.name for found in worlds}
    assert (table["worlds"] < len(worlds)).all(), "a world was foreseen from itself"
    by_world = table.groupby("world")["inside"].mean()
    print(f"{int(table['inside'].sum())} of {len(table)} values inside, {len(by_world)} worlds\n{by_world}")
    # values of a world stand and fall together, so that worlds are counted
    mostly = int((by_world >= 0.5).sum())
    assert binom.cdf(mostly, len(by_world), COVERAGE) > 0.01
    assert table["value"].between(table["low"], table["high"]).equals(table["inside"].astype(bool))
