"""The committed network tables: intact, on the seeds they should have, and what the README says of them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from simulations.networks.tournament.analysis import compare
from simulations.networks.tournament.cells import run_seed
from simulations.networks.tournament.presets import DEVELOPMENT, PRESETS
from vas_theory.provenance.tables import read_table

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "simulations" / "results" / "paper"


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
    assert (final.groupby("world")["rollouts"].nunique() == 1).all()
    assert not set(final["seed"]) & set(table[table["phase"] == "tuning"]["seed"])


def test_what_the_readme_says_of_the_shared_prediction(table: pd.DataFrame) -> None:
    found = compare(table).set_index(["world", "arm"])
    for arm in ("vas-states", "predictor"):
        assert found.loc[("chains-short", arm), "sign"] == found.loc[("chains-short", arm), "predicted"] == 1
        assert found.loc[("chains-short", arm), "learning_low"] > 1
        assert found.loc[("chains-short", arm), "pass_at_32_difference"] < 0
        assert found.loc[("chains-few", arm), "sign"] == -1 != found.loc[("chains-few", arm), "predicted"]
    assert set(found.xs("vas", level="arm")["sign"]) == {0}


def test_every_world_and_arm_of_the_table_has_its_curves(table: pd.DataFrame) -> None:
    final = table[table["phase"] == "final"]
    for world, arm in set(zip(final["world"], final["arm"], strict=True)):
        curves = read_table(FOLDER / "networks" / "final" / f"network-{world}.{arm}.parquet")
        last = curves.groupby("seed")["held_out_pass_rate"].last()
        rows = final[(final["world"] == world) & (final["arm"] == arm)].set_index("seed")["held_out_pass_rate"]
        pd.testing.assert_series_equal(last.sort_index(), rows.sort_index(), check_exact=True)
