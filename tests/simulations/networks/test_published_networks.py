"""The committed network tables: intact, on the seeds they should have, and what the README says of them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from paper_figures.docs.generated.listings import networks
from simulations.networks.tournament.agreement import agreement
from simulations.networks.tournament.cells import run_seed
from simulations.networks.tournament.predictions import FRESH
from simulations.networks.tournament.presets import DEVELOPMENT, PRESETS
from simulations.networks.tournament.ranking import rank_networks
from simulations.networks.tournament.roster import get_arm
from simulations.networks.worlds import get_world
from vas_theory.provenance.tables import read_metadata, read_table, table_hash

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "simulations" / "results" / "paper"
BANDITS = FOLDER / "tournament_ranking.parquet"
FITTED = FOLDER / "fitted_ranking.parquet"
STUDY = ROOT / "full_scale" / "results" / "paper" / "validation.parquet"
AGAIN = "run: python -m simulations networks tables --preset paper --output simulations/results/paper"


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return read_table(FOLDER / "network_tournament.parquet")


def test_runs_are_paired_on_the_reported_seeds_at_equal_rollouts(table: pd.DataFrame) -> None:
    final = table[table["phase"] == "final"]
    count = PRESETS["paper"].seeds
    assert count >= 20
    assert count < DEVELOPMENT
    for (world, _), runs in final.groupby(["world", "arm"]):
        assert sorted(runs["seed"]) == sorted(run_seed(str(world), index) for index in range(count))
    for world, runs in final.groupby("world"):
        shape = get_world(str(world)).run
        budget, batch = runs.loc[runs["arm"] == "uniform", "rollouts"].max(), shape.batch_size * shape.group_size
        assert (runs["rollouts"] <= budget).all()
        for arm, own in runs.groupby("arm"):
            cap = get_arm(str(arm)).max_visits  # a pool of few prompts ends before the budget where visits are capped
            least = budget if cap is None else min(budget, cap * shape.pool * shape.group_size)
            assert (own["rollouts"] > least - batch).all()  # what is left where scoring rollouts were paid is no batch
    assert not set(final["seed"]) & set(table[table["phase"] == "tuning"]["seed"])


def test_the_ranking_is_that_of_the_runs(table: pd.DataFrame) -> None:
    ranking = read_table(FOLDER / "network_ranking.parquet")
    final = table[table["phase"] == "final"]
    rows = pd.concat([ranking[ranking["kind"] == kind] for kind in ("baseline", "world")])
    means = final.groupby(["world", "arm"])["held_out_pass_rate"].mean()
    pd.testing.assert_series_equal(
        rows.set_index(["world", "arm"])["pass_rate"].sort_index(), means.sort_index(), check_names=False
    )
    assert set(ranking.loc[ranking["kind"] == "overall", "arm"]) == set(final["arm"]) - {"uniform"}


def test_the_rank_correlations_are_of_the_tables_that_are_committed() -> None:
    reads = read_metadata(FOLDER / "network_agreement.parquet")["config"]["reads"]
    wanted = {path.stem: table_hash(path) for path in (FOLDER / "network_tournament.parquet", BANDITS, FITTED, STUDY)}
    assert reads == wanted, AGAIN


def test_nine_of_ten_learning_rates_lie_inside_what_was_tried(table: pd.DataFrame) -> None:
    final = table[table["phase"] == "final"]
    inside = final.groupby(["world", "arm"])["interior"].first().astype(bool)
    assert inside.mean() >= 0.9, list(inside.index[~inside])


@pytest.mark.slow
def test_ranking_and_agreement_are_computed_from_the_runs(table: pd.DataFrame) -> None:
    for name, wanted in (
        ("network_ranking", rank_networks(table)),
        ("network_agreement", agreement(table, *map(read_table, (BANDITS, STUDY, FITTED)))),
    ):
        stored = read_table(FOLDER / f"{name}.parquet")
        assert list(stored.columns) == list(wanted.columns), AGAIN
        for column in stored.columns:
            known = stored[column].notna().to_numpy()
            np.testing.assert_array_equal(known, wanted[column].notna())
            ours, theirs = stored.loc[known, column].to_list(), wanted.loc[known, column].to_list()
            assert ours == (pytest.approx(theirs, abs=1e-9) if wanted[column].dtype.kind == "f" else theirs), AGAIN


def test_the_readme_shows_the_means_of_the_runs(table: pd.DataFrame) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([^`]+)`.*?\| \**(-?[\d.]+) \[", readme, re.MULTILINE)
    assert len(rows) >= 5
    final = table[table["phase"] == "final"].assign(
        gain=lambda runs: runs["held_out_pass_rate"] - runs["start_pass_rate"]
    )
    gains = final.groupby(["world", "arm"])["gain"].mean().unstack().drop(index=list(FRESH), errors="ignore")
    learning = gains[gains["uniform"] >= 0.01].div(gains["uniform"], axis=0).mean()
    assert dict(rows) == {arm: f"{learning[arm]:.2f}" for arm, _ in rows}


def test_what_the_documentation_shows_are_the_numbers_of_the_runs(table: pd.DataFrame) -> None:
    block = "\n" + networks(ROOT).partition("\n\n")[0]
    final = table[table["phase"] == "final"].assign(
        gain=lambda runs: runs["held_out_pass_rate"] - runs["start_pass_rate"]
    )
    gains = final.groupby(["world", "arm"])["gain"].mean().unstack().drop(index=list(FRESH), errors="ignore")
    lines = [[cell.strip(" *`") for cell in line.strip("|").split("|")] for line in block.splitlines() if "|" in line]
    head, uniform, rows = lines[0][1:-1], lines[2], lines[3:]
    assert set(head) == set(gains.index)
    assert uniform[1:-1] == [f"{100 * gains.loc[world, 'uniform']:+.1f}" for world in head]
    assert 8 <= len(rows) <= 15
    for name, *cells in rows:
        arm = name.partition("`")[0]
        for world, cell in zip(head, cells[:-1], strict=True):
            learning = gains.loc[world, arm] / gains.loc[world, "uniform"]
            told = gains.loc[world, "uniform"] >= 0.01 and learning == learning
            assert cell.partition(" ")[0] == (f"{learning:.2f}" if told else "–")


def test_every_world_and_arm_of_the_table_has_its_curves(table: pd.DataFrame) -> None:
    final = table[table["phase"] == "final"]
    for world, arm in set(zip(final["world"], final["arm"], strict=True)):
        curves = read_table(FOLDER / "networks" / "final" / f"network-{world}.{arm}.parquet")
        last = curves.groupby("seed")["held_out_pass_rate"].last()
        rows = final[(final["world"] == world) & (final["arm"] == arm)].set_index("seed")["held_out_pass_rate"]
        pd.testing.assert_series_equal(last.sort_index(), rows.sort_index(), check_exact=True)
