"""The learner in plain Python, one number at a time: the readable definition of what the kernels compute.

It covers on-policy training over prompts fixed in advance; tests and speed ratios compare with it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from simulations.world.learner import LearnerConfig
from simulations.world.pool import Pool

__all__ = ["group_push", "sample_arm", "softmax", "train_schedule", "uniform"]

_WORD = 2**64 - 1


def _mix(z: int) -> int:
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & _WORD
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & _WORD
    return z ^ (z >> 31)


def uniform(seed: int, prompt: int, number: int) -> float:
    """Return the random number in [0, 1) of a seed, a prompt and a running number.

    Each prompt has its own SplitMix64 generator, started at a hash of the seed and the prompt. Rollout k of a
    prompt uses the numbers 2k (which arm) and 2k + 1 (whether it is graded wrongly).
    """
    stream = _mix(_mix(seed) + (prompt + 1) * 0xD1342543DE82EF95 & _WORD)
    return (_mix(stream + (number + 1) * 0x9E3779B97F4A7C15 & _WORD) >> 11) / 2**53


def softmax(logits: Sequence[float]) -> list[float]:
    """Return the probabilities of the arms."""
    top = max(logits)
    weights = [math.exp(logit - top) for logit in logits]
    total = sum(weights)
    return [weight / total for weight in weights]


def sample_arm(probs: Sequence[float], random_number: float) -> int:
    """Return the first arm whose cumulative probability exceeds the random number."""
    cumulative = 0.0
    for arm, probability in enumerate(probs):
        cumulative += probability
        if random_number < cumulative:
            return arm
    return len(probs) - 1


def group_push(
    probs: Sequence[float], arms: Sequence[int], seen: Sequence[float], config: LearnerConfig
) -> list[float]:
    """Return the mean of advantage times score function over a group."""
    size = len(seen)
    push = [0.0] * len(probs)
    if max(seen) == min(seen):
        return push
    mean = sum(seen) / size
    scale = 1.0
    if config.advantage == "grpo":
        scale = 1 / (math.sqrt(sum((reward - mean) ** 2 for reward in seen) / (size - config.ddof)) + config.eps)
    elif config.advantage == "rloo":
        scale = size / (size - 1)
    for taken, reward in zip(arms, seen, strict=True):
        for arm, probability in enumerate(probs):
            push[arm] += (reward - mean) * scale * ((arm == taken) - probability) / size
    return push


def train_schedule(
    pool: Pool, config: LearnerConfig, seed: int, schedule: Sequence[Sequence[int]], group_size: int
) -> list[list[float]]:
    """Train on-policy over prompts fixed in advance and return the final logits of every prompt."""
    logits: list[list[float]] = pool.base_PA.tolist()
    rewards: list[list[float]] = pool.rewards_PA.tolist()
    drawn = [0] * len(logits)
    for batch in schedule:
        pushes = []
        for prompt in batch:
            probs = softmax(logits[prompt])
            arms = [sample_arm(probs, uniform(seed, prompt, 2 * (drawn[prompt] + k))) for k in range(group_size)]
            drawn[prompt] += group_size
            pushes.append(group_push(probs, arms, [rewards[prompt][arm] for arm in arms], config))
        for prompt, push in zip(batch, pushes, strict=True):
            free = len(push) - pool.one_logit
            for arm in range(free):
                logits[prompt][arm] += config.learning_rate * push[arm]
    return logits
