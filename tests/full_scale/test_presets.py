"""Presets for GPUs: the paper's table 6, what TRL is told, and the accelerate configurations."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from full_scale.__main__ import main
from full_scale.config.training import PRESETS, StudyConfig, load_config, preset_names
from full_scale.planning.plan import plan_run
from full_scale.trl_adapter.presets.arguments import grpo_arguments, grpo_config, reward_parts, vas_config
from full_scale.trl_adapter.presets.launch import CONFIGS, accelerate_config, check_launch
from vas_theory.foundation.errors import ArgumentError, VASError

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning:transformers.*", "ignore::UserWarning:transformers.*")

MMR1 = ("mmr1-3b", "mmr1-7b", "mmr1-32b")
GPU = (*MMR1, "smollm2-gpu", "qwen2.5-0.5b-gpu")


def test_every_preset_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--json"]) == 0
    listed = {row["name"]: row for row in json.loads(capsys.readouterr().out)["presets"]}
    assert set(listed) == set(preset_names())
    assert (listed["mmr1-7b"]["engine"], listed["mmr1-7b"]["arms"]) == ("trl", ["vas"])
    assert main(["list"]) == 0
    shown = capsys.readouterr().out
    assert "mmr1-7b" in shown
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize("name", GPU)
def test_gpu_presets_are_planned_for_trl(name: str) -> None:
    config = load_config(name)
    assert (config.engine, config.model.device, config.model.precision) == ("trl", "cuda", "bfloat16")
    plan = plan_run(config)
    assert plan.hours is not None
    assert plan.memory.peak < 80e9


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_says_what_it_is_for(name: str) -> None:
    assert (PRESETS / f"{name}.toml").read_text(encoding="utf-8").startswith("# ")


@pytest.mark.parametrize("name", MMR1)
def test_table_6_reaches_the_trainer(name: str) -> None:
    """2509.21268, table 6; the batch is 512 prompts with 8 rollouts each."""
    config = load_config(name)
    told = grpo_arguments(config, Path("out"), seed=1)
    expected: dict[str, Any] = {
        "num_generations": 8,
        "temperature": 0.6,
        "top_p": 1.0,
        "top_k": 0,  # TRL's name for -1: no cut
        "max_completion_length": 4096,
        "beta": 0.01,
        "epsilon": 0.2,
        "epsilon_high": 0.2,
        "num_iterations": 20,
        "learning_rate": 1e-6,
        "adam_beta1": 0.9,
        "adam_beta2": 0.999,
        "weight_decay": 0.01,
        "max_grad_norm": 1.0,
        "bf16": True,
        "gradient_checkpointing": True,
    }
    assert {key: told[key] for key in expected} == expected
    per_step = told["per_device_train_batch_size"] * told["gradient_accumulation_steps"] * config.hardware.devices
    assert per_step == 512 * 8
    assert told["max_steps"] == 20 * 10 * (15_000 // 512)  # ten episodes of 29 whole batches
    assert (config.trl.max_prompt_tokens, config.trl.min_image_pixels, config.trl.max_image_pixels) == (
        2048, 7_056, 1_048_576,
    )  # fmt: skip
    rewards, weights, bounds = reward_parts(config.task.reward)
    assert [reward.name for reward in rewards] == ["accuracy", "format"]
    assert (weights, bounds) == ([1.0, 1.0], (0.0, 2.0))
    (arm,) = config.arms
    vas = vas_config(config, arm, seed=1)
    assert vas.mixture_ratio == 0.5
    assert (vas.sampler["score"], vas.sampler["alpha"], vas.sampler["beta"]) == ("vps", 0.8, 0.2)
    assert tuple(vas.sampler["reward_range"]) == (0.0, 2.0)
    assert vas.success is not None  # right by accuracy alone, whatever the format
    assert vas.success(np.array([[[1.0, 0.0], [0.0, 1.0], [np.nan, 1.0]]])).tolist() == [[True, False, False]]


def cpu(*changes: str) -> StudyConfig:
    return load_config("smollm2-gpu", ["model.device=cpu", *changes])


def test_objectives_map_to_those_of_the_parity_test() -> None:
    told = {
        aggregation: grpo_arguments(cpu(f"objective.aggregation={aggregation}"), Path("out"), 0)["loss_type"]
        for aggregation in ("sequence_mean", "token_mean", "fixed_length")
    }
    assert told == {"sequence_mean": "grpo", "token_mean": "dapo", "fixed_length": "dr_grpo"}
    assert grpo_arguments(cpu("objective.advantage=dr_grpo"), Path("out"), 0)["scale_rewards"] == "none"


def test_warm_up_counts_every_pass() -> None:
    told = grpo_arguments(cpu("optimiser.warmup_steps=3", "objective.epochs=2"), Path("out"), 0)
    assert told["warmup_steps"] == 6


def test_vllm_settings_are_passed_through() -> None:
    base = ["hardware.devices=2"]
    assert not any("vllm" in key for key in grpo_arguments(cpu(*base), Path("out"), 0))
    told = grpo_arguments(
        load_config("mmr1-32b", ["vllm.server_port=9001"]), Path("out"), 0, stop_ids=(3, 4)
    )  # fmt: skip
    assert told["use_vllm"] is True
    assert (told["vllm_mode"], told["vllm_tensor_parallel_size"]) == ("colocate", 4)
    assert (told["vllm_gpu_memory_utilization"], told["vllm_enable_sleep_mode"]) == (0.6, True)
    assert told["generation_kwargs"] == {"stop_token_ids": [3, 4]}
    served = load_config("smollm2-gpu", ["vllm.mode=server", "vllm.server_host=10.0.0.1", "vllm.server_port=9001"])
    told = grpo_arguments(served, Path("out"), 0)
    assert (told["vllm_mode"], told["vllm_server_host"], told["vllm_server_port"]) == ("server", "10.0.0.1", 9001)
    fields = set(__import__("trl").GRPOConfig.__dataclass_fields__)
    assert {key for key in told if key.startswith("vllm")} <= fields


def test_further_arguments_reach_trl_and_clashes_are_refused(tmp_path: Path) -> None:
    config = cpu('trl.arguments={delta = 1.5, loss_type = "dapo"}')
    with pytest.raises(ArgumentError, match=r"trl\.arguments must leave loss_type to the other tables"):
        grpo_arguments(config, tmp_path, 0)
    built = grpo_config(grpo_arguments(cpu("trl.arguments={delta = 1.5}"), tmp_path, 0))
    assert (built.delta, built.use_cpu) == (1.5, True)
    with pytest.raises(ArgumentError, match=r"name arguments of this TRL's GRPOConfig; received \['dleta'\]"):
        grpo_config(grpo_arguments(cpu("trl.arguments={dleta = 1.5}"), tmp_path, 0))


@pytest.mark.parametrize(
    ("sharding", "kind", "stage"),
    [("none", "MULTI_GPU", None), ("fsdp", "FSDP", None), ("zero2", "DEEPSPEED", 2), ("zero3", "DEEPSPEED", 3)],
)
def test_accelerate_reads_the_configurations(sharding: str, kind: str, stage: int | None) -> None:
    from accelerate.commands.config.config_args import load_config_from_file

    found = load_config_from_file(str(accelerate_config(sharding)))
    assert found.distributed_type.value == kind
    assert (found.mixed_precision, found.num_processes, found.use_cpu) == ("bf16", 8, False)
    assert found.deepspeed_config.get("zero_stage") == stage
    if kind == "FSDP":
        assert found.fsdp_config["fsdp_version"] == 2
        assert found.fsdp_config["fsdp_reshard_after_forward"] is True


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.stem)
def test_accelerate_launch_takes_every_line(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own command line turns the file into the environment that a process of the run sees."""
    from accelerate.commands.launch import _validate_launch_command, launch_command_parser
    from accelerate.utils import launch

    monkeypatch.setattr(launch, "is_deepspeed_available", lambda: True, raising=False)
    arguments, _, _ = _validate_launch_command(
        launch_command_parser().parse_args(["--config_file", str(path), "-m", "full_scale"])
    )
    assert (arguments.num_processes, arguments.mixed_precision) == (8, "bf16")
    seen = launch.prepare_multi_gpu_env(arguments) if path.stem in ("ddp", "fsdp") else {}
    if path.stem == "fsdp":
        assert (seen["ACCELERATE_USE_FSDP"], seen["FSDP_VERSION"]) == ("true", "2")
    assert arguments.use_deepspeed == path.stem.startswith("zero")


