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

__all__ = ["Outlook", "beta_outlook", "fit_beta_pool", "variance_gain"]

_WIDEST, _NARROWEST = -12.0, 12.0
"""Natural logarithms of the a + b that are tried: from all prompts certain to all prompts alike."""


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


def _silent(a: float, b: float, group_size: int) -> float:
    """Return E[p^G + (1 - p)^G] for p from Beta(a, b)."""
    from scipy.special import betaln

    whole = betaln(a, b)
    return float(np.exp(betaln(a + group_size, b) - whole) + np.exp(betaln(a, b + group_size) - whole))


def _variance(a: float, b: float) -> float:
    """Return E[p (1 - p)] for p from Beta(a, b)."""
    return a * b / ((a + b) * (a + b + 1.0))


def fit_beta_pool(pass_rate: float, silent_share: float, group_size: int) -> tuple[float, float]:
    """Return the Beta distribution of pass rates with a given mean and expected share of silent groups.

    Solves E p = pass_rate and E[p^G + (1 - p)^G] = silent_share for (a, b).

    Args:
        pass_rate: mean of 0/1 rewards, in (0, 1).
        silent_share: share of groups whose rewards are all equal.
        group_size: G >= 2, rollouts of a group.

    Returns:
        a and b.

    Raises:
        ArgumentError: a value is out of range, or there are fewer silent groups than even a pool of equal prompts
            has: then rewards are not 0/1, G is another, or the share was logged over too few groups.
    """
    from scipy.optimize import brentq

    if not 0 < pass_rate < 1:
        raise ArgumentError("pass_rate", "lie in (0, 1)", pass_rate)
    if group_size < 2:
        raise ArgumentError("group_size", "be 2 or more", group_size)
    least = pass_rate**group_size + (1 - pass_rate) ** group_size
    if not least < silent_share < 1:
        raise ArgumentError(
            "silent_share", f"lie between {least:.4g} (all prompts alike at G = {group_size}) and 1", silent_share
        )

    def excess(log_total: float) -> float:
        total = float(np.exp(log_total))
        return _silent(pass_rate * total, (1 - pass_rate) * total, group_size) - silent_share

    if excess(_WIDEST) <= 0 or excess(_NARROWEST) >= 0:
        raise ArgumentError("silent_share", "be further from its limits for a pool to be fitted", silent_share)
    total = float(np.exp(brentq(excess, _WIDEST, _NARROWEST, xtol=1e-12)))
    return pass_rate * total, (1 - pass_rate) * total


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
    uniform_variance, uniform_silent = _variance(a, b), _silent(a, b, group_size)
    return Outlook(
        uniform_variance=uniform_variance,
        vas_variance=(1 - mixture_ratio) * uniform_variance + mixture_ratio * _variance(a + 1, b + 1),
        uniform_silent=uniform_silent,
        vas_silent=(1 - mixture_ratio) * uniform_silent + mixture_ratio * _silent(a + 1, b + 1, group_size),
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
