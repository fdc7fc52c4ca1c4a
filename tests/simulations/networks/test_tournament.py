"""The network tournament: cells that resume, rates that are tuned, tables that are read against uniform sampling."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("torch")

from simulations.__main__ import main
from simulations.networks.tournament import cells
from simulations.networks.tournament.analysis import compare, format_comparison, overall
from simulations.networks.tournament.cells import extended, run_seed, run_tuning
from simulations.networks.tournament.finished import summary
from simulations.networks.tournament.predictions import REASONS
from simulations.networks.tournament.presets import DEVELOPMENT, PRESETS, Preset
from simulations.networks.tournament.roster import ARMS, get_arm
from simulations.networks.tournament.running import run_tournament
from simulations.networks.world import RunShape
from simulations.networks.worlds import get_world, world_names
from simulations.running.sweep import Cell
from vas_theory.foundation.errors import ArgumentError, DataError
from vas_theory.provenance.tables import read_table

ROOT = Path(__file__).resolve().parents[3]


def curves(gains: dict[str, float], worlds: tuple[str, ...] = ("one", "two"), seeds: int = 12) -> pd.DataFrame:
    """Return learning curves of two rows: every arm starts at .3, gains its gain and the seed's luck."""
    rng = np.random.default_rng(0)
    rows = []
    for world in worlds:
        luck = rng.normal(0, 0.01, seeds)
        for arm, gain in gains.items():
            noise = rng.normal(0, 0.002, seeds)
            for seed in range(seeds):
                key = {
                    "world": world,
                    "arm": arm,
                    "seed": seed,
                    "learning_rate": 1e-4,
                    "free": "*" if arm == "c" else "",
                }
                end = 0.3 + gain + luck[seed] + noise[seed]
                for steps, value, mixed in ((0, 0.3, np.nan), (5, 0.31, 4.0), (15, end, 8.0)):
                    measured = {"held_out_pass_rate": value, "pass_at_32": value + 0.4, "mixed_groups": mixed}
                    rest = {
                        "entropy": 1.0,
                        "gradient_norm": 1.0,
                        "distinct_prompts": 40,
                        "most_visits": 2,
                        "noise_share": 1.0,
                        "updates": steps,
                        "training_reward": 0.4,
                    }
                    rest["rollouts"] = steps
                    rows.append({**key, **measured, **rest, "steps": steps})
    return pd.DataFrame(rows)


def test_differences_and_learning_are_recovered_with_intervals() -> None:
    table = summary(curves({"uniform": 0.05, "predictor": 0.075, "index": 0.02, "c": 0.05}), None)
    rows = compare(table).set_index(["world", "arm"])
    for world in ("one", "two"):
        better, worse, equal = (rows.loc[(world, arm)] for arm in ("predictor", "index", "c"))
        assert better["difference_low"] < 0.025 < better["difference_high"]
        assert better["learning_low"] < 1.5 < better["learning_high"] or abs(better["learning"] - 1.5) < 0.1
        assert (better["sign"], worse["sign"], equal["sign"]) == (1, -1, 0)
        assert (better["predicted"], worse["predicted"]) == (1, -1)
        assert worse["learning"] < 1 < better["learning"]
        # five steps with 4 and fifteen with 8 groups
        assert better["mixed_groups"] == pytest.approx(7.0)
    whole = overall(table).set_index("arm")
    assert whole.loc["predictor", "worlds_above"] == whole.loc["index", "worlds_below"] == 2
    width = whole["difference_high"] - whole["difference_low"]
    assert width["predictor"] < (rows["difference_high"] - rows["difference_low"])[("one", "predictor")]
    text = format_comparison(table)
    assert "c*" in text
    assert "all worlds" in text


def test_nothing_is_told_relative_to_a_gain_of_nothing() -> None:
    table = summary(curves({"uniform": 0.002, "predictor": 0.02}, worlds=("flat",)), None)
    (row,) = compare(table).to_dict("records")
    assert np.isnan(row["learning"])
    assert row["sign"] == 1
    assert np.isnan(overall(table)["learning"]).all()
    assert "– no learning to compare with" in format_comparison(table)


def test_a_tournament_without_uniform_sampling_is_refused() -> None:
    with pytest.raises(DataError, match="uniform"):
        compare(summary(curves({"vas": 0.05}), None))


def tuning_cell(best: float, monkeypatch: pytest.MonkeyPatch) -> tuple[pd.DataFrame, list[list[float]]]:
    """Tune where the end of a run depends on the distance to the best rate alone; also return what was tried when."""
    world = get_world("chains-short")
    tried: list[list[float]] = []

    def train(world: object, start: object, plans: list, **options: int) -> list[pd.DataFrame]:
        tried.append(sorted({plan.learning_rate for plan in plans}))
        ends = [0.4 - abs(np.log(plan.learning_rate / best)) / 100 for plan in plans]
        return [pd.DataFrame({"held_out_pass_rate": [0.3, end], "rollouts": [0, 9]}) for end in ends]

    monkeypatch.setattr(cells, "train_together", train)
    monkeypatch.setattr(cells, "load_start", lambda *_, **__: None)
    config = {"world": world.name, "run": asdict(RunShape()), "start": asdict(world.start), "starts": "nowhere"}
    config |= {"arm": asdict(get_arm("uniform")), "indices": [20, 21], "passes": 1}
    return run_tuning(Cell("x", config, 0)), tried


