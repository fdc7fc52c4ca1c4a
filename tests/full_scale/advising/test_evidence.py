"""What is read from the table of the network laboratory is what the laboratory itself says."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from full_scale.advising.evidence import TABLE, MeasuredWorld, read_evidence
from full_scale.advising.pool import PoolShape
from simulations.networks.tournament.analysis import compare
from vas_theory.foundation.errors import DataError, IntegrityError
from vas_theory.groups.beta_pools import mean_variance
from vas_theory.provenance.tables import read_table


def test_learning_and_coverage_are_those_of_the_laboratorys_own_comparison(
    measured_worlds: list[MeasuredWorld],
) -> None:
    worlds = {world.name: world for world in measured_worlds}
    theirs = compare(read_table(TABLE.with_name("network_tournament.parquet")))
    told = theirs[theirs["learning"].notna() & theirs["world"].isin(list(worlds))]
    assert len(told) > 3
    for row in told.to_dict("records"):
        ours = worlds[row["world"]].arms[row["arm"]]
        assert ours.learning[0] == pytest.approx(row["learning"], abs=1e-9)
        assert ours.coverage[0] == pytest.approx(row["pass_at_32_difference"], abs=1e-9)
        # a standard error of the bootstrap against the half width of its 95% interval
        assert ours.learning[1] == pytest.approx((row["learning_high"] - row["learning_low"]) / 3.92, rel=0.25)
        assert ours.free == row["free"]
        assert ours.tuned <= row["interior"]
    assert worlds["chains-few"].arms["vas"].tuned  # beyond the first grid


def test_a_world_is_seen_as_a_log_of_its_uniform_runs_would_show_it(measured_worlds: list[MeasuredWorld]) -> None:
    world = next(world for world in measured_worlds if world.name == "chains-short")
    assert world.shape.visits == pytest.approx(38_400 / 8 / 3000)
    curves = read_table(TABLE.parent / "networks" / "final" / "network-chains-short.uniform.parquet")
    first = curves[curves["updates"] == 100]
    assert world.shape.pass_rate == pytest.approx(first["training_reward"].mean())
    assert world.shape.mixed == pytest.approx(first["mixed_groups"].mean() / 16)
    assert world.shape.wrong + world.shape.right + world.shape.mixed == pytest.approx(1.0)


def test_headroom_is_that_of_drawing_by_the_true_variance() -> None:
    shape = PoolShape(0.3, 0.7, 2, 1.0)  # with groups of two the share of mixed ones is 2 p(1-p)
    weighted = mean_variance(1.3, 1.7) / mean_variance(0.3, 0.7)
    assert shape.headroom == pytest.approx(weighted)
    assert shape.u_shaped
    assert not PoolShape(2.0, 0.7, 8, 1.0).u_shaped


def test_a_file_or_its_folder_is_read_and_an_altered_or_missing_table_refused(
    tmp_path: Path, measured_worlds: list[MeasuredWorld]
) -> None:
    with pytest.raises(DataError, match="no table of the network laboratory"):
        read_evidence(tmp_path)
    for file in TABLE.parent.glob(f"{TABLE.name}*"):
        shutil.copy(file, tmp_path)
    copy = tmp_path / TABLE.name
    assert read_evidence(tmp_path) == read_evidence(copy) == measured_worlds
    copy.write_bytes(copy.read_bytes()[:-1] + b"x")
    with pytest.raises(IntegrityError, match="altered"):
        read_evidence(tmp_path)
