"""Compiled inner loops of the bandit learner. ``simulations.world.reference`` says the same in plain Python.

Draws are a function of (seed, prompt, how many rollouts the prompt had before): the k-th rollout of a prompt
uses the same random number whatever strategy asked for it and however many threads run, so runs of different
strategies with one seed are paired.

All kernels live in one file because numba's cache on disk notices changes of that file only.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["Policy", "apply_push", "compute_push", "evaluate", "generate", "sampling_floor", "train_schedule"]

__kernel_version__ = 1

Array = NDArray[Any]
_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy"}

_LARGE = 1e150
"""Unnormalised weights beyond this are scaled back."""

_FAR = 300.0
"""Steps beyond this are taken in logarithms; below, a weight of at most ``_LARGE`` stays finite."""


class Policy(NamedTuple):
    """The softmax policies of all prompts.

    Independent prompts that forget nothing keep their unnormalised probabilities, the exponentials of their logits,
    so that an update touches the sampled arms only. All others have the logits
    ``base + scale * (own + features @ shared)``.

    Args:
        independent: which of the two forms holds.
        weights_PA: unnormalised probabilities of independent prompts, else empty.
        base_PA: initial logits.
        own_PA: what training added to a prompt's own logits, divided by ``scale``.
        features_PF: features of the prompts.
        shared_FA: what training added to the features' weights, divided by ``scale``.
        scale: what forgetting has left of everything learned before.
    """

    independent: bool
    weights_PA: Array
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
    if policy.independent:
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
    """The first arm whose cumulative weight exceeds the target, counted without a branch to mispredict."""
    arm = 0
    for other in range(len(cumulative) - 1):
        arm += cumulative[other] <= target
    return arm


@numba.njit(**_OPTIONS)
def _most_lagging(row: Array, total: float, taken: Array) -> int:
    """The arm with the largest probability minus share of the rollouts so far."""
    rollouts = max(taken.sum(), 1)
    best, lag = 0, -np.inf
    for arm in range(len(row)):
        behind = row[arm] / total - taken[arm] / rollouts
        if behind > lag:
            best, lag = arm, behind
    return best


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
    history: Array,
    arms_out: Array,
    probs_out: Array,
    seen_out: Array,
    diversity_out: Array,
) -> None:
    """Sample rollouts of a proposal, grade them, and measure how often two of a group differ.

    With a ``history`` of how often each arm was taken (else it is empty), the next arm is not drawn: it is the one
    that lags its probability most.
    """
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
            if len(history):
                arm = _most_lagging(row, total, history[prompt])
                history[prompt, arm] += 1
            else:
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
def _reweigh(weights: Array, push: Array, rate: float) -> None:
    """Multiply one prompt's weights by ``exp(rate * push)`` without overflow."""
    top, furthest = 0.0, 0.0
    for arm in range(len(push)):
        furthest = max(furthest, abs(rate * push[arm]))
    if furthest > _FAR:
        logits = np.log(weights) + rate * push
        weights[:] = np.exp(logits - logits.max())
        return
    for arm in range(len(push)):
        if push[arm] != 0.0:
            weights[arm] *= math.exp(rate * push[arm])
            top = max(top, weights[arm])
    if top > _LARGE:
        weights /= top


@numba.njit(**_OPTIONS)
def _add(prompt: int, push: Array, rate: float, policy: Policy) -> None:
    """Add ``rate * push`` to one prompt's own logits and, through its features, to the shared ones."""
    for arm in range(len(push)):
        if push[arm] != 0.0:
            policy.own_PA[prompt, arm] += rate * push[arm]
            for feature in range(policy.features_PF.shape[1]):
                policy.shared_FA[feature, arm] += policy.features_PF[prompt, feature] * rate * push[arm]


@numba.njit(**_OPTIONS)
def apply_push(prompts: Array, push: Array, rate: float, policy: Policy) -> None:
    """Move the logits by ``rate * push``, through the features where there are any."""
    for group in range(len(prompts)):
        if policy.independent:
            _reweigh(policy.weights_PA[prompts[group]], push[group], rate)
        else:
            _add(prompts[group], push[group], rate / policy.scale, policy)


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
def _group_scale(seen: Array, mean: float, kind: int, ddof: int, eps: float) -> float:
    """What turns a centred reward into an advantage (0 grpo, 1 dr_grpo, 2 rloo)."""
    size = len(seen)
    if kind == 0:
        square = 0.0
        for reward in seen:
            square += (reward - mean) ** 2
        return 1.0 / (math.sqrt(square / (size - ddof)) + eps)
    return size / (size - 1) if kind == 2 else 1.0


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
    weights: Array,
    rewards: Array,
) -> None:
    """Run on-policy steps over prompts fixed in advance (steps, batch), for independent prompts and exact grading.

    Binary rewards need two exponentials a group: one for all right rollouts, one for all wrong ones.
    """
    arms, batch = weights.shape[1], schedule.shape[1]
    cumulative, seen = np.empty(arms), np.empty(group_size)
    taken, factors = np.empty((batch, group_size), np.int64), np.empty((batch, group_size))
    mixed = np.empty(batch, np.bool_)
    for step in range(schedule.shape[0]):
        for group in range(batch):
            prompt = schedule[step, group]
            total = _accumulate(weights[prompt], cumulative)
            stream, number = _stream(seed, prompt), 2 * drawn[prompt]
            drawn[prompt] += group_size
            mean, highest, lowest = 0.0, -np.inf, np.inf
            for rollout in range(group_size):
                arm = _find(cumulative, _uniform(stream, number + 2 * rollout) * total)
                reward = float(rewards[prompt, arm])
                taken[group, rollout], seen[rollout] = arm, reward
                mean += reward
                highest, lowest = max(highest, reward), min(lowest, reward)
            mixed[group] = highest > lowest
            if not mixed[group]:
                continue
            mean /= group_size
            unit = rate / group_size * _group_scale(seen, mean, kind, ddof, eps)
            at_highest, at_lowest = math.exp((highest - mean) * unit), math.exp((lowest - mean) * unit)
            for rollout in range(group_size):
                reward = seen[rollout]
                if one_logit and taken[group, rollout] == arms - 1:
                    factors[group, rollout] = 1.0
                elif reward in (highest, lowest):
                    factors[group, rollout] = at_highest if reward == highest else at_lowest
                else:
                    factors[group, rollout] = math.exp((reward - mean) * unit)
        for group in range(batch):
            if not mixed[group]:
                continue
            prompt, top = schedule[step, group], 0.0
            for rollout in range(group_size):
                weights[prompt, taken[group, rollout]] *= factors[group, rollout]
                top = max(top, weights[prompt, taken[group, rollout]])
            if top > _LARGE:
                weights[prompt] /= top


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
