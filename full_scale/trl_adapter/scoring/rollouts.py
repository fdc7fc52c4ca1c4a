"""Scoring rollouts through the trainer's own generation and rewards, in all processes."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from accelerate.utils import gather_object
from numpy.typing import NDArray

from full_scale.trl_adapter.feedback import GroupedRewards, group_rewards
from vas_theory.foundation.errors import VASError
from vas_theory.foundation.streams import stream
from vas_theory.selection.diversity import from_lists
from vas_theory.selection.scores import group_diversity

if TYPE_CHECKING:
    from full_scale.trl_adapter.mixin import VASMixin

__all__ = ["Scored", "ScoringDone", "gathered", "prompts_a_part", "roll_out"]

_PURPOSE = "scoring rollouts"

_PENDING = ("_pending_extra_logs", "_pending_metrics")
"""What reward functions leave for the trainer's next log; older versions lack them."""


class ScoringDone(Exception):
    """Leaves the trainer's method when rewards of scoring rollouts are known: the rest of it is for training.

    Args:
        rewards_NF: rewards of all processes.
        ids_N: tokens of the completions of all processes.
    """

    def __init__(self, rewards_NF: NDArray[np.float64], ids_N: list[list[int]]) -> None:
        super().__init__()
        self.rewards_NF, self.ids_N = rewards_NF, ids_N


@dataclass(frozen=True)
class Scored:
    """What scoring rollouts of some prompts showed, one row a prompt.

    Attributes:
        positions: of the prompts, shape (n,).
        rewards: shape (n, N).
        diversity: of the rollouts of each prompt, shape (n,).
        wasted: rollouts beside these that processes made so that all had equally many.
    """

    positions: NDArray[np.int64]
    rewards: GroupedRewards
    diversity: NDArray[np.float64]
    wasted: int


def prompts_a_part(trainer: VASMixin) -> int:
    """Return how many prompts are scored together: as many as fill a generation batch, at least one."""
    config = trainer.sampler.config
    return max(1, config.batch_size * config.group_size // config.scoring_rollouts)


def roll_out(trainer: VASMixin, positions: NDArray[np.int64]) -> Scored:
    """Roll out some prompts for their scores.

    They are generated in groups of ``num_generations``, as those of training are, in parts no larger than a generation
    batch. Random numbers depend on seed, step and prompts alone: those of training are left as they were, and a run
    that was stopped makes the same rollouts again.

    Args:
        trainer: whose policy, rewards and processes.
        positions: of the prompts, the same in every process.

    Raises:
        VASError: too many rollouts have no usable reward.
    """
    config, size = trainer.sampler.config, trainer.num_generations
    groups = np.repeat(positions, config.scoring_rollouts // size)
    rewards: list[NDArray[np.float64]] = []
    ids: list[list[int]] = []
    wasted = 0
    for first in range(0, groups.size, config.batch_size):
        part = groups[first : first + config.batch_size]
        rows_N = np.repeat(part, size)
        rest = -rows_N.size % trainer.accelerator.num_processes
        padded_N = np.concatenate([rows_N, np.repeat(rows_N[-1:], rest)])
        with _own_random_numbers(trainer, int(positions[0]), first), _untouched_logs(trainer):
            done = _generated(trainer, padded_N)
        rewards.append(done.rewards_NF[: rows_N.size])
        ids += done.ids_N[: rows_N.size]
        wasted += rest
    rewards_NF = np.concatenate(rewards)
    grouped = group_rewards(
        rewards_NF,
        trainer.reward_weights.double().cpu().numpy(),
        config.scoring_rollouts,
        success=trainer.vas.success,
        success_column=trainer.success_column,
    )
    excluded = float(grouped.excluded_PG.mean())
    if excluded > trainer.vas.largest_excluded_share:
        raise VASError(
            f"{excluded:.0%} of the scoring rollouts have no usable reward, "
            f"more than the {trainer.vas.largest_excluded_share:.0%} allowed (VASConfig.largest_excluded_share)"
        )
    diversity = group_diversity(*from_lists(ids), config.scoring_rollouts)
    return Scored(positions, grouped, diversity, wasted)


def _generated(trainer: VASMixin, positions_N: NDArray[np.int64]) -> ScoringDone:
    count = positions_N.size // trainer.accelerator.num_processes
    first = trainer.accelerator.process_index * count
    rows = [trainer.prompt_row(int(position)) for position in positions_N[first : first + count]]
    trainer.scores_only = True
    try:
        trainer.generate_and_score(rows)
    except ScoringDone as done:
        return done
    finally:
        trainer.scores_only = False
    raise VASError("GRPOTrainer did not ask for rewards while it scored completions")


def gathered(rewards_NF: torch.Tensor, ids_N: list[list[int]]) -> ScoringDone:
    """Return what the rewards of all processes and the completions of this one come to."""
    return ScoringDone(rewards_NF.double().cpu().numpy(), gather_object(ids_N))


@contextmanager
def _own_random_numbers(trainer: VASMixin, *address: int) -> Iterator[None]:
    devices = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    sampler = trainer.sampler
    with torch.random.fork_rng(devices=devices):
        place = (sampler.step, *address, trainer.accelerator.process_index)
        torch.manual_seed(int(stream(sampler.seed, _PURPOSE, *place).integers(2**63)))
        yield


@contextmanager
def _untouched_logs(trainer: VASMixin) -> Iterator[None]:
    """Leave what the trainer logs of its training as it was."""
    tokens = trainer.state.num_input_tokens_seen
    metrics = {name: list(values) for name, values in trainer._metrics["train"].items()}
    pending = {name: copy.copy(getattr(trainer, name)) for name in _PENDING if hasattr(trainer, name)}
    try:
        yield
    finally:
        trainer.state.num_input_tokens_seen = tokens
        trainer._metrics["train"].clear()
        trainer._metrics["train"].update(metrics)
        for name, value in pending.items():
            setattr(trainer, name, value)
