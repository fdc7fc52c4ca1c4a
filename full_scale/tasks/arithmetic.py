"""Few-shot arithmetic: ``a op b =`` with one-digit operands, whose difficulty really spreads from 0 to 1.

The model continues a list of solved lines. A question is held out by the hash of its unordered operand pair, so
that ``3 + 7`` never trains ``7 + 3`` nor ``7 - 3``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from full_scale.tasks.prompt import Prompt, Task

if TYPE_CHECKING:
    from full_scale.config.task import ArithmeticConfig

__all__ = ["OPERATIONS", "SHOTS", "build", "is_held_out"]

OPERATIONS: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
}

SHOTS: tuple[tuple[int, str, int], ...] = ((2, "+", 3), (7, "-", 4), (3, "*", 2), (9, "-", 5))
"""Solved lines before the question; their operand pairs are never held out."""


def is_held_out(a: int, b: int, fraction: float) -> bool:
    """Say on which side of the split an operand pair lies: a hash of the unordered pair, uniform in [0, 1)."""
    low, high = sorted((a, b))
    if any(sorted((x, y)) == [low, high] for x, _, y in SHOTS):
        return False
    digest = hashlib.sha256(f"arithmetic pair {low} {high}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 < fraction


def build(config: ArithmeticConfig) -> Task:
    """Return every ``a op b`` over the configured operands and operations."""
    prefix = "".join(f"{a} {op} {b} = {OPERATIONS[op](a, b)}\n" for a, op, b in SHOTS)
    training: list[Prompt] = []
    held_out: list[Prompt] = []
    for op in config.operations:
        for a in range(config.largest_operand + 1):
            for b in range(config.largest_operand + 1):
                question = f"{a} {op} {b} ="
                prompt = Prompt(
                    key=f"arithmetic/{a}{op}{b}",
                    text=prefix + question,
                    answer=str(OPERATIONS[op](a, b)),
                    question=question,
                    stratum=op,
                    level=len(str(max(a, b))),
                )
                (held_out if is_held_out(a, b, config.held_out_fraction) else training).append(prompt)
    return Task("arithmetic", tuple(training), tuple(held_out))
