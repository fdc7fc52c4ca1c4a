"""Choosing prompts at generation time, and learning from the rewards before the next choice.

TRL's data loader reads ahead, so a data sampler would choose a batch before the rewards of the last one are known,
and would choose again on resume. Here the loader only paces the epochs: what it brings is replaced, at the moment
of generation, by prompts drawn with everything that is known by then.
"""

from __future__ import annotations

import importlib.metadata
import inspect
import logging
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from accelerate.utils import gather_object
from transformers import TrainerState
from transformers.trainer_utils import TrainOutput

from full_scale.trl_adapter.compatibility import excludes_unscored
from full_scale.trl_adapter.config import VASConfig
from full_scale.trl_adapter.feedback import GroupedRewards, check_groups, group_diversity, group_rewards
from full_scale.trl_adapter.prompts import prompt_keys
from full_scale.trl_adapter.sharding import reference_by_blocks, whole_parameters
from full_scale.trl_adapter.state import newest_intact, read_sampler, write_sampler
from full_scale.trl_adapter.strategies import StrategySampler
from vas_theory.foundation.errors import ArgumentError, VASError
from vas_theory.selection.posteriors import build_posterior
from vas_theory.selection.sampler.variance_aware import VarianceAwareSampler

if TYPE_CHECKING:
    from trl import GRPOTrainer as _Base
else:
    _Base = object

__all__ = ["VASMixin"]

logger = logging.getLogger(__name__)

_LOGGED = (
    "effective_sample_size",
    "coverage",
    "gini",
    "staleness_max",
    "uniform_scores",
    "predicted_mixed_share",
    "realised_mixed_share",
    "excluded_rewards",
    "excluded_groups",
    "training_rollouts",
)


@dataclass
class _Batch:
    """A generation batch on its way: what was drawn, and later what came of it."""

    keys_P: list[Any]
    local_keys_N: list[Any]
    lag: int
    seconds: float
    rewards: GroupedRewards | None = None


