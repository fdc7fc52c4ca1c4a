"""Pass rates that were measured elsewhere: by another model, or by this one before training."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vas_theory.foundation.arguments import from_tensor
from vas_theory.foundation.errors import ArgumentError

__all__ = ["PassRatePrior"]

Array = NDArray[np.float64]

_LARGEST_CONCENTRATION = 20.0
_LEAST_CONCENTRATION = 0.2


class PassRatePrior:
    """Successes in trials of each prompt, NaN where nothing is known.

    Few trials say little: 0 of 8 is not a pass rate of 0. Each prompt's rate is therefore taken with a Beta(a, b) prior
    whose mean and variance are those of all the measured rates, freed from the noise of finite trials, and what is
    handed on is the posterior mean of its logit, digamma(a + m) - digamma(b + n - m).

    The rates are only an indication: the sampler learns intercept and slope in the logit from what it sees itself, so
    rates of another model need no correction, and a column that says nothing is found out.

    Args:
        successes: m, shape (P,), in [0, trials].
        trials: n > 0, shape (P,) or one number.

    Raises:
        ArgumentError: a value is out of range, or nothing is known of any prompt.
    """

    def __init__(self, successes: ArrayLike, trials: ArrayLike) -> None:
        right, size = _as_column("successes", successes), _as_column("trials", trials)
        if right.ndim != 1 or right.size == 0 or size.shape not in ((), right.shape):
            needs = "have one number a prompt, and trials the same shape or one number"
            raise ArgumentError("successes", needs, (right.shape, size.shape))
        size = np.broadcast_to(size, right.shape)
        self.known = ~(np.isnan(right) | np.isnan(size))
        wrong = self.known & ~((size > 0) & (size < np.inf) & (right >= 0) & (right <= size))
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            needs = f"lie in [0, trials] with trials > 0 (row {row}, trials {size[row]:g})"
            raise ArgumentError("successes", needs, float(right[row]))
        if not self.known.any():
            raise ArgumentError("successes", "be known of at least one prompt", right)
        self.successes, self.trials = right, np.array(size)

    @classmethod
    def from_rates(cls, rates: ArrayLike, strength: ArrayLike = 8.0) -> PassRatePrior:
        """Take rates in [0, 1] as if each came from ``strength`` trials.

        Raises:
            ArgumentError: a rate is out of range.
        """
        given, size = _as_column("rates", rates), _as_column("strength", strength)
        if given.ndim != 1 or size.shape not in ((), given.shape):
            needs = "have one number a prompt, and strength the same shape or one number"
            raise ArgumentError("rates", needs, (given.shape, size.shape))
        wrong = ~np.isnan(given) & ~((given >= 0) & (given <= 1))
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise ArgumentError("rates", f"lie in [0, 1] (row {row}); percentages have to be divided", given[row])
        return cls(given * size, size)

    def __len__(self) -> int:
        return self.successes.size

    def logits(self) -> tuple[Array, float]:
        """Posterior mean logits less their mean, 0 where nothing is known, shape (P,); and that mean."""
        from scipy.special import digamma

        right, size = self.successes[self.known], self.trials[self.known]
        a, b = _fit_beta(right, size)
        logits = digamma(a + right) - digamma(b + size - right)
        centre = float(logits.mean())
        out = np.zeros(len(self))
        out[self.known] = logits - centre
        return out, centre


def _fit_beta(right: Array, size: Array) -> tuple[float, float]:
    """Beta parameters by moments: with r = m/n, E[r] = mean and E[r^2 - r (1 - r)/(n - 1)] = mean^2 + variance."""
    rate = right / size
    mean = float(np.clip(rate.mean(), 0.02, 0.98))
    several = size > 1
    variance = 0.0
    if several.any():
        r, n = rate[several], size[several]
        variance = float((np.square(r) - r * (1 - r) / (n - 1)).mean() - r.mean() ** 2)
    spread = mean * (1 - mean)
    bounds = (spread / (1 + _LARGEST_CONCENTRATION), spread / (1 + _LEAST_CONCENTRATION))
    concentration = spread / float(np.clip(variance, *bounds)) - 1
    return concentration * mean, concentration * (1 - mean)


def _as_column(argument: str, values: Any) -> Array:
    try:
        plain = [np.nan if value is None else value for value in values] if isinstance(values, list) else values
        plain = from_tensor(plain)
        return np.asarray(plain).astype(np.float64)
    except (TypeError, ValueError, RuntimeError):
        raise ArgumentError(argument, "be numbers, NaN where nothing is known", values) from None
