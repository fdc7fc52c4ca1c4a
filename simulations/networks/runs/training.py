"""Training runs of one world side by side: each chooses prompts its own way, all networks are run as one stack."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import torch

from simulations.networks.model import kernels
from simulations.networks.model.sampling import Job, prompt_features, sample
from simulations.networks.model.transformer import Networks
from simulations.networks.model.updating import Batch, Optimiser, gradients
from simulations.networks.runs.arm import Arm, build_strategy
from simulations.networks.runs.crew import Ask, Serve, run_together
from simulations.networks.runs.measures import Measures
from simulations.networks.runs.policy import Policy
from simulations.networks.world import FloatArray, IntArray, Prompts, RunShape, World
from vas_theory.selection.contract.driver import Generated, SelectionDriver
from vas_theory.selection.contract.strategy import SelectionSetting, TrainingGroups
from vas_theory.selection.diversity import self_bleu_groups
from vas_theory.selection.scores import trajectory_diversity_score

__all__ = ["Plan", "Run", "train_together"]

_TRAINING, _VERIFIER = 1, 2  # purposes of random numbers


@dataclass(frozen=True)
class Plan:
    """One run: an arm, a seed, a learning rate.

    Args:
        arm: how prompts are chosen.
        seed: of prompts, rollouts and choices; runs with equal seeds share prompts and random numbers.
        learning_rate: of AdamW.
        measurements: rows of the learning curve after the first, at equal shares of the budget.
    """

    arm: Arm
    seed: int
    learning_rate: float
    measurements: int = 4


class Run:
    """The program of one run: choose, sample, train, measure, until the rollouts are spent.

    Args:
        world: the world.
        shape: its runs, with the arm's own group size if it has one.
        plan: the run.
        ask: reaches the run's network.
    """

    def __init__(self, world: World, shape: RunShape, plan: Plan, ask: Ask) -> None:
        self.world, self.plan, self.ask = world, plan, ask
        size = plan.arm.group_size or shape.group_size
        self.shape = replace(shape, group_size=size, batch_size=shape.batch_size * shape.group_size // size)
        self.pool = _sorted(world.prompts(np.random.default_rng([plan.seed, 0]), shape.pool))
        self.held_out = _sorted(world.prompts(np.random.default_rng([plan.seed, 1]), shape.held_out))
        setting = SelectionSetting(
            prompts=shape.pool,
            batch_size=self.shape.batch_size,
            group_size=size,
            budget=shape.budget,
            seed=plan.seed,
            max_visits=plan.arm.max_visits,
            ddof=0,
            eps=1e-6,
        )
        self.policy = Policy(world, self.pool, plan.seed, ask)
        self.driver = SelectionDriver(build_strategy(plan.arm, setting, self.policy))
        self.sampled_P = np.zeros(shape.pool, np.int64)
        self.tokens_RT = np.zeros((shape.budget, world.response_length), np.int16)
        self.logprobs_RT = np.zeros((shape.budget, world.response_length), np.float32)
        self.rewards_R = np.zeros(shape.budget)
        self.entropy: list[float] = []

    def program(self) -> pd.DataFrame:
        """Train and return the learning curve."""
        measures = Measures(self)
        while (groups := self.driver.collect(self.generate)) is not None:
            batch = self.batch(groups)
            if batch is not None:
                due = measures.due()
                halves = self.ask("halves", batch) if due else None
                measures.updated(batch, self.ask("train", batch), halves)
            measures.after_step(0 if batch is None else len(batch.sizes_P))
        return measures.finish()

    def generate(self, prompts_P: IntArray, counts_P: IntArray, first: int) -> Generated:
        """Sample and grade the rollouts of a proposal."""
        rolled_R = np.repeat(prompts_P, counts_P)
        numbers_R = self._numbers(prompts_P, counts_P)
        keys_R = kernels.rollout_keys(self.plan.seed, _TRAINING, rolled_R, numbers_R)
        found = self.ask("sample", Job(self.pool.tokens_PL[prompts_P], counts_P, keys_R))
        last = first + len(rolled_R)
        self.tokens_RT[first:last], self.logprobs_RT[first:last] = found.tokens_RT, found.logprobs_RT
        rewards_R = self.world.rewards(self.pool.take(rolled_R), found.tokens_RT)
        rewards_R = self._through_verifier(rewards_R, rolled_R, numbers_R)
        self.rewards_R[first:last] = rewards_R
        lengths_R = self._lengths(found.tokens_RT).astype(np.float64)
        self.entropy.append(-float(found.logprobs_RT.sum() / len(rolled_R)))
        diversity_P = None
        if self.plan.arm.uses_diversity:
            offsets = np.arange(len(rolled_R) + 1) * self.world.response_length
            groups = np.concatenate([[0], np.cumsum(counts_P)])
            diversity_P = trajectory_diversity_score(self_bleu_groups(found.tokens_RT.ravel(), offsets, groups))
        return Generated(rewards_R, lengths_R, diversity_P)

    def batch(self, groups: TrainingGroups) -> Batch | None:
        """Return the groups as a batch; without any advantage there is nothing to train on.

        A rollout's weight is its advantage over the groups of the step, the rollouts of its group and its tokens:
        silent groups are left out of the sums and counted in the averages.
        """
        starts_P = np.cumsum(groups.sizes_P) - groups.sizes_P
        if not len(starts_P):
            return None
        trained_P = np.logical_or.reduceat(groups.advantages_R != 0, starts_P)
        if not trained_P.any():
            return None
        trained_R = np.repeat(trained_P, groups.sizes_P)
        ids_R, sizes_P = groups.ids_R[trained_R], groups.sizes_P[trained_P]
        tokens_RT = self.tokens_RT[ids_R].astype(np.int64)
        parts_R = np.repeat(sizes_P, sizes_P) * len(groups.sizes_P) * self._lengths(tokens_RT)
        weights_R = groups.advantages_R[trained_R] / parts_R
        prompts_PL = self.pool.tokens_PL[groups.prompts_P[trained_P]]
        return Batch(prompts_PL, sizes_P, tokens_RT, self.logprobs_RT[ids_R], weights_R)

    def _lengths(self, tokens_RT: IntArray) -> IntArray:
        """Return how many tokens each response has, the one that ends it included."""
        most = self.world.response_length
        if self.world.end is None:
            return np.full(len(tokens_RT), most)
        return np.minimum((tokens_RT != self.world.end).sum(axis=1) + 1, most)

    def _numbers(self, prompts_P: IntArray, counts_P: IntArray) -> IntArray:
        """Return each rollout's running number within its prompt, so that runs of one seed share random numbers."""
        numbers = np.empty(int(counts_P.sum()), np.int64)
        place = 0
        for prompt, count in zip(prompts_P.tolist(), counts_P.tolist(), strict=True):
            begin = self.sampled_P[prompt]
            numbers[place : place + count] = np.arange(begin, begin + count)
            self.sampled_P[prompt] += count
            place += count
        return numbers

    def _through_verifier(self, rewards_R: FloatArray, prompts_R: IntArray, numbers_R: IntArray) -> FloatArray:
        low, high = self.shape.false_positive, self.shape.false_negative
        if not low and not high:
            return rewards_R
        keys_R = kernels.rollout_keys(self.plan.seed, _VERIFIER, prompts_R, numbers_R)
        flipped_R = (keys_R >> np.uint64(11)) / 2.0**53 < np.where(rewards_R > 0.5, high, low)
        return np.where(flipped_R, 1 - rewards_R, rewards_R)


