r"""From measured worlds to one that was not: a normal model with varying worlds, and its predictive interval.

What an arm does in world w is :math:`y_w = \mu + x_w \beta + u_w + e_w`, with :math:`u_w \sim N(0, \tau^2)` what the
world has of its own and :math:`e_w \sim N(0, s_w^2)` the known error over seeds. The priors are wide and the same for
all arms; tau is integrated over a grid. With few worlds the interval is therefore wide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from full_scale.advising.evidence import MeasuredWorld
from full_scale.advising.pool import PoolShape

__all__ = ["COVERAGE", "Forecast", "beyond", "coordinates", "forecast_at", "predict_arm"]

Array = NDArray[np.float64]

COVERAGE = 0.8
"""Stated rate at which a world's value lies in its interval."""

_LEVEL, _SLOPE, _SPREAD = 0.4, 0.2, 0.25
"""Prior standard deviations of mu (about 1), of each slope per unit, and the scale of tau's half-normal prior."""
_TAUS = np.linspace(0.0, 4 * _SPREAD, 81)
COORDINATES = {
    "groups a prompt gets": (lambda shape: shape.visits, lambda value: np.log(value) / np.log(3.0)),
    "headroom": (lambda shape: shape.headroom, lambda value: np.log(value) / 0.3),
    "share of groups all wrong": (lambda shape: shape.wrong, lambda value: value / 0.2),
}
"""By what worlds are told apart, each in a unit that may matter as much as one of the others: three times the visits,
headroom times 1.35, and 20 points of groups that are all wrong."""
_MARGIN = 0.5
"""How far outside the measured worlds, in these units, a pool may lie."""


@dataclass(frozen=True)
class Forecast:
    """A predictive distribution.

    Attributes:
        middle: its median.
        low, high: of the central interval with the coverage :data:`COVERAGE`.
        above: probability that the value is above 1.
        worlds: how many worlds it rests on.
    """

    middle: float
    low: float
    high: float
    above: float
    worlds: int

    def text(self, factor: float = 1.0) -> str:
        """Return the median and the interval, times a factor."""
        return f"{factor * self.middle:.2f} [{factor * self.low:.2f}, {factor * self.high:.2f}]"


def coordinates(shape: PoolShape) -> Array:
    """Return where a pool lies, in the units of the module's coordinates."""
    return np.array([scale(value(shape)) for value, scale in COORDINATES.values()])


def beyond(shape: PoolShape, worlds: Sequence[MeasuredWorld]) -> list[str]:
    """Return in which respects a pool lies outside what was measured, in words with numbers; none if inside."""
    words = []
    for name, (value, scale) in COORDINATES.items():
        measured = [value(world.shape) for world in worlds]
        if not scale(min(measured)) - _MARGIN <= scale(value(shape)) <= scale(max(measured)) + _MARGIN:
            words.append(f"{name} {value(shape):.3g}, where {min(measured):.3g} to {max(measured):.3g} were measured")
    return words


def _mixture(places: Array, values: Array, errors: Array, place: Array) -> tuple[Array, Array, Array]:
    """Return the predictive mixture of normals at a new place: weights, means and standard deviations, by tau.

    Args:
        places: coordinates of the measured worlds, shape (W, k).
        values: measured there, shape (W,).
        errors: their standard errors, shape (W,).
        place: of the new world, shape (k,).
    """
    centre = places.mean(0)
    rows, new = np.column_stack([np.ones(len(places)), places - centre]), np.concatenate([[1.0], place - centre])
    prior = np.diag([_LEVEL**2, *[_SLOPE**2] * len(place)])
    cross, residual = rows @ prior @ new, values - 1.0
    noise = np.square(errors) + np.square(_TAUS)[:, None] + 1e-10
    whole = rows @ prior @ rows.T + noise[:, :, None] * np.eye(len(values))
    solved = np.linalg.solve(whole, np.broadcast_to(np.column_stack([residual, cross]), (len(_TAUS), len(values), 2)))
    by_residual, by_cross = solved[..., 0], solved[..., 1]
    fit = -0.5 * (np.linalg.slogdet(whole)[1] + by_residual @ residual + np.square(_TAUS / _SPREAD))
    chance = np.exp(fit - fit.max())
    variance = np.maximum(new @ prior @ new - by_cross @ cross, 0.0) + np.square(_TAUS) + 1e-10
    return chance / chance.sum(), 1.0 + by_residual @ cross, np.sqrt(variance)


def _quantile(mixture: tuple[Array, Array, Array], level: float) -> float:
    from scipy.optimize import brentq

    _, means, deviations = mixture
    low, high = float((means - 9 * deviations).min()), float((means + 9 * deviations).max())
    return float(brentq(lambda value: _below(mixture, value) - level, low, high, xtol=1e-9))


def _below(mixture: tuple[Array, Array, Array], value: float) -> float:
    from scipy.special import ndtr

    weights, means, deviations = mixture
    return float(weights @ ndtr((value - means) / deviations))


def forecast_at(places: Array, values: Array, errors: Array, place: Array, extra: float = 0.0) -> Forecast:
    """Return the forecast at a place; ``extra`` is a standard error of the value's own measurement there."""
    weights, means, deviations = _mixture(places, values, errors, place)
    mixture = weights, means, np.hypot(deviations, extra)
    tail = (1 - COVERAGE) / 2
    return Forecast(
        middle=_quantile(mixture, 0.5),
        low=_quantile(mixture, tail),
        high=_quantile(mixture, 1 - tail),
        above=1.0 - _below(mixture, 1.0),
        worlds=len(values),
    )


def predict_arm(worlds: Sequence[MeasuredWorld], arm: str, shape: PoolShape, extra: float = 0.0) -> Forecast | None:
    """Return what an arm is expected to learn in a pool relative to uniform sampling; None if no world measured it.

    Args:
        worlds: of :func:`~full_scale.advising.evidence.read_evidence`.
        arm: its name.
        shape: of the pool.
        extra: standard error of the value that the forecast is to be compared with.
    """
    there = [world for world in worlds if arm in world.arms]
    if not there:
        return None
    found = np.array([world.arms[arm].learning for world in there])
    places = np.array([coordinates(world.shape) for world in there])
    return forecast_at(places, found[:, 0], found[:, 1], coordinates(shape), extra)
