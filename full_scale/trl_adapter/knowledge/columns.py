"""Pass rates and features that are in the data set, checked before a model loads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from full_scale.trl_adapter.config import VASConfig
from full_scale.trl_adapter.prompts import column_values
from vas_theory.foundation.errors import DataError
from vas_theory.selection.prediction.pass_rate_prior import PassRatePrior
from vas_theory.selection.sampler.feedback import as_numbers

__all__ = ["column_features", "given_features", "pass_rate_prior"]

Array = NDArray[np.float64]

_LARGEST_CATEGORIES = 256


def pass_rate_prior(dataset: Any, vas: VASConfig) -> PassRatePrior | None:
    """Return the pass rates of the column that is named, None if there is none.

    Raises:
        DataError: a column is missing, or holds something else than rates in [0, 1] and trials > 0; with the row.
    """
    if vas.pass_rate_column is None:
        return None
    rates = _numbers(dataset, vas.pass_rate_column, "pass_rate_column")
    _refuse(vas.pass_rate_column, rates, (rates >= 0) & (rates <= 1), "a pass rate must lie in [0, 1]")
    if np.isnan(rates).all():
        raise DataError(f"column {vas.pass_rate_column!r} knows the pass rate of no prompt: every value is missing")
    if not isinstance(vas.pass_rate_trials, str):
        return PassRatePrior.from_rates(rates, vas.pass_rate_trials)
    trials = _numbers(dataset, vas.pass_rate_trials, "pass_rate_trials")
    _refuse(vas.pass_rate_trials, trials, (trials > 0) & (trials < np.inf), "a number of rollouts must be > 0")
    known = ~np.isnan(rates) & ~np.isnan(trials)
    if not known.any():
        raise DataError(f"no row has both a {vas.pass_rate_column!r} and a {vas.pass_rate_trials!r}")
    return PassRatePrior.from_rates(np.where(known, rates, np.nan), np.where(known, trials, np.nan))


def given_features(dataset: Any, vas: VASConfig) -> Array | None:
    """Return the features that do not change while training goes on, None if there are none.

    Raises:
        ArgumentError: an array has another shape than (rows of the data set, d), or values that are no numbers.
        DataError: a column is missing or cannot be made to numbers.
    """
    features = vas.features
    if features is None or vas.renews_features:
        return None
    if isinstance(features, Sequence) and all(isinstance(name, str) for name in features):
        return column_features(dataset, [str(name) for name in features])
    from vas_theory.selection.prediction.feature_table import FeatureTable

    numbers = as_numbers("features", features)
    FeatureTable(len(dataset)).renew(numbers)  # refuses what cannot be used
    return numbers.astype(np.float32)


def column_features(dataset: Any, names: Sequence[str]) -> Array:
    """Return columns of a data set as numbers, side by side, shape (P, d).

    Numbers stay as they are; lists of numbers, such as embeddings, are that many columns; texts are categories, one
    column each. Where a number is missing its column's mean stands, and a column beside it says so.

    Raises:
        DataError: a column is missing, holds neither numbers nor texts, or more than 256 different texts.
    """
    return np.hstack([_as_matrix(name, _column(dataset, name, "features")) for name in names])


def _as_matrix(name: str, values: list[Any]) -> Array:
    kinds = {type(value) for value in values if value is not None}
    if kinds and kinds <= {int, float, bool}:
        return _with_missing(np.array([np.nan if value is None else value for value in values], dtype=np.float64))
    if kinds == {str}:
        names = sorted(Counter(value for value in values if value is not None))
        if len(names) > _LARGEST_CATEGORIES:
            raise DataError(
                f"column {name!r} has {len(names)} different texts, too many to be categories; give embeddings of them "
                "as VASConfig(features=array)"
            )
        place = {text: number for number, text in enumerate(names)}
        chosen = np.zeros((len(values), len(names)))
        for row, value in enumerate(values):
            if value is not None:
                chosen[row, place[value]] = 1.0
        return chosen
    if kinds == {list}:
        width = len(next(value for value in values if value is not None))
        try:
            rows = [[np.nan] * width if value is None else value for value in values]
            matrix: NDArray[Any] = np.array(rows, dtype=np.float64)
        except (TypeError, ValueError):
            matrix = np.empty(0)
        if matrix.ndim == 2 and matrix.shape[1] == width > 0:
            return np.hstack([_with_missing(column) for column in matrix.T])
    found = ", ".join(sorted(kind.__name__ for kind in kinds)) or "nothing"
    raise DataError(f"column {name!r} must hold numbers, texts or lists of as many numbers, not {found}")


def _with_missing(column: Array) -> Array:
    missing = ~np.isfinite(column)
    if not missing.any():
        return column[:, None]
    mean = column[~missing].mean() if not missing.all() else 0.0
    return np.column_stack([np.where(missing, mean, column), missing])


def _column(dataset: Any, name: str, argument: str) -> list[Any]:
    if name not in dataset.column_names:
        raise DataError(
            f"the training data set has no column {name!r}, only {sorted(dataset.column_names)}; "
            f"VASConfig({argument}=...) names it"
        )
    return column_values(dataset, name)


def _numbers(dataset: Any, name: str, argument: str) -> Array:
    values = _column(dataset, name, argument)
    for row, value in enumerate(values):
        if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float))):
            raise DataError(f"column {name!r}, row {row}: must be a number, or missing, not {value!r}")
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _refuse(name: str, values: Array, allowed: NDArray[np.bool_], needs: str) -> None:
    wrong = np.flatnonzero(~np.isnan(values) & ~allowed)
    if wrong.size:
        more = f" ({wrong.size} of {values.size} rows)" if wrong.size > 1 else ""
        raise DataError(f"column {name!r}, row {wrong[0]}: {needs}, not {values[wrong[0]]:g}{more}")
