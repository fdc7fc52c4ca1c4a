"""Whether this process was started for the devices that a configuration asks for."""

from __future__ import annotations

import os
from pathlib import Path

from full_scale.config import StudyConfig
from vas_theory.errors import VASError

__all__ = ["accelerate_config", "check_launch"]

CONFIGS = Path(__file__).parents[1] / "accelerate_configs"


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
    """Refuse to train with another number of processes or another sharding than planned.

    Raises:
        VASError: with the command that starts the run.
    """
    hardware = config.hardware
    processes, sharding = int(os.environ.get("WORLD_SIZE", "1")), _launched_sharding()
    if (processes, sharding) == (hardware.devices, hardware.sharding):
        return
    raise VASError(
        f"{config.name} is meant for {hardware.devices} processes with sharding {hardware.sharding!r}, but this is one "
        f"of {processes} with {sharding!r}; start it with: accelerate launch --config_file "
        f"{accelerate_config(hardware.sharding)} --num_processes {hardware.devices} -m full_scale train ..., "
        "or change hardware.devices and hardware.sharding"
    )
