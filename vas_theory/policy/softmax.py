"""Softmax policies: probabilities and score functions.

A score function is ``grad log pi`` with respect to the parameters, one row an arm (or a sequence).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vas_theory.foundation.arguments import unify
from vas_theory.foundation.errors import ArgumentError
from vas_theory.foundation.precision import exp
from vas_theory.foundation.refusals import refuse_all_but_numbers

__all__ = [
    "AutoregressivePolicy",
    "bernoulli_logit_probability",
    "exponential_tilt",
    "feature_score",
    "linear_softmax_probabilities",
    "softmax",
    "tabular_score",
]

_MAX_SEQUENCES = 1_000_000


def softmax(logits: ArrayLike) -> NDArray[Any]:
    r"""Return softmax probabilities, :math:`\pi_i = e^{z_i} / \sum_j e^{z_j}`.

    Float64 logits are shifted by their maximum first, so any finite size is safe. An arm whose logit lies
    more than 745.13 below the maximum has a probability under the smallest float64 (4.9e-324) and comes out
    as exactly 0. Object arrays are not shifted: multiprecision exponents do not overflow.

    Args:
        logits: (..., K) logits; ``-inf`` removes an arm.

    Returns:
        (..., K) probabilities.

    Raises:
        ArgumentError: a logit is NaN or ``+inf``, or every logit of a row is ``-inf``.
    """
    refuse_all_but_numbers(logits=logits)
    (z,) = unify(logits)
    if z.ndim == 0 or z.shape[-1] == 0:
        raise ArgumentError("logits", "have at least one arm on the last axis", z.shape)
    if z.dtype != object:
        top = z.max(-1, keepdims=True)
        if not np.isfinite(top).all():
            raise ArgumentError("logits", "be numbers below +inf, with one finite number in every row", logits)
        with np.errstate(over="ignore"):  # a difference beyond 1.8e308 is -inf, and its exponential exactly 0
            z = z - top
    weights = exp(z)
    probs: NDArray[Any] = weights / weights.sum(-1, keepdims=True)
    return probs


def tabular_score(probs: ArrayLike) -> NDArray[Any]:
    r"""Return the score function of a tabular softmax, row i :math:`= e_i - \pi`.

    Args:
        probs: (..., K) probabilities.

    Returns:
        (..., K, K): arms by parameters.
    """
    (pi,) = unify(probs)
    score: NDArray[Any] = np.eye(pi.shape[-1], dtype=int) - pi[..., None, :]
    return score


def linear_softmax_probabilities(theta: ArrayLike, features: ArrayLike) -> NDArray[Any]:
    r"""Return the probabilities of a linear softmax, :math:`\pi = \mathrm{softmax}(\Phi \theta)`.

    Args:
        theta: (..., d) parameters.
        features: (..., K, d) features of the arms.

    Returns:
        (..., K) probabilities.

    Raises:
        ArgumentError: the last axes differ.
    """
    parameters, phi = unify(theta, features)
    if phi.ndim < 2 or parameters.ndim < 1 or phi.shape[-1] != parameters.shape[-1]:
        raise ArgumentError("features", f"have shape (..., K, d) with the d of theta {parameters.shape}", phi.shape)
    return softmax((phi * parameters[..., None, :]).sum(-1))


def feature_score(probs: ArrayLike, features: ArrayLike) -> NDArray[Any]:
    r"""Return the score function of a linear softmax, :math:`g_i = \phi_i - \sum_j \pi_j \phi_j`.

    Args:
        probs: (..., K) probabilities.
        features: (..., K, d) features of the arms.

    Returns:
        (..., K, d): arms by parameters.
    """
    pi, phi = unify(probs, features)
    score: NDArray[Any] = phi - (pi[..., None] * phi).sum(-2, keepdims=True)
    return score


def bernoulli_logit_probability(z: ArrayLike) -> NDArray[Any]:
    r"""Return the success probability of one logit, :math:`p = 1 / (1 + e^{-z})`.

    Relative accuracy is kept in both tails; p is exactly 1 from z = 37 on and exactly 0 below z = -745.13.

    Args:
        z: (...) logits.

    Returns:
        (...) probabilities.
    """
    (logit,) = unify(z)
    if logit.dtype == object:
        result: NDArray[Any] = 1 / (1 + exp(-logit))
        return result
    if np.isnan(logit).any():
        raise ArgumentError("z", "be a number", z)
    small = exp(-np.abs(logit))
    return np.where(logit >= 0, 1.0, small) / (1.0 + small)


def exponential_tilt(probs: ArrayLike, rewards: ArrayLike, eta: ArrayLike) -> NDArray[Any]:
    r"""Return the policy tilted by the rewards, :math:`\pi^\eta_i \propto \pi_i e^{\eta r_i}`.

    It is the natural-gradient flow of a tabular softmax at time eta, and the maximiser of
    :math:`E[r] - \mathrm{KL}(\cdot \| \pi) / \eta`. Its mean reward grows at the rate of its reward variance.

    Args:
        probs: (..., K) probabilities.
        rewards: (..., K) rewards.
        eta: (...) step length, broadcast against the instances.

    Returns:
        (..., K) probabilities.
    """
    pi, r, step = unify(probs, rewards, eta)
    exponents = step[..., None] * r
    if exponents.dtype != object:  # only arms with mass may set the shift, or everything could underflow
        reachable = np.where(pi > 0, exponents, -np.inf)
        exponents = np.minimum(exponents - reachable.max(-1, keepdims=True), 0.0)
    weights = pi * exp(exponents)
    tilted: NDArray[Any] = weights / weights.sum(-1, keepdims=True)
    return tilted


@dataclass(frozen=True, eq=False)
class AutoregressivePolicy:
    r"""A softmax over the next token, small enough to enumerate every sequence.

    The logits in a context c are :math:`\Phi_c \theta`. Without ``features`` every context has its own logits
    (tabular); features of shape (V, d) are shared by all contexts; (C, V, d) gives each context its own.
    Contexts are the prefixes in order of length, then in order of tokens. With an ``end_token`` a sequence
    stops at it or at ``max_length``, whichever comes first; without one every sequence has ``max_length``.

    Args:
        vocabulary_size: number of tokens V, the end token included.
        max_length: largest number of tokens in a sequence.
        end_token: token that ends a sequence, or None.
        features: None, (V, d) or (C, V, d).

    Attributes:
        contexts: the C prefixes.
        sequences: the S complete sequences.
        lengths: (S,) number of tokens of each, the end token included.

    Raises:
        ArgumentError: a size is out of range, more than a million sequences, or features of the wrong shape.
    """

    vocabulary_size: int
    max_length: int
    end_token: int | None = None
    features: NDArray[Any] | None = None
    contexts: tuple[tuple[int, ...], ...] = field(init=False, repr=False)
    sequences: tuple[tuple[int, ...], ...] = field(init=False, repr=False)
    lengths: NDArray[np.int64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        size, length, end = self.vocabulary_size, self.max_length, self.end_token
        if size < 2:
            raise ArgumentError("vocabulary_size", "be at least 2", size)
        if length < 1:
            raise ArgumentError("max_length", "be at least 1", length)
        if end is not None and not 0 <= end < size:
            raise ArgumentError("end_token", f"be None or a token in 0..{size - 1}", end)
        if size**length > _MAX_SEQUENCES:
            raise ArgumentError("vocabulary_size ** max_length", f"be at most {_MAX_SEQUENCES}", size**length)
        tokens = [token for token in range(size) if token != end]
        contexts = tuple(prefix for steps in range(length) for prefix in product(tokens, repeat=steps))
        ended = () if end is None else tuple((*prefix, end) for prefix in contexts)
        sequences = ended + tuple(product(tokens, repeat=length))
        object.__setattr__(self, "contexts", contexts)
        object.__setattr__(self, "sequences", sequences)
        object.__setattr__(self, "lengths", np.array([len(sequence) for sequence in sequences]))
        if self.features is not None:
            shape = np.shape(self.features)
            if shape[:-1] not in ((size,), (len(contexts), size)):
                raise ArgumentError("features", f"have shape (V, d) or ({len(contexts)}, {size}, d)", shape)

    @property
    def parameter_count(self) -> int:
        """Number of parameters d (contexts times tokens in the tabular form)."""
        return len(self.contexts) * self.vocabulary_size if self.features is None else np.shape(self.features)[-1]

    def token_features(self) -> NDArray[Any]:
        """Return the Jacobian of the logits, (C, V, d): contexts, tokens, parameters."""
        shape = (len(self.contexts), self.vocabulary_size, self.parameter_count)
        if self.features is None:
            return np.eye(self.parameter_count, dtype=int).reshape(shape)
        return np.broadcast_to(np.asarray(self.features), shape)

    def jacobian_norm(self) -> float:
        """Return the largest spectral norm of a context's Jacobian of logits by parameters."""
        return float(np.linalg.norm(self.token_features().astype(np.float64), ord=2, axis=(-2, -1)).max())

    def token_probabilities(self, theta: ArrayLike) -> NDArray[Any]:
        """Return the next-token probabilities in every context, (..., C, V), for ``theta`` (..., d)."""
        (parameters,) = unify(theta)
        if parameters.ndim == 0 or parameters.shape[-1] != self.parameter_count:
            raise ArgumentError("theta", f"have {self.parameter_count} entries on its last axis", parameters.shape)
        return linear_softmax_probabilities(parameters[..., None, :], self.token_features())

    def probabilities(self, theta: ArrayLike) -> NDArray[Any]:
        """Return the probability of every sequence, (..., S), for ``theta`` (..., d)."""
        token_probs = self.token_probabilities(theta)
        result = token_probs[..., 0, [sequence[0] for sequence in self.sequences]]
        for step in range(1, self.max_length):
            rows, contexts, tokens = self._steps(step)
            result[..., rows] = result[..., rows] * token_probs[..., contexts, tokens]
        return result

    def sequence_scores(self, theta: ArrayLike) -> NDArray[Any]:
        """Return the score function of every sequence, the sum over its tokens: (..., S, d) for ``theta`` (..., d)."""
        token_probs = self.token_probabilities(theta)
        token_scores = feature_score(token_probs, self.token_features())
        result = token_scores[..., 0, [sequence[0] for sequence in self.sequences], :]
        for step in range(1, self.max_length):
            rows, contexts, tokens = self._steps(step)
            result[..., rows, :] = result[..., rows, :] + token_scores[..., contexts, tokens, :]
        return result

    def expected_length(self, theta: ArrayLike) -> NDArray[Any]:
        """Return the mean number of tokens, (...), for ``theta`` (..., d)."""
        mean: NDArray[Any] = (self.probabilities(theta) * self.lengths).sum(-1)
        return mean

    def _steps(self, step: int) -> tuple[list[int], list[int], list[int]]:
        """Return the sequences longer than ``step``, and the context and token of each at that step."""
        number = {context: index for index, context in enumerate(self.contexts)}
        rows = [row for row, sequence in enumerate(self.sequences) if len(sequence) > step]
        contexts = [number[self.sequences[row][:step]] for row in rows]
        return rows, contexts, [self.sequences[row][step] for row in rows]
