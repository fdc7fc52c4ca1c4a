"""What a run will cost, from its config alone: nothing is loaded and nothing runs."""

from __future__ import annotations

import importlib.util
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from full_scale.config.training import StudyConfig
from full_scale.planning.architectures import Architecture, architecture_of
from full_scale.planning.feasibility import check_engine, check_memory, check_settings
from full_scale.planning.memory import GB, MemoryPlan, memory_of_device
from full_scale.planning.throughput import StepTime, time_of_step
from full_scale.tasks import Task, load_task
from vas_theory.foundation.errors import ArgumentError

__all__ = ["Plan", "describe", "plan_run", "rollouts_by_stage", "size_lines"]

SECONDS_PER_STEP = 4.5
"""Of 8 groups of 8 short completions, SmolLM2-135M, two free cores with 256-bit vectors; measured."""
SECONDS_PER_PROBE = 4.0
SECONDS_PER_1000_ROLLOUTS = 17.0


@dataclass(frozen=True)
class Plan:
    """A run before it starts.

    Args:
        config: of the run.
        model: its sizes.
        memory: of one device.
        time: of one step, from assumed speeds; ``None`` on a CPU.
        prompts: training and held-out prompts, ``None`` where the data would have to be downloaded.
        stages: completions that each stage samples.
        minutes: of a study with the packaged model on two cores, from measured speeds; ``None`` for others.
    """

    config: StudyConfig
    model: Architecture
    memory: MemoryPlan
    time: StepTime | None
    prompts: tuple[int, int] | None
    stages: dict[str, int]
    minutes: int | None

    @property
    def runs(self) -> int:
        """Arms times seeds."""
        return len(self.config.arms) * len(self.config.training.seeds)

    @property
    def hours(self) -> float | None:
        """Of all runs, where the time of a step is known."""
        if self.time is None:
            return None
        each = self.time.generation_seconds + self.time.training_seconds
        return self.runs * self.config.training.steps * each / 3600

    def as_dict(self) -> dict[str, Any]:
        """Everything that is printed, JSON-serialisable."""
        rollouts, time = self.config.rollouts, self.time
        return {
            "preset": self.config.name,
            "engine": self.config.engine,
            "model": self.config.model.name,
            "parameters": self.model.parameters,
            "trainable_parameters": self.model.trainable,
            "vision_parameters": self.model.vision_parameters,
            "memory": self.memory.as_dict(),
            "devices": self.config.hardware.devices,
            "runs": self.runs,
            "steps": self.config.training.steps,
            "prompts": self.prompts,
            "rollouts_per_step": rollouts.prompts_per_step * rollouts.group_size,
            "rollouts": self.stages,
            "tokens_per_step": None if time is None else time.tokens,
            "generation_seconds": None if time is None else time.generation_seconds,
            "training_seconds": None if time is None else time.training_seconds,
            "assumptions": [] if time is None else list(time.assumptions),
            "hours": self.hours,
            "minutes": self.minutes,
        }


def _absent(config: StudyConfig) -> str | None:
    """Say why the task's prompts cannot be counted here, if they cannot."""
    source = getattr(config.task, "source", None)
    if source is not None and not Path(source).expanduser().exists():
        return f"{source} is not on this machine, and a plan downloads nothing"
    if config.task.name == "reasoning_gym" and importlib.util.find_spec("reasoning_gym") is None:
        return "the extra 'tasks' is not installed"
    return None


def _task(config: StudyConfig) -> Task | None:
    """Return the task, unless that would take a download or an extra that is not installed."""
    return load_task(config.task) if _absent(config) is None else None


