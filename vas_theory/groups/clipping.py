r"""The clipped surrogate of PPO and GRPO for a tabular softmax, and what clipping removes from the gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vas_theory.foundation.arguments import as_bandit, unify
from vas_theory.foundation.errors import ArgumentError
from vas_theory.foundation.precision import maximum, minimum

__all__ = ["clipped_surrogate", "clipping_bias"]


def clipped_surrogate(
    probs: ArrayLike, old_probs: ArrayLike, advantages: ArrayLike, *, clip_low: float = 0.2, clip_high: float = 0.2
) -> tuple[NDArray[Any], NDArray[Any]]:
    r"""Return the expected clipped surrogate and its gradient by the logits of ``probs``.

    .. math:: J = \sum_i \min\big(\pi_i A_i,
              \mathrm{clip}(\pi_i, (1-\varepsilon_l) \pi^{old}_i, (1+\varepsilon_h) \pi^{old}_i) A_i\big),
              \qquad \nabla J = \sum_i 1\{i\ \text{not clipped}\}\, \pi_i A_i (e_i - \pi)

    An arm is clipped where its ratio :math:`\pi_i / \pi^{old}_i` is above :math:`1 + \varepsilon_h` with A > 0 or
    below :math:`1 - \varepsilon_l` with A < 0. Ratios are never formed; arms that the old policy cannot draw are
    no part of the expectation.

    Args:
        probs: (..., K) probabilities of the policy being trained.
        old_probs: (..., K) probabilities of the policy that drew the rollouts.
        advantages: (..., K) advantages.
        clip_low: :math:`\varepsilon_l` in [0, 1].
        clip_high: :math:`\varepsilon_h` >= 0.

    Returns:
        The value (...) and the gradient (..., K).

    Raises:
        ArgumentError: an argument is out of range.

    Source:
        Schulman et al. 1707.06347, equation 7.
    """
    pi, old, gain, low, high = _read(probs, old_probs, advantages, clip_low, clip_high)
    bounded = minimum(maximum(pi, low), high)
    value: NDArray[Any] = np.where(old == 0, 0, minimum(pi * gain, bounded * gain)).sum(-1)
    return value, _push(pi, np.where(_clipped(pi, gain, low, high) | (old == 0), 0, pi * gain))


def clipping_bias(
    probs: ArrayLike, old_probs: ArrayLike, advantages: ArrayLike, *, clip_low: float = 0.2, clip_high: float = 0.2
) -> NDArray[Any]:
    r"""Return what clipping removes from the surrogate's gradient.

    .. math:: \sum_i 1\{i\ \text{clipped}\}\, \pi_i A_i (e_i - \pi)

    It is the unclipped minus the clipped gradient, and it is not small with the clip range: with
    old probabilities (1/2, 1/2), new ones (7/10, 3/10) and rewards (1, 0) every clip range under .4 leaves a
    gradient of zero, where the unclipped one is 21/100.

    Args:
        probs: (..., K) probabilities of the policy being trained.
        old_probs: (..., K) probabilities of the policy that drew the rollouts.
        advantages: (..., K) advantages.
        clip_low: :math:`\varepsilon_l` in [0, 1].
        clip_high: :math:`\varepsilon_h` >= 0.

    Returns:
        (..., K) removed gradients.

    Raises:
        ArgumentError: an argument is out of range.
    """
    pi, old, gain, low, high = _read(probs, old_probs, advantages, clip_low, clip_high)
    return _push(pi, np.where(_clipped(pi, gain, low, high) & (old != 0), pi * gain, 0))


def _read(
    probs: ArrayLike, old_probs: ArrayLike, advantages: ArrayLike, clip_low: float, clip_high: float
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return the new and old probabilities, the advantages, and the range that leaves the new ones unclipped."""
    if not 0 <= clip_low <= 1:
        raise ArgumentError("clip_low", "lie in [0, 1]", clip_low)
    if not clip_high >= 0:
        raise ArgumentError("clip_high", "be at least 0", clip_high)
    pi, old, gain, low, high = unify(probs, old_probs, advantages, 1 - clip_low, 1 + clip_high)
    as_bandit(pi, gain)
    as_bandit(old, gain)
    return pi, old, gain, low * old, high * old


def _clipped(pi: NDArray[Any], gain: NDArray[Any], low: NDArray[Any], high: NDArray[Any]) -> NDArray[np.bool_]:
    clipped: NDArray[np.bool_] = ((gain > 0) & (pi > high)) | ((gain < 0) & (pi < low))
    return clipped


def _push(pi: NDArray[Any], weights: NDArray[Any]) -> NDArray[Any]:
    push: NDArray[Any] = weights - pi * weights.sum(-1, keepdims=True)
    return push
