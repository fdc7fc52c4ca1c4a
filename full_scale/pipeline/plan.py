"""What each stage of a pipeline will take, from its settings alone: nothing is loaded, downloaded or run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from full_scale.benchmarks.formats import OF_THE_PAPER
from full_scale.benchmarks.paper import QUESTIONS
from full_scale.config.training import ModelConfig, RolloutConfig, StudyConfig
from full_scale.pipeline.cold_start import sft_arguments
from full_scale.pipeline.config import PipelineConfig
from full_scale.pipeline.settings import TINY
from full_scale.planning.architectures import Architecture, architecture_of
from full_scale.planning.memory import GB, MemoryPlan, memory_of_device
from full_scale.planning.plan import Plan, plan_run, size_lines
from vas_theory.foundation.errors import ArgumentError

__all__ = ["PipelinePlan", "StagePlan", "describe_pipeline", "plan_pipeline"]

MEAN_LENGTH_SHARE = 0.5
"""Mean length of answers and chains as a share of the longest: assumed, as in the plan of a study."""
INDEX_BYTES = 2200
"""Of the index of near-duplicates for one problem, 64 permutations; measured."""
BYTES_PER_TOKEN = 4
"""Of an answer in the journal: assumed."""


@dataclass(frozen=True)
class StagePlan:
    """One stage before it starts.

    Args:
        name: of the stage.
        lines: for people.
        numbers: the same, JSON-serialisable.
    """

    name: str
    lines: tuple[str, ...]
    numbers: dict[str, Any]


@dataclass(frozen=True)
class PipelinePlan:
    """All stages before they start; ``study`` is the plan of the third, ``None`` for the shrunk model."""

    stages: tuple[StagePlan, ...]
    study: Plan | None

    def as_dict(self) -> dict[str, Any]:
        """The study's plan, and the numbers of each stage under ``stages``."""
        base = {} if self.study is None else self.study.as_dict()
        return {**base, "stages": {stage.name: stage.numbers for stage in self.stages}}


def _problem_count(config: PipelineConfig) -> int:
    return config.problems.count if config.problems.name == "visual" else config.problems.expected


def _curate(config: PipelineConfig) -> StagePlan:
    answers, problems = config.answers, _problem_count(config)
    count = problems * answers.per_problem
    tokens = 0.0 if answers.by == "solver" else count * MEAN_LENGTH_SHARE * answers.max_new_tokens
    index = problems * INDEX_BYTES / GB if config.curate.near_duplicates else 0.0
    hours = None
    lines = [f"{problems:,} problems x {answers.per_problem} answers = {count:,} answers"]
    if problems == 0:
        lines = ["problems: not counted (problems.expected says how many there are)"]
    if answers.by == "endpoint":
        hours = tokens / answers.tokens_per_second / 3600
        lines += [
            f"{tokens:,.0f} tokens of {answers.model}, {MEAN_LENGTH_SHARE:g} of the longest on average: "
            f"about {hours:,.1f} hours if the servers give {answers.tokens_per_second:,.0f} tokens/s "
            "(answers.tokens_per_second)",
            f"journals of all answers: about {tokens * BYTES_PER_TOKEN / GB:,.1f} GB on disk",
        ]
    if index:
        lines.append(f"index of near-duplicates: {index:,.2f} GB of memory ({INDEX_BYTES} bytes a problem)")
    lost = {"endpoint": f"the {answers.concurrency} requests under way", "model": "one batch", "solver": "one batch"}
    lines.append(f"a kill loses at most {lost[answers.by]}; parts of {config.curate.part_rows} problems")
    numbers = {"problems": problems, "answers": count, "tokens": tokens, "hours": hours, "index_gb": index}
    return StagePlan("curate", tuple(lines), numbers)


def _as_study(config: PipelineConfig) -> StudyConfig:
    """Return a study whose one backward pass is that of the cold start, for the formulas of memory."""
    start = config.cold_start
    return config.train.model_copy(
        update={
            "model": ModelConfig(name=start.model, device=start.device, precision=start.precision),
            "hardware": start.hardware,
            "rollouts": RolloutConfig(prompts_per_step=1, group_size=2, max_new_tokens=start.cutoff),
            "objective": config.train.objective.model_copy(update={"kl_weight": 0.0}),
            "lora": type(config.train.lora)(),
            "vllm": type(config.train.vllm)(),
            "trl": config.train.trl.model_copy(
                update={
                    "per_device_batch_size": start.per_device_batch_size,
                    "gradient_checkpointing": start.gradient_checkpointing,
                    "max_prompt_tokens": 1,
                    "max_image_pixels": start.max_image_pixels,
                    "weights": "float32",
                }
            ),
        }
    )


def cold_start_memory(config: PipelineConfig, model: Architecture) -> MemoryPlan:
    """Return the memory of one device of the cold start: no reference model, no generation."""
    plan = memory_of_device(model, _as_study(config), 0)
    return MemoryPlan(plan.resident, plan.training, (), both_at_once=False)


