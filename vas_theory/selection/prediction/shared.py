"""The prediction of pass rates that all prompts share: learned online from every group, judged on the next ones."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vas_theory.foundation.errors import ArgumentError
from vas_theory.selection.prediction.feature_table import FeatureTable
from vas_theory.selection.prediction.forecasts import ForecastRecord
from vas_theory.selection.prediction.logistic import GaussianPrior, LogisticFit, fit_logistic, inverse_logit
from vas_theory.selection.prediction.pass_rate_prior import PassRatePrior

__all__ = ["SharedPrediction"]

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

logger = logging.getLogger("vas_theory.selection.prediction")

MEMORY = 2048
"""Groups that a fit looks back on."""

HALF_LIFE = 800.0
"""Groups after which a group counts half in a fit: the policy, and what its states mean, move on."""

JUDGED_BY = 400.0
"""Groups after which a group counts half in the comparison with the constant prediction."""

_LARGEST_LOSS = 6.0
_LARGEST_BALANCE = 12.0
"""Nats that the prediction may lose to the constant one before it is no longer used, and what is remembered of it."""

_SLOPE_MEAN, _SLOPE_VARIANCE = 0.8, 0.16
"""Prior of the slope of a pass-rate column: most likely right, a little too steep, and quickly found out if not."""

_INTERCEPT_VARIANCE = 4.0
_RIDGE_MOVES_FROM, _LARGEST_MOVE, _RIDGE_RANGE = 64, 1.5, 32.0
"""Groups before the precision of the features' coefficients moves, by what factor at most in a fit, and how far from
one unit of the logit for all features together."""
_FEATURE_STRENGTH, _COLUMN_STRENGTH = 4.0, 8.0
"""Rollouts that a prediction is worth at first, without and with a column."""


_NODES, _NODE_WEIGHTS = np.polynomial.hermite_e.hermegauss(5)
_NODE_WEIGHTS /= _NODE_WEIGHTS.sum()


def _inside(rates: Array) -> Array:
    return np.clip(rates, 1e-6, 1.0 - 1e-6)


class SharedPrediction:
    """Bayesian logistic regression of pass rates on a column of rates from elsewhere and on features of the prompts.

    logit p_i = shift + slope * column_i + features_i . beta, with normal priors. The shift is shared, so that prompts
    which are never visited move with the policy; the slope is the monotone recalibration of the column. The fit looks
    back on the last 2,048 groups, of which one counts half after 800 others; a group of n rollouts counts as
    n / (1 + (n - 1) / (s + 1)), because rates scatter about any prediction as a Beta distribution of strength s. The
    prior variance of beta follows MacKay's fixed point (Neural Computation 4, 1992).

    Every prediction is judged before the group is learned from, against the mean of all recent groups. If it loses
    more than it won, by 6 nats of log probability, that mean takes its place (with a warning) until it wins again; the
    balance is held within 12 nats, so that neither an old lead nor an old loss decides.

    Args:
        count: number of prompts, P.
        features: shape (P, d), NaN rows where nothing is known.
        column: pass rates from elsewhere.

    Attributes:
        used: whether the prediction is used; otherwise the constant takes its place.
    """

    def __init__(self, count: int, *, features: ArrayLike | None = None, column: PassRatePrior | None = None) -> None:
        if column is not None and len(column) != count:
            raise ArgumentError("prior", f"have one number for each of the {count} prompts", len(column))
        self._count = count
        self.has_column = column is not None
        self._column = np.zeros(count, dtype=np.float32)
        self._column_known = np.zeros(count, dtype=bool)
        self._centre = 0.0
        if column is not None:
            logits, self._centre = column.logits()
            self._column[:], self._column_known[:] = logits, column.known
        self.table = FeatureTable(count)
        if features is not None:
            self.table.renew(features)
        strength = _COLUMN_STRENGTH if self.has_column else _FEATURE_STRENGTH
        self._forecasts = {name: ForecastRecord(JUDGED_BY, strength) for name in ("model", "constant")}
        self._constant = np.array([2.0 * self._base_rate, 2.0])
        self._ridge = float(max(self.table.width, 1))
        # design row, right, size, weight of each group, oldest first
        self._memory = np.zeros((0, self._width + 3))
        self._new = 0
        self._balance = 0.0
        self.used = True
        self.half_life = HALF_LIFE
        self.fit = self._prior_fit()

    @property
    def _width(self) -> int:
        return 1 + self.has_column + self.table.width

    @property
    def _base_rate(self) -> float:
        return float(inverse_logit(np.array(self._centre)))

    def _prior(self) -> GaussianPrior:
        mean, precision = np.zeros(self._width), np.full(self._width, self._ridge)
        mean[0], precision[0] = self._centre, 1.0 / _INTERCEPT_VARIANCE
        if self.has_column:
            mean[1], precision[1] = _SLOPE_MEAN, 1.0 / _SLOPE_VARIANCE
        return GaussianPrior(mean, precision)

    def _prior_fit(self) -> LogisticFit:
        prior = self._prior()
        return LogisticFit(prior.mean, np.diag(np.sqrt(prior.precision)), True)

    def _design(self, places: Integers) -> Array:
        rows = np.empty((places.size, self._width))
        rows[:, 0] = 1.0
        if self.has_column:
            rows[:, 1] = self._column[places]
        rows[:, self._width - self.table.width :] = self.table.at(places)
        return rows

    def set_features(self, features: ArrayLike, positions: Integers | None = None) -> None:
        """Renew the features of all prompts, or of some; see :meth:`FeatureTable.renew`."""
        before = self.table.width
        self.table.renew(features, positions)
        if self.table.width != before:  # the first features: what was learned about the rest stays
            added = np.zeros((len(self._memory), self.table.width))
            own = self._width - self.table.width
            self._memory = np.hstack([self._memory[:, :own], added, self._memory[:, own:]])
            self._ridge = float(self.table.width)
            self._refit()

    def rates(self, places: Integers) -> Array:
        """Predicted pass rates at the most probable coefficients, shape (n,)."""
        if not self.used:
            return np.full(places.size, self._constant[0] / self._constant[1])
        return _inside(inverse_logit(self._design(places) @ self.fit.mean))

    def likely_rates(self, places: Integers) -> tuple[Array, Array]:
        """Pass rates at five points of each prompt's uncertain logit (Gauss-Hermite), shape (5, n), and their weights.

        The logit is normal under Laplace's approximation; expectations over it are exact for polynomials of degree 9.
        """
        if not self.used:
            return self.rates(places)[None], np.ones(1)
        rows = self._design(places)
        logits, deviation = rows @ self.fit.mean, np.sqrt(self.fit.variance(rows))
        return _inside(inverse_logit(logits + np.multiply.outer(_NODES, deviation))), _NODE_WEIGHTS

    @property
    def strength(self) -> float:
        """Rollouts that the prediction is worth as the prior of a prompt's own posterior."""
        return self._forecasts["model" if self.used else "constant"].strength

    def observe(self, places: Integers, right: Array, size: Array, weight: Array) -> None:
        """Judge the prediction by groups of distinct prompts, then learn from them; all arrays have shape (n,)."""
        if places.size == 0:
            return
        rows = self._design(places)
        told = self._column_known[places] | self.table.known[places]
        if told.any():
            model = _inside(inverse_logit(rows @ self.fit.mean))
            constant = np.full(places.size, self._constant[0] / self._constant[1])
            gain = 0.0
            for name, rates, sign in (("model", model, 1.0), ("constant", constant, -1.0)):
                gain += sign * self._forecasts[name].add(rates[told], right[told], size[told], weight[told])
            self._judge(gain)
        self._constant *= 0.5 ** (places.size / JUDGED_BY)
        self._constant += [weight @ right, weight @ size]
        groups = np.column_stack([rows, right, size, weight])
        self._memory = np.concatenate([self._memory, groups])[-MEMORY:]
        self._new += places.size
        if self._new >= min(64, max(8, len(self._memory) // 16)):
            self._refit()

    def _refit(self) -> None:
        """Fit to what is remembered, then move the prior variance of the features' coefficients."""
        self._new = 0
        if not len(self._memory):
            self.fit = self._prior_fit()
            return
        rows, (right, size, weight) = self._memory[:, :-3], self._memory[:, -3:].T
        age = np.arange(len(rows) - 1, -1, -1)
        scatter = 1.0 + (size - 1.0) / (self._forecasts["model"].strength + 1.0)
        counts = weight * 0.5 ** (age / self.half_life) / scatter
        start = self.fit.mean if self.fit.mean.size == rows.shape[1] else None
        fit = fit_logistic(rows, right, size, counts, self._prior(), start)
        if not (fit.arrived and np.isfinite(fit.mean).all()):
            logger.warning("the fit to %d groups did not arrive: the one before it is kept", len(rows))
            return
        self.fit = fit
        if self.table.width and len(rows) >= _RIDGE_MOVES_FROM:
            self._move_ridge()

    def _move_ridge(self) -> None:
        """Move towards MacKay's fixed point, precision = (well determined coefficients) / (their sum of squares).

        The point itself would be no way back: coefficients near zero make the precision so large that they stay there.
        """
        from scipy.linalg import solve_triangular

        width = self.table.width
        inverse = solve_triangular(self.fit.factor, np.eye(self.fit.mean.size), lower=True)
        variance = np.square(inverse).sum(axis=0)[-width:]
        determined = float(np.clip(width - self._ridge * variance.sum(), 0.1, width))
        squares = float(np.square(self.fit.mean[-width:]).sum())
        step = np.clip(determined / max(squares, 1e-12) / self._ridge, 1.0 / _LARGEST_MOVE, _LARGEST_MOVE)
        self._ridge = float(np.clip(self._ridge * step, width / _RIDGE_RANGE, width * _RIDGE_RANGE))

    def _judge(self, gain: float) -> None:
        """Use the prediction or the constant, and say when that changes."""
        self._balance = float(np.clip(self._balance + gain, -_LARGEST_BALANCE, _LARGEST_BALANCE))
        if self.used and self._balance < -_LARGEST_LOSS:
            self.used = False
            logger.warning("the prediction of pass rates lost to a constant on the latest groups: the constant is used")
        elif not self.used and self._balance > 0:
            self.used = True
            logger.warning("the prediction of pass rates is better than a constant again and is used")

    def metrics(self) -> dict[str, float]:
        """What the prediction is worth."""
        model, constant = self._forecasts["model"], self._forecasts["constant"]
        groups = model.groups
        return {
            "predictor/used": float(self.used),
            "predictor/gain": (model.score - constant.score) / groups if groups else float("nan"),
            "predictor/groups": len(self._memory),
            "predictor/strength": self.strength,
            "predictor/slope": float(self.fit.mean[1]) if self.has_column else float("nan"),
            "predictor/shift": float(self.fit.mean[0]),
        }

    def state_dict(self) -> dict[str, Any]:
        """Arrays and numbers that describe the prediction fully."""
        return {
            **self.table.state_dict(),
            "column": self._column.copy(),
            "column_known": self._column_known.copy(),
            "column_centre": self._centre,
            "memory": self._memory.copy(),
            "constant": self._constant.copy(),
            "model_forecasts": self._forecasts["model"].as_array(),
            "constant_forecasts": self._forecasts["constant"].as_array(),
            "coefficients": self.fit.mean.copy(),
            "factor": self.fit.factor.copy(),
            "ridge": self._ridge,
            "new_groups": self._new,
            "prediction_used": self.used,
            "prediction_balance": self._balance,
        }

    def adopt(self, state: Mapping[str, Any], sources: Integers) -> None:
        """Continue from a state of another prompt set: position i takes over ``sources[i]``, or is new at -1.

        A new prompt keeps the column it was given here, on the saved scale, and has no features until they are set.
        """
        there = sources >= 0
        self._column += np.float32(self._centre - float(state["column_centre"]))
        self._column[~self._column_known] = 0.0
        self._centre = float(state["column_centre"])
        self._column[there] = state["column"][sources[there]]
        self._column_known[there] = state["column_known"][sources[there]]
        self.table.adopt(state, sources)
        if (~there).any() and self.table.width:
            logger.warning("%d new prompts have no features until set_features", int((~there).sum()))
        self._memory = np.array(state["memory"])
        self._constant = np.array(state["constant"])
        self._forecasts["model"].from_array(state["model_forecasts"])
        self._forecasts["constant"].from_array(state["constant_forecasts"])
        self.fit = LogisticFit(np.array(state["coefficients"]), np.array(state["factor"]), True)
        self._ridge, self._new = float(state["ridge"]), int(state["new_groups"])
        self.used, self._balance = bool(state["prediction_used"]), float(state["prediction_balance"])
