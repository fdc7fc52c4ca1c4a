"""Which versions of TRL the adapter works with, and what of their private interface it relies on."""

from __future__ import annotations

import importlib.metadata

from vas_theory.foundation.errors import MissingExtraError, VASError

__all__ = [
    "ARGUMENTS",
    "ATTRIBUTES",
    "BELOW",
    "FUNCTIONS",
    "METHODS",
    "MINIMUM",
    "check_version",
    "excludes_unscored",
]

MINIMUM, BELOW = "0.27", "1.17"
"""Tested at both ends."""

METHODS = {
    "_calculate_rewards": ("self", "inputs", "prompts", "completions", "completion_ids_list"),
    "_compute_loss": ("self", "model", "inputs"),
    "_generate_and_score_completions": ("self", "inputs"),
    "_get_output_dir": ("self", "trial"),
    "_load_from_checkpoint": ("self", "resume_from_checkpoint", "model"),
    "_prepare_inputs": ("self", "generation_batch"),
    "_remove_unused_columns": ("self", "dataset", "description"),
    "_save": ("self", "output_dir", "state_dict"),
    "_save_checkpoint": ("self", "model", "trial"),
    "_save_rng_state": ("self", "output_dir"),
}
"""Private methods of ``GRPOTrainer`` that the adapter overrides, calls or counts on, with their parameters."""

FUNCTIONS = {
    "accelerate.utils.broadcast_object_list": ("object_list", "from_process"),
    "accelerate.utils.fsdp2_prepare_model": ("accelerator", "model"),
    "accelerate.utils.gather_object": ("object",),
    "trl.trainer.grpo_trainer.prepare_fsdp": ("model", "accelerator"),
}
"""Functions that it calls or replaces, with their parameters."""

ATTRIBUTES = (
    *("_metrics", "_step", "accelerator", "args", "is_deepspeed_enabled", "is_fsdp_enabled", "is_world_process_zero"),
    *("model", "model_wrapped", "multi_objective_aggregation", "num_generations", "num_iterations"),
    *("processing_class", "reward_func_names", "reward_weights", "state", "train_dataset"),
    *("add_callback", "remove_callback", "save_model", "train"),
)
"""What else it uses of a ``GRPOTrainer``."""

ARGUMENTS = (
    *("eval_on_start", "generation_batch_size", "gradient_accumulation_steps", "load_best_model_at_end", "max_steps"),
    *(
        "output_dir",
        "per_device_train_batch_size",
        "save_steps",
        "save_strategy",
        "seed",
        "should_save",
        "steps_per_generation",
    ),
)
"""What it uses of a ``GRPOConfig``."""


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2])


def check_version(installed: str | None = None) -> None:
    """Refuse a TRL outside the supported range.

    Args:
        installed: the version; by default that of the installed package.

    Raises:
        MissingExtraError: TRL is not installed.
        VASError: it is too old or too new; the message names its version.
    """
    if installed is None:
        try:
            installed = importlib.metadata.version("trl")
        except importlib.metadata.PackageNotFoundError:
            raise MissingExtraError("trl", "full-scale") from None
    if not _parts(MINIMUM) <= _parts(installed) < _parts(BELOW):
        raise VASError(
            f"VASGRPOTrainer works with trl >= {MINIMUM} and < {BELOW}, but trl {installed} is installed; "
            f"it relies on private methods of GRPOTrainer: pip install 'trl>={MINIMUM},<{BELOW}'"
        )


def excludes_unscored(version: str) -> bool:
    """Say whether this TRL leaves completions without any reward out of the group's baseline (from 1.6 on)."""
    return _parts(version) >= (1, 6)
