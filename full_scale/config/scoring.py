"""Settings of ``python -m full_scale score``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from full_scale.config.task import ArithmeticConfig, TaskConfig
from full_scale.config.trainer import Count, Frozen, Positive
from full_scale.config.training import ModelConfig

__all__ = ["EndpointConfig", "ScoreConfig"]


class EndpointConfig(Frozen):
    """A server that speaks the OpenAI protocol; see :class:`full_scale.answering.endpoint.Endpoint`."""

    url: str
    concurrency: Count = 8
    timeout: Positive = 120.0
    retries: int = Field(default=5, ge=0)
    answers_per_request: Count | None = None
    key_variable: str = "OPENAI_API_KEY"


class ScoreConfig(Frozen):
    """Which prompts are answered by which model, and how often.

    ``rollouts`` a prompt; with ``adaptive`` two at first and up to ``rollouts`` where a group of ``group_size`` is as
    likely mixed as not. ``limit`` takes the first prompts alone. ``style`` and ``max_new_tokens`` depend on the model
    where they are not given: a conversation of up to 2,048 tokens, or a line of plain text of up to 64.
    """

    task: TaskConfig = ArithmeticConfig()
    model: ModelConfig = ModelConfig()
    endpoint: EndpointConfig | None = None
    rollouts: Count = 8
    adaptive: bool = False
    group_size: int = Field(default=8, ge=2)
    limit: Count | None = None
    style: Literal["completion", "reasoning", "evaluation"] | None = None
    temperature: Positive = 1.0
    max_new_tokens: Count | None = None
    seed: int = Field(default=0, ge=0)
    column: str = Field(default="pass_rate", min_length=1)

    @model_validator(mode="after")
    def _worth_it(self) -> ScoreConfig:
        if self.adaptive and self.rollouts < 3:
            raise ValueError("rollouts must be 3 or more with adaptive, which begins with 2")
        return self
