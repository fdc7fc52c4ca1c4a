"""A whole study of the tiny model through the command line, and the order of prediction and measurement."""

from __future__ import annotations

import functools
import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from full_scale.__main__ import main
from full_scale.compact.checkpoints import Progress
from full_scale.config.training import (
    RECORDED_MIXTURE_RATIO,
    ArmConfig,
    EvaluationConfig,
    StudyConfig,
    load_config,
    preset_names,
)
from full_scale.measuring.held_out import evaluate, held_out_counts, pass_at_k
from full_scale.measuring.tables import TABLES
from full_scale.planning.plan import describe, rollouts_by_stage
from full_scale.predictions.document import choose_prompts, read_predictions, write_predictions
from full_scale.study import Study
from vas_theory.foundation.errors import DataError, IntegrityError
from vas_theory.groups.beta_pools import fit_pool_to_counts
from vas_theory.provenance.fingerprint import Key
from vas_theory.provenance.tables import read_metadata, read_table, sha256_file

pytestmark = pytest.mark.usefixtures("fewer_draws")


@pytest.fixture(scope="module")
def output(finished_study: Path) -> Path:
    """The finished study of the tiny model."""
    return finished_study


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

    monkeypatch.setattr("full_scale.models.loading.load_pretrained", refuse)
    assert main(["study", "--config", str(study_toml), "--output", str(output)]) == 0
    assert capsys.readouterr().out.count("current, skipped") == 8
    assert {path: sha256_file(path) for path in output.rglob("*") if path.is_file()} == before


