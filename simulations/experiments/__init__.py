"""The experiments: one module each, which defines ``EXPERIMENT``. Adding a file adds the experiment."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

from vas_theory.foundation.errors import UnknownNameError

if TYPE_CHECKING:
    from simulations.running.experiment import Experiment

__all__ = ["experiment_names", "get_experiment"]

__dispatch__ = "EXPERIMENT"


def experiment_names() -> list[str]:
    """Return the names of all experiments, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))


def get_experiment(name: str) -> Experiment:
    """Load one experiment.

    Raises:
        UnknownNameError: there is none of this name.
    """
    if name not in experiment_names():
        raise UnknownNameError("experiment", name, experiment_names())
    experiment: Experiment = importlib.import_module(f"{__name__}.{name}").EXPERIMENT
    return experiment
