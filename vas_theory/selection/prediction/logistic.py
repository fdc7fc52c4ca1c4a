"""Logistic regression of counts with a Gaussian prior, fitted by damped Newton steps, and its Gaussian posterior."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["GaussianPrior", "LogisticFit", "fit_logistic", "inverse_logit"]

Array = NDArray[np.float64]

_ROUNDS = 40
_HALVINGS = 30
_LEAST_RISE = 1e-10
"""Rise of the log posterior, in nats, below which the fit has arrived."""

_LARGEST_LOGIT = 30.0


@dataclass(frozen=True)
class GaussianPrior:
    """Independent normal priors of the coefficients.

    Attributes:
        mean: shape (k,).
        precision: 1 / variance, > 0, shape (k,).
    """

    mean: Array
    precision: Array


@dataclass(frozen=True)
class LogisticFit:
    """Where the log posterior is highest, and its curvature there (Laplace's approximation).

    Attributes:
        mean: coefficients, shape (k,).
        factor: lower Cholesky factor of the posterior precision, shape (k, k).
        arrived: whether the last step was below the tolerance.
    """

    mean: Array
    factor: Array
    arrived: bool

    def variance(self, rows: Array) -> Array:
        """Posterior variance of rows @ coefficients, shape (n,)."""
        from scipy.linalg import solve_triangular

        return np.asarray(np.square(solve_triangular(self.factor, rows.T, lower=True)).sum(axis=0))


def inverse_logit(logits: Array) -> Array:
    """1 / (1 + exp(-x)), with x held in [-30, 30]."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, -_LARGEST_LOGIT, _LARGEST_LOGIT))))


def fit_logistic(
    rows: Array, right: Array, size: Array, weight: Array, prior: GaussianPrior, start: Array | None = None
) -> LogisticFit:
    """Return the highest point of sum_i w_i [m_i eta_i - n_i log(1 + exp eta_i)] + log prior, with eta = rows @ beta.

    The function is strictly concave, so a Newton step points uphill from anywhere; each is shortened until it gains at
    least a tenth of what its slope promises. A start that is worse than the prior's mean is not used: from a point
    where all predictions are near 0 or 1 the curvature is next to nothing, and full steps diverge.

    Args:
        rows: shape (n, k).
        right: m_i, shape (n,).
        size: n_i, shape (n,).
        weight: w_i >= 0, shape (n,).
        prior: of the coefficients.
        start: where to begin, shape (k,).
    """
    from scipy.linalg import cho_solve, cholesky

    def height(beta: Array) -> float:
        logits = rows @ beta
        likelihood = weight @ (right * logits - size * np.logaddexp(0.0, logits))
        return float(likelihood - prior.precision @ np.square(beta - prior.mean) / 2.0)

    beta, best = prior.mean, height(prior.mean)
    if start is not None and (value := height(start)) > best:
        beta, best = start, value
    arrived = False
    for _ in range(_ROUNDS):
        chance = inverse_logit(rows @ beta)
        slope = rows.T @ (weight * (right - size * chance)) - prior.precision * (beta - prior.mean)
        curvature = (rows * (weight * size * chance * (1.0 - chance))[:, None]).T @ rows
        curvature[np.diag_indices_from(curvature)] += prior.precision
        factor = cholesky(curvature, lower=True)
        move = cho_solve((factor, True), slope)
        promised = float(slope @ move)
        if promised < _LEAST_RISE:
            arrived = True
            break
        length = 1.0
        for _ in range(_HALVINGS):
            value = height(beta + length * move)
            if value >= best + 0.1 * length * promised:
                break
            length /= 2.0
        else:  # no step gains anything that rounding does not hide
            arrived = promised < 1e-4
            break
        beta, best = beta + length * move, value
    return LogisticFit(beta, factor, arrived)
