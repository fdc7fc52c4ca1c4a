"""A whole study of the tiny model through the command line, and the order of prediction and measurement."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from full_scale.__main__ import main
from full_scale.config.training import EvaluationConfig, StudyConfig, load_config, preset_names
from full_scale.measuring.held_out import evaluate, held_out_counts, pass_at_k
from full_scale.measuring.tables import TABLES
from full_scale.planning.plan import describe, rollouts_by_stage
from full_scale.predictions.document import choose_prompts, fit_pool, read_predictions, write_predictions
from full_scale.study import Study
from vas_theory.foundation.errors import DataError, IntegrityError
from vas_theory.provenance.tables import read_metadata, read_table, sha256_file


@pytest.fixture(scope="module")
def output(study_toml: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished study of the tiny model; its calibration is given, because a random model rarely is right."""
    folder = tmp_path_factory.mktemp("study")
    with pytest.MonkeyPatch.context() as patch:
        measure = Study._measure

        def measured(self: Study, purpose: str, keys: list[str]) -> pd.DataFrame:
            frame = measure(self, purpose, keys)
            given = {
                "mu_distance": 130.0 + np.arange(len(frame)),
                "score_norm": 200.0,
                "trace_right": 4e4,
                "trace_wrong": 4e4,
            }
            return frame.assign(**given) if purpose == "calibration" else frame

        patch.setattr(Study, "_measure", measured)
        assert main(["study", "--config", str(study_toml), "--output", str(folder)]) == 0
    return folder


def test_study_writes_every_table_with_its_columns(output: Path) -> None:
    import full_scale.measuring.tables

    for name in TABLES:
        frame = read_table(output / f"{name}.parquet")
        assert len(frame), name
        section = (full_scale.measuring.tables.__doc__ or "").split("\n\n")
        for column in frame.columns:
            assert any(column in part for part in section), f"{name}.{column} is not documented"
    steps = read_table(output / "training_steps.parquet")
    assert steps.groupby("arm").rollouts.max().nunique() == 1, "arms must spend the same rollouts"
    start = steps[steps.step == 0].held_out_accuracy
    assert start.nunique() == 1, "arms must begin at the same model"
    spent = read_metadata(output / "training_steps.parquet")["seconds"]
    assert spent == pytest.approx(read_table(output / "accounts.parquet").seconds.sum()), "whenever the runs were made"
    assert set(read_table(output / "evaluation.parquet").arm) == {"start", "uniform", "vas"}


def test_second_call_recomputes_nothing(
    output: Path, study_toml: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path: sha256_file(path) for path in output.rglob("*") if path.is_file()}

    def refuse(*_: Any) -> None:
        raise AssertionError("the model was loaded although everything is current")

    monkeypatch.setattr("full_scale.study.load_language_model", refuse)
    assert main(["study", "--config", str(study_toml), "--output", str(output)]) == 0
    assert capsys.readouterr().out.count("current, skipped") == 8
    assert {path: sha256_file(path) for path in output.rglob("*") if path.is_file()} == before


