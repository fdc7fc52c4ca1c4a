"""What is refused before a model loads: arguments of the trainer that cannot work with variance-aware sampling."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from transformers.trainer_utils import SaveStrategy

from full_scale.trl_adapter.config import VASConfig
from vas_theory.foundation.errors import ArgumentError, UnknownNameError
from vas_theory.foundation.outputs import check_output_folder

__all__ = ["check_arguments", "check_template", "success_column"]


def check_arguments(given: Mapping[str, Any], vas: Any) -> VASConfig:
    """Return how prompts are chosen after checking what the trainer was given, except the data set's rows.

    Args:
        given: arguments of ``GRPOTrainer`` by name.
        vas: the argument ``vas``; ``None`` for the defaults.

    Raises:
        ArgumentError: an argument is of the wrong kind, missing or not a number, or the output folder cannot be made.
        UnknownNameError: ``success_from`` names no reward function.
    """
    if vas is not None and not isinstance(vas, VASConfig):
        raise ArgumentError("vas", "be VASConfig(...)", vas)
    vas = vas or VASConfig()
    _check_training_arguments(given.get("args"))
    _check_source(given)
    functions = _listed(given.get("reward_funcs"))
    for function in functions:
        if not (callable(function) or isinstance(function, str)):
            raise ArgumentError("reward_funcs", "be functions, models or their names", function)
    if not functions and given.get("environment_factory") is None:
        raise ArgumentError("reward_funcs", "be given (TRL: No reward source provided)", given.get("reward_funcs"))
    weights = getattr(given.get("args"), "reward_weights", None)
    if weights is not None and len(weights) != len(functions):
        raise ArgumentError("reward_weights", f"hold one number for each of {len(functions)} reward functions", weights)
    names = [_name(function) for function in functions]
    if None not in names and given.get("environment_factory") is None:
        success_column(vas, [str(name) for name in names])
    if given.get("processing_class") is not None:
        check_template(given.get("train_dataset"), given["processing_class"])
    return vas


def _listed(functions: Any) -> list[Any]:
    if functions is None:
        return []
    return list(functions) if isinstance(functions, (list, tuple)) else [functions]


def _name(function: Any) -> str | None:
    """Return the name that TRL will log a reward function under, where it is known without loading anything."""
    if isinstance(function, str):
        return function.rpartition("/")[2]
    name = getattr(function, "__name__", None)
    return name if isinstance(name, str) else None


def success_column(vas: VASConfig, names: list[str]) -> int | None:
    """Return the place of the reward function that says what is right, None if none was named.

    Raises:
        UnknownNameError: there is no function of that name.
        ArgumentError: there are two.
    """
    if vas.success_from is None:
        return None
    if vas.success_from not in names:
        raise UnknownNameError("reward function (VASConfig.success_from)", vas.success_from, names)
    if names.count(vas.success_from) > 1:
        raise ArgumentError("success_from", "name one reward function, not several", vas.success_from)
    return names.index(vas.success_from)


def _check_training_arguments(arguments: Any) -> None:
    if arguments is None:  # TRL makes its defaults
        return
    if not dataclasses.is_dataclass(arguments) or isinstance(arguments, type) or not hasattr(arguments, "output_dir"):
        raise ArgumentError("args", "be GRPOConfig(...)", arguments)
    if getattr(arguments, "save_strategy", None) != SaveStrategy.NO:
        check_output_folder(arguments.output_dir, "GRPOConfig.output_dir")
    for field in dataclasses.fields(arguments):
        value = getattr(arguments, field.name, None)
        for number in value if isinstance(value, (list, tuple)) else (value,):
            if isinstance(number, float) and math.isnan(number):
                raise ArgumentError(f"GRPOConfig.{field.name}", "be a number", value)


def _check_source(given: Mapping[str, Any]) -> None:
    if given.get("train_dataset") is not None:
        return
    if given.get("environment_factory") is None:
        raise ArgumentError(
            "train_dataset",
            "be a datasets.Dataset (TRL: `train_dataset` is required unless an `environment_factory` is provided)",
            None,
        )
    raise ArgumentError(
        "train_dataset",
        "be given: an environment alone makes its own prompts whatever max_steps is, and there is nothing to choose "
        "from; VASGRPOTrainer requires a `train_dataset` (GRPOTrainer trains without)",
        None,
    )


def check_template(dataset: Any, processing_class: Any) -> None:
    """Refuse conversations for a tokenizer that has no chat template.

    Raises:
        ArgumentError: with the remedy.
    """
    tokenizer = getattr(processing_class, "tokenizer", processing_class)
    templates = [getattr(part, "chat_template", None) for part in (processing_class, tokenizer)]
    if dataset is None or any(templates) or not hasattr(dataset, "column_names") or len(dataset) == 0:
        return
    if "prompt" in dataset.column_names and isinstance(dataset[0]["prompt"], list):
        raise ArgumentError(
            "processing_class",
            "have a chat_template, because the prompts are conversations (or make them plain texts)",
            type(processing_class).__name__,
        )
