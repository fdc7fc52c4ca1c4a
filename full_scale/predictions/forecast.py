"""All predictions of a study in one document, from the pilot and the calibration prompts."""

from __future__ import annotations

from typing import Any

import numpy as np

from full_scale.predictions import predictions_of
from full_scale.predictions.lib.evidence import Evidence
from full_scale.predictions.lib.pool import UNIFORM_GROUPS, pilot_counts
from vas_theory.groups.beta_pools import fit_pool_to_counts

__all__ = ["forecast"]


def forecast(evidence: Evidence) -> dict[str, Any]:
    """Return the predictions and what their measurements need from before, JSON-serialisable.

    Args:
        evidence: what is known before training.

    Raises:
        DataError: fewer than three calibration prompts show both classes twice.
    """
    plan, pilot, draws = evidence.plan, evidence.pilot, evidence.prompts
    items: list[dict[str, Any]] = []
    context: dict[str, dict[str, Any]] = {}
    for prediction in predictions_of(plan).values():
        found = prediction.predict(evidence)
        if found is None:
            continue
        items.append(prediction.as_item(found))
        for name, values in prediction.context(evidence).items():
            context.setdefault(name, {}).update(values)
    distances = evidence.calibration.mu_distance
    logs = np.log(distances[distances > 0])
    a, b = fit_pool_to_counts(*pilot_counts(pilot))
    by_key = pilot.set_index("prompt_key")
    return {
        "predictions": items,
        **context,
        "class_distance": {"mean_log": float(logs.mean()), "sd_log": float(logs.std(ddof=1)), "prompts": len(logs)},
        "pilot_variance": dict(zip(draws.keys, draws.variance_DP.mean(axis=0).tolist(), strict=True)),
        "pilot_diversity": dict(zip(draws.keys, draws.diversity_P.tolist(), strict=True)),
        "informative": [key for key, mixed in zip(draws.keys, draws.informative_P, strict=True) if mixed],
        "coverage": evidence.coverage,
        "groups": UNIFORM_GROUPS,
        "uniform": plan.uniform,
        "steps": plan.config.training.steps,
        "pool": {"a": a, "b": b, "prompts": len(pilot)},
        "weights": (by_key.successes * (by_key.rollouts - by_key.successes)).to_dict(),
        "diversity": by_key.diversity.to_dict(),
    }
