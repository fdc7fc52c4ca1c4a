"""Predictions compared with measurements: a table in which failures stay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from full_scale.config.training import StudyConfig
from full_scale.predictions import predictions_of
from full_scale.predictions.lib.base import Plan
from full_scale.predictions.lib.measurements import Measurements
from vas_theory.foundation.errors import DataError
from vas_theory.foundation.intervals import Estimate

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


def validate(
    content: Mapping[str, Any],
    tables: Mapping[str, pd.DataFrame],
    config: StudyConfig,
    networks: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Compare every prediction with its measurement; the columns are those of ``validation`` (see tables).

    Args:
        content: predictions as read from their file.
        tables: ``probe``, ``recount``, ``training_steps``, ``training_prompts`` and ``evaluation_prompts``.
        config: the study.
        networks: see :class:`~full_scale.predictions.lib.base.Plan`.

    Raises:
        DataError: the document holds a prediction that this study does not make.
    """
    plan = Plan(config, tuple(content["pilot_variance"]), networks or {})
    predictions = predictions_of(plan)
    found = Measurements(plan, content, tables, config.seed)
    rows = []
    for item in content["predictions"]:
        prediction = predictions.get(item["id"])
        if prediction is None:
            raise DataError(f"prediction {item['id']}: this study has no measurement for it")
        measured = prediction.measure(found)
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
