"""Sizes of models, from their configurations alone: built on the meta device, where tensors have no storage."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vas_theory.foundation.errors import DataError, MissingExtraError

__all__ = [
    "RECORDED",
    "Architecture",
    "Tower",
    "architecture_of",
    "known_architectures",
    "meta_model",
    "recorded_architecture",
]

__reads__ = ("recorded_sizes.json",)

RECORDED = Path(__file__).with_name("recorded_sizes.json")
"""Sizes of the known models as :func:`architecture_of` gives them, and parameters of adapters of rank 1."""


def _qwen_vl(
    hidden: int, intermediate: int, layers: int, heads: int, key_value_heads: int, vocabulary: int, tower: int
) -> dict[str, Any]:
    """Return a Qwen2.5-VL configuration; only the smallest model shares its embeddings with its output layer."""
    return {
        "model_type": "qwen2_5_vl",
        "tie_word_embeddings": hidden == 2048,
        "text_config": {
            "vocab_size": vocabulary,
            "hidden_size": hidden,
            "intermediate_size": intermediate,
            "num_hidden_layers": layers,
            "num_attention_heads": heads,
            "num_key_value_heads": key_value_heads,
            "max_position_embeddings": 128_000,
            "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [16, 24, 24]},
            "tie_word_embeddings": hidden == 2048,
        },
        "vision_config": {
            "depth": 32,
            "hidden_size": 1280,
            "intermediate_size": tower,
            "num_heads": 16,
            "out_hidden_size": hidden,
            "patch_size": 14,
            "spatial_merge_size": 2,
        },
    }


CONFIGURATIONS: Mapping[str, Mapping[str, Any]] = {
    "HuggingFaceTB/SmolLM2-135M-Instruct": {
        "model_type": "llama",
        "vocab_size": 49_152,
        "hidden_size": 576,
        "intermediate_size": 1536,
        "num_hidden_layers": 30,
        "num_attention_heads": 9,
        "num_key_value_heads": 3,
        "max_position_embeddings": 8192,
        "tie_word_embeddings": True,
    },
    "Qwen/Qwen2.5-0.5B-Instruct": {
        "model_type": "qwen2",
        "vocab_size": 151_936,
        "hidden_size": 896,
        "intermediate_size": 4864,
        "num_hidden_layers": 24,
        "num_attention_heads": 14,
        "num_key_value_heads": 2,
        "max_position_embeddings": 32_768,
        "tie_word_embeddings": True,
    },
    "Qwen/Qwen2.5-VL-3B-Instruct": _qwen_vl(2048, 11_008, 36, 16, 2, 151_936, 3420),
    "Qwen/Qwen2.5-VL-7B-Instruct": _qwen_vl(3584, 18_944, 28, 28, 4, 152_064, 3420),
    "Qwen/Qwen2.5-VL-32B-Instruct": _qwen_vl(5120, 27_648, 64, 40, 8, 152_064, 3456),
}
"""As the models' own ``config.json`` on the hub gives them; only what sizes depend on."""

SAME_SHAPE = {
    "smollm2-135m": "HuggingFaceTB/SmolLM2-135M-Instruct",
    "MMR1/MMR1-3B-SFT": "Qwen/Qwen2.5-VL-3B-Instruct",
    "MMR1/MMR1-7B-SFT": "Qwen/Qwen2.5-VL-7B-Instruct",
    "MMR1/MMR1-32B-SFT": "Qwen/Qwen2.5-VL-32B-Instruct",
}


@dataclass(frozen=True)
class Tower:
    """A stack of equal transformer blocks.

    Args:
        layers: number of blocks.
        hidden: width of the residual stream.
        intermediate: width of the gated feed-forward layer.
        heads, key_value_heads: of the attention.
        head_dim: width of one head.
    """

    layers: int
    hidden: int
    intermediate: int
    heads: int
    key_value_heads: int
    head_dim: int


@dataclass(frozen=True)
class Architecture:
    """What memory and time depend on.

    Args:
        parameters: all of them, shared ones once.
        trainable: those that training changes.
        vision_parameters: of the image tower, 0 without one.
        block_parameters: of the largest transformer block.
        outer_parameters: outside of all blocks (embeddings, output layer).
        vocabulary: output classes.
        positions: longest sequence.
        text: the language model.
        vision: the image tower, ``None`` without one.
        patch_pixels: pixels of an image patch.
        patches_per_token: patches that become one token of the language model.
    """

    parameters: int
    trainable: int
    vision_parameters: int
    block_parameters: int
    outer_parameters: int
    vocabulary: int
    positions: int
    text: Tower
    vision: Tower | None = None
    patch_pixels: int = 0
    patches_per_token: int = 1


