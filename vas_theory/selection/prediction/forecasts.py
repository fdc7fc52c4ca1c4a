"""What predictions are worth: their probability of the groups that came after them, with forgetting."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["STRENGTHS", "ForecastRecord"]

Array = NDArray[np.float64]

STRENGTHS = np.array([0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0])
"""Concentrations a + b of the Beta distribution about a predicted pass rate that are compared."""


class ForecastRecord:
    """The log probability of observed groups under predicted pass rates, for each strength of the prediction.

    A predicted rate p with strength s says that the prompt's rate is Beta(s p, s (1 - p)), so that the number right of
    a group is beta-binomial. The predictions are made before the group is seen, so no fit can look good by being close
    to its own data.

    Args:
        half_life: groups after which a group counts half.
        expected: the strength that is believed at first, as if by a group or two.
    """

    def __init__(self, half_life: float, expected: float) -> None:
        self.half_life = half_life
        self._expected = expected
        self.groups = 0.0
        self.scores = np.zeros(STRENGTHS.size)

    def add(self, rates: Array, right: Array, size: Array, weight: Array) -> float:
        """Score predictions; all arrays have shape (n,), and rates lie inside (0, 1).

        Returns:
            The log probability of these groups at the strength that was believed before them, in nats.
        """
        believed = int(np.searchsorted(STRENGTHS, self.strength))
        fade = 0.5 ** (rates.size / self.half_life)
        self.scores *= fade
        self.groups = self.groups * fade + float(weight.sum())
        added = weight @ _log_beta_binomial(rates, right, size)
        self.scores += added
        return float(added[believed])

    @property
    def strength(self) -> float:
        """The strength under which the groups were most probable."""
        doubt = -0.5 * np.square(np.log2(STRENGTHS / self._expected))
        return float(STRENGTHS[np.argmax(self.scores + doubt)])

    @property
    def score(self) -> float:
        """The log probability at that strength, in nats."""
        return float(self.scores[np.searchsorted(STRENGTHS, self.strength)])

    def as_array(self) -> Array:
        """Everything that is remembered."""
        return np.concatenate([[self.groups], self.scores])

    def from_array(self, saved: Any) -> None:
        """Continue from :meth:`as_array`."""
        self.groups = float(saved[0])
        self.scores = np.array(saved[1:], dtype=np.float64)


def _log_beta_binomial(rates: Array, right: Array, size: Array) -> Array:
    """log B(m + s p, n - m + s (1 - p)) - log B(s p, s (1 - p)) for each strength s, shape (n, strengths)."""
    from scipy.special import betaln

    a, b = np.multiply.outer(rates, STRENGTHS), np.multiply.outer(1.0 - rates, STRENGTHS)
    return np.asarray(betaln(a + right[:, None], b + (size - right)[:, None]) - betaln(a, b))