def rollouts_by_stage(config: StudyConfig, held_out: int | None = None) -> dict[str, int]:
    """Return how many completions each stage samples.

    Args:
        config: of the run.
        held_out: prompts to evaluate on; by default those of the task, if its data are at hand.
    """
    if held_out is None:
        task = _task(config)
        held_out = len(task.held_out) if task else 0
    runs = len(config.arms) * len(config.training.seeds)
    evaluations = 1 + -(-config.training.steps // config.training.evaluate_every)
    step = config.rollouts.prompts_per_step * config.rollouts.group_size
    training = {"training": runs * config.training.steps * step, "held-out curves": runs * evaluations * held_out}
    if config.engine == "trl":
        return training
    return {
        "pilot": config.probe.pilot_prompts * config.probe.pilot_rollouts,
        "calibration and probe": (config.probe.calibration_prompts + config.probe.prompts) * config.probe.rollouts,
        **training,
        "evaluation": (1 + runs) * held_out * config.evaluation.rollouts,
    }


def _minutes(config: StudyConfig, stages: dict[str, int]) -> int | None:
    if (config.engine, config.model.name, config.model.device) != ("compact", "smollm2-135m", "cpu"):
        return None
    runs = len(config.arms) * len(config.training.seeds)
    share = config.rollouts.prompts_per_step * config.rollouts.group_size / 64
    sampled = stages["pilot"] + stages["held-out curves"] + stages["evaluation"]
    probes = (config.probe.calibration_prompts + config.probe.prompts) * config.probe.rollouts / 32
    seconds = (
        runs * config.training.steps * SECONDS_PER_STEP * share
        + sampled / 1000 * SECONDS_PER_1000_ROLLOUTS
        + probes * SECONDS_PER_PROBE
    )
    return max(1, round(seconds / 60))


def _check_prompts(config: StudyConfig, task: Task) -> None:
    wanted = {"rollouts.prompts_per_step": config.rollouts.prompts_per_step}
    if config.engine == "compact":
        wanted["probe.pilot_prompts"] = config.probe.pilot_prompts
    for name, count in wanted.items():
        if count > len(task.training):
            raise ArgumentError(name, f"be at most the {len(task.training)} training prompts", count)


def plan_run(config: StudyConfig) -> Plan:
    """Check a config and count what it will take.

    Raises:
        ArgumentError: settings that cannot work; the message names the setting.
        DataError: the model's sizes are not known and cannot be read.
    """
    check_engine(config)
    check_settings(config)
    model = architecture_of(config.model.name, config.lora.rank, config.lora.target_modules)
    check_memory(model, config)
    task = _task(config)
    if task is not None:
        _check_prompts(config, task)
    longest = None
    if task is not None and config.engine == "compact":  # a token is at least one byte
        longest = max(len(prompt.text.encode()) for prompt in task.training)
    stages = rollouts_by_stage(config, len(task.held_out) if task else 0)
    return Plan(
        config=config,
        model=model,
        memory=memory_of_device(model, config, longest),
        time=None if config.model.device == "cpu" else time_of_step(model, config),
        prompts=(len(task.training), len(task.held_out)) if task else None,
        stages=stages,
        minutes=_minutes(config, stages),
    )


def describe(config: StudyConfig) -> str:
    """Return sizes, memory, rollouts a stage and an estimate of time as text.

    Raises:
        ArgumentError: settings that cannot work.
        DataError: the model's sizes are not known.
    """
    plan = plan_run(config)
    found = plan.prompts
    lines = [
        f"preset {config.name}: model {config.model.name}, task {config.task.name}, engine {config.engine}",
        f"prompts: {found[0]} training, {found[1]} held out" if found else f"prompts: not counted ({_absent(config)})",
    ]
    return "\n".join((*lines, *size_lines(plan)))


def size_lines(plan: Plan) -> list[str]:
    """Return sizes, runs, memory and an estimate of time, one a line, whatever model and prompts are called."""
    config, model, rollouts = plan.config, plan.model, plan.config.rollouts
    step = rollouts.prompts_per_step * rollouts.group_size
    images = f", {model.vision_parameters:,} of them for images" if model.vision_parameters else ""
    adapters = f", {model.trainable:,} trained" if model.trainable != model.parameters else ""
    return [
        f"parameters: {model.parameters:,}{images}{adapters}",
        f"runs: {len(config.arms)} arms x {len(config.training.seeds)} seeds x {config.training.steps} steps of "
        f"{rollouts.prompts_per_step} prompts x {rollouts.group_size} = {step} rollouts",
        *(f"rollouts, {name}: {count}" for name, count in plan.stages.items() if count),
        *_memory_lines(plan),
        *_time_lines(plan),
    ]


def _memory_lines(plan: Plan) -> list[str]:
    memory, hardware = plan.memory, plan.config.hardware
    device = plan.config.model.device
    limit = "" if device == "cpu" else f" of {hardware.device_memory_gb:g}"
    lines = [f"memory of each of {hardware.devices} x {device}: peak {memory.peak / GB:.1f}{limit} GB"]
    for phase, items in (
        ("", memory.resident),
        ("in training, ", memory.training),
        ("in rollouts, ", memory.generation),
    ):
        lines += [f"  {item.bytes / GB:7.2f} GB  {phase}{item.name}: {item.formula}" for item in items]
    # trained weights wait for the evaluation; a checkpoint holds weights and two moments, three exist for a moment
    kept = plan.runs if plan.config.training.keep_weights or plan.config.engine == "compact" else 1
    disk = 4 * (plan.model.parameters * (1 + kept) + plan.model.trainable * 9) / GB
    free = shutil.disk_usage(".").free / GB
    lines.append(f"disk at most {disk:.1f} GB (model, trained weights, checkpoints), free {free:.0f} GB")
    return lines


def _time_lines(plan: Plan) -> list[str]:
    if plan.minutes is not None:
        return [f"about {plan.minutes} minutes on two free cores, after the model's conversion"]
    if plan.time is None or plan.hours is None:
        return ["time: not estimated on a CPU with this model"]
    time = plan.time
    seconds = time.generation_seconds + time.training_seconds
    return [
        f"tokens a step: {time.tokens:,.0f}",
        f"about {_short(plan.hours)} hours: {_short(seconds)} s a step, {_short(time.generation_seconds)} of them "
        "generation, if",
        *(f"  {assumption}" for assumption in time.assumptions),
    ]


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"
