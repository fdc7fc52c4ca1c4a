"""Beliefs on a grid that widen between observations, as fast as revisits show that pass rates move."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from vas_theory.foundation.errors import StateMismatchError
from vas_theory.selection.contract.strategy import FloatArray

__all__ = ["Diffusion"]

_SHARES = (0.0, 0.25, 0.5, 1.0)
_RATES = (0.0, 0.03, 0.1, 0.3, 1.0)
_LEAST_CHANCE = 1e-6


class Diffusion:
    r"""Widens a belief by the variance :math:`(b m)^2 + w^2 t` since the last look.

    m is the move that was expected of the prompt's own training then, t the number of steps since. The share b and the
    rate w are those of a small grid that give what revisits showed the largest likelihood, all of them so far together;
    at first nothing widens. A belief is reflected at the ends of its grid.

    Args:
        grid_L: where beliefs are tabulated, equally spaced.
    """

    def __init__(self, grid_L: FloatArray) -> None:
        count = len(grid_L)
        # cosines turn widening by a Gaussian into a factor a frequency
        cosines = np.cos(np.pi * np.outer(np.arange(count) + 0.5, np.arange(count)) / count)
        self._cosines_LK: FloatArray = cosines / np.sqrt(np.square(cosines).sum(0))
        self._decay_K = 0.5 * np.square(np.pi * np.arange(count) / (count * (grid_L[1] - grid_L[0])))
        self._candidates = list(itertools.product(_SHARES, _RATES))
        self.log_likelihood_C = np.zeros(len(self._candidates))

    @property
    def share_and_rate(self) -> tuple[float, float]:
        """The share b of expected moves and the deviation w a step, in logits; the least of equally likely ones."""
        return self._candidates[int(np.argmax(self.log_likelihood_C))]

    def widen(self, weights_PL: FloatArray, moves_P: FloatArray, steps_P: FloatArray) -> FloatArray:
        """Return beliefs as they are some steps later.

        Args:
            weights_PL: the beliefs when they were formed, each with the sum 1.
            moves_P: own move that was expected then, in logits.
            steps_P: steps since.
        """
        return self._widen(weights_PL @ self._cosines_LK, *self.share_and_rate, moves_P, steps_P)

    def learn(
        self, weights_PL: FloatArray, moves_P: FloatArray, steps_P: FloatArray, likelihood_PL: FloatArray
    ) -> None:
        """Compare what all candidates expected with what was seen.

        Args:
            weights_PL: as in :meth:`widen`.
            moves_P: as in :meth:`widen`.
            steps_P: as in :meth:`widen`.
            likelihood_PL: of what was seen, for each place of the grid, up to a factor a prompt.
        """
        spectrum_PK = weights_PL @ self._cosines_LK
        for index, (share, rate) in enumerate(self._candidates):
            expected_PL = self._widen(spectrum_PK, share, rate, moves_P, steps_P)
            # one surprise must not decide
            self.log_likelihood_C[index] += np.log((expected_PL * likelihood_PL).sum(1) + _LEAST_CHANCE).sum()

    def _widen(
        self, spectrum_PK: FloatArray, share: float, rate: float, moves_P: FloatArray, steps_P: FloatArray
    ) -> FloatArray:
        variance_P = np.square(share * moves_P) + rate**2 * steps_P
        wider = (spectrum_PK * np.exp(-variance_P[:, None] * self._decay_K)) @ self._cosines_LK.T
        wider = np.maximum(wider, np.finfo(np.float64).tiny)  # rounding may leave less than nothing
        normalised: FloatArray = wider / wider.sum(1, keepdims=True)
        return normalised

    def state_dict(self) -> dict[str, Any]:
        """Return everything that changes."""
        return {"log_likelihood_C": self.log_likelihood_C.copy()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state."""
        value = np.asarray(state["log_likelihood_C"], dtype=np.float64)
        if value.shape != self.log_likelihood_C.shape:
            shapes = (self.log_likelihood_C.shape, value.shape)
            raise StateMismatchError("state of Diffusion", {"shape of log_likelihood_C": shapes})
        self.log_likelihood_C = value.copy()
