"""Rewards made of weighted parts, which both engines can use.

The compact engine scores prompts with their completions; TRL calls the same object with the columns of its data set.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from full_scale.rewards.checks import check_answers
from full_scale.rewards.shape import follows_format, length_penalty
from full_scale.tasks.prompt import Prompt
from vas_theory.foundation.errors import ArgumentError

if TYPE_CHECKING:
    from full_scale.config.task import RewardConfig

__all__ = ["ACCURACY", "FORMAT", "Part", "Reward", "build_reward", "length_reward"]

ScoreFunction = Callable[[Sequence[Prompt], Sequence[str]], Sequence[float | None]]


@dataclass(frozen=True)
class Part:
    """One part of a reward.

    Args:
        name: in tables and logs.
        weight: what it is multiplied by.
        score: prompts and completions in, one value each out; None where there is none.
    """

    name: str
    weight: float
    score: ScoreFunction


@dataclass(frozen=True)
class Reward:
    r"""A weighted sum :math:`\sum_j w_j r_j` of parts.

    A part without a value (None or NaN) leaves the sum; without any value the reward is None. An infinite part makes
    the reward infinite, also beside the opposite infinity, so that its group is excluded.

    Args:
        name: in tables and logs.
        parts: with distinct names.
    """

    name: str
    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        if not self.parts or len({part.name for part in self.parts}) < len(self.parts):
            raise ArgumentError("parts", "hold at least one part, with distinct names", [p.name for p in self.parts])
        object.__setattr__(self, "__name__", self.name)  # what TRL calls the reward in its logs

    def values(self, prompts: Sequence[Prompt], texts: Sequence[str]) -> dict[str, list[float | None]]:
        """Return the values of each part, unweighted."""
        return {part.name: list(part.score(prompts, texts)) for part in self.parts}

    def total(self, values: Mapping[str, Sequence[float | None]]) -> list[float | None]:
        """Return the weighted sums of what :meth:`values` returned."""
        rows = zip(*(values[part.name] for part in self.parts), strict=True)
        return [self._sum(row) for row in rows]

    def _sum(self, row: tuple[float | None, ...]) -> float | None:
        known = [
            part.weight * value
            for part, value in zip(self.parts, row, strict=True)
            if value is not None and not math.isnan(value) and part.weight != 0
        ]
        if any(math.isinf(value) for value in known):
            return math.inf
        return math.fsum(known) if known else None

    def __call__(self, prompts: Sequence[Any], completions: Sequence[Any], **columns: Any) -> list[float | None]:
        """Score completions as TRL asks for it.

        Args:
            prompts: texts or conversations, not read.
            completions: texts or conversations.
            **columns: of the data set: ``answer``, and if it has them ``key``, ``check`` (``math`` without it) and
                ``entry``.

        Raises:
            ArgumentError: there is no column ``answer``.
        """
        if "answer" not in columns:
            raise ArgumentError("train_dataset", "have a column 'answer'", sorted(columns))
        count = len(completions)
        answers = columns["answer"]
        keys, checks, entries = (
            columns.get(name) or [default] * count for name, default in (("key", ""), ("check", "math"), ("entry", ""))
        )
        rows = [row for row in range(count) if answers[row] is not None]  # nothing to compare with: no reward
        known = [Prompt(str(keys[r]), "", str(answers[r]), check=checks[r], entry=entries[r] or "") for r in rows]
        texts = [_text(completions[row]) for row in rows]
        out: list[float | None] = [None] * count
        for row, value in zip(rows, self.total(self.values(known, texts)), strict=True):
            out[row] = value
        return out


def _text(completion: Any) -> str:
    """Return the text of a completion: itself, or the content of the last message of a conversation."""
    if isinstance(completion, str):
        return completion
    content = completion[-1]["content"] if completion else ""
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content or ())


def _format(_: Sequence[Prompt], texts: Sequence[str]) -> list[float]:
    return [float(follows_format(text)) for text in texts]


ACCURACY = Reward("accuracy", (Part("accuracy", 1.0, check_answers),))
"""1 where the answer is right by the prompt's own check, else 0 (or the share of full marks its scorer gives)."""
FORMAT = Reward("format", (Part("format", 1.0, _format),))
r"""1 where the completion is ``<think>…</think><answer>… \boxed{…}</answer>``, else 0."""


def length_reward(soft: int, hard: int) -> Reward:
    """Return the reward that falls from 0 at ``soft`` to -1 at ``hard`` characters."""

    def score(_: Sequence[Prompt], texts: Sequence[str]) -> list[float]:
        return [length_penalty(text, soft, hard) for text in texts]

    return Reward("length", (Part("length", 1.0, score),))


def build_reward(config: RewardConfig) -> Reward:
    """Return the reward that a task's settings ask for.

    Source:
        2509.21268, table 6 (accuracy and format, each with weight 1).
    """
    parts = [Part("accuracy", config.accuracy, check_answers)]
    if config.format > 0:
        parts.append(Part("format", config.format, _format))
    if config.length > 0:
        score = length_reward(config.soft_length, config.hard_length).parts[0].score
        parts.append(Part("length", config.length, score))
    return Reward("+".join(part.name for part in parts), tuple(parts))
