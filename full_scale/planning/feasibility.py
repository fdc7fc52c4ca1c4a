"""Settings that cannot work together, refused before anything runs, each with one clear line."""

from __future__ import annotations

from full_scale.config.training import StudyConfig
from full_scale.planning.architectures import Architecture
from full_scale.planning.memory import GB, memory_of_device
from full_scale.planning.throughput import running_responses
from vas_theory.foundation.errors import ArgumentError

__all__ = ["check_engine", "check_memory", "check_reward", "check_settings"]

TRL_AGGREGATIONS = {"sequence_mean": "grpo", "token_mean": "dapo", "fixed_length": "dr_grpo"}
TRL_EPS = 1e-4


def check_engine(config: StudyConfig) -> None:
    """Refuse what the configured engine cannot do.

    Raises:
        ArgumentError: a setting belongs to the other engine, or TRL has no such objective.
    """
    if config.engine == "compact":
        for name, asked in (
            ("lora.rank", config.lora.rank > 0),
            ("vllm.mode", config.vllm.mode != "off"),
            ("hardware.devices", config.hardware.devices > 1),
            ("trl.arguments", bool(config.trl.arguments)),
        ):
            if asked:
                raise ArgumentError("engine", f"be 'trl' where {name} is set", config.engine)
        return
    objective = config.objective
    if objective.advantage == "rloo":
        raise ArgumentError("objective.advantage", "be 'grpo' or 'dr_grpo' where engine is 'trl'", objective.advantage)
    if objective.advantage == "grpo" and (objective.ddof, objective.eps) != (1, TRL_EPS):
        raise ArgumentError(
            "objective.ddof and objective.eps",
            f"be 1 and {TRL_EPS} where engine is 'trl': its trainer divides by the sample deviation plus {TRL_EPS}",
            (objective.ddof, objective.eps),
        )
    if objective.aggregation not in TRL_AGGREGATIONS:
        allowed = ", ".join(TRL_AGGREGATIONS)
        raise ArgumentError(
            "objective.aggregation", f"be one of {allowed} where engine is 'trl'", objective.aggregation
        )


def check_settings(config: StudyConfig) -> None:
    """Refuse batches that do not divide and parallelism that does not fit the devices.

    Raises:
        ArgumentError: the message names the setting, the requirement and the value.
    """
    check_engine(config)
    if config.engine == "compact":
        return
    hardware, vllm = config.hardware, config.vllm
    completions = config.rollouts.prompts_per_step * config.rollouts.group_size
    at_once = hardware.devices * config.trl.per_device_batch_size
    if completions % at_once:
        raise ArgumentError(
            "rollouts.prompts_per_step x rollouts.group_size",
            f"be divisible by hardware.devices x trl.per_device_batch_size = {at_once}",
            completions,
        )
    if hardware.sharding != "none" and hardware.devices == 1:
        raise ArgumentError("hardware.sharding", "be 'none' on one device", hardware.sharding)
    if config.model.device == "cpu" and (hardware.sharding != "none" or vllm.mode != "off"):
        raise ArgumentError("model.device", "be 'cuda' where hardware.sharding or vllm.mode is set", "cpu")
    if vllm.mode != "colocate" and vllm.tensor_parallel_size > 1:
        raise ArgumentError(
            "vllm.tensor_parallel_size", "be 1 unless vllm.mode is 'colocate'", vllm.tensor_parallel_size
        )
    if hardware.devices % vllm.tensor_parallel_size:
        raise ArgumentError(
            "vllm.tensor_parallel_size", f"divide hardware.devices = {hardware.devices}", vllm.tensor_parallel_size
        )


def check_memory(model: Architecture, config: StudyConfig) -> None:
    """Refuse sequences beyond the model's positions and devices that are too small.

    Raises:
        ArgumentError: the message names the setting, the requirement and the value.
    """
    longest = config.trl.max_prompt_tokens + config.rollouts.max_new_tokens
    if longest > model.positions:
        raise ArgumentError(
            "trl.max_prompt_tokens + rollouts.max_new_tokens", f"be at most the model's {model.positions}", longest
        )
    if model.text.heads % config.vllm.tensor_parallel_size:
        raise ArgumentError(
            "vllm.tensor_parallel_size",
            f"divide the model's {model.text.heads} attention heads",
            config.vllm.tensor_parallel_size,
        )
    if model.vision is not None and config.engine == "compact":
        raise ArgumentError("engine", "be 'trl' for a model that reads images", config.engine)
    if config.vllm.mode == "colocate" and running_responses(model, config) == 0:
        raise ArgumentError(
            "vllm.gpu_memory_utilization",
            "leave room for the weights and one response of full length",
            config.vllm.gpu_memory_utilization,
        )
    need = memory_of_device(model, config).peak / GB
    if config.model.device != "cpu" and need > config.hardware.device_memory_gb:
        raise ArgumentError(
            "hardware.device_memory_gb",
            f"be at least {need:.1f} for these settings (more devices, sharding, adapters or a smaller "
            "trl.per_device_batch_size need less)",
            config.hardware.device_memory_gb,
        )


def check_reward(config: StudyConfig) -> None:
    """Refuse parts of a reward that would hide from the compact engine's strategies which rollouts are right.

    They take a rollout as right when its reward is above 1/2.

    Raises:
        ArgumentError: a wrong answer in the right format would count as right, or a right one that is long as wrong.
    """
    reward = config.task.reward
    if not reward.format <= 0.5 < reward.accuracy - reward.length:
        needs = (
            "leave right answers above 1/2 and wrong ones at most there (format <= 1/2 < accuracy - length), as the "
            "compact engine's strategies take a rollout as right by its reward; the engine 'trl' is told the accuracy"
        )
        raise ArgumentError("task.reward", needs, reward.model_dump())
