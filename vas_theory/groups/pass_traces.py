"""Pass rates that a real run left behind, visit by visit.

A trace is a JSON file: prompt -> list of pass rates, one a visit, each of the same number of rollouts. Visits are
counted prompt by prompt, so visit v of two prompts is the same pass over the data when prompts were drawn in passes.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.foundation.errors import DataError

__all__ = ["read_trace"]

_LOGGER = logging.getLogger(__name__)
_LEAST_PROMPTS, _LEAST_VISITS = 20, 4


def read_trace(path: Path | str, rollouts: int | None = None) -> tuple[NDArray[np.int64], int]:
    """Read a trace; visits that not every prompt has are left out with a warning.

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
        table = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_once)
    except FileNotFoundError:
        raise DataError(f"trace {path} does not exist") from None
    except _TwiceError as error:
        raise DataError(f"trace {path}, prompt {error.args[0]!r}: must occur once") from None
    except (OSError, ValueError) as error:
        raise DataError(f"trace {path} is not a JSON file ({error})") from None
    if not isinstance(table, dict) or len(table) < _LEAST_PROMPTS:
        raise DataError(f"trace {path} must map at least {_LEAST_PROMPTS} prompts to lists of pass rates")
    for name, rates in table.items():
        fits = isinstance(rates, list) and len(rates) >= _LEAST_VISITS
        if not fits or not all(type(rate) in (int, float) and 0 <= rate <= 1 for rate in rates):
            raise DataError(f"trace {path}, prompt {name!r}: must be a list of {_LEAST_VISITS} or more rates in [0, 1]")
    visits = min(len(rates) for rates in table.values())
    if longer := sum(len(rates) > visits for rates in table.values()):
        _LOGGER.warning(
            "trace %s: visits after the first %d are left out, for %d prompts have more", path, visits, longer
        )
    values = np.array([rates[:visits] for rates in table.values()], dtype=np.float64)
    sizes = range(1, 65) if rollouts is None else (rollouts,)
    for size in sizes:
        right = np.round(values * size)
        if np.abs(values * size - right).max() < 1e-6:
            return right.astype(np.int64), size
    what = "a common number of up to 64 rollouts" if rollouts is None else f"{rollouts} rollouts"
    raise DataError(f"trace {path}: its rates are not shares of {what}")


class _TwiceError(Exception):
    """A prompt that occurs twice."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = {}
    for name, rates in pairs:
        if name in table:
            raise _TwiceError(name)
        table[name] = rates
    return table
