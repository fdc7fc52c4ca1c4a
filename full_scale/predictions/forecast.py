"""All predictions of a study in one document, from the pilot and the calibration prompts."""

from __future__ import annotations

from typing import Any

import pandas as pd

from full_scale.config.training import StudyConfig
from full_scale.predictions.document import fit_pool
from full_scale.predictions.prompt_laws import draw_prompts, predict_prompts
from full_scale.predictions.training_laws import UNIFORM_GROUPS, predict_pool, predict_training, uniform_arm

__all__ = ["forecast"]


def forecast(
    config: StudyConfig, pilot: pd.DataFrame, calibration: pd.DataFrame, measured: list[str], training: list[str]
) -> dict[str, Any]:
    """Return the predictions and what their measurements need from before, JSON-serialisable.

    Args:
        config: the study.
        pilot: the pilot table.
        calibration: the calibration table.
        measured: keys of the prompts whose gradients will be measured.
        training: keys of all training prompts.
    """
    draws = draw_prompts(pilot, calibration, measured, config.seed)
    content = predict_prompts(draws, calibration, config.probe.rollouts, config.probe.coverage)
    content["predictions"] += predict_pool(pilot, config)
    content["predictions"] += predict_training(pilot, calibration, training, config)
    a, b = fit_pool(pilot.successes.to_numpy(float), pilot.rollouts.to_numpy(float))
    by_key = pilot.set_index("prompt_key")
    return {
        **content,
        "coverage": config.probe.coverage,
        "groups": UNIFORM_GROUPS,
        "uniform": uniform_arm(config),
        "steps": config.training.steps,
        "pool": {"a": a, "b": b, "prompts": len(pilot)},
        "weights": (by_key.successes * (by_key.rollouts - by_key.successes)).to_dict(),
        "diversity": by_key.diversity.to_dict(),
    }
