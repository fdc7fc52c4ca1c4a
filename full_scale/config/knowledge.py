"""What the sampler of an arm is told beside the rewards of its own rollouts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from full_scale.config.trainer import Count, Fraction, Frozen

__all__ = ["KnowledgeConfig"]


class KnowledgeConfig(Frozen):
    """A table of ``knows``, for an arm with the strategy ``vas``.

    Args:
        states: whether pass rates are predicted from the policy's own hidden states of the prompts.
        every: steps between renewals of the states, or of the truth; 0 for those before training alone.
        layer: whose states, as a share of the depth: 0 the embeddings, 1 the last layer.
        pooling: ``last`` position of the prompt, ``mean`` over its own positions, or ``both``.
        column: pass rates from elsewhere: ``start`` for rollouts of the start model, which are not charged; or a
            ``.parquet``, ``.csv`` or ``.jsonl`` file with columns prompt_key and pass_rate (missing where unknown), and
            trials if they differ. The engine ``trl`` takes files alone.
        trials: rollouts of each prompt behind the column.
        truth: whether it is the reference that draws in proportion to p (1 - p), measured by rollouts that are not
            charged; nobody has that knowledge for nothing.
        truth_rollouts: of each prompt at a measurement.
    """

    states: bool = False
    every: int = Field(default=20, ge=0)
    layer: Fraction = 2 / 3
    pooling: Literal["last", "mean", "both"] = "last"
    column: str = ""
    trials: Count = 8
    truth: bool = False
    truth_rollouts: Count = Field(default=16, ge=2)

    @model_validator(mode="after")
    def _something(self) -> KnowledgeConfig:
        if not (self.states or self.column or self.truth):
            raise ValueError("say states, column or truth, or leave the table out")
        if self.truth and (self.states or self.column):
            raise ValueError("truth stands alone: leave states and column out")
        used = {
            "every": self.states or self.truth,
            "layer": self.states,
            "pooling": self.states,
            "trials": bool(self.column),
            "truth_rollouts": self.truth,
        }
        fields = KnowledgeConfig.model_fields
        unused = [name for name, is_used in used.items() if not is_used and getattr(self, name) != fields[name].default]
        if unused:
            raise ValueError(f"leave out what nothing uses: {', '.join(unused)}")
        return self

    @property
    def free(self) -> str:
        """Which rollouts are not charged, in words; empty where all are."""
        if self.truth:
            when = f"every {self.every} steps" if self.every else "before training"
            return f"{self.truth_rollouts} rollouts a prompt {when}"
        return f"{self.trials} rollouts a prompt of the start model" if self.column == "start" else ""

    def told(self, arm: Mapping[str, Any]) -> dict[str, Any]:
        """Return an arm's table with the settings of the sampler that this stands for; those it has already stay."""
        if self.truth:
            settings: dict[str, Any] = {"score": "custom", "floor": 0.0}
            return {"mixture_ratio": 1.0, **arm, "sampler": {**settings, **arm.get("sampler", {})}}
        return {**arm, "sampler": {"posterior": "predicted_beta", **arm.get("sampler", {})}}