class VASMixin(_Base):
    """Variance-aware sampling for a subclass of TRL's ``GRPOTrainer``; put it before the trainer among the bases.

    Args:
        *args: of the trainer.
        vas: how prompts are chosen.
        **kwargs: of the trainer.

    Raises:
        ArgumentError: the data set or the batch cannot be used, or checkpoints would fall inside a generation batch.
        DataError: prompts have no usable, unique keys.
    """

    def __init__(self, *args: Any, vas: VASConfig | None = None, **kwargs: Any) -> None:
        self.vas = vas or VASConfig()
        given = inspect.signature(super().__init__).bind_partial(*args, **kwargs).arguments
        keys = prompt_keys(given.get("train_dataset"), self.vas.key_column)  # before any model is loaded
        with reference_by_blocks():
            super().__init__(*args, **kwargs)
        prompts = self.args.generation_batch_size // self.num_generations
        if len(keys) < prompts:
            raise ArgumentError("train_dataset", f"hold the {prompts} prompts of a generation batch", len(keys))
        self._require_aligned_saves()
        self.sampler = self._build_sampler(keys, prompts)
        self._prompt_rows = self._remove_unused_columns(self.train_dataset, description="Training")
        self._vas_counters = {"drawn": 0, "observed": 0, "silent_groups": 0, "unused_steps": 0}
        self._vas_batch: _Batch | None = None
        self._drops_incomplete_groups = not excludes_unscored(importlib.metadata.version("trl"))

    def _build_sampler(self, keys: list[str] | list[int], prompts: int) -> VarianceAwareSampler | StrategySampler:
        seed = self.args.seed if self.vas.seed is None else self.vas.seed
        shape = {"batch_size": prompts, "group_size": self.num_generations, "seed": seed}
        if self.vas.strategy != "vas":
            return StrategySampler(self.vas.strategy, keys, options=self.vas.options, **shape)
        vas = self.vas
        categories = self.train_dataset[vas.category_column] if vas.category_column else None
        return VarianceAwareSampler(
            keys,
            mixture_ratio=vas.mixture_ratio,
            posterior=build_posterior(vas.posterior, len(keys), categories, vas.posterior_options),
            **shape,
            **vas.sampler,
        )

    def train(self, resume_from_checkpoint: str | bool | None = None, *args: Any, **kwargs: Any) -> Any:
        """Train; with ``resume_from_checkpoint=True`` go on from the newest checkpoint that is whole."""
        if resume_from_checkpoint is True:
            newest = newest_intact(self.args.output_dir)
            resume_from_checkpoint = None if newest is None else str(newest)
        if resume_from_checkpoint:
            self.args.eval_on_start = False  # the start is past: it would overwrite the evaluation of that step
            if self._restore_finished(Path(resume_from_checkpoint)):
                return TrainOutput(self.state.global_step, math.nan, {})
        return super().train(resume_from_checkpoint, *args, **kwargs)

    def _restore_finished(self, checkpoint: Path) -> bool:
        """Restore a run that made its last step before it was stopped; the trainer itself would make one more."""
        record = checkpoint / "trainer_state.json"
        if not record.exists():
            return False
        state = TrainerState.load_from_json(str(record))
        if state.global_step < (self.args.max_steps if self.args.max_steps > 0 else state.max_steps):
            return False
        with whole_parameters(self.model):
            self._load_from_checkpoint(str(checkpoint), self.model)
        sampler, self._vas_counters = read_sampler(checkpoint)
        self.sampler.load_state_dict(sampler)
        self.state = state
        return True

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        if not self.model.training:
            return super()._generate_and_score_completions(inputs)
        batch, rows = self._draw(len(inputs))
        self._vas_batch = batch
        try:
            output = super()._generate_and_score_completions(rows)
        finally:
            self._vas_batch = None
        if batch.rewards is None:
            raise VASError("GRPOTrainer did not ask for rewards while it scored completions")
        if self.multi_objective_aggregation == "sum_then_normalize":
            # equal rewards differ from their rounded mean: without this a silent group would move the weights
            silent_N = np.repeat(batch.rewards.silent_P, self.num_generations)
            output["advantages"][torch.from_numpy(self._local(silent_N, len(inputs)))] = 0.0
        self._log_batch(batch)
        return output

    def _calculate_rewards(
        self, inputs: list[dict[str, Any]], prompts: list[Any], completions: list[Any], completion_ids_list: list[Any]
    ) -> torch.Tensor:
        rewards_NF = super()._calculate_rewards(inputs, prompts, completions, completion_ids_list)
        batch = self._vas_batch
        if batch is None:
            return rewards_NF
        started = time.perf_counter()
        size = self.num_generations
        check_groups(gather_object(batch.local_keys_N), batch.keys_P, size)
        rewards = group_rewards(
            rewards_NF.double().cpu().numpy(),
            self.reward_weights.double().cpu().numpy(),
            size,
            success=self.vas.success,
            largest_reward=self.sampler.config.reward_range[1],
        )
        excluded = rewards.excluded_PG.mean()
        if excluded > self.vas.largest_excluded_share:
            raise VASError(
                f"{excluded:.0%} of the rollouts of this batch have no usable reward, "
                f"more than the {self.vas.largest_excluded_share:.0%} allowed (VASConfig.largest_excluded_share)"
            )
        diversity = None
        if self.sampler.config.score == "vps" and self.sampler.config.beta > 0:
            diversity = group_diversity(gather_object(completion_ids_list), size)
        extra = {}
        if isinstance(self.sampler, StrategySampler):
            extra["lengths"] = gather_object([len(ids) for ids in completion_ids_list])
        self.sampler.observe_by_key(
            batch.keys_P,
            rewards.rewards_PG,
            successes=rewards.successes_PG,
            diversity=diversity,
            policy_version=self.sampler.policy_version,
            **extra,
        )
        self._vas_counters["observed"] += 1
        self._vas_counters["silent_groups"] += int(rewards.silent_P.sum())
        batch.rewards = rewards
        batch.seconds += time.perf_counter() - started
        dropped_P = rewards.infinite_P | (rewards.incomplete_P & self._drops_incomplete_groups)
        if dropped_P.any():
            rewards_NF = rewards_NF.clone()
            rewards_NF[torch.from_numpy(np.repeat(dropped_P, size)).to(rewards_NF.device)] = torch.nan
        return rewards_NF

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        unused = -self._step % self._steps_per_batch  # micro-steps that the present completions still had to serve
        if unused:
            logger.warning(
                "the checkpoint of step %d falls inside a generation batch, whose completions are not saved; "
                "a run resumed from it will differ from one that was never stopped",
                self.state.global_step,
            )
        if self.args.should_save:
            folder = Path(self._get_output_dir(trial=trial)) / f"checkpoint-{self.state.global_step}"
            write_sampler(folder, self.sampler.state_dict(), {**self._vas_counters, "unused_steps": unused})
        super()._save_checkpoint(model, trial)

    def _save_rng_state(self, output_dir: str) -> None:
        super()._save_rng_state(output_dir)
        # the first process writes its own state next, which vouches for what all of them have written
        self.accelerator.wait_for_everyone()

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        super()._load_optimizer_and_scheduler(checkpoint)
        if checkpoint is None:
            return
        state, counters = read_sampler(Path(checkpoint))
        self.sampler.load_state_dict(state)
        self._vas_counters = counters
        if counters["unused_steps"]:
            logger.warning(
                "checkpoint %s fell inside a generation batch; its completions are lost, a new batch is drawn, and "
                "the run will differ from one that was never stopped",
                checkpoint,
            )

    @property
    def _steps_per_batch(self) -> int:
        """Micro-steps (forward and backward passes) that one generation batch serves."""
        return int(self.args.steps_per_generation * self.num_iterations)

    def _draw(self, local_rows: int) -> tuple[_Batch, list[dict[str, Any]]]:
        """Draw the prompts of a generation batch and return it with this process's rows of the data set."""
        started = time.perf_counter()
        total, size = local_rows * self.accelerator.num_processes, self.num_generations
        if total != self.sampler.config.batch_size * size:
            raise VASError(
                f"a generation batch has {total} rollouts, not {self.sampler.config.batch_size} prompts times {size}; "
                "dataloader_drop_last and split_batches must be left as GRPOTrainer sets them"
            )
        lag = self._vas_counters["drawn"] - self._vas_counters["observed"]
        positions_P = self.sampler.draw(policy_version=self.state.global_step)
        self._vas_counters["drawn"] += 1
        positions_N = self._local(np.repeat(positions_P, size), local_rows)
        batch = _Batch(
            keys_P=self.sampler.keys.at(positions_P).tolist(),
            local_keys_N=self.sampler.keys.at(positions_N).tolist(),
            lag=lag,
            seconds=time.perf_counter() - started,
        )
        return batch, [self._prompt_rows[int(position)] for position in positions_N]

    def _local(self, values_N: Any, local_rows: int) -> Any:
        """Return this process's part of what all processes hold together."""
        start = self.accelerator.process_index * local_rows
        return values_N[start : start + local_rows]

    def _log_batch(self, batch: _Batch) -> None:
        assert batch.rewards is not None
        started = time.perf_counter()
        known = self.sampler.metrics()
        batch.seconds += time.perf_counter() - started
        values: dict[str, float] = {name: known[name] for name in _LOGGED if not np.isnan(known.get(name, np.nan))}
        values |= {
            "lag": batch.lag,
            "silent_groups": int(batch.rewards.silent_P.sum()),
            "silent_groups_total": self._vas_counters["silent_groups"],
            "excluded_rollouts": int(batch.rewards.excluded_PG.sum()),
            "weighted_places": int((self.sampler.last_arms == 1).sum()),
            "sampler_seconds": batch.seconds,
        }
        for name, value in values.items():
            self._metrics["train"][f"vas/{name}"].append(float(value))

    def _require_aligned_saves(self) -> None:
        """Refuse a save interval that would lose bought completions at every checkpoint."""
        every, passes = self._steps_per_batch, self.args.gradient_accumulation_steps
        if self.args.save_strategy != "steps" or self.args.save_steps < 1:
            return  # an epoch ends with a generation batch; a share of the run is known only when it starts
        if int(self.args.save_steps) * passes % every:
            multiple = every // int(np.gcd(every, passes))
            raise ArgumentError(
                "save_steps",
                f"be a multiple of {multiple}, so that checkpoints fall between generation batches "
                f"(steps_per_generation {self.args.steps_per_generation} x num_iterations {self.num_iterations} / "
                f"gradient_accumulation_steps {passes}); the completions of a batch are not saved",
                self.args.save_steps,
            )
