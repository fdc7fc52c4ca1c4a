"""Variance-aware sampling in prime-rl: a task sampler and an admission gate for its curricula.

The protocols are those of prime-rl of 21 August 2026 (``src/prime_rl/orchestrator/curriculum``). Its configuration
names samplers in a closed union, so a few lines have to be added there; the documentation has them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from full_scale.plugins.config import SelectionConfig
from full_scale.plugins.interface import Key, PromptSelector
from vas_theory.foundation.errors import ArgumentError, DataError

__all__ = ["MixedGroupGate", "VASTaskSampler", "group_rewards"]


def group_rewards(group: Sequence[Any]) -> list[float]:
    """Return one reward an episode: the mean over its trainable traces without an error, NaN where it has none.

    A trace that was not scored, whose reward is None, counts as one with an error.
    """
    rewards = []
    for episode in group:
        sound = [trace for trace in episode.traces if not trace.has_error and trace.agent.trainable]
        usable = [trace.reward for trace in sound if trace.reward is not None]
        rewards.append(float(np.mean(usable)) if usable else math.nan)
    return rewards


def _differ(rewards: Sequence[float]) -> bool:
    finite = [reward for reward in rewards if math.isfinite(reward)]
    return bool(finite) and min(finite) < max(finite)


class VASTaskSampler(Iterator[Any]):
    """A ``TaskSampler`` that chooses tasks by what their groups can teach.

    prime-rl asks for tasks ahead of training, so a task may be chosen before the last groups are in; the metric
    ``unanswered_groups`` says how many were on their way or dropped as stale.

    Args:
        tasks: of one environment, a finite sequence with unique keys.
        batch_size: prompts of a training step: ``batch_size / group_size`` of the orchestrator.
        group_size: rollouts a task.
        gated: whether a :class:`MixedGroupGate` stands behind it, so that silent groups are charged as rejected.
        settings: see :class:`~full_scale.plugins.config.SelectionConfig`.

    Raises:
        ArgumentError: the tasks are a stream, or a setting is out of range.
        DataError: a task has no key, or two have the same.
    """

    def __init__(
        self,
        tasks: Sequence[Any],
        *,
        batch_size: int,
        group_size: int,
        gated: bool = False,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        if not isinstance(tasks, Sequence):
            raise ArgumentError("tasks", "be finite: an endless stream cannot be drawn from by weight", type(tasks))
        config = SelectionConfig.from_table(settings)
        named = [
            name for name in ("key", "category", "features", "pass_rates", "success_from") if getattr(config, name)
        ]
        if named or config.weighs_diversity:
            needs = (
                f"leave out {', '.join(named) or 'a score that weighs diversity'}, which prime-rl's tasks do not hold"
            )
            raise ArgumentError("settings", needs, dict(settings or {}))
        self._tasks: dict[Key, Any] = {}
        for row, task in enumerate(tasks):
            if task.key is None or task.key in self._tasks:
                what = "has no key" if task.key is None else f"has the key {task.key!r} of an earlier one"
                raise DataError(f"task {row} {what}; keys must be unique within a taskset")
            self._tasks[task.key] = task
        self._gated = gated
        self.selector = PromptSelector(
            list(self._tasks),  # type: ignore[arg-type]
            config,
            batch_size=batch_size,
            group_size=group_size,
            seed=0,
        )

    def __next__(self) -> Any:
        (key,) = self.selector.select(1)
        return self._tasks[key]

    def observe(self, group: list[Any]) -> None:
        """Learn from a finalized group.

        Raises:
            UnknownNameError: its task is not among those that are chosen from.
            ArgumentError: it is empty, or holds episodes of several tasks.
        """
        if len(keys := {episode.task.key for episode in group}) != 1:
            raise ArgumentError("group", "hold episodes of one task", sorted(map(str, keys)))
        rewards = group_rewards(group)
        self.selector.observe(group[0].task.key, rewards, trained=not self._gated or _differ(rewards))

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the selection, for the orchestrator's checkpoint."""
        return self.selector.state_dict()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from it; tasks may have been added or removed.

        Raises:
            DataError: it is the state of another sampler.
            StateMismatchError: it was made with other settings.
        """
        self.selector.load_state_dict(state_dict, match_keys=True)

    def metrics(self) -> dict[str, float]:
        """Return what is known of the selection, by name."""
        return self.selector.metrics()


class MixedGroupGate:
    """An ``AdmissionGate`` that lets a group train only if its rewards differ; prime-rl asks for others instead."""

    def __init__(self) -> None:
        self._admitted = self._rejected = 0

    def admit(self, group: list[Any]) -> bool:
        """Say whether the rewards of a group differ."""
        admitted = _differ(group_rewards(group))
        self._admitted += admitted
        self._rejected += not admitted
        return admitted

    def state_dict(self) -> dict[str, Any]:
        """Return the counts."""
        return {"admitted": self._admitted, "rejected": self._rejected}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on with the counts of a checkpoint.

        Raises:
            DataError: it holds no such counts; nothing has changed then.
        """
        counts: list[Any] = (
            [state_dict.get(name) for name in ("admitted", "rejected")] if isinstance(state_dict, dict) else []
        )
        if len(counts) != 2 or not all(type(count) is int and count >= 0 for count in counts):
            raise DataError(
                f"the state of the admission gate has to hold 'admitted' and 'rejected', not {state_dict!r}"
            )
        self._admitted, self._rejected = int(counts[0]), int(counts[1])

    def metrics(self) -> dict[str, float]:
        """Return the counts of the run so far."""
        return {"admitted_groups": float(self._admitted), "rejected_groups": float(self._rejected)}
