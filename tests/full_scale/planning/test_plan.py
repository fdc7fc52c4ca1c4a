"""Plans: parameters against published counts, memory against tensors that really exist, refusals in one line."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
import torch

from full_scale.__main__ import main
from full_scale.config.training import StudyConfig, load_config
from full_scale.planning.architectures import architecture_of
from full_scale.planning.memory import GB, memory_of_device
from full_scale.planning.plan import describe, plan_run
from full_scale.planning.throughput import running_responses, time_of_step
from vas_theory.foundation.errors import ArgumentError, DataError

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning:transformers.*")

PUBLISHED = {
    "smollm2-135m": (134_515_008, 0),
    "Qwen/Qwen2.5-0.5B-Instruct": (494_032_768, 0),
    "Qwen/Qwen2.5-VL-3B-Instruct": (3_754_622_976, 668_684_288),
    "Qwen/Qwen2.5-VL-7B-Instruct": (8_292_166_656, 676_550_144),
    "Qwen/Qwen2.5-VL-32B-Instruct": (33_452_718_336, 688_841_984),
}
"""Numbers of weights in the published safetensors; a shared embedding counts once."""


def items(config: StudyConfig, name: str = "") -> dict[str, float]:
    plan = memory_of_device(architecture_of(name or config.model.name, config.lora.rank), config)
    return {item.name: item.bytes for item in (*plan.resident, *plan.training, *plan.generation)}


def tiny_config(folder: Path, *changes: str) -> StudyConfig:
    settings = [f"model.name={folder}", "model.device=cpu", "model.precision=float32", "trl.max_prompt_tokens=40"]
    return load_config("smollm2-gpu", [*settings, *changes])


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameters_are_the_published_ones(name: str) -> None:
    found = architecture_of(name)
    assert (found.parameters, found.vision_parameters) == PUBLISHED[name]
    blocks = found.text.layers + (found.vision.layers if found.vision else 0)
    assert found.outer_parameters + blocks * found.block_parameters >= found.parameters


def test_states_take_the_bytes_of_real_tensors(tiny_folder: Path) -> None:
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(tiny_folder, dtype=torch.float32)
    optimiser = torch.optim.AdamW(model.parameters())
    model(torch.arange(10)[None]).logits.sum().backward()
    optimiser.step()
    weights = sum(value.nbytes for value in model.parameters())
    gradients = sum(value.grad.nbytes for value in model.parameters() if value.grad is not None)
    moments = sum(value.nbytes for state in optimiser.state.values() for value in state.values() if value.dim())
    found = items(tiny_config(tiny_folder, "objective.kl_weight=0.1"))
    assert (found["weights"], found["gradients"], found["optimiser"]) == (weights, gradients, moments)
    assert found["reference model"] == weights


def test_cache_takes_the_bytes_of_a_real_cache(tiny_folder: Path) -> None:
    from transformers import AutoModelForCausalLM, DynamicCache

    config = tiny_config(tiny_folder, "rollouts.prompts_per_step=3", "trl.per_device_batch_size=8")
    rows, tokens = 3 * 8, 40 + config.rollouts.max_new_tokens
    model, cache = AutoModelForCausalLM.from_pretrained(tiny_folder, dtype=torch.float32), DynamicCache()
    with torch.no_grad():
        model(torch.ones(rows, tokens, dtype=torch.long), past_key_values=cache)
    held = sum(layer.keys.nbytes + layer.values.nbytes for layer in cache.layers)
    assert items(config)["key-value cache"] == held


@pytest.mark.parametrize("checkpointing", [False, True])
def test_activations_are_near_what_autograd_keeps(checkpointing: bool, tmp_path: Path) -> None:
    """Within a factor of 1.5 of the tensors that a block really saves, at widths where rounding does not matter."""
    from transformers import LlamaConfig, LlamaForCausalLM

    settings = LlamaConfig(
        vocab_size=32, hidden_size=128, intermediate_size=384, num_hidden_layers=6, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=256,
    )  # fmt: skip
    model = LlamaForCausalLM(settings)
    settings.save_pretrained(tmp_path)
    rows, tokens = 4, 40 + 8
    if checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})
    model.train()
    weights = {value.untyped_storage().data_ptr() for value in model.parameters()}
    saved: dict[int, int] = {}

    def keep(value: torch.Tensor) -> torch.Tensor:
        storage = value.untyped_storage()
        if storage.data_ptr() not in weights:
            saved[storage.data_ptr()] = storage.nbytes()
        return value

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda value: value):
        hidden = model.model(torch.ones(rows, tokens, dtype=torch.long)).last_hidden_state
    assert hidden.requires_grad
    flag = str(checkpointing).lower()
    changes = (f"trl.per_device_batch_size={rows}", f"trl.gradient_checkpointing={flag}", "rollouts.max_new_tokens=8")
    config = tiny_config(tmp_path, *changes)
    counted = items(config)["activations"]
    if checkpointing:  # the recomputed block lives later than what is measured here
        counted -= 2 * (items(config.model_copy(update={"trl": config.trl.model_copy(
            update={"gradient_checkpointing": False})}))["activations"] / 6)  # fmt: skip
    assert counted / 1.5 < sum(saved.values()) < counted * 1.5


def test_sharding_divides_what_it_says() -> None:
    whole = items(load_config("mmr1-7b", ["hardware.sharding=none", "hardware.devices=1"]))
    for sharding, divided, whole_copy in (
        ("fsdp", ("weights", "gradients", "optimiser", "reference model"), False),
        ("zero2", ("weights", "optimiser"), True),
        ("zero3", ("weights", "optimiser"), False),
    ):
        found = items(load_config("mmr1-7b", [f"hardware.sharding={sharding}"]))
        for name in divided:
            assert found[name] == pytest.approx(whole[name] / 8), (sharding, name)
        assert (found["compute copy"] == whole["compute copy"]) == whole_copy
    data_parallel = items(load_config("mmr1-7b", ["hardware.sharding=none"]))
    assert data_parallel["gradients"] == 2 * whole["gradients"]  # with the buckets


def test_adapters_need_no_reference_and_few_states() -> None:
    config = load_config("mmr1-7b", ["lora.rank=16", "trl.weights=bfloat16"])
    found, full = items(config), items(load_config("mmr1-7b"))
    model = architecture_of(config.model.name, 16)
    assert "reference model" not in found
    # rank x (inputs + outputs) of every linear layer in the text blocks
    h, f, kv, layers = 3584, 18944, 512, 28
    text = 16 * layers * (2 * (h + h) + 2 * (h + kv) + 2 * (h + f) + (f + h))
    v, w, depth = 1280, 3420, 32
    vision = 16 * depth * ((v + 3 * v) + (v + v) + 2 * (v + w) + (w + v)) + 16 * ((4 * v + 4 * v) + (4 * v + h))
    assert model.trainable == text + vision
    assert found["optimiser"] < 0.01 * full["optimiser"]
    assert found["weights"] == full["weights"] / 2


def test_colocated_engine_shares_the_device() -> None:
    config = load_config("mmr1-7b")
    model = architecture_of(config.model.name)
    plan = memory_of_device(model, config)
    awake = memory_of_device(model, load_config("mmr1-7b", ["vllm.enable_sleep_mode=false"]))
    training = sum(item.bytes for item in plan.training)
    assert awake.peak == pytest.approx(plan.peak + training)  # generation is the larger of the two here
    each = 2 * 28 * 4 * 128 * 2 * (2048 + 4096)
    assert running_responses(model, config) == int((0.5 * 80e9 - 2 * model.parameters) // each)


def test_time_follows_the_assumed_speeds() -> None:
    config = load_config("mmr1-7b")
    model = architecture_of(config.model.name)
    time, slower = time_of_step(model, config), time_of_step(
        model, load_config("mmr1-7b", ["hardware.training_utilisation=0.15"])
    )  # fmt: skip
    assert slower.training_seconds == pytest.approx(2 * time.training_seconds)
    tokens = 4096 * 0.5 * (2048 + 4096)
    assert time.tokens == tokens
    assert time.training_seconds == pytest.approx(8292166656 * tokens * (8 * 20 + 4) / (8 * 989e12 * 0.3))
    assert any("trl.mean_length_share" in line for line in time.assumptions)
    once = time_of_step(model, load_config("mmr1-7b", ["objective.epochs=1"]))
    assert once.training_seconds == pytest.approx(time.training_seconds * 10 / 164)


@pytest.mark.parametrize(
    ("preset", "changes", "message"),
    [
        ("mmr1-7b", ["rollouts.group_size=1"], "rollouts.group_size"),
        ("mmr1-7b", ["hardware.devices=3"], "divisible by hardware.devices x trl.per_device_batch_size = 12; .* 4096"),
        ("mmr1-7b", ["hardware.device_memory_gb=40"], "hardware.device_memory_gb must be at least 46.4"),
        ("mmr1-7b", ["vllm.gpu_memory_utilization=0.2"], "room for the weights and one response"),
        ("mmr1-7b", ["vllm.tensor_parallel_size=3"], "divide hardware.devices = 8"),
        ("mmr1-7b", ["vllm.tensor_parallel_size=8"], "divide the model's 28 attention heads"),
        ("mmr1-7b", ["trl.max_prompt_tokens=126000"], "be at most the model's 128000; received 130096"),
        ("mmr1-7b", ["engine=compact"], "engine must be 'trl' where vllm.mode is set"),
        ("mmr1-7b", ["model.device=cpu"], "model.device must be 'cuda'"),
        ("mmr1-7b", ["objective.ddof=0"], "objective.ddof and objective.eps must be 1 and 0.0001"),
        ("mmr1-7b", ["objective.advantage=rloo"], "objective.advantage must be 'grpo' or 'dr_grpo'"),
        ("mmr1-7b", ["objective.aggregation=sequence_sum"], "objective.aggregation must be one of"),
        ("mmr1-32b", ["hardware.devices=8"], "hardware.device_memory_gb must be at least 139"),
        ("smollm2-gpu", ["hardware.sharding=fsdp"], "hardware.sharding must be 'none' on one device"),
        ("smollm2-gpu", ["vllm.tensor_parallel_size=2"], "be 1 unless vllm.mode is 'colocate'"),
        ("smollm2-gpu", ["rollouts.prompts_per_step=256"], "be at most the 255 training prompts; received 256"),
        ("quick", ["probe.pilot_prompts=256"], "probe.pilot_prompts must be at most the 255"),
        ("quick", ["lora.rank=4"], "engine must be 'trl' where lora.rank is set"),
        ("quick", ["model.name=MMR1/MMR1-3B-SFT"], "engine must be 'trl' for a model that reads images"),
    ],
)
def test_impossible_settings_are_refused(preset: str, changes: list[str], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        plan_run(load_config(preset, changes))


def test_unknown_model_names_what_is_missing() -> None:
    with pytest.raises(DataError, match=r"sizes of model 'someone/else' are not known .* Qwen/Qwen2.5-VL-7B"):
        plan_run(load_config("smollm2-gpu", ["model.name=someone/else"]))


def test_a_plan_runs_no_code_that_comes_with_a_model(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    hostile = {"model_type": "hostile", "auto_map": {"AutoConfig": "hostile.C"}}
    (tmp_path / "config.json").write_text(json.dumps(hostile), encoding="utf-8")
    (tmp_path / "hostile.py").write_text(f"import pathlib; pathlib.Path({str(canary)!r}).touch()", encoding="utf-8")
    with pytest.raises(DataError, match="custom code"):
        plan_run(load_config("smollm2-gpu", [f"model.name={tmp_path}"]))
    assert not canary.exists()


def call(*arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(arguments)
    return code, out.getvalue(), err.getvalue()


def test_command_prints_formulas_and_json() -> None:
    code, text, _ = call("plan", "mmr1-3b")
    assert code == 0
    for part in ("3,754,622,976", "4096 rollouts", "two moments / 8", "vLLM: 0.5 of the device", "a kill loses"):
        assert part in text, part
    code, text, _ = call("plan", "--preset", "mmr1-3b", "--json", "--set", "training.steps=29")
    values = json.loads(text)
    assert code == 0
    assert values["rollouts"]["training"] == 29 * 4096
    assert values["hours"] == pytest.approx(29 * (values["generation_seconds"] + values["training_seconds"]) / 3600)
    assert values["memory"]["peak_bytes"] / GB < 80
    assert all(item["formula"] for item in values["memory"]["resident"])


def test_command_refuses_in_one_line() -> None:
    code, _, error = call("plan", "mmr1-7b", "--set", "hardware.devices=7")
    assert code == 2
    assert error.count("\n") == 1
    assert error.startswith("error: rollouts.prompts_per_step x rollouts.group_size must be divisible")
    code, _, error = call("plan", "mmr1-8b")
    assert code == 2
    assert "did you mean mmr1" in error


def test_plan_of_a_study_counts_its_stages() -> None:
    text = describe(load_config("quick"))
    assert "rollouts, pilot: 768" in text
    assert "memory of each of 1 x cpu" in text
    assert "minutes on two free cores" in text
