"""Compiled inner loops of the bandit learner. ``simulations.reference`` says the same in plain Python.

Draws are a function of (seed, prompt, how many rollouts the prompt had before): the k-th rollout of a prompt
uses the same random number whatever strategy asked for it and however many threads run, so runs of different
strategies with one seed are paired.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["Policy", "apply_push", "compute_push", "evaluate", "generate", "sampling_floor", "train_schedule"]

Array = NDArray[Any]
_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy"}

_LARGE = 1e150
"""Unnormalised weights beyond this (or a row below its inverse) are scaled back."""


class Policy(NamedTuple):
    """The softmax policies of all prompts: logits ``base + scale * (own + features @ shared)``.

    Args:
        weights_PA: cached unnormalised probabilities exp(base + own), used where ``cached``.
        cached: whether prompts are uncoupled and forget nothing, so that the cache can hold.
        base_PA: initial logits.
        own_PA: what training added to a prompt's own logits, divided by ``scale``.
        features_PF: features of the prompts.
        shared_FA: what training added to the features' weights, divided by ``scale``.
        scale: what forgetting has left of everything learned before.
    """

    weights_PA: Array
    cached: bool
    base_PA: Array
    own_PA: Array
    features_PF: Array
    shared_FA: Array
    scale: float


@numba.njit(**_OPTIONS)
def _mix(z: np.uint64) -> np.uint64:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@numba.njit(**_OPTIONS)
def _stream(seed: np.uint64, prompt: int) -> np.uint64:
    return _mix(_mix(seed) + np.uint64(prompt + 1) * np.uint64(0xD1342543DE82EF95))


@numba.njit(**_OPTIONS)
def _uniform(stream: np.uint64, number: int) -> float:
    """The SplitMix64 generator's output of this number, started at ``stream``, in [0, 1)."""
    mixed = _mix(stream + np.uint64(number + 1) * np.uint64(0x9E3779B97F4A7C15))
    return (mixed >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@numba.njit(**_OPTIONS)
def _fill_row(row: Array, prompt: int, policy: Policy) -> None:
    """Write the prompt's unnormalised probabilities."""
    if policy.cached:
        row[:] = policy.weights_PA[prompt]
        return
    top = -np.inf
    for arm in range(len(row)):
        moved = policy.own_PA[prompt, arm]
        for feature in range(policy.features_PF.shape[1]):
            moved += policy.features_PF[prompt, feature] * policy.shared_FA[feature, arm]
        row[arm] = policy.base_PA[prompt, arm] + policy.scale * moved
        top = max(top, row[arm])
    for arm in range(len(row)):
        row[arm] = math.exp(row[arm] - top)


@numba.njit(**_OPTIONS)
def _accumulate(row: Array, cumulative: Array) -> float:
    total = 0.0
    for arm in range(len(row)):
        total += row[arm]
        cumulative[arm] = total
    return total


@numba.njit(**_OPTIONS)
def _find(cumulative: Array, target: float) -> int:
    """The first arm whose cumulative weight exceeds the target."""
    arm = 0
    while arm < len(cumulative) - 1 and cumulative[arm] <= target:
        arm += 1
    return arm


@numba.njit(**_OPTIONS)
def generate(
    prompts: Array,
    counts: Array,
    drawn: Array,
    seed: np.uint64,
    policy: Policy,
    rewards: Array,
    false_positive: float,
    false_negative: float,
    arms_out: Array,
    probs_out: Array,
    seen_out: Array,
    diversity_out: Array,
) -> None:
    """Sample rollouts of a proposal, grade them, and measure how often two of a group differ."""
    arms = rewards.shape[1]
    row, cumulative, tally = np.empty(arms), np.empty(arms), np.empty(arms, np.int64)
    noisy = false_positive > 0 or false_negative > 0
    at = 0
    for group in range(len(prompts)):
        prompt = prompts[group]
        _fill_row(row, prompt, policy)
        total = _accumulate(row, cumulative)
        stream = _stream(seed, prompt)
        tally[:] = 0
        for _ in range(counts[group]):
            number = 2 * drawn[prompt]
            drawn[prompt] += 1
            arm = _find(cumulative, _uniform(stream, number) * total)
            tally[arm] += 1
            seen = rewards[prompt, arm]
            if noisy and _uniform(stream, number + 1) < (false_positive if seen < 0.5 else false_negative):
                seen = 1.0 - seen
            arms_out[at], probs_out[at], seen_out[at] = arm, row[arm] / total, seen
            at += 1
        alike = 0
        for arm in range(arms):
            alike += tally[arm] * (tally[arm] - 1)
        pairs = counts[group] * (counts[group] - 1)
        diversity_out[group] = 1.0 - alike / pairs if pairs else 0.0


@numba.njit(**_OPTIONS)
def compute_push(
    prompts: Array,
    sizes: Array,
    arms_taken: Array,
    advantages: Array,
    old_probs: Array,
    stale: bool,
    clip_low: float,
    clip_high: float,
    kl_weight: float,
    one_logit: bool,
    policy: Policy,
    push: Array,
) -> int:
    """Write each group's mean gradient by its prompt's logits; return how many rollouts were clipped.

    Advantages that sum to zero move the sampled arms only, because their shares of the mean score cancel.
    """
    base, arms = policy.base_PA, policy.base_PA.shape[1]
    row, reference = np.empty(arms), np.empty(arms)
    clipped, at = 0, 0
    for group in range(len(prompts)):
        prompt, size = prompts[group], sizes[group]
        push[group] = 0.0
        surplus, magnitude = 0.0, 0.0
        for rollout in range(at, at + size):
            surplus += advantages[rollout]
            magnitude += abs(advantages[rollout])
        balanced = not stale and abs(surplus) <= 1e-12 * magnitude
        if not balanced or kl_weight > 0:
            _fill_row(row, prompt, policy)
            row /= row.sum()
        surplus = 0.0
        for rollout in range(at, at + size):
            arm, weight = arms_taken[rollout], advantages[rollout]
            if stale:
                ratio = row[arm] / old_probs[rollout]
                if (weight > 0 and ratio > 1 + clip_high) or (weight < 0 and ratio < 1 - clip_low):
                    clipped += 1
                    continue
                weight *= ratio
            push[group, arm] += weight / size
            surplus += weight / size
        if not balanced:
            for arm in range(arms):
                push[group, arm] -= surplus * row[arm]
        if kl_weight > 0:
            top = base[prompt].max()
            for arm in range(arms):
                reference[arm] = math.exp(base[prompt, arm] - top)
            reference /= reference.sum()
            divergence = 0.0
            for arm in range(arms):
                if row[arm] > 0:
                    divergence += row[arm] * math.log(row[arm] / reference[arm])
            for arm in range(arms):
                if row[arm] > 0:
                    push[group, arm] -= kl_weight * row[arm] * (math.log(row[arm] / reference[arm]) - divergence)
        if one_logit:
            push[group, arms - 1] = 0.0
        at += size
    return clipped


@numba.njit(**_OPTIONS)
def apply_push(prompts: Array, push: Array, rate: float, policy: Policy) -> None:
    """Move the logits by ``rate * push``, through the features where there are any."""
    base, own, weights = policy.base_PA, policy.own_PA, policy.weights_PA
    features, shared = policy.features_PF, policy.shared_FA
    arms = base.shape[1]
    for group in range(len(prompts)):
        prompt = prompts[group]
        overflow = False
        for arm in range(arms):
            step = rate * push[group, arm] / policy.scale
            if step == 0.0:
                continue
            own[prompt, arm] += step
            for feature in range(features.shape[1]):
                shared[feature, arm] += features[prompt, feature] * step
            if policy.cached:
                weights[prompt, arm] = math.exp(base[prompt, arm] + own[prompt, arm])
                overflow |= weights[prompt, arm] > _LARGE
        if overflow:
            own[prompt] -= (base[prompt] + own[prompt]).max()
            weights[prompt] = np.exp(base[prompt] + own[prompt])


@numba.njit(**_OPTIONS)
def evaluate(rewards: Array, policy: Policy, out: Array) -> None:
    """Write the expected true reward of every prompt."""
    arms = rewards.shape[1]
    row = np.empty(arms)
    for prompt in range(len(rewards)):
        _fill_row(row, prompt, policy)
        total, value = 0.0, 0.0
        for arm in range(arms):
            total += row[arm]
            value += row[arm] * rewards[prompt, arm]
        out[prompt] = value / total


@numba.njit(**_OPTIONS)
def _group_advantages(seen: Array, kind: int, ddof: int, eps: float, out: Array) -> bool:
    """Advantages of one group (0 grpo, 1 dr_grpo, 2 rloo); returns False for a silent group."""
    size, mean, highest, lowest = len(seen), 0.0, seen[0], seen[0]
    for reward in seen:
        mean += reward
        highest, lowest = max(highest, reward), min(lowest, reward)
    if highest == lowest:
        return False
    mean /= size
    scale = 1.0
    if kind == 0:
        square = 0.0
        for reward in seen:
            square += (reward - mean) ** 2
        scale = 1.0 / (math.sqrt(square / (size - ddof)) + eps)
    elif kind == 2:
        scale = size / (size - 1)
    for index in range(size):
        out[index] = (seen[index] - mean) * scale
    return True


@numba.njit(**_OPTIONS)
def train_schedule(
    schedule: Array,
    group_size: int,
    rate: float,
    kind: int,
    ddof: int,
    eps: float,
    one_logit: bool,
    drawn: Array,
    seed: np.uint64,
    policy: Policy,
    rewards: Array,
) -> None:
    """Run on-policy steps over prompts fixed in advance (steps, batch), for uncoupled prompts and exact grading."""
    base, own, weights = policy.base_PA, policy.own_PA, policy.weights_PA
    arms = base.shape[1]
    cumulative, seen, advantages = np.empty(arms), np.empty(group_size), np.empty(group_size)
    taken = np.empty((schedule.shape[1], group_size), np.int64)
    push = np.empty((schedule.shape[1], group_size))
    for step in range(schedule.shape[0]):
        for group in range(schedule.shape[1]):
            prompt = schedule[step, group]
            total = _accumulate(weights[prompt], cumulative)
            stream, number = _stream(seed, prompt), 2 * drawn[prompt]
            for rollout in range(group_size):
                arm = _find(cumulative, _uniform(stream, number + 2 * rollout) * total)
                taken[group, rollout] = arm
                seen[rollout] = rewards[prompt, arm]
            drawn[prompt] += group_size
            if _group_advantages(seen, kind, ddof, eps, advantages):
                for rollout in range(group_size):
                    push[group, rollout] = advantages[rollout] * rate / group_size
            else:
                taken[group, 0] = -1
        for group in range(schedule.shape[1]):
            if taken[group, 0] < 0:
                continue
            prompt = schedule[step, group]
            for rollout in range(group_size):
                arm = taken[group, rollout]
                if not (one_logit and arm == arms - 1):
                    own[prompt, arm] += push[group, rollout]
            for rollout in range(group_size):
                arm = taken[group, rollout]
                weights[prompt, arm] = math.exp(base[prompt, arm] + own[prompt, arm])


@numba.njit(**_OPTIONS)
def sampling_floor(
    schedule: Array, group_size: int, drawn: Array, seed: np.uint64, weights: Array, taken: Array
) -> None:
    """Only draw the arms of every rollout: what no learner can be faster than."""
    cumulative = np.empty(weights.shape[1])
    for step in range(schedule.shape[0]):
        for group in range(schedule.shape[1]):
            prompt = schedule[step, group]
            total = _accumulate(weights[prompt], cumulative)
            stream, number = _stream(seed, prompt), 2 * drawn[prompt]
            for rollout in range(group_size):
                taken[group, rollout] = _find(cumulative, _uniform(stream, number + 2 * rollout) * total)
            drawn[prompt] += group_size
