"""What a way of choosing prompts is: it proposes rollouts, receives their rewards, names what to train on.

One step of any strategy is

    while (proposal := strategy.propose(rng)) is not None:
        strategy.receive(rollouts of the proposal)
    groups = strategy.training_groups()

so that a strategy can screen, refill or extend groups before it settles. It never generates a rollout
itself; :class:`~vas_theory.selection.contract.driver.SelectionDriver` does, and charges every one.

Suffixes: ``_P`` one entry a prompt of a proposal, ``_R`` one entry a rollout, prompt after prompt.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from vas_theory.foundation.arguments import check_ddof_eps
from vas_theory.foundation.errors import ArgumentError, StateMismatchError
from vas_theory.foundation.streams import check_seed
from vas_theory.groups.advantages import AdvantageKind, check_kind, group_advantages
from vas_theory.selection.contract.refusals import refuse_setting

__all__ = [
    "OneRoundStrategy",
    "Proposal",
    "Rollouts",
    "SelectionSetting",
    "Strategy",
    "TrainingGroups",
    "ragged_advantages",
]

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
Proposal = tuple[IntArray, IntArray]
"""Prompt numbers and how many rollouts to generate for each; a prompt may come more than once."""


@dataclass(frozen=True, eq=False)
class SelectionSetting:
    """What every strategy is told about a run, and may not change.

    Args:
        prompts: size of the pool; prompts are numbered from 0.
        batch_size: groups a training step is meant to have.
        group_size: rollouts of a training group.
        budget: total rollouts of the whole run, scoring included.
        seed: of the run, in [0, 2**64); :meth:`Strategy.propose` gets a generator made from it.
        max_visits: steps in which a prompt may be rolled, ``None`` for no limit.
        advantage: kind of advantage, ``grpo``, ``dr_grpo`` or ``rloo``.
        ddof: 0 divides by the population standard deviation, 1 by the sample's (``grpo`` only).
        eps: added to the standard deviation (``grpo`` only).
        features_P: (prompts, d) what is known of each prompt before any rollout, or ``None``.
    """

    prompts: int
    batch_size: int
    group_size: int
    budget: int
    seed: int = 0
    max_visits: int | None = None
    advantage: AdvantageKind = "grpo"
    ddof: int = 0
    eps: float = 1e-6
    features_P: FloatArray | None = None

    def __post_init__(self) -> None:
        refuse_setting(self)
        for name, least in (("prompts", 1), ("batch_size", 1), ("group_size", 2), ("budget", 1), ("max_visits", 1)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise ArgumentError(name, f"be at least {least}", value)
        check_seed(self.seed)
        check_kind(self.advantage)
        check_ddof_eps(self.ddof, self.eps)


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    view = array.view()
    view.flags.writeable = False
    return view


@dataclass(frozen=True)
class Rollouts:
    """Generated rollouts of one proposal. A reward that is not finite is one that could not be graded.

    Args:
        prompts_P: prompt numbers as proposed.
        counts_P: rollouts of each.
        ids_R: the run's running number of each rollout, by which training groups name it.
        rewards_R: rewards.
        lengths_R: response lengths in tokens.
        diversity_P: trajectory diversity of each group in [0, 1], where the caller measures it.
        actions_R: (rollouts, steps) the choice at every step of a response, where responses have steps.
    """

    prompts_P: IntArray
    counts_P: IntArray
    ids_R: IntArray
    rewards_R: FloatArray
    lengths_R: FloatArray
    diversity_P: FloatArray | None = None
    actions_R: IntArray | None = None

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value is not None:
                object.__setattr__(self, name, _read_only(value))

    @cached_property
    def starts_P(self) -> IntArray:
        """Where each prompt's rollouts begin."""
        return np.cumsum(self.counts_P) - self.counts_P

    @cached_property
    def graded_P(self) -> IntArray:
        """Number of graded rollouts of each prompt."""
        return np.add.reduceat(np.isfinite(self.rewards_R), self.starts_P, dtype=np.int64)

    @cached_property
    def successes_P(self) -> FloatArray:
        """Sum of the graded rewards of each prompt: the number correct where rewards are binary."""
        return np.add.reduceat(np.where(np.isfinite(self.rewards_R), self.rewards_R, 0.0), self.starts_P)

    @cached_property
    def pass_rates_P(self) -> FloatArray:
        """Mean graded reward of each prompt; NaN where nothing was graded."""
        return np.divide(
            self.successes_P, self.graded_P, out=np.full(len(self.graded_P), np.nan), where=self.graded_P > 0
        )


@dataclass(frozen=True)
class TrainingGroups:
    """What one update is made from. Every group's gradient is the mean over its own rollouts.

    Groups of different size therefore weigh the same; a strategy that wants another weighting scales the
    advantages. A step may have no groups at all.

    Args:
        prompts_P: prompt of each group.
        sizes_P: rollouts of each group.
        ids_R: the rollouts, group after group, by the numbers they were received with.
        rewards_R: their rewards as received.
        advantages_R: their advantages; (rollouts, steps) where responses have steps and each its own credit.
    """

    prompts_P: IntArray
    sizes_P: IntArray
    ids_R: IntArray
    rewards_R: FloatArray
    advantages_R: FloatArray

    @classmethod
    def of(cls, rollouts: Rollouts, setting: SelectionSetting) -> TrainingGroups:
        """Train on all rollouts of a proposal, each prompt's entry one group."""
        advantages_R = ragged_advantages(
            rollouts.rewards_R, rollouts.counts_P, kind=setting.advantage, ddof=setting.ddof, eps=setting.eps
        )
        return cls(rollouts.prompts_P, rollouts.counts_P, rollouts.ids_R, rollouts.rewards_R, advantages_R)

    @classmethod
    def empty(cls) -> TrainingGroups:
        """Train on nothing in this step."""
        nothing, nothing_R = np.empty(0, np.int64), np.empty(0)
        return cls(nothing, nothing, nothing, nothing_R, nothing_R)


