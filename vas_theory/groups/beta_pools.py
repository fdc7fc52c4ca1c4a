"""Pools whose pass rates follow a Beta distribution: what they show on average, and how they are fitted."""

from __future__ import annotations

import logging

import numpy as np
from numpy.typing import NDArray

from vas_theory.foundation.errors import ArgumentError

__all__ = ["FEW_GROUPS", "expected_silent_share", "fit_pool_to_counts", "fit_pool_to_shares", "mean_variance"]

logger = logging.getLogger(__name__)

FEW_GROUPS = 100
"""Fits to fewer groups say so: a share of 100 groups is known to about 10 points, two standard errors at one half."""

_WIDEST, _NARROWEST = -12.0, 12.0
"""Natural logarithms of the a + b that are tried: from all prompts certain to all prompts alike."""

_FARTHEST = 5.0
"""Natural logarithms of a and of b are tried up to this size where counts of single prompts are fitted."""


def expected_silent_share(a: float, b: float, group_size: int) -> float:
    """Return E[p^G + (1 - p)^G] for p from Beta(a, b): the expected share of silent groups.

    Args:
        a: first parameter, > 0.
        b: second parameter, > 0.
        group_size: G, rollouts of a group.
    """
    from scipy.special import betaln

    whole = betaln(a, b)
    return float(np.exp(betaln(a + group_size, b) - whole) + np.exp(betaln(a, b + group_size) - whole))


def mean_variance(a: float, b: float) -> float:
    """Return E[p (1 - p)] for p from Beta(a, b): the mean outcome variance of a prompt."""
    return a * b / ((a + b) * (a + b + 1.0))


def fit_pool_to_counts(successes: NDArray[np.float64], rollouts: NDArray[np.float64]) -> tuple[float, float]:
    """Return the (a, b) under which counts of single prompts are most likely (beta-binomial).

    Args:
        successes: right rollouts of each prompt, shape (P,).
        rollouts: all rollouts of each prompt, shape (P,).

    A fit to fewer than :data:`FEW_GROUPS` prompts, or one that ends at the limits of what is tried, logs a warning.
    """
    from scipy import optimize, stats

    def loss(logs: NDArray[np.float64]) -> float:
        return -float(np.sum(stats.betabinom.logpmf(successes, rollouts, *np.exp(logs))))

    found = optimize.minimize(loss, np.log([0.5, 0.5]), method="L-BFGS-B", bounds=[(-_FARTHEST, _FARTHEST)] * 2)
    a, b = np.exp(found.x)
    if len(successes) < FEW_GROUPS:
        logger.warning("a Beta pool is fitted to %d prompts only: Beta(%.3g, %.3g) is uncertain", len(successes), a, b)
    elif (np.abs(found.x) >= _FARTHEST).any():
        logger.warning("Beta(%.3g, %.3g) is at the limit of what is tried: the counts do not tell the pool", a, b)
    return float(a), float(b)


def fit_pool_to_shares(
    pass_rate: float, silent_share: float, group_size: int, *, groups: int | None = None
) -> tuple[float, float]:
    """Return the Beta distribution of pass rates with a given mean and expected share of silent groups.

    Solves E p = pass_rate and E[p^G + (1 - p)^G] = silent_share for (a, b).

    Args:
        pass_rate: mean of 0/1 rewards, in (0, 1).
        silent_share: share of groups whose rewards are all equal.
        group_size: G >= 2, rollouts of a group.
        groups: how many groups the two numbers are of, if known; below :data:`FEW_GROUPS` a warning is logged.

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
        return expected_silent_share(pass_rate * total, (1 - pass_rate) * total, group_size) - silent_share

    if excess(_WIDEST) <= 0 or excess(_NARROWEST) >= 0:
        raise ArgumentError("silent_share", "be further from its limits for a pool to be fitted", silent_share)
    if groups is not None and groups < FEW_GROUPS:
        error = float(np.sqrt(silent_share * (1 - silent_share) / max(groups, 1)))
        logger.warning(
            "a Beta pool is fitted to %d groups only: their share of silent groups has a standard error of %.0f points",
            groups, 100 * error,
        )  # fmt: skip
    total = float(np.exp(brentq(excess, _WIDEST, _NARROWEST, xtol=1e-12)))
    return pass_rate * total, (1 - pass_rate) * total