def test_a_model_is_asked_once_as_long_as_it_is_the_same(
    output: Path, study_toml: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "study"
    shutil.copytree(output, folder)
    before = read_table(folder / "evaluation_prompts.parquet")
    for table in ("evaluation", "evaluation_prompts"):
        (folder / f"{table}.parquet").unlink()
    asked: list[int] = []

    def count(*arguments: Any) -> pd.DataFrame:
        asked.append(1)
        return held_out_counts(*arguments)

    monkeypatch.setattr("full_scale.study.held_out_counts", count)
    arguments = ["evaluate", "--config", str(study_toml), "--output", str(folder)]
    assert main(arguments) == 0
    assert not asked
    pd.testing.assert_frame_equal(read_table(folder / "evaluation_prompts.parquet"), before)

    (folder / "evaluation_prompts.parquet").unlink()
    (folder / "runs" / "vas-seed0" / "held_out.parquet").unlink()
    assert main(arguments) == 0
    assert len(asked) == 1
    pd.testing.assert_frame_equal(read_table(folder / "evaluation_prompts.parquet"), before)

    assert main([*arguments, "--set", "evaluation.rollouts=8"]) == 0
    assert len(asked) == 1 + before.groupby(["arm", "seed"]).ngroups


def test_predictions_name_the_strategies_that_were_rehearsed(output: Path) -> None:
    sources = read_predictions(output / "predictions.json")["about"]["sources"]
    assert {"vas_theory.selection.sampler.variance_aware", "vas_theory.selection.strategies.vas"} <= set(sources)


def test_prediction_comes_before_measurement_and_is_what_was_measured_against(output: Path) -> None:
    content = read_predictions(output / "predictions.json")
    assert content["written"] <= read_metadata(output / "probe.parquet")["written"]
    assert read_metadata(output / "probe.parquet")["config"]["reads"]["predictions"] == content["sha256"]
    pilot = read_table(output / "pilot.parquet")
    calibration, probe = (set(read_table(output / f"{name}.parquet").prompt_key) for name in ("calibration", "probe"))
    assert not calibration & probe
    assert calibration | probe <= set(pilot.prompt_key)
    assert {item["id"] for item in content["predictions"]} >= set(read_table(output / "validation.parquet").id)


def test_changed_prediction_is_refused(output: Path, tmp_path: Path) -> None:
    content = json.loads((output / "predictions.json").read_text())
    content["predictions"][0]["high"] *= 2
    (tmp_path / "predictions.json").write_text(json.dumps(content))
    with pytest.raises(IntegrityError, match="changed after it was written"):
        read_predictions(tmp_path / "predictions.json")
    with pytest.raises(DataError, match="predict"):
        read_predictions(tmp_path / "absent.json")


def test_pool_fit_recovers_the_distribution() -> None:
    draw = np.random.default_rng(1)
    counts = draw.binomial(16, draw.beta(0.5, 0.8, 4000)).astype(float)
    assert fit_pool(counts, np.full(4000, 16.0)) == pytest.approx((0.5, 0.8), rel=0.1)


@given(seed=st.integers(0, 50), right=st.lists(st.integers(0, 8), min_size=12, max_size=12))
def test_chosen_prompts_are_disjoint_and_distinct(seed: int, right: list[int]) -> None:
    pilot = pd.DataFrame({"prompt_key": [f"k{i}" for i in range(12)], "rollouts": 8, "successes": right})
    calibration, measured = choose_prompts(pilot, 4, 6, seed)
    assert len(set(calibration) | set(measured)) == 10


def test_pass_at_k_by_listing_every_choice() -> None:
    import itertools

    for right in range(6):
        outcomes = [True] * right + [False] * (5 - right)
        for k in range(1, 6):
            chance = np.mean([any(choice) for choice in itertools.combinations(outcomes, k)])
            assert pass_at_k(np.array([right]), 5, k)[0] == pytest.approx(chance)


def test_evaluation_interval_covers_its_value() -> None:
    counts = pd.DataFrame({"successes": [0, 1, 2, 4, 4, 3, 0, 4]})
    for row in evaluate(counts, EvaluationConfig(rollouts=4, ks=(1, 4)), 0):
        assert row["low"] < row["value"] < row["high"]


def test_written_predictions_read_back(tmp_path: Path) -> None:
    write_predictions(tmp_path / "p.json", {"predictions": [{"id": "x", "low": 0.1}]}, {"reads": {}})
    assert read_predictions(tmp_path / "p.json")["predictions"] == [{"id": "x", "low": 0.1}]


@pytest.mark.parametrize("name", preset_names())
def test_presets_are_valid_and_planned(name: str) -> None:
    config = load_config(name)
    assert config.name == name
    assert "rollouts, training" in describe(config)
    step = config.rollouts.prompts_per_step * config.rollouts.group_size
    runs = len(config.arms) * len(config.training.seeds)
    assert rollouts_by_stage(config)["training"] == runs * config.training.steps * step


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set", "rollouts.group_size=1"], "rollouts.group_size"),
        (["--set", "rollout.group_size=8"], "rollout"),
        (["--set", "training.stepz=3"], "stepz"),
        (["--set", "task.operations=[]"], "training prompt"),
        (["--set", "steps"], "--set"),
        (["--preset", "qick"], "did you mean quick"),
        (["--config", "nowhere.toml"], "nowhere.toml"),
        (["--set", "probe.pilot_prompts=999"], "probe.pilot_prompts"),
        (["--set", "evaluation.ks=[9]"], "at most rollouts"),
        (["--set", 'arms=[{name="a", mixture_ratio=0.5, sampler={momentun=0.5}}]'], "momentun"),
        (["--set", 'arms=[{name="a", mixture_ratio=0.5, sampler={mode="paper"}}]'], "online"),
        (["--set", 'arms=[{name="a", mixture_ratio=0.5}, {name="a", mixture_ratio=0.0}]'], "distinct"),
    ],
)
def test_bad_input_is_one_line_before_any_model_loads(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: Any
) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("the model was loaded")

    monkeypatch.setattr("full_scale.study.load_language_model", refuse)
    assert main(["study", "--output", str(tmp_path), *arguments]) == 2
    heard = capsys.readouterr().err
    assert heard.startswith("error: ")
    assert heard.count("\n") == 1
    assert message in heard


def test_config_is_frozen() -> None:
    config = load_config("quick")
    with pytest.raises(ValueError, match="frozen"):
        config.seed = 3  # type: ignore[misc]
    assert StudyConfig.model_validate(config.model_dump(mode="json")) == config
