r"""Time of one step from assumed speeds, every one named and adjustable.

Training: 6 floating point operations a parameter and token, 8 with gradient checkpointing, 2 more for the
reference model and for the log-probabilities of the sampling policy; attention's own operations are left out.
Generation is bound by memory: each token of R running responses reads the weights once and R caches. Small models
wait for their kernels instead, which the shortest times of a pass and of a decoding step stand for.
"""

from __future__ import annotations

from dataclasses import dataclass

from full_scale.config.training import StudyConfig
from full_scale.planning.architectures import Architecture
from full_scale.planning.memory import GB, kv_bytes_per_token, reduced_bytes

__all__ = ["StepTime", "running_responses", "time_of_step"]


@dataclass(frozen=True)
class StepTime:
    """Seconds of one step and what they were computed from."""

    generation_seconds: float
    training_seconds: float
    tokens: float
    assumptions: tuple[str, ...]


def running_responses(model: Architecture, config: StudyConfig) -> int:
    """Return how many responses of full length one generating engine holds at once, 0 if not even its weights."""
    vllm, low = config.vllm, reduced_bytes(config)
    engines = _engines(config)
    rows = -(-config.rollouts.prompts_per_step * config.rollouts.group_size // engines)
    if vllm.mode != "colocate":
        return rows
    room = vllm.gpu_memory_utilization * config.hardware.device_memory_gb * GB * vllm.tensor_parallel_size
    room -= low * model.parameters
    each = kv_bytes_per_token(model, low) * (config.trl.max_prompt_tokens + config.rollouts.max_new_tokens)
    return int(min(rows, max(0.0, room // each)))


def _engines(config: StudyConfig) -> int:
    if config.vllm.mode == "server":
        return 1
    return config.hardware.devices // config.vllm.tensor_parallel_size


def time_of_step(model: Architecture, config: StudyConfig) -> StepTime:
    """Estimate the seconds of one step.

    Args:
        model: its sizes.
        config: of the run, with the assumed speeds in ``hardware``.
    """
    hardware, rollouts, low = config.hardware, config.rollouts, reduced_bytes(config)
    share = config.trl.mean_length_share
    prompt, response = share * config.trl.max_prompt_tokens, share * rollouts.max_new_tokens
    count = rollouts.prompts_per_step * rollouts.group_size
    tokens = count * (prompt + response)
    per_pass = 8 if config.trl.gradient_checkpointing else 6
    extra = 2 * (config.objective.kl_weight > 0) + 2 * (config.objective.epochs > 1)
    operations = model.parameters * tokens * (per_pass * config.objective.epochs + extra)
    speed = hardware.devices * hardware.peak_tflops * 1e12 * hardware.training_utilisation
    passes = config.objective.epochs * count / (hardware.devices * config.trl.per_device_batch_size)
    running = max(1, running_responses(model, config))
    read = low * model.parameters + running * kv_bytes_per_token(model, low) * (prompt + response / 2)
    parallel = config.vllm.tensor_parallel_size
    bandwidth = hardware.bandwidth_gb_per_s * GB * hardware.bandwidth_utilisation * parallel
    decoding = max(read / bandwidth, hardware.shortest_decoding_seconds)
    waves = count / (_engines(config) * running)
    prefill = 2 * model.parameters * count * prompt / speed
    return StepTime(
        generation_seconds=waves * response * decoding + prefill,
        training_seconds=max(operations / speed, passes * hardware.shortest_pass_seconds),
        tokens=tokens,
        assumptions=(
            f"prompts and responses {share:g} of their longest on average (trl.mean_length_share)",
            f"training at {hardware.training_utilisation:g} of {hardware.peak_tflops:g} TFLOP/s a device, a pass at "
            f"least {hardware.shortest_pass_seconds:g} s "
            "(hardware.training_utilisation, hardware.peak_tflops, hardware.shortest_pass_seconds)",
            f"generation at {hardware.bandwidth_utilisation:g} of {hardware.bandwidth_gb_per_s:g} GB/s a device, a "
            f"token at least {hardware.shortest_decoding_seconds:g} s (hardware.bandwidth_utilisation, "
            "hardware.bandwidth_gb_per_s, hardware.shortest_decoding_seconds)",
            f"{running} responses run at once in each of {_engines(config)} generating engines",
        ),
    )