def _cold_start(config: PipelineConfig) -> StagePlan:
    start = config.cold_start
    sft_arguments(start, Path("checkpoints"), images=True)  # refuses batches that do not divide
    chains = start.expected_chains
    steps = start.steps or round(chains * start.epochs / start.batch_size)
    batch = f"batches of {start.batch_size}, {start.per_device_batch_size} a device and pass"
    lines = [f"{chains:,} chains x {start.epochs:g} epochs: {steps:,} steps, {batch}"]
    if start.steps:
        lines = [f"{steps:,} steps, {batch}"]
    numbers: dict[str, Any] = {"steps": steps, "chains": chains, "hours": None, "peak_gb": None}
    if start.model == TINY:
        return StagePlan("cold-start", (*lines, "the shrunk model from a random start"), numbers)
    model = architecture_of(start.model)
    if model.positions < start.cutoff:
        raise ArgumentError("cold_start.cutoff", f"be at most the model's {model.positions} positions", start.cutoff)
    memory, hardware = cold_start_memory(config, model), start.hardware
    if start.device != "cpu" and memory.peak / GB > hardware.device_memory_gb:
        raise ArgumentError(
            "cold_start.hardware.device_memory_gb",
            f"be at least {memory.peak / GB:.1f} (more devices, sharding or a smaller cold_start.cutoff need less)",
            hardware.device_memory_gb,
        )
    lines += [f"model {start.model}, {model.parameters:,} parameters, {hardware.devices} devices, {hardware.sharding}"]
    lines += [f"memory of each device: peak {memory.peak / GB:.1f} of {hardware.device_memory_gb:g} GB"]
    lines += [
        f"  {item.bytes / GB:7.2f} GB  {item.name}: {item.formula}" for item in (*memory.resident, *memory.training)
    ]
    tokens = steps * start.batch_size * MEAN_LENGTH_SHARE * start.cutoff
    operations = (8 if start.gradient_checkpointing else 6) * model.parameters * tokens
    hours = operations / (hardware.devices * hardware.peak_tflops * 1e12 * hardware.training_utilisation) / 3600
    if start.device != "cpu":
        lines.append(
            f"about {hours:,.0f} hours at {hardware.training_utilisation:g} of {hardware.peak_tflops:g} TFLOP/s a "
            f"device, chains {MEAN_LENGTH_SHARE:g} of the cutoff on average"
        )
        numbers["hours"] = hours
    return StagePlan(
        "cold-start", tuple(lines), {**numbers, "peak_gb": memory.peak / GB, "parameters": model.parameters}
    )


def _evaluate(config: PipelineConfig) -> StagePlan:
    settings = config.evaluate
    counts = {}
    for chosen in settings.sets:
        known = QUESTIONS.get(OF_THE_PAPER.get(chosen.format, ""), 0)
        counts[chosen.format] = settings.visual_problems if chosen.source == "visual" else chosen.limit or known
    runs = len(config.train.arms) * len(config.train.training.seeds)
    models = sum(runs if name == "trained" else 1 for name in settings.models)
    answers = sum(counts.values()) * settings.samples * models
    tokens = answers * MEAN_LENGTH_SHARE * settings.max_new_tokens
    lines = [
        *(f"{name}: {count:,} questions" for name, count in counts.items()),
        f"{models} models x {settings.samples} samples: {answers:,} answers, {tokens:,.0f} tokens at "
        f"{MEAN_LENGTH_SHARE:g} of the longest on average",
        f"intervals: bootstrap of {settings.resamples} over questions",
    ]
    return StagePlan("evaluate", tuple(lines), {"questions": counts, "answers": answers, "tokens": tokens})


def plan_pipeline(config: PipelineConfig) -> PipelinePlan:
    """Check the settings of all stages and count what they will take.

    Raises:
        ArgumentError: settings that cannot work; the message names the setting.
        DataError: the sizes of a model are not known.
    """
    study: Plan | None = None
    lines: tuple[str, ...]
    numbers: dict[str, Any]
    if config.cold_start.model == TINY:
        from full_scale.trl_adapter.presets.arguments import grpo_arguments

        grpo_arguments(config.train, Path("checkpoints"), 0)
        rollouts, training = config.train.rollouts, config.train.training
        step = rollouts.prompts_per_step * rollouts.group_size
        runs = len(config.train.arms) * len(training.seeds)
        numbers = {"steps": training.steps, "rollouts": runs * training.steps * step}
        lines = (
            f"{runs} runs x {training.steps} steps of {rollouts.prompts_per_step} prompts x {rollouts.group_size}",
        )
    else:
        start = config.cold_start.model
        model = config.train.model.model_copy(update={"name": start})
        study = plan_run(config.train.model_copy(update={"model": model}))
        bands = " and ".join(config.curate.rl_bands)
        most = f", at most {config.curate.rl_problems:,}" if config.curate.rl_problems else ""
        lines = (
            f"from the cold start's model (sizes of {start}), on {bands} problems of the curation{most}, "
            f"{config.train.task.held_out_fraction:.0%} of them held out",
            *size_lines(study),
        )
        numbers = study.as_dict()
    train = StagePlan("train", lines, numbers)
    return PipelinePlan((_curate(config), _cold_start(config), train, _evaluate(config)), study)


def describe_pipeline(config: PipelineConfig) -> str:
    """Return the plan of every stage as text."""
    plan = plan_pipeline(config)
    parts = [f"pipeline {config.name}"]
    for number, stage in enumerate(plan.stages, 1):
        parts += [f"\nstage {number}, {stage.name}", *stage.lines]
    return "\n".join(parts)
