"""What a world of the network laboratory is: prompts, demonstrations for a supervised start, and an exact verifier.

Suffixes: ``_P`` one entry a prompt, ``_R`` one entry a rollout, ``_L`` tokens of a prompt, ``_T`` tokens of a response.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from vas_theory.foundation.errors import ArgumentError

__all__ = ["ModelShape", "Prompts", "RunShape", "Start", "World"]

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Prompts:
    """Prompts of one world.

    Args:
        tokens_PL: (prompts, prompt_length) token numbers; shorter prompts are padded on the left by a token that the
            world keeps for it, so that all have one length and no mask is needed.
        columns: name -> (prompts,) what is known of a prompt before any rollout. ``level`` must be among them: a small
            integer, by which results are binned; larger is harder.
        answers: name -> (prompts, ...) what the verifier needs beyond the tokens and no method may see.
    """

    tokens_PL: IntArray
    columns: Mapping[str, NDArray[np.generic]]
    answers: Mapping[str, NDArray[np.generic]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.tokens_PL.ndim != 2:
            raise ArgumentError("tokens_PL", "have shape (prompts, prompt_length)", self.tokens_PL.shape)
        if "level" not in self.columns:
            raise ArgumentError("columns", "have a column level", sorted(self.columns))
        for name, values in {**self.columns, **self.answers}.items():
            if len(values) != len(self.tokens_PL):
                raise ArgumentError(name, f"have {len(self.tokens_PL)} entries", len(values))

    def __len__(self) -> int:
        return len(self.tokens_PL)

    def take(self, places: IntArray) -> Prompts:
        """Return the prompts at these places, which may repeat."""
        return Prompts(
            self.tokens_PL[places],
            {name: values[places] for name, values in self.columns.items()},
            {name: values[places] for name, values in self.answers.items()},
        )


@dataclass(frozen=True)
class ModelShape:
    """Size of the transformer. Parameters: about ``layers * width^2 * (4 + 2 * expansion)``."""

    width: int = 64
    layers: int = 3
    heads: int = 4
    expansion: int = 4


@dataclass(frozen=True)
class Start:
    """A supervised start: how the network is trained on the world's demonstrations before any reward.

    Args:
        steps, batch: updates, and demonstrations of each.
        learning_rate: of AdamW at its highest, after a tenth of the steps; it falls to zero by the end.
        seed: of weights and demonstrations.
        model: another shape than the world's, for another model's pass rates; ``None`` for the world's own.
        variant: handed to :meth:`World.demonstrations`, for starts that were taught otherwise.
    """

    steps: int = 800
    batch: int = 192
    learning_rate: float = 5e-3
    seed: int = 0
    model: ModelShape | None = None
    variant: str = ""


@dataclass(frozen=True)
class RunShape:
    """The reinforcement runs of a world.

    Args:
        pool, held_out: training prompts and held-out prompts of a run.
        batch_size, group_size: groups of a step, rollouts of a group.
        budget: total rollouts of a run, scoring included.
        learning_rates: grid for tuning, increasing. Tuning begins at ``learning_rate`` and its neighbours and goes on,
            beyond the grid too, while the best rate is the lowest or the highest that was tried.
        learning_rate: one of the grid, best of uniform sampling's as far as known; the one of untuned runs.
        false_positive, false_negative: how often the reward of a wrong (right) answer is flipped in training.
    """

    pool: int = 3000
    held_out: int = 600
    batch_size: int = 16
    group_size: int = 8
    budget: int = 38_400
    learning_rates: tuple[float, ...] = (5e-5, 1e-4, 2e-4, 4e-4, 8e-4)
    learning_rate: float = 2e-4
    false_positive: float = 0.0
    false_negative: float = 0.0


@dataclass(frozen=True)
class World(abc.ABC):
    """A family of prompts with an exact verifier. Subclasses are frozen dataclasses, one file each.

    A world file defines ``WORLDS``, a tuple of instances, each with a name of its own. Token numbers run from 0 to
    ``vocabulary - 1``; the network can only write the first ``answers`` of them.

    Attributes:
        vocabulary: number of tokens.
        answers: tokens 0 .. answers - 1 may be written.
        prompt_length, response_length: tokens of every prompt; most tokens of a response.
        end: the token that ends a response, or ``None`` where all have ``response_length`` tokens. What follows it
            in a response array is filled with it too.
    """

    name: str
    summary: str
    varies: str
    development: bool = False
    model: ModelShape = ModelShape()
    run: RunShape = RunShape()
    start: Start = Start()
    other_starts: Mapping[str, Start] = field(default_factory=dict)
    """Starts of "other models", whose pass rates serve as columns: name -> start."""

    vocabulary: ClassVar[int]
    answers: ClassVar[int]
    prompt_length: ClassVar[int]
    response_length: ClassVar[int]
    end: ClassVar[int | None] = None

    @abc.abstractmethod
    def prompts(self, rng: np.random.Generator, count: int) -> Prompts:
        """Draw prompts as training with rewards and the held-out measure see them (repeats are allowed)."""

    @abc.abstractmethod
    def demonstrations(self, rng: np.random.Generator, count: int, variant: str = "") -> tuple[IntArray, IntArray]:
        """Draw demonstrations for the supervised start, which may be imperfect.

        Args:
            rng: the generator.
            count: how many.
            variant: which teaching, for other models; unknown names are refused where there are any.

        Returns:
            (count, prompt_length) prompt tokens and (count, response_length) response tokens.
        """

    @abc.abstractmethod
    def correct(self, prompts: Prompts, responses_PT: IntArray) -> NDArray[np.bool_]:
        """Say exactly which responses are right.

        Args:
            prompts: P prompts.
            responses_PT: (P, response_length) one response of each.
        """

    def rewards(self, prompts: Prompts, responses_PT: IntArray) -> FloatArray:
        """Return what training sees of a response: 1 if it is right, else 0, unless the world shapes rewards."""
        return self.correct(prompts, responses_PT).astype(np.float64)

    def text(self, prompts: Prompts) -> list[str]:
        """Return the prompts in a form that people can read."""
        return [" ".join(map(str, row)) for row in prompts.tokens_PL.tolist()]
