"""Values that replace a preset's, refused before anything is computed."""

from __future__ import annotations

from typing import Any

import pytest

from simulations.experiments import experiment_names, get_experiment
from simulations.running.experiment import PRESETS
from simulations.running.refusals import refuse_overrides
from vas_theory.foundation.errors import ArgumentError


@pytest.mark.parametrize(
    ("name", "overrides", "message"),
    [
        ("bound_gallery", {"bandits": True}, "bandits must be a number, not true or false; received True"),
        ("bound_gallery", {"bandits": 10**24}, "bandits must be at most 1,000,000,000"),
        ("bound_gallery", {"arms": [3, 1]}, "arms must be at least 2; received 1"),
        ("bound_gallery", {"arms": [2, 2]}, "arms must name each entry once"),
        ("bound_gallery", {"concentrations": [float("nan")]}, "concentrations must be finite; received nan"),
        ("tournament", {"strategies": ["uniform", "uniform"]}, "strategies must name each entry once"),
        ("fitted", {"worlds": [1]}, "worlds must be a list of texts"),
        ("fitted", {"fits": []}, "fits must be a table of values"),
        ("fitted", {"fixed_rate": 1e300}, "fixed_rate must be at most 300"),
        ("score_estimation", {"intervals": [0]}, "intervals must be at least 1"),
        ("tds_value", {"rollouts": [1]}, "rollouts must be at least 2"),
    ],
)
def test_values_that_nothing_can_be_run_with_are_refused_by_key(
    name: str, overrides: dict[str, Any], message: str
) -> None:
    with pytest.raises(ArgumentError, match=message):
        get_experiment(name).configure("smoke", overrides)


def test_the_values_of_every_preset_pass() -> None:
    for name in experiment_names():
        for preset in PRESETS:
            config = get_experiment(name).presets[preset]
            refuse_overrides(config, config.model_dump())
