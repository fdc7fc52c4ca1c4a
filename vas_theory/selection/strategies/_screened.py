"""Screen with a few rollouts, decide, continue the promising prompts, buffer what a step does not need."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from vas_theory.selection.contract.strategy import IntArray, Proposal, Rollouts, TrainingGroups
from vas_theory.selection.strategies._buffer import GroupBuffer
from vas_theory.selection.strategies.uniform import Uniform

__all__ = ["ScreenedStrategy"]


@dataclass
class ScreenedStrategy(Uniform):
    """Roll ``screening_rollouts`` of each candidate, continue those :meth:`promising` names, train on whole groups.

    Groups of prompts that were continued hold all their rollouts. What exceeds a batch waits in a buffer for at
    most ``staleness`` steps. The ledger books what is not trained on in its own step as screening, groups that wait
    included.
    """

    screening_rollouts: int = 4
    screened_batches: float = 1.0
    staleness: int = 4
    max_rounds: int = 4
    step: int = field(default=0, init=False)
    buffer: GroupBuffer = field(default_factory=GroupBuffer, init=False, repr=False)
    _screened: Rollouts | None = field(default=None, init=False, repr=False)
    _promising: IntArray = field(default_factory=lambda: np.empty(0, np.int64), init=False, repr=False)
    _rounds: int = field(default=0, init=False, repr=False)

    remembered: ClassVar[tuple[str, ...]] = ("order", "position", "step")
    untrained_purpose: ClassVar[str] = "screening"

    @abc.abstractmethod
    def promising(self, rollouts: Rollouts) -> NDArray[np.bool_]:
        """Return which screened prompts to continue."""

    @abc.abstractmethod
    def continuation(self) -> int:
        """Return how many more rollouts a promising prompt gets."""

    def propose(self, rng: np.random.Generator) -> Proposal | None:
        if self._screened is not None and len(self._promising):
            prompts_P = self._screened.prompts_P[self._promising]
            return prompts_P, np.full(len(prompts_P), self.continuation())
        self._screened = None
        if len(self.buffer) >= self.setting.batch_size or self._rounds == self.max_rounds:
            return None
        self._rounds += 1
        wanted = max(1, round(self.screened_batches * self.setting.batch_size))
        prompts_P = self.walk(rng, wanted)
        return (prompts_P, np.full(len(prompts_P), self.screening_rollouts)) if len(prompts_P) else None

    def receive(self, rollouts: Rollouts) -> None:
        if self._screened is None:
            self._screened = rollouts
            self._promising = np.flatnonzero(self.promising(rollouts))
            return
        first = self._screened
        for more, group in enumerate(self._promising):
            own = slice(first.starts_P[group], first.starts_P[group] + first.counts_P[group])
            new = slice(rollouts.starts_P[more], rollouts.starts_P[more] + rollouts.counts_P[more])
            ids_R = np.concatenate([first.ids_R[own], rollouts.ids_R[new]])
            rewards_R = np.concatenate([first.rewards_R[own], rollouts.rewards_R[new]])
            self.buffer.add(int(first.prompts_P[group]), ids_R, rewards_R, self.step)
        self.finished(first, rollouts)
        self._screened = None

    def finished(self, screened: Rollouts, continued: Rollouts) -> None:
        """Learn from a finished round."""

    def training_groups(self) -> TrainingGroups:
        self.buffer.drop_before(self.step - self.staleness)
        groups = self.buffer.take(self.setting.batch_size, self.setting)
        self._screened, self._rounds = None, 0
        self.step += 1
        return groups

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "buffer": {name: value.copy() for name, value in asdict(self.buffer).items()}}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        super().load_state_dict({name: value for name, value in state.items() if name != "buffer"})
        self.buffer = GroupBuffer(**{name: np.array(value) for name, value in state["buffer"].items()})
