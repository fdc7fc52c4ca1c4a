"""Settings of the evaluation of one model on one task."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from full_scale.config.refusals import refuse_none
from full_scale.config.task import ArithmeticConfig, TaskConfig
from full_scale.config.trainer import Count, Frozen, Positive
from full_scale.config.training import ModelConfig

__all__ = ["ModelEvaluationConfig"]


class ModelEvaluationConfig(Frozen):
    """What is asked of which model.

    ``style`` is ``completion`` (the model continues plain text up to a newline) or an instruction of
    :mod:`full_scale.tasks.templates`, for which the token limit must be generous. ``limit`` bounds the prompts of each
    stratum and level. ``group_size`` is that of the groups whose mixed share is estimated.
    """

    model: ModelConfig = ModelConfig()
    task: TaskConfig = ArithmeticConfig()
    side: Literal["held_out", "training", "all"] = "held_out"
    limit: Count | None = None
    style: Literal["completion", "reasoning", "evaluation"] = "completion"
    samples: Count = 8
    ks: tuple[Count, ...] = (1, 4, 8)
    group_size: int = Field(default=8, ge=2)
    temperature: Positive = 1.0
    max_new_tokens: Count = 24
    coverage: float = Field(default=0.95, gt=0.0, lt=1.0)
    seed: int = Field(default=0, ge=0)

    @model_validator(mode="before")
    @classmethod
    def _fit(cls, values: dict[str, object]) -> dict[str, object]:
        """Without an explicit choice evaluate every usual k that the samples allow."""
        samples = values.get("samples", 8)
        if "ks" not in values and isinstance(samples, int):
            return {**values, "ks": [k for k in (1, 4, 8, 16, 32) if k <= max(1, samples)]}
        return values

    @model_validator(mode="after")
    def _enough(self) -> ModelEvaluationConfig:
        refuse_none("ks", self.ks)
        if max(self.ks) > self.samples:
            raise ValueError("every k in ks must be at most samples")
        return self
