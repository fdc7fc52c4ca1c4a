"""What theory says before training, and what training measured afterwards: one module a prediction.

A prediction module ``p<number>_<words>.py`` defines ``instances(plan)``, which yields the
:class:`~full_scale.predictions.lib.base.Prediction` objects that a study tests: each holds its statement, how it is
predicted before training and how it is measured afterwards. Adding a file adds the prediction.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from functools import cache

from full_scale.predictions.lib.base import Plan, Prediction

__all__ = ["prediction_modules", "predictions_of"]

__dispatch__ = "instances"

_PREDICTION_MODULE = re.compile(r"p\d+_\w+")


@cache
def prediction_modules() -> tuple[str, ...]:
    """Return the import paths of the prediction modules, by number."""
    names = [module.name for module in pkgutil.iter_modules(__path__) if _PREDICTION_MODULE.fullmatch(module.name)]
    return tuple(f"{__name__}.{name}" for name in sorted(names, key=lambda name: int(name[1 : name.index("_")])))


def predictions_of(plan: Plan) -> dict[str, Prediction]:
    """Return every prediction that a study may make, by its id.

    Raises:
        RuntimeError: two predictions share an id.
    """
    found: dict[str, Prediction] = {}
    for path in prediction_modules():
        for prediction in importlib.import_module(path).instances(plan):
            if prediction.id in found:
                raise RuntimeError(f"two predictions have the id {prediction.id}")
            found[prediction.id] = prediction
    return found
