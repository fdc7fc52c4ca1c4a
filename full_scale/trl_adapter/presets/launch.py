"""Whether this process was started for the devices that a configuration asks for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from full_scale.config.training import StudyConfig
from full_scale.planning.memory import reduced_bytes
from vas_theory.foundation.errors import VASError

__all__ = ["accelerate_config", "check_launch", "check_trainer"]

__reads__ = ()  # the files are named in messages alone

CONFIGS = Path(__file__).parents[2] / "accelerate_configs"


def accelerate_config(sharding: str) -> Path:
    """Return the configuration for ``accelerate launch`` that shards like this."""
    return CONFIGS / f"{'ddp' if sharding == 'none' else sharding}.yaml"


def _launched_sharding() -> str:
    if os.environ.get("ACCELERATE_USE_FSDP") == "true":
        return "fsdp"
    if os.environ.get("ACCELERATE_USE_DEEPSPEED") == "true":
        return f"zero{os.environ.get('ACCELERATE_DEEPSPEED_ZERO_STAGE', '')}"
    return "none"


def check_launch(config: StudyConfig) -> None:
    """Refuse to train with another number of processes, sharding or precision than planned.

    Raises:
        VASError: with the command that starts the run.
    """
    hardware, whole = config.hardware, reduced_bytes(config) == 4
    processes, sharding = int(os.environ.get("WORLD_SIZE", "1")), _launched_sharding()
    command = (
        f"accelerate launch --config_file {accelerate_config(hardware.sharding)} --num_processes {hardware.devices} "
        f"{'--mixed_precision no ' if whole else ''}-m full_scale train ..."
    )
    if (processes, sharding) != (hardware.devices, hardware.sharding):
        raise VASError(
            f"{config.name} is meant for {hardware.devices} processes with sharding {hardware.sharding!r}, but this is "
            f"one of {processes} with {sharding!r}; start it with: {command}, "
            "or change hardware.devices and hardware.sharding"
        )
    precision = os.environ.get("ACCELERATE_MIXED_PRECISION", "no")
    if whole and precision != "no":  # the launcher's word would count: the trainer can ask for less precision only
        raise VASError(
            f"{config.name} is meant for products in float32, but was started with mixed precision {precision!r}; "
            f"start it with: {command}, or set model.precision"
        )


def check_trainer(trainer: Any, config: StudyConfig) -> None:
    """Refuse to train where accelerate ignored what it was asked for.

    Without a GPU it drops FSDP, and takes each process for the only one, without a word.

    Raises:
        VASError: with what was planned and what is there.
    """
    hardware, accelerator = config.hardware, trainer.accelerator
    sharding = "none"
    if trainer.is_fsdp_enabled:
        sharding = "fsdp"
    elif trainer.is_deepspeed_enabled:
        sharding = f"zero{accelerator.state.deepspeed_plugin.zero_stage}"
    if (accelerator.num_processes, sharding) != (hardware.devices, hardware.sharding):
        raise VASError(
            f"{config.name} is meant for {hardware.devices} processes with sharding {hardware.sharding!r}, but "
            f"accelerate started {accelerator.num_processes} with {sharding!r}, on device {accelerator.device}: "
            "it shards on GPUs alone, and needs one for each process"
        )