@pytest.mark.parametrize(
    ("best", "calls", "interior"), [(2e-4, 1, True), (1e-4, 2, True), (8e-4, 3, True), (1e-2, 3, False)]
)
def test_tuning_goes_on_until_the_best_rate_lies_inside(
    best: float, calls: int, interior: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, tried = tuning_cell(best, monkeypatch)
    assert tried[0] == [1e-4, 2e-4, 4e-4]
    assert len(tried) == calls
    assert set(table["interior"]) == {interior}
    chosen = set(table.loc[table["chosen"], "learning_rate"])
    assert len(chosen) == 1
    assert not interior or chosen == {best}
    assert set(table["seed"]) == {run_seed("chains-short", 20), run_seed("chains-short", 21)}


def test_the_extended_grid_keeps_its_ratios() -> None:
    np.testing.assert_allclose(extended(RunShape(learning_rates=(1.0, 2.0, 6.0))), [0.25, 0.5, 1, 2, 6, 18, 54])


def test_a_small_tournament_runs_resumes_and_repeats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    preset = Preset(("chains-short",), ("uniform", "predictor"), 2, 1, 0.02, 0.02, 1, 1)
    said: list[str] = []
    table = run_tournament(preset, tmp_path / "one", report=said.append)
    final = table[table["phase"] == "final"]
    assert set(final["arm"]) == {"uniform", "predictor"}
    assert final.groupby("arm")["seed"].nunique().tolist() == [2, 2]
    assert not set(final["seed"]) & set(table.loc[table["phase"] == "tuning", "seed"])
    written = {path: path.stat().st_mtime_ns for path in (tmp_path / "one" / "networks").rglob("*.parquet")}
    assert len(written) == 4
    more = run_tournament(replace(preset, arms=("uniform", "vas", "predictor")), tmp_path / "one", report=said.append)
    assert {path: path.stat().st_mtime_ns for path in written} == written  # another arm computes that arm alone
    assert set(more["arm"]) == {"uniform", "vas", "predictor"}
    alone = run_tournament(replace(preset, arms=("vas",)), tmp_path / "one", report=said.append)
    assert set(alone["arm"]) == {"uniform", "vas"}  # read against what is there
    with pytest.raises(ArgumentError, match="hold uniform"):
        run_tournament(replace(preset, arms=("vas",)), tmp_path / "three", report=said.append)
    assert not (tmp_path / "three").exists()
    again = run_tournament(preset, tmp_path / "two", report=said.append)
    pd.testing.assert_frame_equal(table, again, check_exact=True)
    assert len(said) == 1  # one start was trained
    run_tournament(replace(preset, seeds=3), tmp_path / "two", report=said.append)
    replaced = "network-chains-short.uniform, network-chains-short.predictor"
    assert said[1] == f"finished runs of other seeds than these 3 are replaced: {replaced}"
    with pytest.raises(DataError, match="no finished arm beside uniform"):
        run_tournament(replace(preset, arms=("uniform",)), tmp_path / "four", report=said.append)
    assert not list((tmp_path / "four").glob("*.parquet"))  # no table is written without the others
    names = ("world", "arm", "seed", "learning_rate", "rollouts", "held_out_pass_rate", "held_out_greedy", "pass_at_32")
    assert {*names, "mixed_groups", "predicted", "free"} <= set(table.columns)


def test_reported_seeds_and_worlds_are_not_those_of_development() -> None:
    preset = PRESETS["paper"]
    assert preset.seeds + preset.tuning_seeds < DEVELOPMENT
    assert not {world.name for world in preset.all_worlds()} & set(world_names(development=True))
    seeds = {run_seed(name, index) for name in world_names() for index in (0, 1, DEVELOPMENT)}
    assert len(seeds) == 3 * len(world_names())


def test_a_sign_is_written_down_for_every_arm() -> None:
    assert set(ARMS) <= set(REASONS)
    assert all(sign in (-1, 0, 1) and reason for sign, reason in REASONS.values())


def test_presets_refuse_what_makes_no_sense() -> None:
    changes = ({"seeds": 1}, {"seeds": DEVELOPMENT - 1}, {"scale": 0.0}, {"tuning_seeds": -1}, {"start_scale": 2.0})
    for values in changes:
        with pytest.raises(ArgumentError):
            Preset(**values)


def test_the_list_counts_what_is_committed(capsys: pytest.CaptureFixture[str]) -> None:
    main(["networks", "list", "--json"])
    told = json.loads(capsys.readouterr().out)
    table = read_table(ROOT / "simulations/results/paper/network_tournament.parquet")
    for kind, column, other in (("worlds", "world", "arm"), ("arms", "arm", "world")):
        counts = table.groupby(column)[other].nunique().to_dict()
        assert {row["name"]: row["committed"] for row in told[kind] if row["committed"]} == counts


def test_the_list_names_worlds_and_arms_without_torch() -> None:
    code = "import sys, simulations.__main__ as m; m.main(['networks', 'list']); print('torch' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "chains-short" in answer.stdout
    assert "reinforce-ada" in answer.stdout
    assert answer.stdout.strip().endswith("False")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--output", "file"], "--output must be a folder: file is a file"),
        (["--output", "dead"], "--output must be a folder: dead is a link to nothing"),
        (["--workers", "0"], "--workers must be at least 1"),
        (["--backend", "nope"], "unknown backend 'nope'"),
    ],
)
def test_a_tournament_is_refused_before_a_start_is_trained(
    options: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("mine")
    (tmp_path / "dead").symlink_to("nowhere")
    assert main(["networks", "tournament", "--preset", "smoke", *options]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dead", "file"]
