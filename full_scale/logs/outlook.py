"""What variance-aware sampling would do to the batches of a logged run, from what the run logged.

Two ways that share no assumption but 0/1 rewards and prompts drawn uniformly: a Beta distribution of pass rates fitted
to the mean reward and the share of silent groups, and unbiased moments of the logged groups themselves. Both are about
the next batches with exact scores and an unchanged policy; neither says that training ends higher.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vas_theory.foundation.errors import ArgumentError
from vas_theory.groups.beta_pools import expected_silent_share, mean_variance

__all__ = ["Outlook", "beta_outlook", "variance_gain"]


@dataclass(frozen=True)
class Outlook:
    """Expected properties of a batch under uniform and under variance-aware sampling.

    Attributes:
        uniform_variance: mean reward variance p (1 - p) of the drawn prompts.
        vas_variance: the same under the mix.
        uniform_silent: expected share of silent groups.
        vas_silent: the same under the mix.
    """

    uniform_variance: float
    vas_variance: float
    uniform_silent: float
    vas_silent: float

    @property
    def variance_gain(self) -> float:
        """Relative gain of the mean reward variance."""
        return self.vas_variance / self.uniform_variance - 1.0

    @property
    def signal_gain(self) -> float:
        """Relative gain of the number of groups that give a gradient."""
        return (1.0 - self.vas_silent) / (1.0 - self.uniform_silent) - 1.0


def beta_outlook(a: float, b: float, group_size: int, mixture_ratio: float) -> Outlook:
    """Return what a mix of uniform and variance-proportional sampling draws from a pool with Beta(a, b) pass rates.

    Weighting Beta(a, b) by p (1 - p) gives Beta(a + 1, b + 1), so everything is in closed form.

    Args:
        a: of the Beta distribution, > 0.
        b: likewise.
        group_size: G >= 2.
        mixture_ratio: lambda in [0, 1].

    Raises:
        ArgumentError: a value is out of range.

    Source: B50 of the ledger for the variance; the silent share follows from the same weighting.
    """
    if not (a > 0 and b > 0):
        raise ArgumentError("a, b", "be positive", (a, b))
    if not 0 <= mixture_ratio <= 1:
        raise ArgumentError("mixture_ratio", "lie in [0, 1]", mixture_ratio)
    uniform_variance, uniform_silent = mean_variance(a, b), expected_silent_share(a, b, group_size)
    return Outlook(
        uniform_variance=uniform_variance,
        vas_variance=(1 - mixture_ratio) * uniform_variance + mixture_ratio * mean_variance(a + 1, b + 1),
        uniform_silent=uniform_silent,
        vas_silent=(1 - mixture_ratio) * uniform_silent
        + mixture_ratio * expected_silent_share(a + 1, b + 1, group_size),
    )


def variance_gain(correct: ArrayLike, rollouts: ArrayLike, mixture_ratio: float) -> float:
    """Estimate the relative gain of the mean reward variance from logged groups: lambda (E V^2 / (E V)^2 - 1).

    With m of G right, m (G - m) / (G (G - 1)) and m (m - 1) (G - m) (G - m - 1) / (G (G - 1) (G - 2) (G - 3)) have the
    expectations V = p (1 - p) and V^2 of their prompt, so the noise of small groups does not count as variation
    between prompts.

    Args:
        correct: right rollouts of each group, shape (N,).
        rollouts: G of each group, shape (N,), 4 or more.
        mixture_ratio: lambda in [0, 1].

    Returns:
        The estimate; it can come out negative where pass rates hardly differ.

    Raises:
        ArgumentError: a group is too small or a count out of range, or no group is mixed.
    """
    if not 0 <= mixture_ratio <= 1:
        raise ArgumentError("mixture_ratio", "lie in [0, 1]", mixture_ratio)
    m: NDArray[np.float64]
    m, size = np.broadcast_arrays(np.asarray(correct, np.float64), np.asarray(rollouts, np.float64))
    if not (size >= 4).all():
        raise ArgumentError("rollouts", "be 4 or more", float(size.min()))
    if not ((m >= 0) & (m <= size)).all():
        raise ArgumentError("correct", "lie in [0, rollouts]", correct)
    wrong = size - m
    first = (m * wrong / (size * (size - 1))).mean()
    second = (m * (m - 1) * wrong * (wrong - 1) / (size * (size - 1) * (size - 2) * (size - 3))).mean()
    if first == 0:
        raise ArgumentError("correct", "contain a group with both right and wrong rollouts", correct)
    return float(mixture_ratio * (second / first**2 - 1.0))
