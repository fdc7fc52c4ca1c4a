"""Which versions of TRL the adapter works with, and what of their private interface it relies on."""

from __future__ import annotations

import importlib.metadata

from vas_theory.foundation.errors import MissingExtraError, VASError

__all__ = ["BELOW", "METHODS", "MINIMUM", "check_version", "excludes_unscored"]

MINIMUM, BELOW = "0.27", "1.17"
"""Tested at both ends."""

METHODS = {
    "_generate_and_score_completions": ("self", "inputs"),
    "_calculate_rewards": ("self", "inputs", "prompts", "completions", "completion_ids_list"),
    "_prepare_inputs": ("self", "generation_batch"),
    "_compute_loss": ("self", "model", "inputs"),
    "_save_checkpoint": ("self", "model", "trial"),
    "_save_rng_state": ("self", "output_dir"),
    "_load_optimizer_and_scheduler": ("self", "checkpoint"),
}
"""Private methods of ``GRPOTrainer`` that the adapter overrides or counts on, with their parameters."""


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
