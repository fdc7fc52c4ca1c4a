"""Small autoregressive policies with every sequence enumerated: theta (N, d), features (N, C, V, d), rewards (N, S)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.base import Domain, Instance
from vas_theory.foundation.precision import sqrt
from vas_theory.policy.gradients import policy_gradient_from_scores, reward_variance
from vas_theory.policy.softmax import AutoregressivePolicy

__all__ = [
    "binary_counter",
    "gradient_norm",
    "jacobian_norm",
    "mean_length",
    "reward_deviation",
    "sequences",
    "tree_terms",
]


@cache
def _tabular(contexts: int, vocabulary: int, end: int) -> AutoregressivePolicy:
    """Return the tabular policy with this many contexts (1 + V + V^2 + ... of the tokens that do not end)."""
    open_tokens = vocabulary if end < 0 else vocabulary - 1
    length, seen = 0, 0
    while seen < contexts:
        seen += open_tokens**length
        length += 1
    return AutoregressivePolicy(vocabulary, length, None if end < 0 else end)


def _logits(theta: NDArray[Any], features: NDArray[Any]) -> NDArray[Any]:
    """Return the token logits of every context, the parameters of the tabular policy, (N, C V)."""
    logits: NDArray[Any] = (features * theta[:, None, None, :]).sum(-1).reshape(len(theta), -1)
    return logits


def _policy(features: NDArray[Any], end: NDArray[Any]) -> AutoregressivePolicy:
    return _tabular(features.shape[1], features.shape[2], int(end[0]))


def gradient_norm(theta: NDArray[Any], features: NDArray[Any], rewards: NDArray[Any], end: NDArray[Any]) -> Any:
    """Return |grad| of the expected sequence reward, shape (N,), by the chain rule through the token logits."""
    policy, logits = _policy(features, end), _logits(theta, features)
    by_logits = policy_gradient_from_scores(policy.probabilities(logits), policy.sequence_scores(logits), rewards)
    gradient = (features.reshape(*by_logits.shape, -1) * by_logits[..., None]).sum(-2)
    return sqrt((gradient**2).sum(-1))


def reward_deviation(theta: NDArray[Any], features: NDArray[Any], rewards: NDArray[Any], end: NDArray[Any]) -> Any:
    """Return the standard deviation of the sequence reward, shape (N,)."""
    return sqrt(reward_variance(_policy(features, end).probabilities(_logits(theta, features)), rewards))


def jacobian_norm(features: NDArray[Any]) -> Any:
    """Return gamma, the largest spectral norm of a context's Jacobian of the logits, shape (N,)."""
    if features.dtype != object:
        return np.linalg.norm(features, ord=2, axis=(-2, -1)).max(-1)
    import mpmath

    def norm(jacobian: NDArray[Any]) -> Any:
        return max(mpmath.svd_r(mpmath.matrix(jacobian.tolist()), compute_uv=False))

    return np.array([max(map(norm, contexts)) for contexts in features], dtype=object)


def mean_length(theta: NDArray[Any], features: NDArray[Any], end: NDArray[Any]) -> Any:
    """Return E[T], shape (N,)."""
    return _policy(features, end).expected_length(_logits(theta, features))


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


def tree_terms(*, with_end: bool) -> Mapping[str, str]:
    """Return what the variables of the theorems on trees of tokens are, in Rocq's terms: two tokens, two steps.

    A history lists its tokens with the last one first. The gradient v is the one that the proofs show to exist.

    Args:
        with_end: the second token ends a sequence.
    """
    ends = "match c with 1%nat :: _ => true | _ => false end" if with_end else "false"
    place = "[_] => 0 | [y; _] => 2 - y" if with_end else "[y; x] => 2 * x + y"
    return {
        "K": "2%nat",
        "L": "2%nat",
        "dims": "[0%nat]",
        "place": "fun c : list nat => (match c with [] => 0 | y :: _ => S y end)%nat",
        "jacobian": "fun (c : list nat) (y k : nat) => features (place c) y k",
        "logit": "fun (c : list nat) (th : nat -> R) (y : nat) => jacobian c y 0%nat * th 0%nat",
        "stop": f"fun c : list nat => {ends}",
        "reward": f"fun h : list nat => r (match h with {place} | _ => 0 end)%nat",
        "v": "Tokens.gradient K logit stop reward theta jacobian L []",
    }
