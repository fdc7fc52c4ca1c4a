"""Verifiable tasks: a task is a list of prompts with stable keys, already split into training and held-out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from full_scale.tasks.prompt import Prompt, Task
from vas_theory.foundation.errors import ArgumentError, UnknownNameError

if TYPE_CHECKING:
    from full_scale.config.task import TaskConfig

__all__ = ["Prompt", "Task", "load_task"]


def load_task(config: TaskConfig) -> Task:
    """Build the task that settings describe.

    Raises:
        UnknownNameError: there is no such task.
        ArgumentError: a side of the split would be empty.
        DataError: a file cannot be used; the message names the file, the row and the column.
        MissingExtraError: a generator's package is not installed.
    """
    from full_scale.tasks import arithmetic, files, reasoning_gym

    builders: dict[str, Callable[[Any], Task]] = {
        "arithmetic": arithmetic.build,
        "reasoning_gym": reasoning_gym.build,
        "file": files.build,
        "mmr1": files.build,
    }
    if config.name not in builders:
        raise UnknownNameError("task", config.name, builders)
    task = builders[config.name](config)
    for side, prompts in (("training", task.training), ("held-out", task.held_out)):
        if not prompts:
            raise ArgumentError("task", f"leave at least one {side} prompt", config.model_dump())
    return task
