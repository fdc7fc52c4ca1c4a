"""Pass rates that a real run left behind, visit by visit.

A trace is a JSON file: prompt -> list of pass rates, one a visit, each of the same number of rollouts. Visits are
counted prompt by prompt, so visit v of two prompts is the same pass over the data when prompts were drawn in passes.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vas_theory.foundation.errors import DataError

__all__ = ["read_trace"]

_LEAST_PROMPTS, _LEAST_VISITS = 20, 4


def read_trace(path: Path | str, rollouts: int | None = None) -> tuple[NDArray[np.int64], int]:
    """Read a trace.

    Args:
        path: the file.
        rollouts: of a visit; by default the smallest number up to 64 of which all pass rates are multiples.

    Returns:
        Rollouts that were right, shape (prompts, visits), for as many visits as every prompt has; rollouts a visit.

    Raises:
        DataError: the file is missing or not of this shape; the message names the prompt.
    """
    path = Path(path)
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"trace {path} does not exist") from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataError(f"trace {path} is not a JSON file ({error})") from None
    if not isinstance(table, dict) or len(table) < _LEAST_PROMPTS:
        raise DataError(f"trace {path} must map at least {_LEAST_PROMPTS} prompts to lists of pass rates")
    for name, rates in table.items():
        fits = isinstance(rates, list) and len(rates) >= _LEAST_VISITS
        if not fits or not all(isinstance(rate, (int, float)) and 0 <= rate <= 1 for rate in rates):
            raise DataError(f"trace {path}, prompt {name!r}: must be a list of {_LEAST_VISITS} or more rates in [0, 1]")
    visits = min(len(rates) for rates in table.values())
    values = np.array([rates[:visits] for rates in table.values()], dtype=np.float64)
    sizes = range(1, 65) if rollouts is None else (rollouts,)
    for size in sizes:
        right = np.round(values * size)
        if np.abs(values * size - right).max() < 1e-6:
            return right.astype(np.int64), size
    what = "a common number of up to 64 rollouts" if rollouts is None else f"{rollouts} rollouts"
    raise DataError(f"trace {path}: its rates are not shares of {what}")
