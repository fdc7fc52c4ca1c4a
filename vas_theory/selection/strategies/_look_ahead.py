"""What training a prompt again and again is worth a visit."""

from __future__ import annotations

import functools

import numpy as np

from vas_theory.selection.contract.strategy import FloatArray
from vas_theory.selection.group_moments import binomial_expectation

__all__ = ["LookAhead", "logistic"]


def logistic(logits: FloatArray) -> FloatArray:
    """Return 1 / (1 + exp(-z))."""
    from scipy.special import expit

    rates: FloatArray = expit(logits)
    return rates


@functools.lru_cache(maxsize=16)
def _chances(logits: bytes, group_size: int) -> FloatArray:
    """Return the chances of 0..G right at each of the logits, given as bytes so that they can be remembered."""
    rates_L = logistic(np.frombuffer(logits))
    chances_ML = np.stack([binomial_expectation(rates_L, right) for right in np.eye(group_size + 1)])
    chances_ML.flags.writeable = False
    return chances_ML


class LookAhead:
    r"""The largest mean gain a visit that a run of visits in a row is expected to bring.

    .. math:: \max_{1\le k\le K} \frac{E[\sigma(z_k) \mid z_0 = z] - \sigma(z)}{k}, \qquad
        z_{j+1} = z_j + h\, d(m_j), \qquad m_j \sim \mathrm{Binomial}(G, \sigma(z_j))

    Each group's push d is random: where one success of a hard prompt moves it far, the expectation of the pass rate is
    well above the pass rate at the expected logit.

    Args:
        logits_L: z, equally spaced and ascending; between them pass rates are interpolated, beyond them constant.
        pushes_M: d by the number right, 0..G.
        step_size: h, the move of the logit a unit of push.
        horizon: K, at least 1.
    """

    def __init__(self, logits_L: FloatArray, pushes_M: FloatArray, step_size: float, horizon: int) -> None:
        self._logits_L, self._pushes_M, self._step_size = logits_L, pushes_M, step_size
        start_L = logistic(logits_L)
        self._chances_ML = _chances(logits_L.tobytes(), len(pushes_M) - 1)
        expected = [start_L]
        for _ in range(horizon):
            expected.append(self._before_visit(expected[-1], pushes_M))
        self._expected_KL = np.stack(expected)

    def gains(self, first_M: FloatArray | None = None) -> FloatArray:
        """Return gains in pass rate a visit, of the shape of ``logits_L``.

        Args:
            first_M: the pushes of the first visit, where they are not those of the others.
        """
        start_L, after_KL = self._expected_KL[0], self._expected_KL[1:]
        if first_M is not None:
            after_KL = self._before_visit(self._expected_KL[:-1], first_M)
        gains_L: FloatArray = ((after_KL - start_L) / np.arange(1, len(after_KL) + 1)[:, None]).max(0)
        return gains_L

    def signals(self, first_M: FloatArray | None = None) -> FloatArray:
        """Return the expected push of the first visit, of the shape of ``logits_L``."""
        signals_L: FloatArray = (self._pushes_M if first_M is None else first_M) @ self._chances_ML
        return signals_L

    def _before_visit(self, values: FloatArray, pushes_M: FloatArray) -> FloatArray:
        """Return what ``values`` (..., L) are expected to be after a visit, tabulated by the logit before it."""
        logits_L = self._logits_L
        reached_ML = logits_L + self._step_size * pushes_M[:, None]
        places = np.clip((reached_ML - logits_L[0]) / (logits_L[1] - logits_L[0]), 0, len(logits_L) - 1)
        below = np.minimum(places.astype(np.int64), len(logits_L) - 2)
        share = places - below
        reached = (1 - share) * values[..., below] + share * values[..., below + 1]
        expected: FloatArray = (self._chances_ML * reached).sum(-2)
        return expected