def test_launch_that_does_not_fit_the_plan_says_how_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    config = load_config("mmr1-7b")
    with pytest.raises(VASError, match=r"8 processes .* 'fsdp', but this is one of 1 .*accelerate launch .*fsdp\.yaml"):
        check_launch(config)
    monkeypatch.setenv("WORLD_SIZE", "8")
    with pytest.raises(VASError, match="with 'none'"):
        check_launch(config)
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    check_launch(config)
    monkeypatch.delenv("ACCELERATE_USE_FSDP")
    monkeypatch.setenv("ACCELERATE_USE_DEEPSPEED", "true")
    monkeypatch.setenv("ACCELERATE_DEEPSPEED_ZERO_STAGE", "3")
    check_launch(load_config("mmr1-7b", ["hardware.sharding=zero3"]))
    with pytest.raises(VASError, match="with 'zero3'"):
        check_launch(config)


def test_presets_are_shipped() -> None:
    root = Path(__file__).parents[2]
    packages = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert "full_scale" in packages["packages"]  # hatch packs all files of a package, data included


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("training.steps=true", "training.steps (quick.toml) must be a number; received True"),
        ("optimiser.learning_rate=true", "optimiser.learning_rate (quick.toml) must be a number"),
        ("training.seeds=[0, true]", "training.seeds.1 (quick.toml) must be a number"),
        ("task.largest_operand=false", "task.largest_operand (quick.toml) must be a number"),
        ('arms=[{name="a", mixture_ratio=true}]', "arms.0.mixture_ratio (quick.toml) must be a number"),
        ('arms=[{name=["a"]}]', "arms (quick.toml) must have names that are text"),
        ("knows.a={states=true, every=true}", "knows.a.every (quick.toml) must be a number"),
        ("knows=3", "knows (quick.toml) must hold a table for each arm that it names"),
        ("knows.a=3", "knows.a (quick.toml) must be valid: a table is needed"),
        ("evaluation.ks=[]", "ks must name at least one"),
    ],
)
@pytest.mark.parametrize("reward", [[], ["--set", "task.reward.accuracy=0.5"]])
def test_values_of_another_kind_are_refused_by_key(
    setting: str, words: str, reward: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Which Python would take for numbers, or trip over."""
    assert main(["plan", "quick", "--set", setting, *reward]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


def test_true_stays_allowed_where_it_is_meant() -> None:
    assert load_config("quick", ["training.keep_weights=false"]).training.keep_weights is False