def test_finished_runs_of_other_settings_are_refused_before_anything_is_written(
    output: Path, study_toml: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It used to rewrite predictions.json and to train over them."""
    folder = tmp_path / "study"
    shutil.copytree(output, folder)
    before = {path: sha256_file(path) for path in folder.rglob("*") if path.is_file()}

    def refuse(*_: Any) -> None:
        raise AssertionError("the model was loaded")

    monkeypatch.setattr("full_scale.models.loading.load_pretrained", refuse)
    for stage in ("study", "train", "predict", "probe", "validate"):
        changed = [stage, "--config", str(study_toml), "--output", str(folder), "--set", "optimiser.learning_rate=2e-3"]
        assert main(changed) == 2
        heard = capsys.readouterr().err
        assert heard.count("\n") == 1
        assert "optimiser.learning_rate: expected 0.002, found 0.001" in heard
        assert "and 1 more runs" in heard
        assert "--restart" in heard
        assert {path: sha256_file(path) for path in folder.rglob("*") if path.is_file()} == before


def test_a_model_that_changed_under_its_name_is_another_one(
    output: Path, study_toml: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Tables of the old one were said to be current."""
    config, folder = load_config(study_toml), tmp_path / "study"
    shutil.copytree(output, folder)
    model = Path(config.model.name) / "config.json"
    text = model.read_text(encoding="utf-8")
    try:
        model.write_text(f"{text}\n", encoding="utf-8")
        assert main(["study", "--config", str(study_toml), "--output", str(folder)]) == 2
    finally:
        model.write_text(text, encoding="utf-8")
    heard = capsys.readouterr().err
    assert heard.count("\n") == 1
    assert "sources.model_bytes: expected" in heard


@pytest.mark.parametrize("weights", [True, False])
def test_a_run_that_was_killed_while_it_ended_is_brought_to_its_end(tmp_path: Path, weights: bool) -> None:
    (tmp_path / "checkpoints" / "step-000002").mkdir(parents=True)
    trained: list[str] = []

    def train(report: object) -> Progress:
        shutil.rmtree(tmp_path / "checkpoints")
        trained.append("again")
        return Progress(step=3)

    run = SimpleNamespace(
        folder=tmp_path, arm=SimpleNamespace(name="vas"), seed=0, train=train,
        finished=lambda: Progress(step=3), has_weights=lambda: weights,
    )  # fmt: skip
    study = SimpleNamespace(
        runs=lambda: [run], finished_only=False, report=lambda line: None, _report_run=lambda name, line: None,
        config=SimpleNamespace(training=SimpleNamespace(steps=3)),
    )  # fmt: skip
    assert Study._trained(study) == [(run, Progress(step=3))]  # type: ignore[arg-type]
    assert trained == ([] if weights else ["again"])
    assert not (tmp_path / "checkpoints").exists()


def test_a_restart_drops_runs_of_other_settings_and_no_others(output: Path, study_toml: Path, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    shutil.copytree(output, folder)
    config = load_config(study_toml)
    arms = list(config.arms)
    arms[1] = arms[1].model_copy(update={"mixture_ratio": 1.0})
    for settings in (config, config.model_copy(update={"arms": tuple(arms)})):
        Study(settings, folder, lambda _: None, restart=True)._protect_runs()
        kept = {path.name for path in (folder / "runs").iterdir()}
        assert kept == {"start", "uniform-seed0", *(["vas-seed0"] if settings is config else [])}


def test_a_model_is_asked_once_as_long_as_it_is_the_same(
    output: Path, study_toml: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "study"
    shutil.copytree(output, folder)
    before = read_table(folder / "evaluation_prompts.parquet")
    for table in ("evaluation", "evaluation_prompts"):
        (folder / f"{table}.parquet").unlink()
    asked: list[int] = []

    @functools.wraps(held_out_counts)
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
    modules = read_metadata(output / "predictions.json")["modules"]
    assert {"vas_theory.selection.sampler.variance_aware", "vas_theory.selection.strategies.vas"} <= set(modules)


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


@pytest.mark.parametrize(
    "content", [b"[]", b"null", b"{}", b'{"predictions": 3}', b"\xff", b'{"predictions": [NaN]}', b"["]
)
def test_damaged_predictions_are_named_and_made_again(
    content: bytes, output: Path, study_toml: Path, tmp_path: Path
) -> None:
    (tmp_path / "predictions.json").write_bytes(content)
    with pytest.raises(DataError, match=r"predictions\.json"):
        read_predictions(tmp_path / "predictions.json")


def test_pool_fit_recovers_the_distribution() -> None:
    draw = np.random.default_rng(1)
    counts = draw.binomial(16, draw.beta(0.5, 0.8, 4000)).astype(float)
    assert fit_pool_to_counts(counts, np.full(4000, 16.0)) == pytest.approx((0.5, 0.8), rel=0.1)


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
    key = Key("a", (), {}, {})
    write_predictions(tmp_path / "p.json", {"predictions": [{"id": "x", "low": 0.1}]}, config={}, seed=0, key=key)
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
        (["--set", "optimiser.learning_rate=nan"], "optimiser.learning_rate (quick.toml) must be a finite number"),
        (["--set", "rollouts.temperature=inf"], "rollouts.temperature (quick.toml) must be a finite number"),
        (["--set", "optimiser.betas=[0.9, nan]"], "optimiser.betas.1"),
        (["--set", 'arms=[{name="a", sampler={floor=nan}}]'], "arms.0.sampler.floor"),
        (["--set", "training.stepz=3"], "stepz"),
        (["--set", "task.operations=[]"], "training prompt"),
        (["--set", "steps"], "--set"),
        (["--set", "task.reward={format=1.0}"], "task.reward must leave right answers above 1/2"),
        (["--set", "task.reward={length=0.5}"], "task.reward must leave right answers above 1/2"),
        (["--preset", "qick"], "did you mean quick"),
        (["--config", "nowhere.toml"], "nowhere.toml"),
        (["--set", "training.seeds=[3, 3]"], "training.seeds (quick.toml) must name each seed once; received 3"),
        (["--set", "training.seeds=[18446744073709551616]"], "training.seeds (quick.toml) must be less than 2**64"),
        (["--set", "seed=18446744073709551616"], "seed (quick.toml) must be less than 2**64"),
        (["--set", "engine=trl", "--set", "training.seeds=[4294967296]"], "must be less than 2**32"),
        (["--set", 'arms=[{name="start", mixture_ratio=0.5}]'], "must leave the name 'start' to the untrained model"),
        (["--set", "probe.pilot_prompts=999"], "probe.pilot_prompts"),
        (["--set", "evaluation.ks=[9]"], "at most rollouts"),
        (["--set", 'arms=[{name="a", mixture_ratio=0.5, sampler={momentun=0.5}}]'], "momentun"),
        (["--set", 'arms=[{name="a", mixture_ratio=0.5, sampler={mode="paper"}}]'], "online"),
        (["--set", 'arms=[{name="a", mixture_ratio=0.5}, {name="a", mixture_ratio=0.0}]'], "distinct"),
        (["--set", 'arms=[{name="a", strategy="uniform", mixture_ratio=0.5}]'], "uniform has no mixture_ratio"),
        (["--set", 'arms=[{name="a", strategy="dapo", sampler={momentum=0.5}}]'], "dapo has no sampler"),
        (["--set", 'arms=[{name="a", strategy="vas-paper", mixture_ratio=1.0, options={mixture_ratio=0.5}}]'], "once"),
    ],
)
def test_bad_input_is_one_line_before_any_model_loads(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: Any
) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("the model was loaded")

    monkeypatch.setattr("full_scale.models.loading.load_pretrained", refuse)
    assert main(["study", "--output", str(tmp_path), *arguments]) == 2
    heard = capsys.readouterr().err
    assert heard.startswith("error: ")
    assert heard.count("\n") == 1
    assert message in heard


def test_config_is_frozen() -> None:
    config = load_config("quick")
    with pytest.raises(ValueError, match="frozen"):
        config.seed = 3  # type: ignore[misc]
    assert StudyConfig.model_validate(config.model_dump(mode="json", exclude_unset=True)) == config


def test_mixture_ratio_reaches_every_strategy_that_declares_one() -> None:
    from vas_theory.selection import SamplerConfig
    from vas_theory.selection.contract.strategy import SelectionSetting
    from vas_theory.selection.strategies import make_strategy, strategy_names, strategy_options

    setting = SelectionSetting(prompts=2, batch_size=1, group_size=2, budget=2)
    with_ratio = [name for name in strategy_names() if "mixture_ratio" in strategy_options(name)]
    assert {"vas", "vas-paper"} <= set(with_ratio)
    for name in with_ratio:
        arm = ArmConfig(name="a", strategy=name, mixture_ratio=0.25)
        assert make_strategy(name, setting, **arm.arguments()).mixture_ratio == 0.25  # type: ignore[attr-defined]
        assert arm.model_dump()["mixture_ratio"] == 0.25
    assert ArmConfig(name="a", strategy="uniform").model_dump()["mixture_ratio"] == RECORDED_MIXTURE_RATIO
    assert ArmConfig(name="a", strategy="vas-paper").weighted_share is None
    default = SamplerConfig(batch_size=1).mixture_ratio
    assert ArmConfig(name="a").weighted_share == ArmConfig(name="a").model_dump()["mixture_ratio"] == default


def test_the_share_that_is_told_is_the_samplers_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sampler whose default is another one is not said to draw by half."""
    from dataclasses import replace

    arm, build = ArmConfig(name="a"), ArmConfig._strategy

    def other(self: ArmConfig) -> Any:
        strategy: Any = build(self)
        strategy.sampler.config = replace(strategy.sampler.config, mixture_ratio=1.0)
        return strategy

    monkeypatch.setattr(ArmConfig, "_strategy", other)
    assert arm.weighted_share == arm.model_dump()["mixture_ratio"] == 1.0
