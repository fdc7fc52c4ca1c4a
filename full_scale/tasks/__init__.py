"""Verifiable tasks: a task is a list of prompts with stable keys, already split into training and held-out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vas_theory.errors import ArgumentError, UnknownNameError

if TYPE_CHECKING:
    from full_scale.tasks.config import TaskConfig

__all__ = ["Prompt", "Task", "load_task"]


@dataclass(frozen=True)
class Prompt:
    """One question.

    Args:
        key: stable identity, the same in every run, table and checkpoint.
        text: what the model reads.
        answer: the reference answer, compared as text and never evaluated.
    """

    key: str
    text: str
    answer: str


@dataclass(frozen=True)
class Task:
    """A set of questions; no held-out question shares its group (here: operand pair) with a training question."""

    name: str
    training: tuple[Prompt, ...]
    held_out: tuple[Prompt, ...]


def load_task(config: TaskConfig) -> Task:
    """Build the task a config names.

    Raises:
        UnknownNameError: there is no such task.
        ArgumentError: a side of the split would be empty.
    """
    if config.name != "arithmetic":
        raise UnknownNameError("task", config.name, ["arithmetic"])
    from full_scale.tasks.arithmetic import build

    task = build(config)
    for side, prompts in (("training", task.training), ("held-out", task.held_out)):
        if not prompts:
            raise ArgumentError("task", f"leave at least one {side} prompt", config.model_dump())
    return task
