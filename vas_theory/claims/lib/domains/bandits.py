"""Instance families shared by many claims: bandits that are random, tied, near a vertex or extreme."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.base import Domain, Instance

__all__ = ["ARM_COUNTS", "bandits", "pass_rates", "perturb_bandit"]

ARM_COUNTS = (2, 3, 4, 8, 32, 256)


def _batch(probs: NDArray[Any], rewards: NDArray[Any]) -> Instance:
    return {"probs": probs / probs.sum(-1, keepdims=True), "rewards": rewards}


def _make_binary_mixed(rng: np.random.Generator, rewards: NDArray[Any]) -> NDArray[Any]:
    """Flip one arm of every all-0 and all-1 row, so that both classes are present."""
    flip = rng.integers(rewards.shape[-1], size=len(rewards))
    constant = np.flatnonzero(rewards.min(-1) == rewards.max(-1))
    rewards[constant, flip[constant]] = 1.0 - rewards[constant, flip[constant]]
    return rewards


def bandits(
    *,
    binary: bool = False,
    low: float = 0.0,
    high: float = 1.0,
    arm_counts: Sequence[int] = ARM_COUNTS,
    sparse_arm_counts: Sequence[int] = (),
) -> Domain:
    """Bandit instances ``{probs (N, K), rewards (N, K)}`` with positive probabilities.

    Args:
        binary: rewards in {0, 1} with both classes present; otherwise rewards in [low, high], not constant.
        low: smallest reward of graded instances.
        high: largest reward of graded instances.
        arm_counts: the values of K.
        sparse_arm_counts: further values of K with a hundredth of the instances, where the sides take long.
    """

    def batches(size: int) -> Iterator[tuple[int, int]]:
        each = size // len(arm_counts)
        yield from ((arms, max(1, each)) for arms in arm_counts)
        yield from ((arms, max(1, each // 100)) for arms in sparse_arm_counts)

    def rewards_of(rng: np.random.Generator, count: int, arms: int) -> NDArray[Any]:
        if binary:
            share = rng.uniform(size=(count, 1))
            return _make_binary_mixed(rng, (rng.uniform(size=(count, arms)) < share).astype(float))
        return rng.uniform(low, high, size=(count, arms))

    def random(rng: np.random.Generator, size: int) -> Iterator[Instance]:
        for arms, count in batches(size):
            concentration = 10.0 ** rng.uniform(-1, 1, size=(count, 1))
            weights = rng.standard_gamma(np.broadcast_to(concentration, (count, arms))) + 1e-12
            yield _batch(weights, rewards_of(rng, count, arms))

    def near_vertex(rng: np.random.Generator, size: int) -> Iterator[Instance]:
        for arms, count in batches(size):
            weights = 10.0 ** rng.uniform(-12, 0, size=(count, arms))
            weights[np.arange(count), rng.integers(arms, size=count)] = 1.0
            yield _batch(weights, rewards_of(rng, count, arms))

    def ties(rng: np.random.Generator, size: int) -> Iterator[Instance]:
        for arms, count in batches(size):
            weights = rng.integers(1, 4, size=(count, arms)).astype(float)
            rewards = rewards_of(rng, count, arms)
            if not binary:
                rewards = low + (high - low) * np.round(2 * (rewards - low) / (high - low)) / 2
                rewards[:, 0], rewards[:, 1] = low, high
            yield _batch(weights, rewards)

    def extreme_rewards(rng: np.random.Generator, size: int) -> Iterator[Instance]:
        for arms, count in batches(size):
            rewards = np.full((count, arms), low)
            special = rng.integers(arms, size=count)
            rewards[np.arange(count), special] = high
            flipped = rng.uniform(size=count) < 0.5
            rewards[flipped] = low + high - rewards[flipped]
            weights = 10.0 ** rng.uniform(-3, 0, size=(count, arms))
            yield _batch(weights, rewards)

    families = {"random": random, "near-vertex": near_vertex, "ties": ties, "extreme-rewards": extreme_rewards}

    def admits(instance: Instance) -> bool:
        rewards = instance["rewards"]
        if rewards.min() == rewards.max():
            return False
        return (
            bool(np.isin(rewards, (0.0, 1.0)).all()) if binary else bool(rewards.min() >= low and rewards.max() <= high)
        )

    return Domain(families, perturb_bandit(binary=binary, low=low, high=high), ("probs", "rewards"), admits)


def perturb_bandit(*, binary: bool, low: float, high: float) -> Any:
    """Return a function that moves probabilities multiplicatively and graded rewards additively.

    Args:
        binary: leave the rewards as they are.
        low: smallest reward allowed.
        high: largest reward allowed.
    """

    def perturb(rng: np.random.Generator, instance: Instance, scale: float) -> Instance:
        probs, rewards = instance["probs"], instance["rewards"]
        # half of the moves touch few arms: worst cases often have most arms equal
        mask = rng.uniform(size=probs.shape) < rng.choice([1.0, 0.2], size=(len(probs), 1))
        moved = probs * np.exp(3.0 * scale * mask * rng.standard_normal(probs.shape))
        if not binary:
            step = scale * (high - low) * mask * rng.standard_normal(rewards.shape)
            trial = np.clip(rewards + step, low, high)
            constant = trial.min(-1, keepdims=True) == trial.max(-1, keepdims=True)
            rewards = np.where(constant, rewards, trial)
        return {**instance, **_batch(np.maximum(moved, 1e-14), rewards)}

    return perturb


def pass_rates(group_sizes: Sequence[int] = (2, 3, 4, 8, 16, 64)) -> Domain:
    """Pass rates and group sizes ``{pass_rate (N,), group_size (N,)}``, 0 < p < 1."""

    def make(rates: NDArray[Any]) -> Instance:
        grid_p, grid_g = np.meshgrid(rates, np.asarray(group_sizes), indexing="ij")
        return {"pass_rate": grid_p.reshape(-1), "group_size": grid_g.reshape(-1)}

    def random(rng: np.random.Generator, size: int) -> Iterator[Instance]:
        yield make(rng.uniform(1e-6, 1 - 1e-6, size=max(1, size // len(group_sizes))))

    def extreme(rng: np.random.Generator, size: int) -> Iterator[Instance]:
        count = max(1, size // (2 * len(group_sizes)))
        tails = 10.0 ** rng.uniform(-12, -1, size=count)
        yield make(np.concatenate([tails, 1 - tails, [0.5]]))

    def perturb(rng: np.random.Generator, instance: Instance, scale: float) -> Instance:
        p = instance["pass_rate"]
        odds = p / (1 - p) * np.exp(2.0 * scale * rng.standard_normal(p.shape))
        return {**instance, "pass_rate": np.clip(odds / (1 + odds), 1e-12, 1 - 1e-12)}

    def admits(instance: Instance) -> bool:
        return bool((instance["pass_rate"] > 0).all() and (instance["pass_rate"] < 1).all())

    return Domain({"random": random, "extreme": extreme}, perturb, ("pass_rate", "group_size"), admits)
