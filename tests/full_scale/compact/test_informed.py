"""Arms of the compact engine that are told states, pass rates or the truth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from full_scale.compact.informed import InformedRun
from full_scale.compact.loop import Run
from full_scale.compact.states import prompt_states
from full_scale.config.training import InformedStudyConfig, StudyConfig, knowledge_of, load_config
from full_scale.study import Study
from full_scale.tasks import load_task
from vas_theory.foundation.errors import ArgumentError, VASError

TIMES = ("seconds", "rollout_seconds", "sampler_seconds")
ARMS = """
[[arms]]
name = "predictor"
[[arms]]
name = "column"
[[arms]]
name = "oracle"
[knows.predictor]
states = true
every = 2
[knows.column]
column = "start"
trials = 4
[knows.oracle]
truth = true
truth_rollouts = 4
every = 2
"""


@pytest.fixture(scope="module")
def config(study_toml: Path, tmp_path_factory: pytest.TempPathFactory) -> StudyConfig:
    path = tmp_path_factory.mktemp("informed") / "informed.toml"
    path.write_text(study_toml.read_text(encoding="utf-8") + ARMS, encoding="utf-8")
    return load_config(path)


def start(config: StudyConfig, name: str, folder: Path) -> InformedRun:
    arm = next(arm for arm in config.arms if arm.name == name)
    return InformedRun(config, arm, 0, folder, {})


def load_config_with(config: StudyConfig, **every: int) -> InformedStudyConfig:
    """Return a study whose arms renew what they know every so many steps."""
    assert isinstance(config, InformedStudyConfig)
    knows = {
        name: told.model_copy(update={"every": every.get(name, told.every)}) for name, told in config.knows.items()
    }
    return config.model_copy(update={"knows": knows})


class Stop(Exception):
    """Ends a run from its report."""


def stop_after(step: int) -> Callable[[str], None]:
    def report(line: str) -> None:
        if line.startswith(f"step {step},"):
            raise Stop

    return report


def rows(progress: Any) -> list[dict[str, Any]]:
    return [{key: value for key, value in row.items() if key not in TIMES} for row in progress.steps]


def test_an_arm_may_have_a_learning_rate_of_its_own(study_toml: Path, tmp_path: Path) -> None:
    path = tmp_path / "informed.toml"
    path.write_text(study_toml.read_text(encoding="utf-8") + ARMS + "[learning_rates]\ncolumn = 1e-4\n")
    config = load_config(path)
    runs = {run.arm.name: run for run in Study(config, tmp_path, print).runs()}
    for name, run in runs.items():
        rate = 1e-4 if name == "column" else config.optimiser.learning_rate
        assert run.config.optimiser.learning_rate == run.identity["optimiser"]["learning_rate"] == rate
    with pytest.raises(ArgumentError, match="there is no such arm"):
        load_config(path, ["learning_rates.columns=1e-4"])
    with pytest.raises(ArgumentError, match="greater than 0"):
        load_config(path, ["learning_rates.column=0"])


@pytest.mark.parametrize("name", ["predictor", "column", "oracle"])
def test_a_run_is_charged_for_its_training_alone_and_resumes(name: str, config: StudyConfig, tmp_path: Path) -> None:
    whole = start(config, name, tmp_path / "whole")
    progress = whole.train(lambda _: None)
    assert progress.steps[-1]["rollouts"] == progress.ledger["training"]["rollouts"] == 6 * 4 * 8
    killed = start(config, name, tmp_path / "killed")
    with pytest.raises(Stop):
        killed.train(stop_after(4))
    again = start(config, name, tmp_path / "killed").train(lambda _: None)
    assert rows(again) == rows(progress)
    prompts = [[row["prompt_key"] for row in found.prompts] for found in (again, progress)]
    assert prompts[0] == prompts[1]


def test_states_are_those_of_each_prompt_alone(tiny: Any) -> None:
    texts = ["1+1=", "1+1=2\n3+3=", "1+2*3-4=", "1+9="]
    for layer, place in ((0.0, 0), (0.5, 1)):
        found = {pool: prompt_states(tiny, texts, layer=layer, pooling=pool) for pool in ("last", "mean", "both")}
        for row, text in enumerate(texts):
            ids = torch.tensor([tiny.tokenizer(text, add_special_tokens=False)["input_ids"]])
            with torch.no_grad():
                states = tiny.model(input_ids=ids, output_hidden_states=True).hidden_states[place][0].numpy()
            np.testing.assert_allclose(found["last"][row], states[-1], rtol=1e-5, atol=1e-6)
            np.testing.assert_allclose(found["mean"][row], states[2:].mean(0), rtol=1e-5, atol=1e-6)  # all begin "1+"
    np.testing.assert_array_equal(found["both"], np.hstack([found["last"], found["mean"]]))


def test_the_sampler_is_told_what_the_table_says(config: StudyConfig, tmp_path: Path) -> None:
    samplers: dict[str, Any] = {}
    told: dict[str, list[int]] = defaultdict(list)

    class Watched(InformedRun):
        def _tell(self, language: Any, driver: Any) -> None:
            super()._tell(language, driver)
            told[self.arm.name].append(driver.step)
            samplers[self.arm.name] = driver.strategy.sampler
            if self.arm.name == "oracle":
                weights = driver.strategy.sampler.weights
                assert weights.max() <= 0.25
                assert set(np.unique(weights)) <= {0.0, 3 / 16, 0.25}  # p (1 - p) from four rollouts

    for arm in config.arms[2:]:
        Watched(config, arm, 0, tmp_path / arm.name, {}).train(lambda _: None)
    assert told == {"predictor": [0, 2, 4], "column": [0], "oracle": [0, 2, 4]}  # not behind the last of six steps
    table = samplers["predictor"].posterior.prediction.table
    assert table.known.all()
    assert table.width == 24
    assert samplers["predictor"].config.mixture_ratio == 1.0
    column = samplers["column"].posterior.prediction
    assert column.has_column
    assert column._column_known.all()
    assert samplers["oracle"].config.score == "custom"


def test_what_the_start_model_says_is_asked_once_for_all_runs(
    config: StudyConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    for name in ("_states", "_count_right"):
        real = getattr(InformedRun, name)

        def counted(self: Any, *rest: Any, real: Any = real, name: str = name) -> Any:
            asked.append(name)
            return real(self, *rest)

        monkeypatch.setattr(InformedRun, name, counted)
    once = load_config_with(config, predictor=0)
    first = [start(once, name, tmp_path / f"{name}-first").train(lambda _: None) for name in ("predictor", "column")]
    assert asked == ["_states", "_count_right"]
    again = [start(once, name, tmp_path / f"{name}-again").train(lambda _: None) for name in ("predictor", "column")]
    assert asked == ["_states", "_count_right"]
    assert [rows(one) for one in first] == [rows(other) for other in again]
    for kept in (tmp_path / "start").iterdir():  # another model, or another pool, or a damaged file: asked again
        kept.write_bytes(kept.read_bytes()[:-9])
    start(once, "column", tmp_path / "column-damaged").train(lambda _: None)
    assert asked[2:] == ["_count_right"]


def test_plain_arms_are_recorded_as_before(config: StudyConfig, study_toml: Path, tmp_path: Path) -> None:
    plain = load_config(study_toml)
    assert isinstance(config, InformedStudyConfig)
    assert config.plain == plain.model_copy(update={"name": config.name})
    ours, theirs = (Run(each, each.arms[1], 0, tmp_path, {}) for each in (config, plain))
    assert ours.identity == theirs.identity
    assert knowledge_of(config, config.arms[0]) is None
    assert start(config, "predictor", tmp_path).identity["knows"]["states"] is True


def test_a_study_predicts_nothing_about_them_and_names_their_code(config: StudyConfig, tmp_path: Path) -> None:
    said: list[str] = []
    study = Study(config, tmp_path, said.append)
    assert [arm.name for arm in study._rehearsed.arms] == ["uniform", "vas"]
    assert said == ["predictions: predictor, column, oracle know more than rewards and are not rehearsed"]
    settings, entries = study._made_from("training_steps")
    assert settings["knows"]["oracle"]["truth"] is True
    assert InformedRun in entries


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("knows.nobody.states=true", "knows.nobody: there is no such arm"),
        ("knows.uniform.column=start", ""),
        ("knows.oracle.states=true", "truth stands alone"),
        ("knows.predictor.states=false", "say states, column or truth"),
        (
            "knows.predictor.layer=20",
            "knows.predictor.layer (informed.toml) must be valid: Input should be less than or equal to 1",
        ),
        ("knows.predictor.pooling=max", "'last', 'mean' or 'both'"),
        ("knows.column.trials=0", "greater than or equal to 1"),
        ("knows.predictor.trials=4", "leave out what nothing uses: trials"),
        ("knows.column.every=3", "leave out what nothing uses: every"),
        ("knows.predictor=7", "knows.predictor (informed.toml) must be valid"),
    ],
)
def test_tables_that_cannot_be_used(line: str, message: str, study_toml: Path, tmp_path: Path) -> None:
    path = tmp_path / "informed.toml"
    path.write_text(study_toml.read_text(encoding="utf-8") + ARMS, encoding="utf-8")
    if not message:  # what the arm has already stays: a uniform arm with a column is one
        assert load_config(path, [line]).arms[0].weighted_share == 0.0
        return
    with pytest.raises(ArgumentError) as refused:
        load_config(path, [line])
    assert message in str(refused.value)


def test_a_file_that_cannot_be_read_is_refused_before_work_is_spent(config: StudyConfig, tmp_path: Path) -> None:
    told = {**config.model_dump()["knows"], "column": {"column": str(tmp_path / "no.csv")}}
    other = InformedStudyConfig(**{**config.model_dump(), "knows": told})
    with pytest.raises(VASError, match="cannot be read"):
        start(other, "column", tmp_path)
    keys = [prompt.key for prompt in load_task(config.task).training]
    (tmp_path / "no.csv").write_text("prompt_key,pass_rate\n" + "\n".join(f'"{key}",0.5' for key in keys))
    assert "column" in start(other, "column", tmp_path).identity


def test_samplers_that_take_rewards_are_told_their_range(study_toml: Path, tmp_path: Path) -> None:
    """Accuracy of weight 1, format of .5 and a length penalty of .25."""
    text = study_toml.read_text(encoding="utf-8").replace(
        "[rollouts]", "[task.reward]\nformat = 0.5\nlength = 0.25\n[rollouts]"
    )
    text = text.replace("[probe]", '[[arms]]\nname = "spread"\n[arms.sampler]\nscore = "vps"\n[probe]')
    path = tmp_path / "shaped.toml"
    path.write_text(text, encoding="utf-8")
    config = load_config(path)
    assert config.arms[2].sampler["reward_range"] == [-0.25, 1.5]
    assert "reward_range" not in config.arms[1].sampler
    assert "reward_range" not in load_config(path, ["task.reward.format=0", "task.reward.length=0"]).arms[2].sampler
