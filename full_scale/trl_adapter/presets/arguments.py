"""From a study's tables to TRL's ``GRPOConfig``, its rewards and :class:`VASConfig`."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from full_scale.config.knowledge import KnowledgeConfig
from full_scale.config.task import RewardConfig
from full_scale.config.training import ArmConfig, StudyConfig, knowledge_of
from full_scale.planning.feasibility import TRL_AGGREGATIONS, check_settings
from full_scale.planning.memory import reduced_bytes
from full_scale.rewards import ACCURACY, FORMAT, Reward, length_reward
from full_scale.tasks import Prompt
from full_scale.tasks.templates import Style
from full_scale.trl_adapter.config import VASConfig
from vas_theory.foundation.errors import ArgumentError

if TYPE_CHECKING:
    from trl import GRPOConfig

__all__ = ["PASS_RATES", "TRIALS", "grpo_arguments", "grpo_config", "reward_parts", "style_of", "vas_config"]

PASS_RATES, TRIALS = "pass_rate", "pass_rate_trials"
"""Columns of the data set that hold the pass rates an arm is told."""


def grpo_arguments(config: StudyConfig, folder: Path, seed: int, stop_ids: tuple[int, ...] = ()) -> dict[str, Any]:
    """Return the arguments of ``GRPOConfig`` that the tables of a study stand for.

    One step of a study is one generation batch and, for every pass over it, one optimiser step: TRL counts
    ``training.steps * objective.epochs`` steps.

    Args:
        config: with engine ``trl``.
        folder: where checkpoints go.
        seed: of the run.
        stop_ids: further tokens that end a completion; only vLLM is told here.

    Raises:
        ArgumentError: settings do not fit together, or ``trl.arguments`` sets what a table sets.
    """
    check_settings(config)
    objective, optimiser, vllm, trl = config.objective, config.optimiser, config.vllm, config.trl
    passes = objective.epochs
    completions = config.rollouts.prompts_per_step * config.rollouts.group_size
    accumulation = completions // (config.hardware.devices * trl.per_device_batch_size)
    values: dict[str, Any] = {
        "output_dir": str(folder),
        "seed": seed,
        "use_cpu": config.model.device == "cpu",
        "bf16": reduced_bytes(config) == 2,
        "max_steps": config.training.steps * passes,
        "per_device_train_batch_size": trl.per_device_batch_size,
        "gradient_accumulation_steps": accumulation,
        "steps_per_generation": accumulation,
        "num_iterations": passes,
        "num_generations": config.rollouts.group_size,
        "max_completion_length": config.rollouts.max_new_tokens,
        "temperature": config.rollouts.temperature,
        "top_p": 1.0,
        "top_k": 0,
        "beta": objective.kl_weight,
        "use_bias_correction_kl": False,
        "epsilon": objective.clip_low,
        "epsilon_high": objective.clip_high,
        "loss_type": TRL_AGGREGATIONS[objective.aggregation],
        "scale_rewards": "group" if objective.advantage == "grpo" else "none",
        "learning_rate": optimiser.learning_rate,
        "adam_beta1": optimiser.betas[0],
        "adam_beta2": optimiser.betas[1],
        "weight_decay": optimiser.weight_decay,
        "max_grad_norm": optimiser.max_gradient_norm,
        "lr_scheduler_type": "constant_with_warmup",
        "warmup_steps": optimiser.warmup_steps * passes,
        "gradient_checkpointing": trl.gradient_checkpointing,
        "logging_steps": 1,
        "save_strategy": "steps",
        "save_steps": config.training.checkpoint_every * passes,
        "save_total_limit": 2,
        "eval_strategy": "steps",
        "eval_steps": config.training.evaluate_every * passes,
        "eval_on_start": True,
        "per_device_eval_batch_size": trl.per_device_batch_size,
        "num_generations_eval": 1,
        "report_to": "none",
        "disable_tqdm": True,
    }
    if vllm.mode != "off":
        values |= {
            "use_vllm": True,
            "vllm_mode": vllm.mode,
            "vllm_gpu_memory_utilization": vllm.gpu_memory_utilization,
            "vllm_tensor_parallel_size": vllm.tensor_parallel_size,
            "vllm_enable_sleep_mode": vllm.enable_sleep_mode,
            "vllm_server_host": vllm.server_host,
            "vllm_server_port": vllm.server_port,
        }
        if stop_ids:
            values["generation_kwargs"] = {"stop_token_ids": list(stop_ids)}
    taken = sorted(values.keys() & trl.arguments.keys())
    if taken:
        raise ArgumentError("trl.arguments", f"leave {', '.join(taken)} to the other tables", trl.arguments)
    return {**values, **trl.arguments}


def grpo_config(arguments: dict[str, Any]) -> GRPOConfig:
    """Build TRL's configuration; older versions lack some of its fields.

    Raises:
        ArgumentError: TRL knows no such argument, or refuses its value.
    """
    from trl import GRPOConfig

    known = {field.name for field in dataclasses.fields(GRPOConfig)}
    optional = {"use_bias_correction_kl", "num_generations_eval"}
    unknown = sorted(arguments.keys() - known - optional)
    if unknown:
        raise ArgumentError("trl.arguments", "name arguments of this TRL's GRPOConfig", unknown)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of names that later versions of transformers change
        try:
            return GRPOConfig(**{name: value for name, value in arguments.items() if name in known})
        except (ValueError, TypeError) as error:
            raise ArgumentError("trl.arguments", f"suit GRPOConfig: {error}", arguments) from error


def reward_parts(config: RewardConfig) -> tuple[list[Reward], list[float], tuple[float, float]]:
    """Return the parts of a reward, their weights, and the least and largest weighted total.

    TRL logs each part on its own; accuracy comes first.
    """
    parts: list[tuple[Reward, float, float, float]] = [(ACCURACY, config.accuracy, 0.0, 1.0)]
    if config.format > 0:
        parts.append((FORMAT, config.format, 0.0, 1.0))
    if config.length > 0:
        parts.append((length_reward(config.soft_length, config.hard_length), config.length, -1.0, 0.0))
    low = sum(weight * least for _, weight, least, _ in parts)
    high = sum(weight * largest for _, weight, _, largest in parts)
    return [part for part, *_ in parts], [weight for _, weight, *_ in parts], (low, high)


def _accurate(rewards_PGF: NDArray[np.float64]) -> NDArray[np.bool_]:
    return rewards_PGF[..., 0] > 0.5


def vas_config(config: StudyConfig, arm: ArmConfig, seed: int) -> VASConfig:
    """Return how an arm chooses prompts; a rollout is right where its accuracy is above one half."""
    *_, bounds = reward_parts(config.task.reward)
    common: dict[str, Any] = {
        "key_column": "key",
        "success": _accurate,
        "seed": seed,
        "largest_excluded_share": config.training.largest_excluded_share,
    }
    if arm.weighted_share is None:
        return VASConfig(strategy=arm.strategy, options=arm.arguments(), **common)
    sampler = {"reward_range": bounds, **arm.sampler}
    knows = knowledge_of(config, arm)
    if knows is None:
        return VASConfig(mixture_ratio=arm.weighted_share, sampler=sampler, **common)
    sampler.pop("posterior", None)  # the adapter's word for it is features, or a column
    return VASConfig(mixture_ratio=arm.mixture_ratio, sampler=sampler, **_told(knows), **common)


def _told(knows: KnowledgeConfig) -> dict[str, Any]:
    """Return what an arm is told beside rewards, as settings of the adapter.

    Raises:
        ArgumentError: TRL makes no rollouts that are not charged.
    """
    if knows.truth or knows.column == "start":
        needs = "name states or a file as column where engine is 'trl', whose rollouts are all charged"
        raise ArgumentError("knows", needs, knows.model_dump(exclude_defaults=True))
    states = {
        "features": "hidden_states",
        "features_every": knows.every,
        "features_layer": knows.layer,
        "features_pooling": knows.pooling,
    }
    column = {"pass_rate_column": PASS_RATES, "pass_rate_trials": TRIALS}
    return {**(states if knows.states else {}), **(column if knows.column else {})}


def style_of(config: StudyConfig, prompts: Sequence[Prompt], tokenizer: Any) -> Style:
    """Return how questions are put to a model; see ``trl.style``."""
    if config.trl.style != "auto":
        return config.trl.style
    if tokenizer.chat_template is None or not any(prompt.question or prompt.images for prompt in prompts):
        return "completion"
    return "reasoning" if config.task.reward.format > 0 else "evaluation"
