"""Chains of memorised maps: apply up to six operations to a value, each a fixed permutation of 23 values.

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

from simulations.networks.world import IntArray, ModelShape, Prompts, Start, World
from vas_theory.errors import UnknownNameError

__all__ = ["WORLDS", "Chains"]

_VALUES, _OPERATIONS, _SLOTS = 23, 80, 6
_NOTHING = _VALUES + _OPERATIONS


@dataclass(frozen=True)
class Chains(World):
    """A prompt is a value and six slots, the last 1 to 6 of which hold operations; a response is the value after each.

    Right is a response whose last value is right.

    Args:
        shortest, longest: operations of the prompts that are trained on and measured.
        power: operations of rank r are demonstrated in proportion to r^-power.
        table_seed: of the permutations.
    """

    shortest: int = 1
    longest: int = 4
    power: float = 1.5
    table_seed: int = 1

    vocabulary: ClassVar[int] = _NOTHING + 1
    answers: ClassVar[int] = _VALUES
    prompt_length: ClassVar[int] = 1 + _SLOTS
    response_length: ClassVar[int] = _SLOTS

    @cached_property
    def _tables(self) -> IntArray:
        """What each token does to each value; the token of an empty slot does nothing."""
        rng = np.random.default_rng([self.table_seed, 23])
        rows = [rng.permutation(_VALUES) for _ in range(_OPERATIONS)]
        return np.stack([*rows, np.arange(_VALUES)])

    def prompts(self, rng: np.random.Generator, count: int) -> Prompts:
        shares = np.full(_OPERATIONS, 1 / _OPERATIONS)
        tokens_PL, lengths_P = self._draw(rng, count, self.shortest, self.longest, shares)
        ranks_PS = tokens_PL[:, 1:] - _VALUES
        rarest_P = np.where(ranks_PS == _OPERATIONS, -1, ranks_PS).max(axis=1)
        return Prompts(tokens_PL, {"level": lengths_P, "rarest": rarest_P})

    def demonstrations(self, rng: np.random.Generator, count: int, variant: str = "") -> tuple[IntArray, IntArray]:
        powers = {"": self.power, "flatter": self.power - 0.4}
        if variant not in powers:
            raise UnknownNameError(f"variant of {self.name}", variant, powers)
        shares = np.arange(1, _OPERATIONS + 1.0) ** -powers[variant]
        tokens_PL, _ = self._draw(rng, count, 1, _SLOTS, shares / shares.sum())
        return tokens_PL, self._solve(tokens_PL)

    def correct(self, prompts: Prompts, responses_PT: IntArray) -> NDArray[np.bool_]:
        return np.asarray(responses_PT[:, -1] == self._solve(prompts.tokens_PL)[:, -1])

    def text(self, prompts: Prompts) -> list[str]:
        names = [str(value) for value in range(_VALUES)] + [f"op{rank}" for rank in range(_OPERATIONS)] + ["-"]
        return [" ".join(names[token] for token in row) for row in prompts.tokens_PL]

    def _draw(
        self, rng: np.random.Generator, count: int, shortest: int, longest: int, shares: NDArray[np.float64]
    ) -> tuple[IntArray, IntArray]:
        lengths_P = rng.integers(shortest, longest + 1, count)
        operations_PS = _VALUES + rng.choice(_OPERATIONS, (count, _SLOTS), p=shares)
        empty_PS = np.arange(_SLOTS) < _SLOTS - lengths_P[:, None]
        operations_PS = np.where(empty_PS, _NOTHING, operations_PS)
        return np.concatenate([rng.integers(0, _VALUES, (count, 1)), operations_PS], axis=1), lengths_P

    def _solve(self, tokens_PL: IntArray) -> IntArray:
        value_P, answers = tokens_PL[:, 0], []
        for slot in range(1, 1 + _SLOTS):
            value_P = self._tables[tokens_PL[:, slot] - _VALUES, value_P]
            answers.append(value_P)
        return np.stack(answers, axis=1)


def _others() -> Mapping[str, Start]:
    return {
        "reseeded": Start(seed=1),
        "narrower": Start(seed=2, model=ModelShape(width=48)),
        "flatter": Start(seed=3, variant="flatter"),
    }


@dataclass(frozen=True)
class _TaughtOtherwise(Chains):
    other_starts: Mapping[str, Start] = field(default_factory=_others)


WORLDS: tuple[World, ...] = (
    _TaughtOtherwise(
        "chains-short", "apply 1 to 4 memorised operations", "40% hopeless and 20% solved groups; two visits a prompt"
    ),
    _TaughtOtherwise("chains-long", "apply 3 to 6 memorised operations", "most groups hopeless", shortest=3, longest=6),
    _TaughtOtherwise(
        "chains-development",
        "apply 2 to 5 operations of another table",
        "for choosing settings, never reported",
        development=True,
        shortest=2,
        longest=5,
        table_seed=2,
    ),
)