def ragged_advantages(
    rewards_R: FloatArray, sizes_P: IntArray, *, kind: AdvantageKind = "grpo", ddof: int = 0, eps: float = 0.0
) -> FloatArray:
    """Return :func:`~vas_theory.groups.advantages.group_advantages` of groups of different sizes.

    Args:
        rewards_R: rewards, group after group; NaN marks a missing one.
        sizes_P: rollouts of each group; a group of one has advantage 0.
        kind: ``grpo``, ``dr_grpo`` or ``rloo``.
        ddof: 0 for the population and 1 for the sample standard deviation (``grpo`` only).
        eps: added to the standard deviation (``grpo`` only).

    Returns:
        Advantages, same shape as ``rewards_R``.

    Raises:
        ArgumentError: the sizes do not add up to the number of rewards, or one is below 1.
    """
    if sizes_P.sum() != len(rewards_R) or (len(sizes_P) and sizes_P.min() < 1):
        raise ArgumentError("sizes_P", f"be positive and add up to {len(rewards_R)}", sizes_P)
    advantages_R = np.zeros(len(rewards_R))
    starts_P = np.cumsum(sizes_P) - sizes_P
    for size in set(sizes_P.tolist()):
        if size > 1:
            rollouts = starts_P[sizes_P == size, None] + np.arange(size)
            advantages_R[rollouts] = group_advantages(rewards_R[rollouts], kind=kind, ddof=ddof, eps=eps)
    return advantages_R


@dataclass
class Strategy(abc.ABC):
    """A way of choosing prompts.

    Subclasses are dataclasses: their fields beside ``setting`` are the method's options, with the source's
    defaults; whatever they remember is a field with ``init=False``. All randomness comes from the generator
    passed to :meth:`propose`.
    """

    setting: SelectionSetting
    available: NDArray[np.bool_] | None = field(default=None, init=False, repr=False)
    """Which prompts may still be rolled, kept up to date by the driver; ``None``: all of them."""

    truth: Any = field(default=None, init=False, repr=False)
    """The world itself, handed only to strategies with ``needs_truth``."""

    remembered: ClassVar[tuple[str, ...]] = ()
    """Names of the fields that make up the state."""

    needs_truth: ClassVar[bool] = False
    """Whether it is a reference that is shown what no method can know; see ``Strategy.truth``."""

    sampling: ClassVar[str] = "independent"
    """How its rollouts are drawn, where the world knows another way: ``tree`` or ``stratified``."""

    untrained_purpose: ClassVar[str] = "rejected"
    """What the ledger calls this strategy's rollouts that are not trained on in their step."""

    @abc.abstractmethod
    def propose(self, rng: np.random.Generator) -> Proposal | None:
        """Return prompts and rollout counts to generate now, or ``None`` when the step has all it needs."""

    @abc.abstractmethod
    def receive(self, rollouts: Rollouts) -> None:
        """Take the rollouts of the last proposal."""

    @abc.abstractmethod
    def training_groups(self) -> TrainingGroups:
        """Return the groups to train on and end the step."""

    def state_dict(self) -> dict[str, Any]:
        """Return what the strategy remembers between steps, as arrays and plain values."""
        state: dict[str, Any] = {}
        for name in self.remembered:
            value = getattr(self, name)
            state[name] = value.copy() if isinstance(value, np.ndarray) else value
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a saved state.

        Raises:
            StateMismatchError: the state is of another kind of strategy or of another pool size.
        """
        if set(state) != set(self.remembered):
            names = (tuple(sorted(self.remembered)), tuple(sorted(state)))
            raise StateMismatchError(f"state of {type(self).__name__}", {"fields": names})
        for name in self.remembered:
            value, own = state[name], getattr(self, name)
            if isinstance(own, np.ndarray):
                value = np.array(value, dtype=own.dtype)
                if value.shape != own.shape:
                    shapes: tuple[object, object] = (own.shape, value.shape)
                    raise StateMismatchError(f"state of {type(self).__name__}", {f"shape of {name}": shapes})
            setattr(self, name, value)

    def candidates(self, rng: np.random.Generator, count: int) -> IntArray:
        """Draw ``count`` different prompts uniformly from the available ones (all of them if they are fewer)."""
        if self.available is None:
            return rng.choice(self.setting.prompts, min(count, self.setting.prompts), replace=False)
        left = np.flatnonzero(self.available)
        return rng.choice(left, min(count, len(left)), replace=False)


@dataclass
class OneRoundStrategy(Strategy):
    """A strategy that rolls one batch of whole groups a step and trains on all of them."""

    _received: Rollouts | None = field(default=None, init=False, repr=False)
    _proposed: bool = field(default=False, init=False, repr=False)

    @abc.abstractmethod
    def choose(self, rng: np.random.Generator) -> IntArray:
        """Return the prompts of this step's batch."""

    def observe(self, rollouts: Rollouts) -> None:
        """Learn from the step's rollouts."""

    def propose(self, rng: np.random.Generator) -> Proposal | None:
        if self._proposed:
            return None
        self._proposed = True
        prompts_P = self.choose(rng)
        if not len(prompts_P):
            return None
        return prompts_P, np.full(len(prompts_P), self.setting.group_size, dtype=np.int64)

    def receive(self, rollouts: Rollouts) -> None:
        self._received = rollouts
        self.observe(rollouts)

    def training_groups(self) -> TrainingGroups:
        received, self._received, self._proposed = self._received, None, False
        return TrainingGroups.empty() if received is None else TrainingGroups.of(received, self.setting)
