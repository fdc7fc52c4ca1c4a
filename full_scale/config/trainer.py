"""Settings of the TRL engine: the machine, adapters, generation with vLLM, and what only a large run needs.

They are in tables of their own, so that the compact engine's results do not depend on them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Count", "Fraction", "Frozen", "HardwareConfig", "LoraSettings", "Positive", "TrlSettings", "VllmSettings"]

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Positive = Annotated[float, Field(gt=0.0)]
Count = Annotated[int, Field(ge=1)]


class Frozen(BaseModel):
    """Base of all settings: immutable, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class HardwareConfig(Frozen):
    """The devices of a run, and the speeds that ``plan`` assumes of each of them.

    ``sharding``: ``none`` (every device holds everything), ``fsdp`` (full shard), ``zero2`` or ``zero3``.
    The speeds are an H100's by its data sheet (dense bfloat16, HBM3); the shares of them that training and
    generation reach, and the shortest times of one pass and of one decoding step, are assumptions.
    """

    devices: Count = 1
    device_memory_gb: Positive = 80.0
    sharding: Literal["none", "fsdp", "zero2", "zero3"] = "none"
    peak_tflops: Positive = 989.0
    training_utilisation: Fraction = 0.3
    bandwidth_gb_per_s: Positive = 3350.0
    bandwidth_utilisation: Fraction = 0.4
    shortest_pass_seconds: Positive = 0.1
    shortest_decoding_seconds: Positive = 0.02


class LoraSettings(Frozen):
    """Low-rank adapters instead of full training; rank 0 trains all weights."""

    rank: int = Field(default=0, ge=0)
    alpha: Positive = 16.0
    dropout: Fraction = 0.0
    target_modules: str | tuple[str, ...] = "all-linear"


class VllmSettings(Frozen):
    """Generation with vLLM: inside the training processes (``colocate``) or on machines of its own (``server``)."""

    mode: Literal["off", "colocate", "server"] = "off"
    gpu_memory_utilization: Fraction = 0.3
    tensor_parallel_size: Count = 1
    enable_sleep_mode: bool = False
    server_host: str = "0.0.0.0"
    server_port: Count = 8000


class TrlSettings(Frozen):
    """What the TRL engine adds to the tables that both engines share.

    Args:
        per_device_batch_size: completions of one forward and backward pass on one device.
        gradient_checkpointing: keep one activation a layer and compute the others again.
        weights: precision in which the trained weights are stored; frozen ones below adapters may well be bfloat16.
        max_prompt_tokens: longest prompt, image tokens included; for ``plan``, as TRL does not cut prompts.
        mean_length_share: mean length of prompts and responses that ``plan`` assumes, as a share of the longest.
        max_image_pixels, min_image_pixels: bounds that the processor resizes images to.
        style: how questions are put, see :mod:`full_scale.tasks.templates`. ``auto`` converses where the model has a
            chat template and the task has questions for it, asking for the format if the reward counts it.
        arguments: further arguments of ``GRPOConfig``; those that a table here sets are refused.
    """

    per_device_batch_size: Count = 8
    gradient_checkpointing: bool = True
    weights: Literal["float32", "bfloat16"] = "float32"
    max_prompt_tokens: Count = 512
    mean_length_share: Fraction = 0.5
    max_image_pixels: Count = 1_048_576
    min_image_pixels: Count = 7_056
    style: Literal["auto", "completion", "reasoning", "evaluation"] = "auto"
    arguments: dict[str, Any] = Field(default_factory=dict)
