"""Small autoregressive policies with every sequence enumerated: theta (N, d), features (N, C, V, d), rewards (N, S)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.base import Domain, Instance
from vas_theory.gradients import policy_gradient_from_scores, reward_variance
from vas_theory.policies import AutoregressivePolicy

__all__ = ["binary_counter", "gradient_norm", "jacobian_norm", "mean_length", "reward_deviation", "sequences"]


def _policies(features: NDArray[Any], end: NDArray[Any]) -> Iterator[AutoregressivePolicy]:
    """Rebuild the policies: contexts and vocabulary are read off the features' shape (1 + V + V^2 ... contexts)."""
    for row, token in zip(features, end, strict=True):
        contexts, vocabulary, _ = row.shape
        open_tokens = vocabulary if token < 0 else vocabulary - 1
        length, seen = 0, 0
        while seen < contexts:
            seen += open_tokens**length
            length += 1
        yield AutoregressivePolicy(vocabulary, length, None if token < 0 else int(token), row)


def gradient_norm(theta: NDArray[Any], features: NDArray[Any], rewards: NDArray[Any], end: NDArray[Any]) -> Any:
    """Return |grad| of the expected sequence reward, shape (N,)."""
    norms = []
    for policy, parameters, r in zip(_policies(features, end), theta, rewards, strict=True):
        probs, scores = policy.probabilities(parameters), policy.sequence_scores(parameters)
        norms.append(np.linalg.norm(policy_gradient_from_scores(probs, scores, r)))
    return np.array(norms)


def reward_deviation(theta: NDArray[Any], features: NDArray[Any], rewards: NDArray[Any], end: NDArray[Any]) -> Any:
    """Return the standard deviation of the sequence reward, shape (N,)."""
    pairs = zip(_policies(features, end), theta, rewards, strict=True)
    return np.sqrt([float(reward_variance(policy.probabilities(parameters), r)) for policy, parameters, r in pairs])


def jacobian_norm(features: NDArray[Any]) -> Any:
    """Return gamma, the largest spectral norm of a context's Jacobian of the logits, shape (N,)."""
    return np.linalg.norm(features, ord=2, axis=(-2, -1)).max(-1)


def mean_length(theta: NDArray[Any], features: NDArray[Any], end: NDArray[Any]) -> Any:
    """Return E[T], shape (N,)."""
    return np.array(
        [
            float(policy.expected_length(parameters))
            for policy, parameters in zip(_policies(features, end), theta, strict=True)
        ]
    )


def binary_counter(size: int) -> Instance:
    """Return one shared logit, two tokens, ``min(size, 10)`` steps, reward = share of first tokens, at p = 1/2."""
    length = min(size, 10)
    policy = AutoregressivePolicy(2, length)
    features = np.broadcast_to(np.array([[1.0], [-1.0]]), (len(policy.contexts), 2, 1))
    rewards = np.array([sequence.count(0) / length for sequence in policy.sequences])
    return {"theta": np.zeros((1, 1)), "features": features[None], "rewards": rewards[None], "end": np.array([-1])}


def sequences(*, with_end: bool) -> Domain:
    """Random policies of 2 to 3 tokens and 2 to 4 steps with rewards in [-1, 1]: graded, binary, near-deterministic.

    Args:
        with_end: the last token ends a sequence; otherwise every sequence has the full length.
    """
    shapes = ((2, 2, 1), (2, 4, 1), (3, 2, 4), (3, 3, 2))

    def family(temperature: float, binary: bool) -> Any:
        def draw(rng: np.random.Generator, size: int) -> Iterator[Instance]:
            for vocabulary, length, dimension in shapes:
                count = max(2, size // 40)
                end = vocabulary - 1 if with_end else None
                shape = AutoregressivePolicy(vocabulary, length, end)
                rewards = rng.uniform(-1.0, 1.0, size=(count, len(shape.sequences)))
                if binary:
                    rewards = np.sign(rewards)
                    rewards[:, 0], rewards[:, -1] = 1.0, -1.0
                yield {
                    "theta": temperature * rng.standard_normal((count, dimension)),
                    "features": rng.standard_normal((count, len(shape.contexts), vocabulary, dimension)),
                    "rewards": rewards,
                    "end": np.full(count, -1 if end is None else end),
                }

        return draw

    def perturb(rng: np.random.Generator, instance: Instance, scale: float) -> Instance:
        moved = {
            name: instance[name] + scale * rng.standard_normal(instance[name].shape) for name in ("theta", "features")
        }
        rewards = np.clip(instance["rewards"] + scale * rng.standard_normal(instance["rewards"].shape), -1.0, 1.0)
        return {**instance, **moved, "rewards": rewards}

    families = {
        "graded": family(1.0, False),
        "binary": family(1.0, True),
        "near-deterministic": family(6.0, False),
    }
    return Domain(families, perturb)
