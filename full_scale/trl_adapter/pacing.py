"""When generation batches begin and end: what is said of them at the start, and when checkpoints are made."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from transformers import TrainerCallback

from full_scale.trl_adapter.strategies import StrategySelector
from vas_theory.foundation.errors import ArgumentError

if TYPE_CHECKING:
    from full_scale.trl_adapter.mixin import VASMixin

__all__ = ["SaveBetweenBatches", "say_batch"]

logger = logging.getLogger(__name__)


def say_batch(trainer: VASMixin, prompts: int) -> None:
    """Log how many prompts a generation batch holds, and how many of them are drawn by weight.

    A warning where that is less than one a batch: it is then one in so many batches.
    """
    if isinstance(trainer.selector, StrategySelector):
        return
    config = trainer.sampler.config
    weighted = config.mixture_ratio * config.batch_size
    level = logging.WARNING if 0 < weighted < 1 else logging.INFO
    logger.log(
        level,
        "a generation batch holds %d prompt%s of %d rollouts, of which %g on average %s drawn by weight (mixture_ratio "
        "%g); for more prompts a batch raise per_device_train_batch_size or gradient_accumulation_steps, or lower "
        "num_generations",
        *(prompts, "" if prompts == 1 else "s", trainer.num_generations, weighted),
        *("is" if weighted == 1 else "are", config.mixture_ratio),
    )


class SaveBetweenBatches(TrainerCallback):
    """Puts off a checkpoint that would fall inside a generation batch, whose completions are not saved, to its end.

    Args:
        trainer: whose checkpoints.

    Raises:
        ArgumentError: the best checkpoint is to be loaded at the end, so that one is needed at each evaluation.
    """

    def __init__(self, trainer: VASMixin) -> None:
        self._trainer = trainer
        self._due = self._said = False
        arguments = trainer.args
        every, passes = trainer.steps_per_batch, arguments.gradient_accumulation_steps
        steps = arguments.save_steps
        whole_steps = arguments.save_strategy == "steps" and steps >= 1
        if whole_steps and arguments.load_best_model_at_end and int(steps) * passes % every:
            raise ArgumentError(
                "save_steps",
                "be a number of optimiser steps that ends with a generation batch where load_best_model_at_end is "
                f"set (steps_per_generation {arguments.steps_per_generation} x num_iterations "
                f"{trainer.num_iterations} / gradient_accumulation_steps {passes})",
                steps,
            )

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> Any:
        if args.save_strategy != "steps" or not (control.should_save or self._due):
            return control
        last = state.global_step >= state.max_steps or control.should_training_stop
        inside = bool(self._trainer.unused_steps)
        if inside and not last and not self._said and state.is_world_process_zero:
            self._said = True
            logger.warning(
                "the checkpoint of step %d would fall inside a generation batch, whose completions are not saved: this "
                "one and later ones are made when their batch is used up",
                state.global_step,
            )
        self._due = inside and not last
        control.should_save = not self._due
        return control
