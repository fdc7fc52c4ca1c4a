"""Features of prompts, brought to one scale and to few components."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vas_theory.foundation.arguments import from_tensor
from vas_theory.foundation.errors import ArgumentError
from vas_theory.foundation.refusals import refuse_masked
from vas_theory.foundation.streams import stream_generator
from vas_theory.selection.refusals import refuse_large_features

__all__ = ["COMPONENTS", "FeatureTable"]

Array = NDArray[np.float64]

COMPONENTS = 64
"""Columns that are kept of wider features."""

_WIDEST = 1024
"""Features wider than this are brought to so many columns by a random projection first."""

_SAMPLE = 4096
"""Rows that means, spreads and components are taken from."""

_CHUNK = 1 << 14


class FeatureTable:
    """One row of at most 64 numbers a prompt, in half precision: 128 bytes a prompt.

    The first features that are given decide the frame, which all later ones share, so that rows of different times can
    be compared: columns are centred and divided by their standard deviation; more than 64 columns are projected on
    their 64 leading principal components, each divided by the square root of its standard deviation (between equal
    weight for all components and their own), and all are scaled to mean square 1. Features wider than 1,024 columns
    pass a random projection with independent normal entries before that (Johnson and Lindenstrauss).

    Args:
        count: number of prompts, P.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._centre = np.empty(0)
        self._projection = np.empty((0, 0))
        self.rows = np.zeros((count, 0), dtype=np.float16)
        self.known = np.zeros(count, dtype=bool)

    @property
    def width(self) -> int:
        """Numbers a prompt; 0 before any features were given."""
        return self.rows.shape[1]

    def renew(self, features: ArrayLike, positions: NDArray[np.int64] | None = None) -> None:
        """Take features of all prompts, or of some.

        Args:
            features: shape (n, d); a row with a NaN is not known. d is the same at every call.
            positions: shape (n,), all prompts by default.

        Raises:
            ArgumentError: shape or values are not allowed; nothing has changed then.
        """
        given = _as_features(features, self._count if positions is None else positions.size)
        refuse_large_features(given)
        places = np.arange(self._count) if positions is None else positions
        if self._centre.size and given.shape[1] != self._centre.size:
            raise ArgumentError("features", f"have {self._centre.size} columns as before", given.shape)
        known = ~np.isnan(given).any(axis=1)
        if not known.any():
            if self._centre.size == 0:
                raise ArgumentError("features", "be known of at least one prompt", given.shape)
        elif self._centre.size == 0:
            self._set_frame(given, np.flatnonzero(known))
        for first in range(0, places.size, _CHUNK):
            part = slice(first, first + _CHUNK)
            rows = np.where(known[part, None], given[part], self._centre).astype(np.float64) - self._centre
            self.rows[places[part]] = np.clip(rows @ self._projection, -1e4, 1e4).astype(np.float16)
        self.known[places] = known

    def _set_frame(self, given: NDArray[np.floating[Any]], known: NDArray[np.int64]) -> None:
        rng = stream_generator(0, "features", 0)
        chosen = known if known.size <= _SAMPLE else np.sort(rng.choice(known, _SAMPLE, replace=False))
        sample = given[chosen].astype(np.float64)
        self._centre = sample.mean(axis=0)
        spread = sample.std(axis=0)
        # a column that is the same everywhere says nothing, whatever rounding makes of it
        useful = spread > 1e-7 * np.maximum(np.abs(self._centre), 1e-30)
        scale = np.where(useful, 1.0 / np.where(useful, spread, 1.0), 0.0)
        projection = np.diag(scale) if scale.size <= _WIDEST else np.empty(0)
        if scale.size > _WIDEST:
            projection = scale[:, None] * rng.standard_normal((scale.size, _WIDEST)) / np.sqrt(_WIDEST)
        if projection.shape[1] > COMPONENTS:
            standard = (sample - self._centre) @ projection
            values, vectors = np.linalg.eigh(standard.T @ standard / len(standard))
            leading = slice(-1, -COMPONENTS - 1, -1)
            spreads = np.sqrt(np.maximum(values[leading], 0.0))
            weights = np.where(spreads > 1e-6 * spreads[0], 1.0 / np.sqrt(np.maximum(spreads, 1e-30)), 0.0)
            projection = projection @ (vectors[:, leading] * weights)
        rows = (sample - self._centre) @ projection
        size = np.sqrt(np.square(rows).mean())
        self._projection = projection / (size if size > 0 else 1.0)
        self.rows = np.zeros((self._count, projection.shape[1]), dtype=np.float16)

    def at(self, positions: NDArray[np.int64]) -> Array:
        """Rows of prompts, zero where nothing is known, shape (n, k)."""
        return self.rows[positions].astype(np.float64)

    def state_dict(self) -> dict[str, Any]:
        """Arrays that describe the table fully."""
        return {
            "feature_centre": self._centre.copy(),
            "feature_projection": self._projection.copy(),
            "feature_rows": self.rows.copy(),
            "feature_known": self.known.copy(),
        }

    def adopt(self, state: Mapping[str, Any], sources: NDArray[np.int64]) -> None:
        """Continue from a state of another prompt set; what is new (-1) has no features until they are renewed."""
        there = sources >= 0
        self._centre = np.array(state["feature_centre"])
        self._projection = np.array(state["feature_projection"])
        self.rows = np.zeros((self._count, state["feature_rows"].shape[1]), dtype=np.float16)
        self.rows[there] = state["feature_rows"][sources[there]]
        self.known[:] = False
        self.known[there] = state["feature_known"][sources[there]]


def _as_features(features: ArrayLike, count: int) -> NDArray[np.floating[Any]]:
    refuse_masked("features", features)
    try:
        given = np.asarray(from_tensor(features))
        given = given if given.dtype.kind == "f" else given.astype(np.float64)
    except (TypeError, ValueError, RuntimeError):
        raise ArgumentError("features", f"be numbers of shape ({count}, d)", features) from None
    if given.ndim != 2 or given.shape[0] != count or given.shape[1] < 1:
        raise ArgumentError("features", f"have shape ({count}, d) with d >= 1", given.shape)
    if np.isinf(given).any():
        raise ArgumentError("features", "be finite, or NaN where they are not known", float(given[np.isinf(given)][0]))
    return given
