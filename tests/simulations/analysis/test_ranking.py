"""Rankings of made-up tournaments whose answers are known, and a real one of the smallest size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from simulations.analysis.ranking import (
    chosen_rates,
    final_scores,
    format_ranking,
    gaps_closed,
    rank_strategies,
    world_winners,
)
from simulations.experiments.tournament import EXPERIMENT
from simulations.running.bandit_worlds import WORLDS, development_worlds, held_out_worlds, run_seed, world
from simulations.running.equal_budget import run_equal_budget
from simulations.running.stored import run_experiment
from vas_theory.foundation.errors import ArgumentError, DataError, UnknownNameError
from vas_theory.provenance.tables import read_table, sha256_file
from vas_theory.selection.strategies import strategy_class, strategy_names


def _table(finals: dict[str, dict[str, list[float]]]) -> pd.DataFrame:
    """Straight curves from .2 at no rollouts to the given final scores (by strategy, world and seed) at 100."""
    rows = [
        {
            "world": place, "strategy": name, "regime": "fixed", "phase": "final", "learning_rate": 0.1, "seed": seed,
            "budget": 100, "rollouts": rollouts, "pass_rate": 0.2 + (score - 0.2) * rollouts / 100,
            "held_out_pass_rate": score - 0.1, "effective_groups": rollouts / 10, "coverage": 1.0, "forgotten": 0.0,
        }
        for name, worlds in finals.items()
        for place, scores in worlds.items()
        for seed, score in enumerate(scores)
        for rollouts in (0, 50, 100)
    ]  # fmt: skip
    return pd.DataFrame(rows)


FINALS = {
    "uniform": {"a": [0.40, 0.50], "b": [0.40, 0.40]},
    "oracle": {"a": [0.60, 0.70], "b": [0.80, 0.80]},
    "good": {"a": [0.60, 0.55], "b": [0.44, 0.44]},
    "bad": {"a": [0.30, 0.30], "b": [0.40, 0.50]},
}


def test_ranking_by_hand() -> None:
    ranking = rank_strategies(_table(FINALS), resamples=200).set_index("strategy")
    assert ranking.index.tolist() == ["oracle", "good", "uniform", "bad"]
    assert ranking.loc["uniform", ["gain", "gain_low", "gain_high", "gap_closed"]].tolist() == [0, 0, 0, 0]
    assert ranking.loc["good", "gain"] == pytest.approx((0.05 + 0.04) / 2)  # .20 and one .04 are trimmed
    assert ranking.loc["good", "improves"] == 1
    assert ranking.loc["bad", "improves"] == pytest.approx((0 + 0.75) / 2)
    assert ranking.loc["oracle", "gap_closed"] == pytest.approx(1)
    assert ranking.loc["good", "gap_closed"] == pytest.approx(((0.575 - 0.45) / 0.2 + 0.04 / 0.4) / 2)
    shares = [(0.40 - 0.2) / 0.4, (0.5 - 0.2) / 0.35, 0.2 / 0.24, 0.2 / 0.24]
    assert ranking.loc["good", "time_to_uniform"] == pytest.approx(np.mean(shares))
    assert ranking.loc["bad", "time_to_uniform"] == pytest.approx(np.mean([1, 1, 1, 0.2 / 0.3]))
    assert ranking["misses"].tolist() == [0, 0, 0, 0.5]
    assert ranking.loc["good", "area"] == pytest.approx((0.2 + 0.5075) / 2)
    assert ranking.loc["bad", "held_out"] == pytest.approx((-0.1 - 0.2 + 0 + 0.1) / 4)
    assert ranking.loc["good", "effective"] == pytest.approx(100)
    assert ranking.loc["good", "improves_low"] == ranking.loc["good", "improves_high"] == 1
    assert ranking.loc["bad", "improves_low"] < ranking.loc["bad", "improves"] < ranking.loc["bad", "improves_high"]
    assert ranking.loc["good", "gain_low"] <= ranking.loc["good", "gain"] < ranking.loc["good", "gain_high"]


def test_ending_early_is_no_shorter_time() -> None:
    table = _table(FINALS)
    early = table[(table["strategy"] != "bad") | (table["rollouts"] < 100)]
    ranking = rank_strategies(early, resamples=10).set_index("strategy")
    assert ranking.loc["bad", "time_to_uniform"] == 1
    at_half = 0.2 + 0.5 * (np.mean([0.3, 0.3, 0.4, 0.5]) - 0.2)
    assert ranking.loc["bad", "area"] == pytest.approx((0.2 + at_half) / 4 + at_half / 2)


def test_of_two_measurements_at_one_count_the_later_stands() -> None:
    """A step that trains on kept rollouts alone spends none."""
    table = _table(FINALS)
    for spent in (50, 100):
        at = (table["strategy"] == "good") & (table["rollouts"] == spent)
        earlier = table[at].assign(pass_rate=0.0, held_out_pass_rate=0.0, effective_groups=0.0)
        doubled = pd.concat([table[~at], earlier, table[at]], ignore_index=True)
        pd.testing.assert_frame_equal(rank_strategies(doubled, resamples=10), rank_strategies(table, resamples=10))
        pd.testing.assert_frame_equal(world_winners(doubled), world_winners(table))


def test_worlds_where_all_reach_the_ceiling_say_nothing_about_the_gap() -> None:
    finals = {name: {**worlds, "c": [0.999, 0.999]} for name, worlds in FINALS.items()}
    assert gaps_closed(final_scores(_table(finals)), "good") == pytest.approx([0.625, 0.1, np.nan], nan_ok=True)
    ranking = rank_strategies(_table(finals), resamples=10).set_index("strategy")
    assert ranking.loc["good", "gap_closed"] == pytest.approx((0.625 + 0.1) / 2)


def test_regimes_are_ranked_one_by_one() -> None:
    both = pd.concat([_table(FINALS), _table(FINALS).assign(regime="tuned")])
    with pytest.raises(DataError, match="one by one"):
        rank_strategies(both)
    assert format_ranking(both).count("winners by world") == 2


def test_choices_at_the_ends_of_the_grid_are_named() -> None:
    table = _table(FINALS).assign(regime="tuned")
    tuning = pd.concat([table.head(1).assign(phase="tuning", learning_rate=rate) for rate in (0.1, 0.4, 0.8)])
    table.loc[table["strategy"] == "good", "learning_rate"] = 0.4
    table.loc[table["strategy"] == "bad", "learning_rate"] = 0.8
    chosen = chosen_rates(pd.concat([table, tuning])).set_index(["world", "strategy"])["end"]
    assert chosen["a"].to_dict() == {"uniform": "lowest", "oracle": "lowest", "good": "inside", "bad": "highest"}
    text = format_ranking(pd.concat([table, tuning]))
    assert "2 of 8 choices are the highest of the grid, 4 the lowest; inside in a, b" in text
    assert chosen_rates(table).empty


def test_winners_leave_the_oracle_out() -> None:
    winners = world_winners(_table(FINALS)).set_index("world")
    assert winners["winner"].tolist() == ["good", "bad"]
    assert winners["runner_up"].tolist() == ["uniform", "good"]
    assert winners.loc["b", "beats_runner_up"] == 0.5
    assert winners.loc["a", "gain"] == pytest.approx(0.125)


def test_missing_runs_are_refused() -> None:
    table = _table(FINALS)
    lacking = table[~((table["strategy"] == "good") & (table["seed"] == 1) & (table["world"] == "a"))]
    with pytest.raises(DataError, match="good"):
        final_scores(lacking)
    with pytest.raises(DataError, match="uniform"):
        rank_strategies(table[table["strategy"] != "uniform"])


def test_worlds_are_sixteen_and_half_of_them_held_out() -> None:
    assert len(WORLDS) == 16
    assert len(development_worlds()) == len(held_out_worlds()) == 8
    assert set(development_worlds()) | set(held_out_worlds()) == set(WORLDS)
    for name in WORLDS:
        full, small = world(name), world(name, scale=0.1, learning_rate=0.7)
        assert full.budget == 153_600
        assert small.budget == 15_360
        assert small.pool.prompts == round(full.pool.prompts / 10)
        assert small.learner.learning_rate == 0.7
    with pytest.raises(UnknownNameError, match="world"):
        world("bimodal")
    with pytest.raises(ArgumentError, match="scale"):
        world("small-pool", scale=0)


@pytest.mark.slow
@pytest.mark.parametrize("place", WORLDS)
def test_every_strategy_can_play_in_every_world(place: str) -> None:
    """Nobody overspends, and whoever can afford a first step trains."""
    config = world(place, scale=0.05, evaluations=2)
    for name in strategy_names():
        if strategy_class(name).sampling == "tree":
            continue
        curve = run_equal_budget(config, name, run_seed(place, 0))
        assert curve["rollouts"].iloc[-1] <= config.budget
        assert (curve["pass_rate"] > 0).all()
        if name not in ("vas-paper", "vas-released"):  # scoring the pool once may cost more than there is
            assert curve["updates"].iloc[-1] > 0, name


def test_seeds_of_a_world_are_its_own() -> None:
    seeds = {run_seed(name, index) for name in WORLDS for index in range(50)}
    assert len(seeds) == 16 * 50
    assert max(seeds) < 2**63


def test_the_held_out_half_never_changes() -> None:
    """Whoever renames a world moves it between the halves and has to say so here."""
    assert held_out_worlds() == [
        "bimodal-noisy",
        "fresh-shared",
        "hard-alone",
        "hard-noisy",
        "large-groups",
        "small-pool",
        "uniform-alone",
        "uniform-shared",
    ]


def test_a_small_tournament_tunes_on_other_seeds(tmp_path: Path) -> None:
    path = tmp_path / "tournament.parquet"
    run_experiment(EXPERIMENT, EXPERIMENT.presets["smoke"], path)
    table = read_table(path)
    assert set(table.loc[table["phase"] == "tuning", "seed"]).isdisjoint(table.loc[table["phase"] == "final", "seed"])
    tuned = table[table["regime"] == "tuned"]
    for _, part in tuned.groupby(["world", "strategy"]):
        tuning = part[part["phase"] == "tuning"].groupby("learning_rate")["pass_rate"].mean()
        assert set(part.loc[part["phase"] == "final", "learning_rate"]) == {tuning.idxmax()}
    assert set(table.loc[table["regime"] == "fixed", "learning_rate"]) == {0.4}
    text = format_ranking(table)
    assert text.count("1 strategies, 2 worlds, 2 paired seeds") == 2
    assert "winners by world" in text


@pytest.mark.slow
def test_one_process_or_two_make_the_same_bytes(tmp_path: Path) -> None:
    paths = [tmp_path / str(workers) / "tournament.parquet" for workers in (1, 2)]
    for workers, path in enumerate(paths, start=1):
        run_experiment(EXPERIMENT, EXPERIMENT.presets["smoke"], path, workers=workers)
    first, second = (path.with_suffix("") / "uniform.parquet" for path in paths)
    assert sha256_file(first) == sha256_file(second)
