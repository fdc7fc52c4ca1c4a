"""What training a prompt again and again is worth a visit."""

from __future__ import annotations

import numpy as np

from vas_theory.selection.group_moments import binomial_expectation, signal_values
from vas_theory.selection.strategies.base import FloatArray

__all__ = ["logistic", "look_ahead"]


def logistic(logits: FloatArray) -> FloatArray:
    """Return 1 / (1 + exp(-z))."""
    from scipy.special import expit

    rates: FloatArray = expit(logits)
    return rates


def look_ahead(logits_L: FloatArray, step_size: float, group_size: int, horizon: int) -> FloatArray:
    r"""Return the largest mean gain a visit that a run of visits in a row is expected to bring.

    .. math:: \max_{1\le k\le K} \frac{E[\sigma(z_k) \mid z_0 = z] - \sigma(z)}{k}, \qquad
        z_{j+1} = z_j + h\, \hat\sigma_G(z_j)

    Each group's deviation is random: where one success of a hard prompt moves it far, the expectation of the pass rate
    is well above the pass rate at the expected logit.

    Args:
        logits_L: z, equally spaced and ascending; between them pass rates are interpolated, beyond them constant.
        step_size: h, the move of the logit a unit of reward standard deviation.
        group_size: G.
        horizon: K, at least 1.

    Returns:
        Gains in pass rate a visit, of the shape of ``logits_L``.
    """
    start = logistic(logits_L)
    chances_ML = np.stack([binomial_expectation(start, right) for right in np.eye(group_size + 1)])
    reached_ML = logits_L + step_size * signal_values(group_size)[:, None]
    places = np.clip((reached_ML - logits_L[0]) / (logits_L[1] - logits_L[0]), 0, len(logits_L) - 1)
    below = np.minimum(places.astype(np.int64), len(logits_L) - 2)
    share = places - below
    now, best = start, np.full(logits_L.shape, -np.inf)
    for visits in range(1, horizon + 1):
        now = (chances_ML * ((1 - share) * now[below] + share * now[below + 1])).sum(0)
        best = np.maximum(best, (now - start) / visits)
    return best
