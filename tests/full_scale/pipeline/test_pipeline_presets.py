"""Pipelines as settings: the paper's tables reach every stage, sizes are the published ones, bad settings are named."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from full_scale.__main__ import main
from full_scale.config.training import knowledge_of, load_config
from full_scale.pipeline.cold_start import sft_arguments
from full_scale.pipeline.config import PRESETS, load_pipeline, pipeline_names, pipeline_of
from full_scale.pipeline.plan import plan_pipeline
from full_scale.pipeline.settings import ColdStartConfig
from full_scale.pipeline.train import study_of
from vas_theory.foundation.errors import ArgumentError, DataError, UnknownNameError

MMR1 = {"mmr1-3b": 3_754_622_976, "mmr1-7b": 8_292_166_656, "mmr1-32b": 33_452_718_336}


def call(*arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(arguments)
    return code, out.getvalue(), err.getvalue()


@pytest.mark.parametrize("every", [1, 2, 7, 10, 25, 500])
def test_no_row_of_the_cold_start_reaches_over_a_checkpoint(every: int) -> None:
    """A row is a mean since the row before it, which a run that went on from a checkpoint has not seen."""
    config = load_pipeline("vlm-smoke").cold_start.model_copy(update={"checkpoint_every": every})
    told = sft_arguments(config, Path("out"), images=True)
    assert told["save_steps"] == every
    assert every % told["logging_steps"] == 0
    assert told["logging_steps"] <= 10


@pytest.mark.parametrize("name", pipeline_names())
def test_every_preset_loads_and_says_what_it_is_for(name: str) -> None:
    assert load_pipeline(name).name == name
    assert (PRESETS / f"{name}.toml").read_text(encoding="utf-8").startswith("# ")


@pytest.mark.parametrize("name", MMR1)
def test_table_5_reaches_the_trainer(name: str) -> None:
    """2509.21268, table 5."""
    config = load_pipeline(name).cold_start
    told = sft_arguments(config, Path("out"), images=True)
    at_once = told["per_device_train_batch_size"] * told["gradient_accumulation_steps"] * config.hardware.devices
    assert at_once == 32
    expected = {
        "num_train_epochs": 3.0,
        "max_steps": -1,
        "learning_rate": 1e-5,
        "lr_scheduler_type": "cosine",
        "warmup_steps": 0.1,
        "weight_decay": 0.0,
        "max_grad_norm": 1.0,
        "bf16": True,
        "gradient_checkpointing": True,
        "packing": False,
        "max_length": None,
    }
    assert {key: told[key] for key in expected} == expected
    text = sft_arguments(config, Path("out"), images=False)
    assert (text["packing"], text["max_length"]) == (True, 16_384)
    assert config.hardware.sharding == "zero3"


@pytest.mark.parametrize("name", MMR1)
def test_sections_5_and_6_reach_the_other_stages(name: str) -> None:
    config = load_pipeline(name)
    assert (config.curate.easy, config.curate.hard) == (0.8, 0.2)
    assert (config.curate.cold_start_bands, config.curate.rl_bands) == (("medium", "hard"), ("hard",))
    assert (config.curate.rl_problems, config.curate.uniform) == (8000, True)
    assert config.train.model_copy(update={"name": name}) == load_config(name)  # table 6 is in one place
    assert [chosen.format for chosen in config.evaluate.sets] == [
        *("mathverse", "mathvista", "mathvision", "logicvista", "chartqa"),
    ]
    assert (config.evaluate.temperature, config.evaluate.samples, config.evaluate.style) == (0.5, 1, "evaluation")


@pytest.mark.parametrize("name", MMR1)
def test_what_the_paper_does_not_say_is_marked(name: str) -> None:
    """Every field of a stage's table is the paper's, as the tests above hold it, or carries a mark."""
    text = (PRESETS / f"{name}.toml").read_text(encoding="utf-8")
    marked = [line.split(" = ")[0] for line in text.splitlines() if "# deviation" in line]
    assert marked == ["expected", "model", "per_problem", "temperature", "max_new_tokens", "near_duplicates"]


@pytest.mark.parametrize("name", MMR1)
def test_plans_count_every_stage_with_the_published_sizes(name: str) -> None:
    plan = plan_pipeline(load_pipeline(name)).as_dict()
    stages = plan["stages"]
    assert list(stages) == ["curate", "cold-start", "train", "evaluate"]
    assert plan["parameters"] == stages["cold-start"]["parameters"] == MMR1[name]
    assert stages["curate"]["answers"] == 8 * 1_600_000
    assert stages["cold-start"]["steps"] == 1_600_000 * 3 // 32
    devices = load_pipeline(name).cold_start.hardware.devices
    states = (4 + 2 + 8) * MMR1[name] / devices / 1e9  # masters, gradients, two moments
    assert states < stages["cold-start"]["peak_gb"] < 80
    assert stages["evaluate"]["answers"] == 3 * (3940 + 1000 + 3040 + 448 + 2500)


def test_plan_prints_all_stages_and_takes_changes() -> None:
    code, text, _ = call("plan", "mmr1-7b", "--set", "cold_start.epochs=5", "--set", "training.steps=29")
    assert code == 0
    for part in ("stage 1, curate", "250,000 steps", "29 steps of 512 prompts", "stage 4, evaluate", "hours"):
        assert part in text, part
    assert "from the cold start's model (sizes of Qwen/Qwen2.5-VL-7B-Instruct), on hard problems" in text
    assert "the 32 requests under way" in text
    assert "MMR1/MMR1" not in text, "the published model and data are not what this pipeline trains"
    code, text, _ = call("plan", "vlm-tiny", "--json")
    assert code == 0
    assert json.loads(text)["stages"]["train"]["rollouts"] == 24 * 16 * 8


REFUSED = [
    ("mmr1-7b", "cold_start.hardware.devices=5", "cold_start.batch_size must be divisible"),
    ("mmr1-32b", "cold_start.hardware.devices=8", "cold_start.hardware.device_memory_gb must be at least"),
    ("mmr1-7b", "cold_start.cutoff=200000", "cold_start.cutoff must be at most the model's 128000 positions"),
    ("mmr1-7b", "train.hardware.devices=7", "rollouts.prompts_per_step x rollouts.group_size must be divisible"),
]


@pytest.mark.parametrize(("name", "change", "message"), REFUSED)
def test_plans_refuse_what_cannot_work(name: str, change: str, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        plan_pipeline(load_pipeline(name, [change]))


BAD = [
    ("curate.hard=0.9", "hard must be less than easy"),
    ("problems.name=file", "source"),
    ("answers.by=model", "answers.model must name the model"),
    ("evaluate.sets=[{format='chart', source='x'}]", "unknown format 'chart'"),
    ("problems.kinds=['pie']", "unknown kind of picture 'pie'"),
    ("curate.types=model", "needs a model in answers.by"),
    ("train.engine=compact", "train.engine must be 'trl'"),
    ("cold_start.learning=1", "cold_start.learning"),
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_bad_settings_are_named(change: str, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        load_pipeline("vlm-smoke", [change])


def test_chains_that_the_cutoff_would_cut_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"cutoff must be at least answers\.max_new_tokens"):
        load_pipeline("mmr1-7b", ["cold_start.cutoff=8192"])


def test_unknown_pipelines_and_presets_are_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean vlm-tiny"):
        load_pipeline("vlm-tny")
    path = tmp_path / "mine.toml"
    path.write_text('[train]\npreset = "mmr1-9b"\n', encoding="utf-8")
    with pytest.raises(UnknownNameError, match=r"train\.preset"):
        load_pipeline(path)
    path.write_text("[train\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"mine\.toml cannot be used"):
        load_pipeline(path)
    code, _, error = call("pipeline")
    assert (code, error.count("\n")) == (2, 1)
    assert "PRESET must be given" in error


def test_settings_come_back_from_the_file_that_processes_read(tmp_path: Path) -> None:
    config = load_pipeline("vlm-smoke")
    path = tmp_path / "pipeline.json"
    path.write_text(json.dumps(config.as_table()), encoding="utf-8")
    assert load_pipeline(path) == config
    arms = load_pipeline("vlm-arms")  # uniform sampling takes no share, though tables record one
    assert pipeline_of(arms.as_table(), "table") == arms


def test_the_study_takes_the_cold_start_s_model_and_the_curated_problems() -> None:
    config = load_pipeline("mmr1-7b")
    study = study_of(config, "/models/start", "/data/rl.parquet")
    assert study.model.name == "/models/start"
    assert (study.task.name, study.task.source, study.task.key_column) == ("mmr1", "/data/rl.parquet", "key")
    assert study.task.reward == config.train.task.reward
    assert study.arms == config.train.arms
    assert knowledge_of(study, study.arms[0]) is None  # the paper's scores take no pass rates from elsewhere
    arms = study_of(load_pipeline("vlm-arms"), "m", "/data/rl.parquet")
    uniform, vas = (knowledge_of(arms, arm) for arm in arms.arms)
    assert uniform is None
    assert vas is not None
    assert vas.column == "/data/pass_rates.parquet"
    assert study.rollouts == config.train.rollouts


def test_defaults_of_the_cold_start_are_table_5() -> None:
    config = ColdStartConfig()
    assert (config.batch_size, config.cutoff, config.learning_rate, config.epochs) == (32, 16_384, 1e-5, 3.0)


def test_a_pipeline_may_change_another_one(tmp_path: Path) -> None:
    arms, tiny = load_pipeline("vlm-arms"), load_pipeline("vlm-tiny")
    assert [arm.name for arm in arms.train.arms] == ["uniform", "vas"]
    assert arms.train.training.seeds == (0, 1, 2, 3, 4)
    assert (arms.cold_start, arms.curate, arms.train.rollouts) == (tiny.cold_start, tiny.curate, tiny.train.rollouts)
    path = tmp_path / "mine.toml"
    path.write_text('base = "vlm-tniy"\n', encoding="utf-8")
    with pytest.raises(UnknownNameError, match="did you mean vlm-tiny"):
        load_pipeline(path)


def test_arms_are_held_against_the_first_of_their_seed() -> None:
    from full_scale.pipeline.evaluation import _compared

    models = ["cold-start", "uniform-seed0", "vas-seed0", "uniform-seed1", "vas-seed1"]
    assert _compared(models) == [
        *((name, "cold-start") for name in models[1:]),
        *(("vas-seed0", "uniform-seed0"), ("vas-seed1", "uniform-seed1")),
    ]


@pytest.mark.parametrize("value", ["visual", 3, [1]])
def test_problems_that_are_no_table_are_named(value: object) -> None:
    with pytest.raises(ArgumentError, match=r"problems.* \(vlm-smoke.toml\) must be valid"):
        load_pipeline("vlm-smoke", [f"problems={json.dumps(value)}"])


def test_a_whole_table_or_the_name_may_be_set_in_a_plan() -> None:
    assert call("plan", "vlm-tiny", "--set", "name=other")[1].startswith("pipeline other")
    code, _, error = call("plan", "vlm-tiny", "--set", "problems=3")
    assert (code, "problems" in error, "train" in error) == (2, True, False)
