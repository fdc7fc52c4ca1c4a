"""Chains of memorised maps: apply operations to a value one after the other, each a fixed permutation of 23 values.

The operations are seen by frequency (a power law) in the supervised start and uniformly afterwards, so that frequent
ones are known, rare ones half known, and a chain is as hard as its rarest operations make it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from simulations.networks.world import IntArray, ModelShape, Prompts, RunShape, Start, World
from vas_theory.foundation.errors import UnknownNameError

__all__ = ["WORLDS", "Chains", "LongChains"]

_VALUES, _OPERATIONS = 23, 80
_NOTHING = _VALUES + _OPERATIONS


def _other_starts() -> Mapping[str, Start]:
    return {
        "reseeded": Start(seed=1),
        "narrower": Start(seed=2, model=ModelShape(width=48)),
        "flatter": Start(seed=3, variant="flatter"),
    }


@dataclass(frozen=True)
class Chains(World):
    """A prompt is empty slots, a value, and operations; a response has a value for each slot, empty ones repeat theirs.

    Right is a response whose last value is right.

    Args:
        shortest, longest: operations of the prompts that are trained on and measured.
        power: operations of rank r are demonstrated in proportion to r^-power.
        table_seed: of the permutations.
    """

    other_starts: Mapping[str, Start] = field(default_factory=_other_starts)
    shortest: int = 1
    longest: int = 4
    power: float = 1.5
    table_seed: int = 1

    vocabulary: ClassVar[int] = _NOTHING + 1
    answers: ClassVar[int] = _VALUES
    prompt_length: ClassVar[int] = 5
    response_length: ClassVar[int] = 4

    @cached_property
    def _tables(self) -> IntArray:
        """What each operation does to each value."""
        rng = np.random.default_rng([self.table_seed, 23])
        return np.stack([rng.permutation(_VALUES) for _ in range(_OPERATIONS)])

    def prompts(self, rng: np.random.Generator, count: int) -> Prompts:
        shares = np.full(_OPERATIONS, 1 / _OPERATIONS)
        tokens_PL, lengths_P = self._draw(rng, count, self.shortest, self.longest, shares)
        ranks_PL = np.where(tokens_PL == _NOTHING, -1, tokens_PL - _VALUES)
        return Prompts(tokens_PL, {"level": lengths_P, "rarest": ranks_PL.max(axis=1)})

    def demonstrations(self, rng: np.random.Generator, count: int, variant: str = "") -> tuple[IntArray, IntArray]:
        powers = {"": self.power, "flatter": self.power - 0.4}
        if variant not in powers:
            raise UnknownNameError(f"variant of {self.name}", variant, powers)
        shares = np.arange(1, _OPERATIONS + 1.0) ** -powers[variant]
        tokens_PL, _ = self._draw(rng, count, 1, self.response_length, shares / shares.sum())
        return tokens_PL, self._solve(tokens_PL)

    def correct(self, prompts: Prompts, responses_PT: IntArray) -> NDArray[np.bool_]:
        return np.asarray(responses_PT[:, -1] == self._solve(prompts.tokens_PL)[:, -1])

    def text(self, prompts: Prompts) -> list[str]:
        names = [str(value) for value in range(_VALUES)] + [f"op{rank}" for rank in range(_OPERATIONS)] + ["-"]
        return [" ".join(names[token] for token in row) for row in prompts.tokens_PL]

    def _draw(
        self, rng: np.random.Generator, count: int, shortest: int, longest: int, shares: NDArray[np.float64]
    ) -> tuple[IntArray, IntArray]:
        slots = self.response_length
        lengths_P = rng.integers(shortest, longest + 1, count)
        start_P = rng.integers(0, _VALUES, count)
        tokens_PL = _VALUES + rng.choice(_OPERATIONS, (count, slots + 1), p=shares)
        before_P = slots - lengths_P
        tokens_PL[np.arange(slots + 1) < before_P[:, None]] = _NOTHING
        tokens_PL[np.arange(count), before_P] = start_P
        return tokens_PL, lengths_P

    def _solve(self, tokens_PL: IntArray) -> IntArray:
        is_value_PL = tokens_PL < _VALUES
        value_P = tokens_PL[is_value_PL]  # one a row
        answers = []
        for slot in range(1, self.prompt_length):
            token_P = tokens_PL[:, slot]
            acts_P = (token_P >= _VALUES) & (token_P < _NOTHING)
            value_P = np.where(acts_P, self._tables[np.where(acts_P, token_P - _VALUES, 0), value_P], value_P)
            answers.append(value_P)
        return np.stack(answers, axis=1)


@dataclass(frozen=True)
class LongChains(Chains):
    """Chains of up to six operations."""

    prompt_length: ClassVar[int] = 7
    response_length: ClassVar[int] = 6


WORLDS: tuple[World, ...] = (
    Chains("chains-short", "apply 1 to 4 memorised operations", "solved, mixed and hopeless prompts, two visits each"),
    Chains("chains-few", "chains-short with 300 prompts", "sixteen visits a prompt", run=RunShape(pool=300)),
    Chains("chains-many", "chains-short with 6,000 prompts", "one visit of most prompts", run=RunShape(pool=6000)),
    Chains(
        "chains-noisy",
        "chains-short with a verifier that errs",
        "3% of wrong answers pass, 10% of right ones fail",
        run=RunShape(false_positive=0.03, false_negative=0.1),
    ),
    Chains(
        "chains-large-groups",
        "chains-short in groups of 16",
        "8 groups of 16",
        run=RunShape(batch_size=8, group_size=16),
    ),
    LongChains(
        "chains-long",
        "apply 3 to 6 memorised operations",
        "mostly hopeless prompts",
        start=Start(560),
        run=RunShape(learning_rate=1e-4),
        shortest=3,
        longest=6,
    ),
    LongChains(
        "chains-development",
        "apply 2 to 5 operations of another table",
        "for choosing settings, never reported",
        development=True,
        start=Start(560),
        shortest=2,
        longest=5,
        table_seed=2,
    ),
)
