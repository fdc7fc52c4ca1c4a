"""Adapters, images and other strategies inside the trainer."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from datasets import Dataset
from trl import GRPOConfig

from full_scale import VASConfig, VASGRPOTrainer
from full_scale.config.training import ModelConfig, load_config
from full_scale.models.loading import load_language_model, load_pretrained
from full_scale.tasks import Prompt
from full_scale.tasks.dataset import to_dataset
from full_scale.trl_adapter.presets.arguments import style_of
from vas_theory.foundation.errors import ArgumentError, VASError

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning:transformers.*", "ignore::UserWarning:transformers.*")

GROUP = 4
ROWS = [{"prompt": f"{a}+{b}=", "answer": str(a + b)} for a in range(4) for b in range(3)]


def parity(completions: list[Any], **_: Any) -> list[float]:
    texts = [text if isinstance(text, str) else text[0]["content"] for text in completions]
    return [float(sum(map(ord, text)) % 2) for text in texts]


@pytest.fixture
def arguments(tmp_path: Path) -> Callable[..., GRPOConfig]:
    def make(**settings: Any) -> GRPOConfig:
        values: dict[str, Any] = {
            "output_dir": str(tmp_path / "run"),
            "use_cpu": True,
            "bf16": False,
            "report_to": "none",
            "logging_steps": 1,
            "save_strategy": "no",
            "max_steps": 2,
            "per_device_train_batch_size": 8,
            "num_generations": GROUP,
            "max_completion_length": 3,
            "learning_rate": 1e-2,
            "disable_tqdm": True,
        }
        return GRPOConfig(**{**values, **settings})

    return make


def test_adapters_train_and_leave_the_base_alone(tiny_folder: Path, arguments: Callable[..., GRPOConfig]) -> None:
    from peft import LoraConfig

    adapters = LoraConfig(r=2, lora_alpha=4, target_modules="all-linear", task_type="CAUSAL_LM")
    settings = {"save_strategy": "steps", "save_steps": 2, "max_steps": 4, "beta": 0.05}
    rows = Dataset.from_list(ROWS)

    def build() -> VASGRPOTrainer:
        return VASGRPOTrainer(
            model=str(tiny_folder), reward_funcs=parity, args=arguments(**settings), train_dataset=rows,
            peft_config=adapters, vas=VASConfig(),
        )  # fmt: skip

    trainer = build()
    before = {name: value.detach().clone() for name, value in trainer.model.named_parameters()}
    trainer.train()
    moved = {name for name, value in trainer.model.named_parameters() if not torch.equal(value, before[name])}
    assert moved
    assert all("lora_" in name for name in moved)
    assert trainer.ref_model is None  # the reference is the model without its adapters
    again = build()
    again.train(resume_from_checkpoint=f"{trainer.args.output_dir}/checkpoint-2")
    for name, value in trainer.model.named_parameters():
        assert torch.equal(value, dict(again.model.named_parameters())[name]), name
    assert again.sampler.state_dict()["checksum"] == trainer.sampler.state_dict()["checksum"]


def test_images_reach_the_model_and_the_rewards_untouched(
    tiny_vision: Path, picture: Callable[[int], bytes], arguments: Callable[..., GRPOConfig]
) -> None:
    prompts = [
        Prompt(f"q{i}", "", str(i), question=f"what {i}?", check="exact_match", images=(picture(20 * i),))
        for i in range(6)
    ]
    found = load_pretrained(ModelConfig(name=str(tiny_vision)), min_pixels=784, max_pixels=3136)
    style = style_of(load_config("mmr1-3b", ["task.reward.format=0.0"]), prompts, found.tokenizer)
    assert style == "evaluation"
    seen: list[tuple[int, str]] = []
    pixels: list[torch.Tensor] = []

    def reward(completions: list[Any], images: list[Any], answer: list[str], **_: Any) -> list[float]:
        seen.extend((pictures[0].getpixel((0, 0))[0], right) for pictures, right in zip(images, answer, strict=True))
        return parity(completions)

    forward = found.model.model.visual.forward

    def watch(values: torch.Tensor, *rest: Any, **named: Any) -> Any:
        pixels.append(values.detach().clone())
        return forward(values, *rest, **named)

    found.model.model.visual.forward = watch
    trainer = VASGRPOTrainer(
        model=found.model, reward_funcs=reward, args=arguments(), processing_class=found.processor,
        train_dataset=to_dataset(prompts, style), vas=VASConfig(key_column="key"),
    )  # fmt: skip
    before = found.model.model.visual.blocks[0].attn.qkv.weight.detach().clone()
    trainer.train()
    assert [red // 20 for red, _ in seen] == [int(right) for _, right in seen]
    drawn = [int(right) for _, right in seen][::GROUP]
    assert [right for _, right in seen] == [str(i) for i in drawn for _ in range(GROUP)]
    # red of the first patch, undone from the processor's normalisation, is that of the drawn prompts
    reds = {round((float(values[0, 0]) * 0.26862954 + 0.48145466) * 255) // 20 for values in pixels}
    assert reds <= set(drawn)
    assert not torch.equal(before, found.model.model.visual.blocks[0].attn.qkv.weight)
    assert [row["vas/lag"] for row in trainer.state.log_history if "vas/lag" in row] == [0.0, 0.0]


@pytest.mark.parametrize("named", ["sizes", "pixels"])
def test_image_model_loads_with_its_processor_and_bounds(named: str, tiny_vision: Path, tmp_path: Path) -> None:
    if named == "pixels":  # as the published models have them, in a file that is theirs alone
        tiny_vision = Path(shutil.copytree(tiny_vision, tmp_path / "model"))
        settings = json.loads((tiny_vision / "processor_config.json").read_text(encoding="utf-8"))["image_processor"]
        del settings["size"]
        settings |= {"min_pixels": 3136, "max_pixels": 12_845_056}
        (tiny_vision / "preprocessor_config.json").write_text(json.dumps(settings), encoding="utf-8")
        (tiny_vision / "processor_config.json").unlink()
    found = load_pretrained(ModelConfig(name=str(tiny_vision)), weights="bfloat16", min_pixels=784, max_pixels=4 * 784)
    assert type(found.model).__name__ == "Qwen2_5_VLForConditionalGeneration"
    assert {parameter.dtype for parameter in found.model.parameters()} == {torch.bfloat16}
    assert len(found.fingerprint) == 64
    from PIL import Image

    for side, patches in ((14, 4), (560, 16)):  # a tiny image grows to the lower bound, a large one shrinks
        image = Image.fromarray(np.zeros((side, side, 3), np.uint8))
        out = found.processor(images=[[image]], text=["<|image_pad|>?"], return_tensors="pt")
        assert out["pixel_values"].shape[0] == patches
        assert int((out["input_ids"] == found.model.config.image_token_id).sum()) == patches // 4


def test_compact_engine_refuses_a_model_that_reads_images(tiny_vision: Path) -> None:
    with pytest.raises(ArgumentError, match="be a model of text alone"):
        load_language_model(ModelConfig(name=str(tiny_vision)))


def test_another_strategy_trains_and_resumes(tiny_folder: Path, arguments: Callable[..., GRPOConfig]) -> None:
    def build() -> VASGRPOTrainer:
        settings = {"save_strategy": "steps", "save_steps": 2, "max_steps": 4}
        vas = VASConfig(strategy="mopps", options={"candidate_batches": 2})
        rows = Dataset.from_list(ROWS)
        return VASGRPOTrainer(
            model=str(tiny_folder), reward_funcs=parity, args=arguments(**settings), train_dataset=rows, vas=vas
        )

    trainer = build()
    trainer.train()
    logs = [row for row in trainer.state.log_history if "loss" in row]
    assert [row["vas/training_rollouts"] for row in logs] == [8.0, 16.0, 24.0, 32.0]
    assert trainer.selector.strategy.a_P.sum() + trainer.selector.strategy.b_P.sum() > 2 * len(ROWS)
    with pytest.raises(VASError, match="mopps has no VarianceAwareSampler"):
        _ = trainer.sampler
    again = build()
    again.train(resume_from_checkpoint=f"{trainer.args.output_dir}/checkpoint-2")
    assert again.selector.state_dict()["checksum"] == trainer.selector.state_dict()["checksum"]
    pairs = zip(trainer.model.parameters(), again.model.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)