def known_architectures() -> list[str]:
    """Return the names whose sizes are known without any download."""
    return sorted([*CONFIGURATIONS, *SAME_SHAPE])


def _configuration(name: str) -> Any:
    from transformers import AutoConfig

    literal = CONFIGURATIONS.get(SAME_SHAPE.get(name, name))
    if literal is not None:
        return AutoConfig.for_model(**literal)
    try:
        source = Path(name).expanduser() if Path(name).exists() else name
        return AutoConfig.from_pretrained(source, trust_remote_code=False)  # by default one would be asked
    except (OSError, ValueError) as error:
        raise DataError(
            f"the sizes of model {name!r} are not known and its config.json cannot be read: "
            f"{str(error).splitlines()[0]}; known without a download: {', '.join(known_architectures())}"
        ) from error


def meta_model(configuration: Any) -> Any:
    """Build a model without storage."""
    import torch
    from transformers import AutoModelForCausalLM, AutoModelForImageTextToText

    factory = AutoModelForImageTextToText if hasattr(configuration, "vision_config") else AutoModelForCausalLM
    with torch.device("meta"):
        return factory.from_config(configuration, dtype=torch.float32)


def _tower(configuration: Any) -> Tower:
    heads = getattr(configuration, "num_heads", None) or configuration.num_attention_heads
    return Tower(
        layers=getattr(configuration, "depth", None) or configuration.num_hidden_layers,
        hidden=configuration.hidden_size,
        intermediate=configuration.intermediate_size,
        heads=heads,
        key_value_heads=getattr(configuration, "num_key_value_heads", None) or heads,
        head_dim=getattr(configuration, "head_dim", None) or configuration.hidden_size // heads,
    )


def _size(module: Any) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def recorded_architecture(name: str, lora_rank: int, target_modules: str | tuple[str, ...]) -> Architecture:
    """Return the recorded sizes of a known model, for machines without torch; a test compares them with the model's.

    Raises:
        MissingExtraError: the model is not recorded, or adapters go elsewhere than on all linear layers.
    """
    recorded = json.loads(RECORDED.read_text(encoding="utf-8")).get(SAME_SHAPE.get(name, name))
    if recorded is None or (lora_rank and target_modules != "all-linear"):
        raise MissingExtraError("torch", "full-scale")
    adapted = recorded.pop("adapted_per_rank")
    towers = {part: Tower(**recorded.pop(part)) for part in ("text", "vision") if recorded[part] is not None}
    found = Architecture(**{**recorded, **towers})
    return replace(found, trainable=lora_rank * adapted) if lora_rank else found


def architecture_of(
    name: str, lora_rank: int = 0, target_modules: str | tuple[str, ...] = "all-linear"
) -> Architecture:
    """Return the sizes of a model by name or by the ``config.json`` of a folder.

    Args:
        name: ``smollm2-135m``, a hub id or a folder.
        lora_rank: of adapters, 0 without.
        target_modules: where adapters go.

    Raises:
        DataError: neither is its shape known here nor can its configuration be read.
        MissingExtraError: torch or transformers is not installed, and the sizes are not recorded.
    """
    if any(importlib.util.find_spec(module) is None for module in ("torch", "transformers")):
        return recorded_architecture(name, lora_rank, target_modules)
    configuration = _configuration(name)
    model = meta_model(configuration)
    text, vision = configuration.get_text_config(), getattr(configuration, "vision_config", None)
    total = _size(model)
    stacks = [module for path, module in model.named_modules() if path.endswith((".layers", ".blocks"))]
    sizes = [_size(block) for stack in stacks for block in stack]
    if not sizes:
        raise DataError(f"model {name!r} has no stack of blocks called layers or blocks, so its memory is not known")
    visual = next((module for path, module in model.named_modules() if path.endswith("visual")), None)
    trainable = total
    if lora_rank:
        import torch
        from peft import LoraConfig, get_peft_model

        modules = target_modules if isinstance(target_modules, str) else list(target_modules)
        with torch.device("meta"):
            adapted = get_peft_model(model, LoraConfig(r=lora_rank, target_modules=modules, task_type="CAUSAL_LM"))
        trainable = sum(parameter.numel() for parameter in adapted.parameters() if parameter.requires_grad)
    return Architecture(
        parameters=total,
        trainable=trainable,
        vision_parameters=0 if visual is None else _size(visual),
        block_parameters=max(sizes),
        outer_parameters=total - sum(sizes),
        vocabulary=text.vocab_size,
        positions=text.max_position_embeddings,
        text=_tower(text),
        vision=None if vision is None else _tower(vision),
        patch_pixels=0 if vision is None else vision.patch_size**2,
        patches_per_token=1 if vision is None else vision.spatial_merge_size**2,
    )
