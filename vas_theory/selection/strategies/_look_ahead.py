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


def look_ahead(logits: FloatArray, step_size: float, group_size: int, horizon: int) -> FloatArray:
    r"""Return the largest mean gain a visit that a run of visits in a row brings.

    .. math:: \max_{1\le k\le K} \frac{\sigma(z_k) - \sigma(z_0)}{k}, \qquad
        z_{j+1} = z_j + h\, E[\hat\sigma_G \mid \sigma(z_j)]

    Args:
        logits: z_0 of the pass rates, any shape.
        step_size: h, the move of the logit a unit of reward standard deviation.
        group_size: G.
        horizon: K, at least 1.

    Returns:
        Gains in pass rate a visit, of the shape of ``logits``.
    """
    start = logistic(logits)
    now, best = logits, np.full(logits.shape, -np.inf)
    for visits in range(1, horizon + 1):
        now = now + step_size * binomial_expectation(logistic(now), signal_values(group_size))
        best = np.maximum(best, (logistic(now) - start) / visits)
    return best
