"""Addition of numbers of several digits with a scratchpad, learnt from demonstrators who err.

Longer numbers are rarer in the supervised start, and its demonstrators slip more often at a carry: the network copies
their slips, which rewards can undo.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from simulations.networks.world import FloatArray, IntArray, Prompts, RunShape, Start, World
from vas_theory.foundation.errors import UnknownNameError

__all__ = ["WORLDS", "Addition"]

_PLUS, _TIMES, _NOTHING = 10, 11, 12
_DIGITS = 5


def _other_starts() -> Mapping[str, Start]:
    return {"reseeded": Start(600, seed=1), "careful": Start(600, seed=3, variant="careful")}


@dataclass(frozen=True)
class Addition(World):
    """A prompt is two numbers and a sign: ``+``, or ``*`` by a number of one digit. A response is the result's digits.

    The least significant digit comes first, each digit after the carry that it was made with: that is the scratchpad.
    Right is a response whose digits are all right; the carries may be anything.

    Args:
        longest: most digits of a number.
        power: numbers of n digits are demonstrated in proportion to n^-power.
        slip, carry_slip: how often a demonstrator writes a wrong digit, and a wrong one where there is a carry.
        format_share: part of the reward that any response of digits earns (accuracy + format); 0 for accuracy alone.
    """

    start: Start = field(default_factory=lambda: Start(steps=600))
    other_starts: Mapping[str, Start] = field(default_factory=_other_starts)
    longest: int = _DIGITS
    power: float = 1.0
    slip: float = 0.01
    carry_slip: float = 0.08
    format_share: float = 0.0

    vocabulary: ClassVar[int] = 13
    answers: ClassVar[int] = 10
    prompt_length: ClassVar[int] = 2 * _DIGITS + 1
    response_length: ClassVar[int] = 2 * (_DIGITS + 1)

    def prompts(self, rng: np.random.Generator, count: int) -> Prompts:
        return self._draw(rng, count, np.full(self.longest, 1 / self.longest))

    def demonstrations(self, rng: np.random.Generator, count: int, variant: str = "") -> tuple[IntArray, IntArray]:
        care = {"": 1.0, "careful": 0.5}
        if variant not in care:
            raise UnknownNameError(f"variant of {self.name}", variant, care)
        shares = np.arange(1, self.longest + 1.0) ** -self.power
        prompts = self._draw(rng, count, shares / shares.sum())
        responses_PT = self._solve(prompts)
        carries_PD = responses_PT[:, ::2] > 0
        slips_PD = rng.random(carries_PD.shape) < care[variant] * np.where(carries_PD, self.carry_slip, self.slip)
        digits_PD = responses_PT[:, 1::2]
        # the commonest slip: the carry is forgotten
        responses_PT[:, 1::2] = np.where(slips_PD, (digits_PD - np.maximum(responses_PT[:, ::2], 1)) % 10, digits_PD)
        return prompts.tokens_PL, responses_PT

    def correct(self, prompts: Prompts, responses_PT: IntArray) -> NDArray[np.bool_]:
        return np.asarray((responses_PT[:, 1::2] == self._solve(prompts)[:, 1::2]).all(axis=1))

    def rewards(self, prompts: Prompts, responses_PT: IntArray) -> FloatArray:
        right_P = self.correct(prompts, responses_PT).astype(np.float64)
        # the format asks for carries of at most 8, as a sum or product of digits has
        formed_P = (responses_PT[:, ::2] <= 8).all(axis=1)
        return (1 - self.format_share) * right_P + self.format_share * formed_P

    def text(self, prompts: Prompts) -> list[str]:
        signs = np.where(prompts.columns["product"], "*", "+")
        pairs = zip(prompts.answers["first"], signs, prompts.answers["second"], strict=True)
        return [f"{first} {sign} {second}" for first, sign, second in pairs]

    def _draw(self, rng: np.random.Generator, count: int, shares: FloatArray) -> Prompts:
        lengths_P = 1 + rng.choice(self.longest, count, p=shares)
        product_P = rng.random(count) < 0.5
        first_P = _number(rng, lengths_P)
        second_P = _number(rng, np.where(product_P, 1, lengths_P))
        signs_P = np.where(product_P, _TIMES, _PLUS)
        tokens_PL = np.column_stack([_written(first_P), signs_P, _written(second_P)])
        columns = {"level": lengths_P, "product": product_P.astype(np.int64)}
        return Prompts(tokens_PL, columns, {"first": first_P, "second": second_P})

    def _solve(self, prompts: Prompts) -> IntArray:
        first_P, second_P = prompts.answers["first"], prompts.answers["second"]
        product_P = np.asarray(prompts.columns["product"]) == 1
        carry_P = np.zeros(len(first_P), np.int64)
        columns = []
        for place in range(_DIGITS + 1):
            a_P, b_P = first_P // 10**place % 10, second_P // 10**place % 10
            total_P = np.where(product_P, a_P * second_P, a_P + b_P) + carry_P
            columns += [carry_P, total_P % 10]
            carry_P = total_P // 10
        return np.column_stack(columns)


def _number(rng: np.random.Generator, lengths_P: IntArray) -> IntArray:
    """Draw numbers of so many digits; of one digit, zero among them."""
    least_P = np.where(lengths_P == 1, 0, 10 ** (lengths_P - 1))
    return rng.integers(least_P, 10**lengths_P)


def _written(number_P: IntArray) -> IntArray:
    """Write numbers with their last digit first, and nothing after their first."""
    digits_PD = number_P[:, None] // 10 ** np.arange(_DIGITS) % 10
    beyond_PD = number_P[:, None] < 10 ** np.arange(_DIGITS)
    beyond_PD[:, 0] = False
    return np.where(beyond_PD, _NOTHING, digits_PD)


WORLDS: tuple[World, ...] = (
    Addition(
        "arithmetic",
        "add, or multiply by a digit, up to 5 digits",
        "slips that demonstrators taught",
        run=RunShape(held_out=300, budget=25_600, learning_rate=1e-4),
    ),
    Addition(
        "arithmetic-shaped",
        "the same with a tenth of the reward for format",
        "a shaped reward: accuracy + format",
        run=RunShape(held_out=300, budget=25_600, learning_rate=1e-4),
        format_share=0.1,
    ),
    Addition(
        "arithmetic-development",
        "up to 4 digits",
        "for choosing settings, never reported",
        development=True,
        longest=4,
        run=RunShape(budget=25_600),
    ),
)
