"""Modular arithmetic: apply two-place operations to numbers modulo a prime, one after the other.

Its demonstrators know some signs better than others, and go on from a wrong value as from a right one: the network
copies how often they err, sign by sign, which rewards can undo.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from simulations.networks.world import IntArray, Prompts, RunShape, Start, World
from vas_theory.foundation.errors import UnknownNameError

__all__ = ["WORLDS", "Modular"]

_PRIME = 13
_SIGNS = "+-*^"
_NOTHING = _PRIME + len(_SIGNS)
_MOST = 4


def _other_starts() -> Mapping[str, Start]:
    return {"reseeded": Start(seed=1), "balanced": Start(seed=3, variant="balanced")}


@dataclass(frozen=True)
class Modular(World):
    """A prompt is a number and then signs and numbers; a response is the value after each, modulo the prime.

    The signs are ``+``, ``-``, ``*`` and ``^``: a^b is here a^2 + b^2 + a b, which is no group's operation and hard to
    guess. Right is a response whose last value is right. Shorter prompts have nothing in front; they are answered by
    their number until the first sign.

    Args:
        shortest, longest: signs of the prompts that are trained on and measured.
        power: signs in the order ``+-*^`` are demonstrated in proportion to rank^-power.
        slips: how often a demonstrator writes a value at random after each of these signs.
    """

    other_starts: Mapping[str, Start] = field(default_factory=_other_starts)
    shortest: int = 1
    longest: int = _MOST
    power: float = 1.0
    slips: tuple[float, ...] = (0.0, 0.1, 0.4, 0.8)

    vocabulary: ClassVar[int] = _NOTHING + 1
    answers: ClassVar[int] = _PRIME
    prompt_length: ClassVar[int] = 2 * _MOST + 1
    response_length: ClassVar[int] = _MOST

    @cached_property
    def _tables(self) -> IntArray:
        """(signs, numbers, numbers) what each sign makes of two numbers."""
        a, b = np.meshgrid(np.arange(_PRIME), np.arange(_PRIME), indexing="ij")
        return np.stack([a + b, a - b, a * b, a * a + b * b + a * b]) % _PRIME

    def prompts(self, rng: np.random.Generator, count: int) -> Prompts:
        lengths = np.arange(self.shortest, self.longest + 1)
        return self._draw(rng, count, lengths, np.full(len(lengths), 1.0), np.full(len(_SIGNS), 1.0))

    def demonstrations(self, rng: np.random.Generator, count: int, variant: str = "") -> tuple[IntArray, IntArray]:
        powers = {"": self.power, "balanced": self.power - 1.0}
        if variant not in powers:
            raise UnknownNameError(f"variant of {self.name}", variant, powers)
        lengths, ranks = np.arange(1, _MOST + 1), np.arange(1, len(_SIGNS) + 1)
        prompts = self._draw(
            rng, count, lengths, np.ones(_MOST), np.asarray(ranks ** -powers[variant], dtype=np.float64)
        )
        return prompts.tokens_PL, self._solve(prompts.tokens_PL, rng)

    def correct(self, prompts: Prompts, responses_PT: IntArray) -> NDArray[np.bool_]:
        return np.asarray(responses_PT[:, -1] == self._solve(prompts.tokens_PL)[:, -1])

    def text(self, prompts: Prompts) -> list[str]:
        names = [str(number) for number in range(_PRIME)] + list(_SIGNS)
        return [" ".join(names[token] for token in row if token != _NOTHING) for row in prompts.tokens_PL]

    def _draw(
        self,
        rng: np.random.Generator,
        count: int,
        lengths: IntArray,
        length_weights: NDArray[np.float64],
        sign_weights: NDArray[np.float64],
    ) -> Prompts:
        lengths_P = rng.choice(lengths, count, p=length_weights / length_weights.sum())
        tokens_PL = rng.integers(0, _PRIME, (count, self.prompt_length))
        shares = sign_weights / sign_weights.sum()
        tokens_PL[:, 1::2] = _PRIME + rng.choice(len(_SIGNS), (count, _MOST), p=shares)
        before_P = 2 * (_MOST - lengths_P)
        tokens_PL[np.arange(self.prompt_length) < before_P[:, None]] = _NOTHING
        ranks_PL = np.where((tokens_PL >= _PRIME) & (tokens_PL < _NOTHING), tokens_PL - _PRIME, 0)
        return Prompts(tokens_PL, {"level": lengths_P, "rarest": ranks_PL.max(axis=1)})

    def _solve(self, tokens_PL: IntArray, slipping: np.random.Generator | None = None) -> IntArray:
        """Return the values after each sign, as a demonstrator writes them where a generator for slips is given."""
        count = len(tokens_PL)
        first_P = (tokens_PL != _NOTHING).argmax(axis=1)
        value_P = tokens_PL[np.arange(count), first_P]
        answers = []
        for slot in range(_MOST):
            sign_P, number_P = tokens_PL[:, 2 * slot + 1], tokens_PL[:, 2 * slot + 2]
            acts_P = sign_P != _NOTHING
            made_P = self._tables[np.where(acts_P, sign_P - _PRIME, 0), value_P, np.where(acts_P, number_P, 0)]
            if slipping is not None:
                often_P = np.array(self.slips)[np.where(acts_P, sign_P - _PRIME, 0)]
                made_P = np.where(slipping.random(count) < often_P, slipping.integers(0, _PRIME, count), made_P)
            value_P = np.where(acts_P, made_P, value_P)
            answers.append(value_P)
        return np.column_stack(answers)


WORLDS: tuple[World, ...] = (
    Modular(
        "modular",
        "1 to 4 operations modulo 13",
        "operations that generalise, one of them rarely shown",
        run=RunShape(learning_rate=1e-4),
    ),
    Modular(
        "modular-development",
        "2 and 3 operations modulo 13",
        "for choosing settings, never reported",
        development=True,
        shortest=2,
        longest=3,
        run=RunShape(budget=25_600),
    ),
)
