"""Pass rates of a task's prompts that were measured elsewhere, from a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from full_scale.tasks.refusals import refuse_missing_keys
from vas_theory.foundation.errors import ArgumentError, DataError

__all__ = ["read_pass_rates"]

Array = NDArray[np.float64]

_READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    ".parquet": pd.read_parquet,
    ".csv": lambda path: pd.read_csv(path, dtype={"prompt_key": str}),
    ".jsonl": lambda path: pd.read_json(path, lines=True, dtype={"prompt_key": str}),
}


def read_pass_rates(path: Path, keys: Sequence[str], trials: float) -> tuple[Array, Array]:
    """Return pass rates by prompt key and the rollouts behind them, NaN for prompts that the file does not name.

    Args:
        path: a ``.parquet``, ``.csv`` or ``.jsonl`` file with columns prompt_key and pass_rate, and trials if they
            differ.
        keys: of the prompts, in order.
        trials: rollouts behind each rate, where the file does not say.

    Raises:
        ArgumentError: the file is of another kind.
        DataError: it cannot be read, has no such columns, names a prompt twice or none of these, or holds something
            else than rates in [0, 1] and trials > 0.
    """
    if path.suffix not in _READERS:
        raise ArgumentError("knows.column", f"be 'start' or a file {', '.join(_READERS)}", str(path))
    try:
        frame = _READERS[path.suffix](path)
    except Exception as error:  # each reader has errors of its own
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(f"{path} cannot be read: {reason}") from None
    missing = [name for name in ("prompt_key", "pass_rate") if name not in frame.columns]
    if missing:
        raise DataError(f"{path} has no column {' and '.join(missing)}, only {sorted(map(str, frame.columns))}")
    refuse_missing_keys(path, frame)
    names = frame["prompt_key"].astype(str)
    if names.duplicated().any():
        raise DataError(f"{path} names prompt {names[names.duplicated()].iloc[0]} twice")
    known = frame.set_index(names).reindex(list(keys))
    rates = _numbers(path, known["pass_rate"])
    _refuse(path, keys, rates, (rates >= 0) & (rates <= 1), "a pass rate must lie in [0, 1]")
    if np.isnan(rates).all():
        raise DataError(f"{path} knows the pass rate of none of the {len(keys)} training prompts")
    size = _numbers(path, known["trials"]) if "trials" in frame.columns else np.full(len(keys), float(trials))
    _refuse(path, keys, size, (size > 0) & (size < np.inf), "trials must be > 0")
    unknown = np.isnan(rates) | np.isnan(size)
    return np.where(unknown, np.nan, rates), np.where(unknown, np.nan, size)


def _numbers(path: Path, column: pd.Series) -> Array:
    try:
        return np.asarray(pd.to_numeric(column), dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"{path}, column {column.name}: {error}") from None


def _refuse(path: Path, keys: Sequence[str], values: Array, allowed: NDArray[np.bool_], needs: str) -> None:
    wrong = np.flatnonzero(~np.isnan(values) & ~allowed)
    if wrong.size:
        raise DataError(f"{path}, prompt {keys[wrong[0]]}: {needs}, not {values[wrong[0]]:g}")
