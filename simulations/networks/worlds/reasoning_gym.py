"""Sums of a public generator of reasoning tasks, read and answered character by character.

Their demonstrators slip: the network copies how often, which rewards can undo.

Source:
    reasoning-gym's ``chain_sum`` (2505.24760). Its items are used as they come; of the question only the sum is read,
    and the answer is written with its last digit first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from simulations.networks.world import IntArray, Prompts, RunShape, Start, World
from vas_theory.foundation.command_line import require
from vas_theory.foundation.errors import UnknownNameError

__all__ = ["WORLDS", "ChainSums"]

_CHARACTERS = "0123456789-.+ "
"""The point ends an answer; ``-`` is sign and minus; the blank fills up in front."""
_END, _BLANK = _CHARACTERS.index("."), _CHARACTERS.index(" ")
_LEVELS = ((2, 1), (2, 2), (3, 1), (3, 2), (4, 1), (4, 2))
"""(terms, digits) of each level."""


def _other_starts() -> Mapping[str, Start]:
    return {"reseeded": Start(1200, seed=1), "harder": Start(1200, seed=3, variant="harder")}


@dataclass(frozen=True)
class ChainSums(World):
    """A prompt is a sum such as ``46-7+12``; a response is its value, last digit first, sign after it, and the end.

    Args:
        levels: places in the ladder of (terms, digits) that are trained on and measured.
        power: the n-th level is demonstrated in proportion to n^-power.
        slips: how often a demonstrator writes a digit at random, level by level.
    """

    start: Start = field(default_factory=lambda: Start(steps=1200))
    other_starts: Mapping[str, Start] = field(default_factory=_other_starts)
    levels: tuple[int, ...] = (0, 1, 2, 3, 4, 5)
    power: float = 1.5
    slips: tuple[float, ...] = (0.25, 0.2, 0.2, 0.15, 0.15, 0.15)

    vocabulary: ClassVar[int] = len(_CHARACTERS)
    answers: ClassVar[int] = _CHARACTERS.index("+")
    prompt_length: ClassVar[int] = 11
    response_length: ClassVar[int] = 5
    end: ClassVar[int | None] = _END

    def prompts(self, rng: np.random.Generator, count: int) -> Prompts:
        return self._draw(rng, count, self.levels, np.ones(len(self.levels)))

    def demonstrations(self, rng: np.random.Generator, count: int, variant: str = "") -> tuple[IntArray, IntArray]:
        powers = {"": self.power, "harder": self.power - 0.7}
        if variant not in powers:
            raise UnknownNameError(f"variant of {self.name}", variant, powers)
        shares = np.arange(1, len(_LEVELS) + 1.0) ** -powers[variant]
        prompts = self._draw(rng, count, tuple(range(len(_LEVELS))), shares)
        return prompts.tokens_PL, self._slipped(rng, prompts)

    def correct(self, prompts: Prompts, responses_PT: IntArray) -> NDArray[np.bool_]:
        return np.asarray((responses_PT == prompts.answers["answer"]).all(axis=1))

    def text(self, prompts: Prompts) -> list[str]:
        return ["".join(_CHARACTERS[token] for token in row).strip() for row in prompts.tokens_PL]

    def _slipped(self, rng: np.random.Generator, prompts: Prompts) -> IntArray:
        """Return the answers as a demonstrator writes them: some digits at random, signs and ends as they should be."""
        answers_PT = np.asarray(prompts.answers["answer"], dtype=np.int64)
        often_P = np.array(self.slips)[np.asarray(prompts.columns["level"], dtype=np.int64)]
        slipped_PT = (rng.random(answers_PT.shape) < often_P[:, None]) & (answers_PT < 10)
        return np.where(slipped_PT, rng.integers(0, 10, answers_PT.shape), answers_PT)

    def _draw(
        self, rng: np.random.Generator, count: int, levels: tuple[int, ...], weights: NDArray[np.float64]
    ) -> Prompts:
        gym = require("reasoning_gym", "tasks")
        level_P = rng.choice(np.array(levels), count, p=weights / weights.sum())
        tokens_PL = np.full((count, self.prompt_length), _BLANK)
        answers_PT = np.full((count, self.response_length), _END)
        for level in levels:
            terms, digits = _LEVELS[level]
            places = np.flatnonzero(level_P == level)
            size = {"min_terms": terms, "max_terms": terms, "min_digits": digits, "max_digits": digits}
            items = gym.create_dataset("chain_sum", size=max(len(places), 1), seed=int(rng.integers(2**31)), **size)
            for place, item in zip(places, items, strict=False):
                written = item["question"].partition(":")[2].replace("=", "").replace(" ", "").replace(".", "")
                asked = [_CHARACTERS.index(character) for character in written]
                answer = [_CHARACTERS.index(character) for character in reversed(item["answer"])]
                tokens_PL[place, self.prompt_length - len(asked) :] = asked
                answers_PT[place, : len(answer)] = answer
        return Prompts(tokens_PL, {"level": level_P}, {"answer": answers_PT})


WORLDS: tuple[World, ...] = (
    ChainSums("chain-sums", "sums of 2 to 4 terms from reasoning-gym, by character", "a public task, no scratchpad"),
    ChainSums(
        "chain-sums-development",
        "some of the levels of chain-sums",
        "for choosing settings, never reported",
        development=True,
        levels=(1, 2, 3),
        run=RunShape(budget=25_600),
    ),
)
