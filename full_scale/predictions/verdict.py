"""Predictions held against measurements: a table in which failures stay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from full_scale.measuring.probe import Estimate
from full_scale.predictions.prompt_measures import measure_prompts
from full_scale.predictions.training_measures import measure_training
from vas_theory.foundation.errors import DataError

__all__ = ["validate", "verdict"]


def verdict(prediction: Mapping[str, Any], measured: Estimate) -> str:
    """Return ``held``, ``failed`` or ``uninformative``.

    ``failed``: the two intervals do not meet. ``uninformative``: the predicted or the measured interval contains the
    value that stands for no effect, or they meet but the measured value lies outside the prediction, so that the
    measurement is too coarse to tell. ``held``: the rest.
    """
    low, high, nothing = prediction["low"], prediction["high"], prediction["no_effect"]
    if not np.isfinite([measured.value, measured.low, measured.high]).all():
        return "uninformative"
    if measured.high < low or measured.low > high:
        return "failed"
    if nothing is not None and (low <= nothing <= high or measured.low <= nothing <= measured.high):
        return "uninformative"
    return "held" if low <= measured.value <= high else "uninformative"


def validate(content: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], seed: int) -> pd.DataFrame:
    """Compare every prediction with its measurement; the columns are those of ``validation`` (see tables).

    Args:
        content: predictions as read from their file.
        tables: ``probe``, ``recount``, ``training_steps``, ``training_prompts`` and ``evaluation_prompts``.
        seed: of the bootstrap.

    Raises:
        DataError: there is no measurement for a prediction.
    """
    rows = []
    for item in content["predictions"]:
        measured = measure_prompts(item, content, tables["probe"], tables["recount"], seed)
        measured = measure_training(item, content, tables) if measured is None else measured
        if measured is None:
            raise DataError(f"prediction {item['id']}: nothing measures {item['quantity']}")
        about = {name: item[name] for name in ("id", "quantity", "prompt_key", "arm", "statement")}
        rows.append(
            {
                **about,
                "predicted": item["predicted"],
                "predicted_low": item["low"],
                "predicted_high": item["high"],
                "measured": measured.value,
                "measured_low": measured.low,
                "measured_high": measured.high,
                "no_effect": np.nan if item["no_effect"] is None else item["no_effect"],
                "seeds_needed": np.nan if item["seeds_needed"] is None else float(item["seeds_needed"]),
                "verdict": verdict(item, measured),
            }
        )
    return pd.DataFrame(rows)
