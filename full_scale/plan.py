"""What a study will cost, from its config alone."""

from __future__ import annotations

import shutil

from full_scale.config import StudyConfig
from full_scale.tasks import load_task
from vas_theory.errors import ArgumentError

__all__ = ["describe", "rollouts_by_stage"]

WEIGHTS_GB = {"smollm2-135m": 0.54}
SECONDS_PER_STEP = 4.5
"""Of 8 groups of 8 short completions, SmolLM2-135M, two free cores with 256-bit vectors; measured."""
SECONDS_PER_PROBE = 4.0
SECONDS_PER_1000_ROLLOUTS = 17.0


def rollouts_by_stage(config: StudyConfig) -> dict[str, int]:
    """Return how many completions each stage samples."""
    held_out = len(load_task(config.task).held_out)
    runs = len(config.arms) * len(config.training.seeds)
    evaluations = 1 + -(-config.training.steps // config.training.evaluate_every)
    step = config.rollouts.prompts_per_step * config.rollouts.group_size
    return {
        "pilot": config.probe.pilot_prompts * config.probe.pilot_rollouts,
        "calibration and probe": (config.probe.calibration_prompts + config.probe.prompts) * config.probe.rollouts,
        "training": runs * config.training.steps * step,
        "held-out curves": runs * evaluations * held_out,
        "evaluation": (1 + runs) * held_out * config.evaluation.rollouts,
    }


def describe(config: StudyConfig) -> str:
    """Return sizes, rollouts a stage and, for the packaged model on a CPU, an estimate of minutes.

    Raises:
        ArgumentError: the study asks for more pilot prompts than there are.
    """
    task = load_task(config.task)
    if config.probe.pilot_prompts > len(task.training):
        raise ArgumentError("probe.pilot_prompts", f"be at most the {len(task.training)} prompts", config.probe)
    stages = rollouts_by_stage(config)
    lines = [
        f"preset {config.name}: model {config.model.name}, task {task.name}",
        f"prompts: {len(task.training)} training, {len(task.held_out)} held out",
        f"runs: {len(config.arms)} arms x {len(config.training.seeds)} seeds x {config.training.steps} steps",
        *(f"rollouts, {name}: {count}" for name, count in stages.items()),
    ]
    weights = WEIGHTS_GB.get(config.model.name)
    if weights is not None:
        runs = len(config.arms) * len(config.training.seeds)
        # trained weights wait for the evaluation; a checkpoint holds weights and two moments, three exist for a moment
        disk = weights * (1 + runs + 3 * 3)
        free = shutil.disk_usage(".").free / 1e9
        lines.append(f"disk at most {disk:.1f} GB (converted model, trained weights, checkpoints), free {free:.0f} GB")
        if config.model.device == "cpu":
            share = config.rollouts.prompts_per_step * config.rollouts.group_size / 64
            sampled = stages["pilot"] + stages["held-out curves"] + stages["evaluation"]
            probes = (config.probe.calibration_prompts + config.probe.prompts) * config.probe.rollouts / 32
            seconds = (
                runs * config.training.steps * SECONDS_PER_STEP * share
                + sampled / 1000 * SECONDS_PER_1000_ROLLOUTS
                + probes * SECONDS_PER_PROBE
            )
            lines.append(f"about {max(1, round(seconds / 60))} minutes on two free cores, after the model's conversion")
    return "\n".join(lines)
