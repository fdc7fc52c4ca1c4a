"""Tables made of the network tournament: the ranking, rank correlations, tuning beyond the grid, what is finished."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

pytest.importorskip("torch")

from simulations.networks.tournament import finished as module
from simulations.networks.tournament import rechecking
from simulations.networks.tournament.agreement import agreement, rank_correlation
from simulations.networks.tournament.analysis import compare, format_comparison
from simulations.networks.tournament.evidence import evidence
from simulations.networks.tournament.finished import finished, stored_tuning, summary, write_tables
from simulations.networks.tournament.predictions import FRESH
from simulations.networks.tournament.presets import PRESETS, Preset, final_cell, tuning_cell, wider_cell
from simulations.networks.tournament.ranking import rank_networks
from simulations.networks.tournament.rechecking import recheck_networks
from simulations.networks.tournament.widening import next_rate, widened
from simulations.networks.worlds import get_world
from simulations.running.sweep import Cell
from tests.simulations.networks.test_tournament import curves
from vas_theory.foundation.errors import DataError
from vas_theory.provenance.fingerprint import key_of
from vas_theory.provenance.tables import read_metadata, read_table, write_table

GAINS = {"uniform": 0.05, "predictor": 0.075, "index": 0.02, "index@2": 0.045, "vas": 0.05, "oracle": 0.1}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return summary(curves(GAINS), None)


def test_the_ranking_has_uniforms_gain_every_comparison_and_the_contrasts(table: pd.DataFrame) -> None:
    ranking = rank_networks(table)
    base = ranking[ranking["kind"] == "baseline"].set_index("world")
    assert (
        base.loc["one", "gain_low"] < 0.05 < base.loc["one", "gain_high"] or abs(base.loc["one", "gain"] - 0.05) < 0.01
    )
    worlds = ranking[ranking["kind"] == "world"]
    pd.testing.assert_frame_equal(
        worlds[compare(table).columns].reset_index(drop=True), compare(table), check_dtype=False
    )
    shares = worlds.set_index(["arm", "world"])["headroom"]
    assert shares["predictor"].to_numpy() == pytest.approx(0.5, abs=0.1)  # (.075 - .05) / (.1 - .05)
    assert shares["oracle"].isna().all()
    contrast = ranking[(ranking["kind"] == "contrast") & (ranking["arm"] == "index@2")]
    assert set(contrast["against"]) == {"index"}
    assert contrast["difference"].to_numpy() == pytest.approx(0.025, abs=0.004)
    assert (contrast["difference_low"] > 0.015).all()
    assert (contrast["difference_low"] < contrast["difference"]).all()


def test_an_arm_that_ended_early_is_marked_beside_its_number() -> None:
    runs = curves(GAINS)
    short = (runs["world"] == "one") & (runs["arm"] == "index@2")
    runs.loc[short, "rollouts"] = runs.loc[short, "rollouts"] // 8
    table = summary(runs, None)
    rows = compare(table).set_index(["world", "arm"])
    assert list(rows.index[rows["early"]]) == [("one", "index@2")]
    spent, budget = rows.loc[("one", "index@2"), ["rollouts", "budget"]]
    text = format_comparison(table)
    assert f"index@2 ({spent:,.0f} of {budget:,.0f} rollouts)" in text
    assert text.count("rollouts)") == 1
    assert "index@2 (ended early in 1)" in text.partition("all worlds")[2]
    ranking = rank_networks(table)
    contrast = ranking[(ranking["kind"] == "contrast") & (ranking["arm"] == "index@2")].set_index("world")
    assert contrast["early"].to_dict() == {"one": True, "two": False}


def test_the_text_counts_the_learning_rates_inside_the_grid() -> None:
    table = summary(curves({"uniform": 0.05, "vas": 0.06}), None).assign(interior=True)
    assert "4 of 4 tuned learning rates lie inside what was tried" in format_comparison(table)
    table.loc[table["arm"] == "vas", "interior"] = False
    assert "2 of 4 tuned learning rates lie inside what was tried, fewer than the 90%" in format_comparison(table)


def test_evidence_for_a_pool_of_ones_own_is_the_comparison_beside_what_a_log_would_show() -> None:
    runs = curves({**GAINS, "c": 0.05})
    run = {"batch_size": 16, "group_size": 8, "budget": 38_400, "pool": 3000}
    cells = [Cell("", {"world": world, "arm": {"name": "uniform"}, "run": run}, 0) for world in ("one", "two")]
    found = evidence(runs, cells, {("one", "uniform"): True, ("one", "vas"): True, ("two", "vas"): True})
    rows = found.set_index(["world", "arm"])
    told = compare(summary(runs, None)).set_index(["world", "arm"])
    own = rows.loc[told.index]
    np.testing.assert_allclose(own["learning"], told["learning"])
    np.testing.assert_allclose(own["coverage"], told["pass_at_32_difference"])
    # a standard error against the half width of a 95% interval
    np.testing.assert_allclose(own["learning_error"], (told["learning_high"] - told["learning_low"]) / 3.92, rtol=0.2)
    assert list(rows.index[rows["tuned"]]) == [("one", "uniform"), ("one", "vas")]  # uniform's counts too
    assert set(rows["free"][rows["free"] != ""].index) == {("one", "c"), ("two", "c")}
    for name, wanted in {"pass_rate": 0.4, "silent_share": 0.75, "group_size": 8, "visits": 1.6, "seeds": 12}.items():
        assert rows[name].to_numpy() == pytest.approx(wanted), name
    runs["held_out_pass_rate"] = runs["held_out_pass_rate"].where(runs["world"] == "two", 0.3)
    assert set(evidence(runs, cells, {})["world"]) == {"two"}  # the other one learns nothing


def test_no_share_of_a_headroom_that_is_not_there() -> None:
    rows = compare(summary(curves({"uniform": 0.05, "vas": 0.06, "oracle": 0.04}), None))
    assert rows["headroom"].isna().all()


def test_rank_correlations_are_spearmans() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(2, 5, 9))
    wanted = [spearmanr(x, y).statistic for x, y in zip(one, other, strict=True)]
    np.testing.assert_allclose(rank_correlation(one, other), wanted)
    assert np.isnan(rank_correlation(np.ones(4), np.arange(4.0)))


def bandits(order: list[str]) -> pd.DataFrame:
    """Return a ranking of bandits with gains falling in this order, at two regimes and in one world."""
    rows = [
        {"kind": kind, "regime": regime, "world": world, "strategy": arm, "gain": -place / 100}
        for regime in ("fixed", "tuned")
        for kind, world in (("ranking", None), ("world", "shared"))
        for place, arm in enumerate(order)
        if arm != "uniform"
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("order", "wanted"), [(["predictor", "uniform", "vas", "index@2", "index"], 1), (["index"], 0)]
)
def test_agreement_with_bandits_of_the_same_order_is_near_one(
    table: pd.DataFrame, order: list[str], wanted: int
) -> None:
    ranked = bandits(order).assign(gain=lambda rows: rows["gain"] + 0.01)
    found = agreement(table, ranked)
    rows = found[(found["with"] == "bandits") & (found["world"] == "all") & (found["bandit_world"] == "all")]
    assert set(rows["regime"]) == {"fixed", "tuned"}
    assert set(rows["arms"]) == {len(set(order) | {"uniform"})}
    if wanted:
        assert (rows["correlation"] > 0.85).all()
        assert (rows["correlation_low"] <= rows["correlation"]).all()
        reversed_ = agreement(table, ranked.assign(gain=-ranked["gain"]))
        assert (reversed_.loc[rows.index, "correlation"] < -0.6).all()
    else:
        assert rows["correlation"].isna().all()


def test_fitted_worlds_of_bandits_are_compared_one_by_one(table: pd.DataFrame) -> None:
    ranked = bandits(["predictor", "uniform", "vas", "index@2", "index"])
    fitted = ranked.assign(world="math", gain=-ranked["gain"])
    alone, both = agreement(table, ranked), agreement(table, ranked, fitted=fitted)
    pd.testing.assert_frame_equal(alone, both[both["bandit_world"] != "math-fitted"].reset_index(drop=True))
    added = both[both["bandit_world"] == "math-fitted"]
    assert added["world"].tolist() == ["all", "all"]
    shared = both[(both["bandit_world"] == "shared") & (both["world"] == "all")]
    assert (added["correlation"].to_numpy() < shared["correlation"].to_numpy()).all()


def test_agreement_with_a_real_model_counts_its_arms_that_have_an_interval(table: pd.DataFrame) -> None:
    gains = {"predictor": 0.03, "vas": 0.01, "index@2": -0.02, "index": -0.04, "no-such-arm": 0.5}
    study = pd.DataFrame({"quantity": "accuracy_gain", "arm": list(gains), "measured": list(gains.values())})
    study = pd.concat([study, study.assign(quantity="gradient_norm", measured=-study["measured"])])
    found = agreement(table, None, study.assign(measured_low=-1.0))
    row = found[(found["with"] == "study") & (found["world"] == "all")].iloc[0]
    assert row["arms"] == 5  # uniform sampling is at 0, the arm that no network ran is left out
    assert row["correlation_low"] <= row["correlation"]
    assert row["correlation"] > 0.85
    untold = study.assign(measured_low=np.where(study["arm"].isin(["vas", "index"]), np.nan, -1.0))
    row = agreement(table, None, untold).query("`with` == 'study' and world == 'all'").iloc[0]
    assert row["arms"] == 3
    assert np.isnan(row["correlation"])


def test_groups_with_a_gradient_are_correlated_with_the_pass_rate_without_free_arms() -> None:
    runs = curves({"uniform": 0.05, "predictor": 0.075, "index": 0.02, "vas": 0.06, "c": 0.2})
    mixed = {"uniform": 4.0, "predictor": 3.0, "index": 9.0, "vas": 3.5, "c": 1.0}
    runs["mixed_groups"] = runs["arm"].map(mixed).where(runs["steps"] > 0)
    (row,) = agreement(summary(runs, None), None).query("world == 'all'").to_dict("records")
    assert row["with"] == "mixed_groups"
    assert (row["arms"], row["worlds"]) == (4, 2)
    assert row["correlation"] == pytest.approx(-1.0)


def test_a_world_that_was_added_later_is_no_part_of_all_worlds(table: pd.DataFrame) -> None:
    alone = agreement(table, None)
    later = table[table["world"] == table["world"].iloc[0]].assign(world=FRESH[0])
    both = agreement(pd.concat([table, later[later["arm"].isin(["uniform", "vas"])]]), None)
    pd.testing.assert_frame_equal(alone, both)


def tuning(rates: dict[float, float]) -> pd.DataFrame:
    rows = [
        {"world": "w", "arm": "a", "seed": seed, "learning_rate": rate, "held_out_pass_rate": end + seed / 1e3}
        for rate, end in rates.items()
        for seed in (0, 1)
    ]
    return pd.DataFrame(rows).assign(chosen=False, interior=False)


def test_tuning_goes_beyond_the_end_where_the_best_rate_lies() -> None:
    assert next_rate(tuning({1e-4: 0.3, 2e-4: 0.4, 4e-4: 0.3})) is None
    assert next_rate(tuning({1e-4: 0.5, 2e-4: 0.4, 4e-4: 0.3})) == pytest.approx(5e-5)
    assert next_rate(tuning({1e-4: 0.2, 2e-4: 0.3, 6e-4: 0.4})) == pytest.approx(1.8e-3)
    first = tuning({1e-4: 0.5, 2e-4: 0.4})
    worse = widened(first, [tuning({5e-5: 0.45}).drop(columns=["chosen", "interior"])])
    assert set(worse.loc[worse["chosen"], "learning_rate"]) == {1e-4}
    assert worse["interior"].all()
    better = widened(first, [tuning({5e-5: 0.6})])
    assert set(better.loc[better["chosen"], "learning_rate"]) == {5e-5}
    assert not better["interior"].any()
    assert widened(first, []) is first


def store(preset: Preset, folder: Path, arms: tuple[str, ...], rate: float = 2e-4, wider: float | None = None) -> None:
    """Write cells as a tournament leaves them."""
    world = get_world("chains-short")
    runs = curves(dict.fromkeys(arms, 0.05), ("chains-short",), preset.seeds)
    key = key_of(curves)
    for arm in arms:
        tried = tuning({rate: 0.5, 2 * rate: 0.4}).assign(world=world.name, arm=arm)
        tried["chosen"] = tried["learning_rate"] == rate
        parts = [("tuning", tuning_cell(preset, world, arm), tried)]
        parts.append(("final", final_cell(preset, world, arm, wider or rate), runs[runs["arm"] == arm]))
        if wider:
            further = tuning({wider: 0.6}).assign(world=world.name, arm=arm)
            parts.append(("wider", wider_cell(preset, world, arm, wider), further))
        for part, cell, frame in parts:
            path = folder / "networks" / part / f"{cell.name}.parquet"
            write_table(frame, path, config=cell.config, seed=cell.seed, key=key)


def test_the_tables_hold_all_that_is_finished_and_say_what_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    preset = replace(PRESETS["paper"], seeds=3)
    store(preset, tmp_path, ("uniform", "vas"))
    store(replace(preset, seeds=4), tmp_path, ("index",))
    for part in ("tuning", "final"):
        emptied = tmp_path / "networks" / part / "network-chains-short.emptied.parquet"
        write_table(curves({"emptied": 0.05}, ("chains-short",), 3), emptied, config={}, seed=0, key=key_of(curves))
    said: list[str] = []
    monkeypatch.setattr(module, "_BANDITS", tmp_path / "nowhere.parquet")
    monkeypatch.setattr(module, "_STUDY", tmp_path / "nowhere.parquet")
    table = write_tables(preset, tmp_path, said.append)
    assert set(table["arm"]) == {"uniform", "vas"}
    assert set(table["phase"]) == {"final", "tuning"}
    assert "network-chains-short.emptied, network-chains-short.index" in said[0]
    assert "not compared with bandits" in said[1]
    assert "not compared with a real model" in said[2]
    for name in ("network_tournament", "network_ranking", "network_evidence", "network_agreement"):
        assert len(read_table(tmp_path / f"{name}.parquet"))


def test_a_rate_beyond_the_grid_is_the_one_that_counts(tmp_path: Path) -> None:
    preset = replace(PRESETS["paper"], seeds=3)
    lower = next_rate(tuning({2e-4: 0.5, 4e-4: 0.4}))
    assert lower == pytest.approx(1e-4)
    store(preset, tmp_path, ("uniform",), wider=lower)
    found = stored_tuning(preset, get_world("chains-short"), "uniform", tmp_path)
    assert set(found.loc[found["chosen"], "learning_rate"]) == {lower}
    # the stored runs were not made by the present code, so that a tournament computes that rate again
    found = stored_tuning(preset, get_world("chains-short"), "uniform", tmp_path, current=True)
    assert set(found["learning_rate"]) == {2e-4, 4e-4}
    table, _, (cell,) = finished(preset, tmp_path, lambda text: None)
    assert cell.config["learning_rate"] == lower
    assert not table.loc[table["phase"] == "final", "interior"].any()  # it is the lowest that was tried


def test_worlds_without_uniform_sampling_are_left_out(tmp_path: Path) -> None:
    preset = replace(PRESETS["paper"], seeds=3)
    store(preset, tmp_path, ("vas",))
    said: list[str] = []
    with pytest.raises(DataError, match="no world"):
        finished(preset, tmp_path, said.append)
    assert "network-chains-short.vas" in said[0]


def test_cells_are_computed_again_and_compared_bit_for_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    preset = replace(PRESETS["paper"], seeds=3)
    lower = next_rate(tuning({2e-4: 0.5, 4e-4: 0.4}))
    assert lower is not None
    store(preset, tmp_path, ("uniform",), wider=lower)
    again = {
        part: read_table(next((tmp_path / "networks" / part).glob("*.parquet")))
        for part in ("tuning", "wider", "final")
    }
    emptied = tmp_path / "networks" / "final" / "network-chains-short.emptied.parquet"
    write_table(again["final"], emptied, config={}, seed=0, key=key_of(curves))
    assert list(rechecking._RUNNERS) == list(again)
    for part, rows in again.items():
        monkeypatch.setitem(rechecking._RUNNERS, part, lambda cell, rows=rows: rows)
    monkeypatch.setattr(rechecking, "key_of", lambda *_: key_of(store))
    prepared: list[str] = []
    monkeypatch.setattr(rechecking, "make_starts", lambda worlds, *_: prepared.extend(each.name for each in worlds))
    said: list[str] = []
    assert recheck_networks(preset, tmp_path, cells=9, seed=1, report=said.append) == []
    assert len(said) == 3
    assert prepared == ["chains-short"] * 3
    for part in again:
        record = read_metadata(next((tmp_path / "networks" / part).glob("*.uniform*.parquet")))
        assert record["key"] == key_of(store).digest
    other = again["final"].assign(held_out_pass_rate=again["final"]["held_out_pass_rate"] * (1 + 1e-15))
    monkeypatch.setitem(rechecking._RUNNERS, "final", lambda cell: other)
    (name,) = recheck_networks(preset, tmp_path, cells=9, seed=1, report=said.append)
    assert name.startswith("final/network-chains-short.uniform")
    with pytest.raises(DataError, match="no cell"):
        recheck_networks(preset, tmp_path / "empty", cells=1, seed=1)
