"""Several tasks in one pool: solved from the start, hopeless, and in between.

Their demonstrators slip, in some tasks more than in others: the network copies how often, which rewards can undo.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from simulations.networks.world import IntArray, Prompts, RunShape, Start, World
from vas_theory.foundation.errors import UnknownNameError

__all__ = ["WORLDS", "Mixture"]

_VALUES, _LENGTH = 12, 5
_TASKS = ("copy", "reverse", "sort", "differences", "prefix-sums", "ranks", "codes")
_SLIPS = {"copy": 0.0, "reverse": 0.02, "sort": 0.05, "differences": 0.1, "prefix-sums": 0.2, "ranks": 0.3}
"""How often a demonstrator writes a number at random in the place of the right one."""
_SHOWN = {"copy": 3.0, "reverse": 2.0, "sort": 2.5, "differences": 2.0, "prefix-sums": 2.0, "ranks": 1.0, "codes": 0.5}


def _other_starts() -> Mapping[str, Start]:
    return {"reseeded": Start(500, seed=1), "balanced": Start(500, seed=3, variant="balanced")}


@dataclass(frozen=True)
class Mixture(World):
    """A prompt is the name of a task and five numbers below twelve; a response is five numbers. All must be right.

    The tasks: copy; reverse; sort; differences to the number before; sums so far; the rank of each among the five; and
    codes, whose answer is a permutation that nobody demonstrates truthfully, so that its prompts stay hopeless.

    Args:
        shares: part of the pool that each task has, in their order.
    """

    start: Start = field(default_factory=lambda: Start(steps=500))
    other_starts: Mapping[str, Start] = field(default_factory=_other_starts)
    shares: tuple[float, ...] = (0.15, 0.1, 0.15, 0.15, 0.15, 0.15, 0.15)

    vocabulary: ClassVar[int] = _VALUES + len(_TASKS)
    answers: ClassVar[int] = _VALUES
    prompt_length: ClassVar[int] = _LENGTH + 1
    response_length: ClassVar[int] = _LENGTH

    def prompts(self, rng: np.random.Generator, count: int) -> Prompts:
        return self._draw(rng, count, np.array(self.shares))

    def demonstrations(self, rng: np.random.Generator, count: int, variant: str = "") -> tuple[IntArray, IntArray]:
        weights = np.array([_SHOWN[task] for task in _TASKS])
        teachings = {"": weights, "balanced": np.sqrt(weights)}
        if variant not in teachings:
            raise UnknownNameError(f"variant of {self.name}", variant, teachings)
        prompts = self._draw(rng, count, teachings[variant])
        slip_P = np.array([_SLIPS.get(task, 0.0) for task in _TASKS])[prompts.columns["task"]]
        numbers_PT = rng.integers(0, _VALUES, (count, _LENGTH))
        responses_PT = np.where(rng.random((count, _LENGTH)) < slip_P[:, None], numbers_PT, self._solve(prompts))
        secret_P = prompts.columns["task"] == _TASKS.index("codes")
        responses_PT[secret_P] = rng.integers(0, _VALUES, (secret_P.sum(), _LENGTH))
        return prompts.tokens_PL, responses_PT

    def correct(self, prompts: Prompts, responses_PT: IntArray) -> NDArray[np.bool_]:
        return np.asarray((responses_PT == self._solve(prompts)).all(axis=1))

    def text(self, prompts: Prompts) -> list[str]:
        return [
            f"{_TASKS[task]} {' '.join(map(str, row[1:]))}"
            for task, row in zip(prompts.columns["task"], prompts.tokens_PL, strict=True)
        ]

    def _draw(self, rng: np.random.Generator, count: int, weights: NDArray[np.float64]) -> Prompts:
        task_P = rng.choice(len(_TASKS), count, p=weights / weights.sum())
        numbers_PN = rng.integers(0, _VALUES, (count, _LENGTH))
        return Prompts(np.column_stack([_VALUES + task_P, numbers_PN]), {"level": task_P, "task": task_P})

    def _solve(self, prompts: Prompts) -> IntArray:
        numbers_PN = prompts.tokens_PL[:, 1:]
        secret = np.random.default_rng(12).permutation(_VALUES)
        before_PN = np.column_stack([np.zeros(len(numbers_PN), np.int64), numbers_PN[:, :-1]])
        answers = {
            "copy": numbers_PN,
            "reverse": numbers_PN[:, ::-1],
            "sort": np.sort(numbers_PN, axis=1),
            "differences": (numbers_PN - before_PN) % _VALUES,
            "prefix-sums": numbers_PN.cumsum(axis=1) % _VALUES,
            "ranks": (numbers_PN[:, None, :] < numbers_PN[:, :, None]).sum(axis=2),
            "codes": secret[(numbers_PN + numbers_PN[:, ::-1] * before_PN) % _VALUES],
        }
        solved = np.stack([answers[task] for task in _TASKS])
        return np.asarray(solved[prompts.columns["task"], np.arange(len(numbers_PN))])


WORLDS: tuple[World, ...] = (
    Mixture(
        "mixture",
        "seven tasks on five numbers",
        "tasks that are solved, hopeless and in between",
        run=RunShape(learning_rate=1e-4),
    ),
)