def _sorted(prompts: Prompts) -> Prompts:
    """Return prompts in the order of their tokens, where neighbours share beginnings and so work."""
    return prompts.take(np.lexsort(prompts.tokens_PL.T[::-1]))


def train_together(
    world: World,
    start: Networks,
    plans: Sequence[Plan],
    shape: RunShape | None = None,
    *,
    passes: int = 1,
    device: str = "cpu",
) -> list[pd.DataFrame]:
    """Train runs side by side from one start.

    Equal calls give equal bits on one kind of processor. A run's result depends on the others of the call through
    rounding alone, because a stack of another size may be multiplied in another order.

    Args:
        world: the world.
        start: one row, from which all begin.
        plans: the runs.
        shape: of the runs, the world's own by default.
        passes: updates made from the same rollouts, with clipped ratios.
        device: where the networks are; equal bits are promised on a CPU alone.

    Returns:
        The learning curve of each run.
    """
    torch.set_num_threads(1)
    networks = Networks(world, start.flat_SN.to(device).repeat(len(plans), 1), start.shape)
    optimiser = Optimiser(networks, [plan.learning_rate for plan in plans])

    def sample_all(requests: Mapping[int, Job]) -> Mapping[int, Any]:
        places = list(requests)
        return dict(zip(places, sample(networks.take(places), list(requests.values())), strict=True))

    def train_all(requests: Mapping[int, Batch]) -> Mapping[int, Any]:
        places, batches = list(requests), list(requests.values())
        for number in range(passes):
            found = optimiser.step(places, gradients(networks.take(places), batches))
            if number == 0:
                norms_S = found
        return dict(zip(places, norms_S.tolist(), strict=True))

    def halve_all(requests: Mapping[int, Batch]) -> Mapping[int, Any]:
        places, batches = list(requests), list(requests.values())
        stack = networks.take(places)
        one, other = (gradients(stack, [_half(batch, odd) for batch in batches]) for odd in (0, 1))
        inner = torch.stack([(one * other).sum(1), (one**2).sum(1), (other**2).sum(1)], 1)
        return dict(zip(places, inner.tolist(), strict=True))

    def describe_all(requests: Mapping[int, IntArray]) -> Mapping[int, Any]:
        places = list(requests)
        return dict(zip(places, prompt_features(networks.take(places), list(requests.values())), strict=True))

    servers: dict[str, Serve]
    servers = {"sample": sample_all, "halves": halve_all, "train": train_all, "features": describe_all}
    programs = [_program(world, shape or world.run, plan) for plan in plans]
    return run_together(programs, servers)


def _program(world: World, shape: RunShape, plan: Plan) -> Callable[[Ask], pd.DataFrame]:
    return lambda ask: Run(world, shape, plan, ask).program()


def _half(batch: Batch, odd: int) -> Batch:
    """Return every second group, or the whole batch where it has only one."""
    if len(batch.sizes_P) < 2:
        return batch
    chosen_P = np.arange(len(batch.sizes_P)) % 2 == odd
    chosen_R = np.repeat(chosen_P, batch.sizes_P)
    return Batch(
        batch.prompts_PL[chosen_P], batch.sizes_P[chosen_P], batch.responses_RT[chosen_R], batch.logprobs_RT[chosen_R],
        batch.weights_R[chosen_R],
    )  # fmt: skip
