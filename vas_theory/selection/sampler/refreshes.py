"""Refreshes of all scores at fixed steps, delivered in parts and taking effect as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.selection.sampler.config import SamplerConfig

__all__ = ["Refreshes"]


class Refreshes:
    """Which prompts still have to be scored before the next draw, and the scores that came so far.

    Args:
        config: the sampler's settings; only ``refresh`` and ``update_interval`` count.
        count: number of prompts.
    """

    def __init__(self, config: SamplerConfig, count: int) -> None:
        self._interval = config.update_interval if config.refresh == "periodic" else None
        self._count = count
        self._opened = -1
        self._due: NDArray[np.bool_] | None = None
        self._scores: NDArray[np.float64] = np.empty(0)
        self.open(0)

    @property
    def is_first(self) -> bool:
        """Whether the latest refresh is the one before training."""
        return self._opened == 0

    def open(self, step: int) -> None:
        """Begin the refresh before the draw of ``step``, if one falls there; a second call changes nothing."""
        if self._interval is not None and step % self._interval == 0 and self._opened != step:
            self._opened = step
            self._due = np.ones(self._count, dtype=bool)
            self._scores = np.zeros(self._count)

    @property
    def due(self) -> NDArray[np.bool_] | None:
        """Which prompts have to be scored first, shape (P,); None if there are none."""
        return self._due

    def deliver(self, scored: NDArray[np.int64], scores: NDArray[np.float64], asked: NDArray[np.int64]) -> bool:
        """Keep the scores of a part of the refresh and say whether it was the last.

        Args:
            scored: distinct prompts with a score, shape (n,).
            scores: theirs, shape (n,).
            asked: all prompts of the part; one without any usable reward scores 0.
        """
        assert self._due is not None
        self._scores[scored] = scores
        self._due[asked] = False
        return not self._due.any()

    def close(self) -> NDArray[np.float64]:
        """End a complete refresh and return all its scores, shape (P,)."""
        scores, self._due, self._scores = self._scores, None, np.empty(0)
        return scores

    def state_dict(self) -> dict[str, Any]:
        """Arrays and numbers that describe an open refresh fully."""
        due = np.empty(0, dtype=bool) if self._due is None else self._due.copy()
        return {"opened": self._opened, "due": due, "scores": self._scores.copy()}

    def adopt(self, state: Mapping[str, Any], sources: NDArray[np.int64]) -> None:
        """Continue from a state whose position ``sources[i]`` is i here; new prompts (-1) are due if any are."""
        self._opened = int(state["opened"])
        self._due, self._scores = None, np.empty(0)
        if state["due"].size:
            known = sources >= 0
            self._due = np.ones(self._count, dtype=bool)
            self._scores = np.zeros(self._count)
            self._due[known] = state["due"][sources[known]]
            self._scores[known] = state["scores"][sources[known]]
            if not self._due.any():  # what was left to score is gone; scoring all again is safe, guessing is not
                self._due[:] = True
