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
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from accelerate.utils import gather_object
from transformers import TrainerState
from transformers.trainer_utils import TrainOutput

from full_scale.models.resuming import load_renamed_weights
from full_scale.models.saving import disk_errors
from full_scale.plugins.interface import Selector
from full_scale.plugins.states import saved_keys
from full_scale.trl_adapter.checkpoints.manifest import vouch
from full_scale.trl_adapter.checkpoints.resuming import find_checkpoint
from full_scale.trl_adapter.checkpoints.sampler_file import LAST_FILE, read_sampler, write_sampler
from full_scale.trl_adapter.checkpoints.settings import run_settings
from full_scale.trl_adapter.compatibility import excludes_unscored
from full_scale.trl_adapter.config import VASConfig
from full_scale.trl_adapter.feedback import check_groups, group_rewards
from full_scale.trl_adapter.front_door import check_arguments, check_template, success_column
from full_scale.trl_adapter.knowledge.building import Knowledge, build_renewal, build_selector
from full_scale.trl_adapter.metrics import GenerationBatch, batch_metrics
from full_scale.trl_adapter.model_folder import check_model
from full_scale.trl_adapter.pacing import SaveBetweenBatches, say_batch
from full_scale.trl_adapter.prompts import prompt_keys
from full_scale.trl_adapter.scoring.refreshes import build_scoring
from full_scale.trl_adapter.scoring.rollouts import gathered
from full_scale.trl_adapter.sharding import reference_by_blocks, whole_parameters
from full_scale.trl_adapter.strategies import StrategySelector
from vas_theory.foundation.errors import ArgumentError, StateMismatchError, VASError
from vas_theory.selection.diversity import from_lists
from vas_theory.selection.sampler.variance_aware import VarianceAwareSampler
from vas_theory.selection.scores import group_diversity

if TYPE_CHECKING:
    from trl import GRPOTrainer as _Base
else:
    _Base = object

__all__ = ["VASMixin"]

logger = logging.getLogger(__name__)


class VASMixin(_Base):
    """Variance-aware sampling for a subclass of TRL's ``GRPOTrainer``; put it before the trainer among the bases.

    Args:
        *args: of the trainer.
        vas: how prompts are chosen.
        **kwargs: of the trainer.

    Raises:
        ArgumentError: an argument, the data set or the batch cannot be used.
        DataError: prompts are empty or have no usable, unique keys, or a file of the model is missing or cut short.
        UnknownNameError: ``success_from`` names no reward function.
    """

    def __init__(self, *args: Any, vas: VASConfig | None = None, **kwargs: Any) -> None:
        given = inspect.signature(super().__init__).bind_partial(*args, **kwargs).arguments
        self.vas = check_arguments(given, vas)
        dataset = given.get("train_dataset")
        keys = prompt_keys(dataset, self.vas.key_column)  # before any model is loaded
        self.known = Knowledge.of(dataset, self.vas)
        check_model(given.get("model"))
        with reference_by_blocks():
            super().__init__(*args, **kwargs)
        check_template(self.train_dataset, self.processing_class)
        self._vas_prompts = prompts = self.args.generation_batch_size // self.num_generations
        if len(keys) < prompts:
            raise ArgumentError("train_dataset", f"hold the {prompts} prompts of a generation batch", len(keys))
        self.success_column = success_column(self.vas, self.reward_func_names)
        self.selector: Selector | StrategySelector = build_selector(self, keys, prompts)
        self._vas_dataset = self.train_dataset
        self._vas_earlier = 0  # version of the policy when this training began
        self._prompt_rows = self._remove_unused_columns(self.train_dataset, description="Training")
        self._vas_counters = {"silent_groups": 0, "unused_steps": 0}
        self._vas_batch: GenerationBatch | None = None
        self._renewal = build_renewal(self)
        self._scoring = build_scoring(self)
        self.scores_only = False
        self._drops_incomplete_groups = not excludes_unscored(importlib.metadata.version("trl"))
        self.add_callback(SaveBetweenBatches(self))
        if self.is_world_process_zero():
            say_batch(self, prompts)

    @property
    def weighted_selector(self) -> Selector:
        """What chooses the prompts, where it is variance-aware sampling and not another strategy.

        Raises:
            VASError: it is another strategy.
        """
        if isinstance(self.selector, StrategySelector):
            raise VASError(f"the strategy {self.selector.name} has no VarianceAwareSampler; see the trainer's selector")
        return self.selector

    @property
    def sampler(self) -> VarianceAwareSampler:
        """The sampler behind the selector; another object after the first graded reward."""
        return self.weighted_selector.sampler

    def train(self, resume_from_checkpoint: str | bool | None = None, *args: Any, **kwargs: Any) -> Any:
        """Train; with ``resume_from_checkpoint=True`` go on from the newest checkpoint that is whole.

        Raises:
            DataError: there is no checkpoint that can be gone on from; an ``IntegrityError`` if it is damaged.
            StateMismatchError: it was made with other settings or prompts; see ``VASConfig(may_differ=...)``.
            VASError: ``train_dataset`` is no longer what the trainer was made with.
        """
        if self.train_dataset is not self._vas_dataset:
            raise VASError("train_dataset was replaced after the trainer was made for its prompts: make a new trainer")
        checkpoint = find_checkpoint(self, resume_from_checkpoint)
        self._step = 0  # an earlier call may have been stopped inside a generation batch
        self._vas_earlier = 0 if checkpoint is not None else self.selector.policy_version
        if self._scoring is not None:
            self._scoring.resumes = bool(resume_from_checkpoint)
            if not resume_from_checkpoint:
                self._scoring.forget()
        if checkpoint is None:
            return super().train(None, *args, **kwargs)
        self.args.eval_on_start = False  # the start is past: it would overwrite the evaluation of that step
        if self._restore_finished(checkpoint):
            return TrainOutput(self.state.global_step, math.nan, {})
        return super().train(str(checkpoint), *args, **kwargs)

    def restore_sampler(self, checkpoint: Path) -> None:
        """Take over the sampler's part of a checkpoint."""
        state, saved = read_sampler(checkpoint)
        found = str(state.get("name", "vas"))
        if found != self.vas.strategy:
            raise StateMismatchError(f"sampler in {checkpoint}", {"strategy": (self.vas.strategy, found)})
        same = self.take_over(state)
        self._vas_counters = {name: int(saved[name]) for name in self._vas_counters}
        if self._renewal is not None:
            self._renewal.restore(saved, same_prompts=same)
        if self.known.features is not None and not same:  # the state knows nothing of prompts that were added
            self.sampler.set_features(self.known.features)

    def take_over(self, state: dict[str, Any]) -> bool:
        """Let the selector go on from a saved state, and say whether that is of the same prompts."""
        if isinstance(self.selector, StrategySelector):
            self.selector.load_state_dict(state)  # which refuses other prompts
            return True
        self.selector.load_state_dict(state, match_keys="prompts" in self.vas.may_differ)
        return self.sampler.keys.equals(saved_keys(state))

    @property
    def unused_at_restore(self) -> int:
        """Micro-steps that the completions of the checkpoint which was restored had still to serve."""
        return self._vas_counters["unused_steps"]

    def _restore_finished(self, checkpoint: Path) -> bool:
        """Restore a run that made its last step before it was stopped; the trainer itself would make one more."""
        state = TrainerState.load_from_json(str(checkpoint / LAST_FILE))
        if state.global_step < (self.args.max_steps if self.args.max_steps > 0 else state.max_steps):
            return False
        with whole_parameters(self.model):
            self._load_from_checkpoint(str(checkpoint), self.model)
        self.state = state
        return True

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        if not self.model.training:
            return super()._generate_and_score_completions(inputs)
        for part in (self._scoring, self._renewal):
            if part is not None:
                part.before_draw()
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
        values = batch_metrics(self.selector, batch, self._vas_counters["silent_groups"])
        for part in (self._scoring, self._renewal):
            values |= {} if part is None else part.metrics()
        values["sampler_seconds"] += values.get("features_seconds", 0.0)
        for name, value in values.items():
            if not math.isnan(value):  # not known yet
                self._metrics["train"][f"vas/{name}"].append(value)
        return output

    def _calculate_rewards(
        self, inputs: list[dict[str, Any]], prompts: list[Any], completions: list[Any], completion_ids_list: list[Any]
    ) -> torch.Tensor:
        rewards_NF = super()._calculate_rewards(inputs, prompts, completions, completion_ids_list)
        if self.scores_only:
            raise gathered(rewards_NF, completion_ids_list)
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
            success_column=self.success_column,
        )
        excluded = rewards.excluded_PG.mean()
        if excluded > self.vas.largest_excluded_share:
            raise VASError(
                f"{excluded:.0%} of the rollouts of this batch have no usable reward, "
                f"more than the {self.vas.largest_excluded_share:.0%} allowed (VASConfig.largest_excluded_share)"
            )
        told: dict[str, Any] = {"successes": rewards.successes_PG, "diversity": None}
        if isinstance(self.selector, StrategySelector):
            told["lengths"] = gather_object([len(ids) for ids in completion_ids_list])
        elif self.selector.weighs_diversity:
            told["diversity"] = group_diversity(*from_lists(gather_object(completion_ids_list)), size)
        self.selector.observe(batch.keys_P, rewards.rewards_PG, **told)
        self._vas_counters["silent_groups"] += int(rewards.silent_P.sum())
        batch.rewards = rewards
        batch.seconds += time.perf_counter() - started
        dropped_P = rewards.infinite_P | (rewards.incomplete_P & self._drops_incomplete_groups)
        if dropped_P.any():
            rewards_NF = rewards_NF.clone()
            rewards_NF[torch.from_numpy(np.repeat(dropped_P, size)).to(rewards_NF.device)] = torch.nan
        return rewards_NF

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        if not load_renamed_weights(self.model if model is None else model, Path(resume_from_checkpoint)):
            super()._load_from_checkpoint(resume_from_checkpoint, model)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        unused = self.unused_steps
        if unused:
            logger.warning(
                "the checkpoint of step %d falls inside a generation batch, whose completions are not saved; "
                "a run resumed from it will differ from one that was never stopped",
                self.state.global_step,
            )
        folder = Path(self._get_output_dir(trial=trial)) / f"checkpoint-{self.state.global_step}"
        self._vas_sums: dict[str, str] = {}
        if self.args.should_save:
            made_at = {} if self._renewal is None else self._renewal.as_state()
            saved = {**self._vas_counters, **made_at, "unused_steps": unused}
            write_sampler(folder, self.selector.state_dict(), saved)
        with disk_errors(Path(self.args.output_dir)):
            super()._save_checkpoint(model, trial)
        if self.args.should_save and folder.exists():  # again, as it holds the trainer's own state now
            vouch(folder, run_settings(self), self._vas_sums)
        if self._scoring is not None:
            self._scoring.forget()

    def _save_rng_state(self, output_dir: str) -> None:
        super()._save_rng_state(output_dir)
        # the first process writes its own state next and then removes older checkpoints: all parts have to be there,
        # and vouched for
        self.accelerator.wait_for_everyone()
        if self.args.should_save:
            self._vas_sums = vouch(Path(output_dir), run_settings(self))

    @property
    def unused_steps(self) -> int:
        """Micro-steps that the present completions still have to serve; 0 between generation batches."""
        return -self._step % self.steps_per_batch

    @property
    def steps_per_batch(self) -> int:
        """Micro-steps (forward and backward passes) that one generation batch serves."""
        return int(self.args.steps_per_generation * self.num_iterations)

    def _draw(self, local_rows: int) -> tuple[GenerationBatch, list[dict[str, Any]]]:
        """Draw the prompts of a generation batch and return it with this process's rows of the data set."""
        started = time.perf_counter()
        total, size = local_rows * self.accelerator.num_processes, self.num_generations
        if total != self._vas_prompts * size:
            raise VASError(
                f"a generation batch has {total} rollouts, not {self._vas_prompts} prompts times {size}; "
                "dataloader_drop_last and split_batches must be left as GRPOTrainer sets them"
            )
        lag = (self.selector.selected_groups - self.selector.observed_groups) // self._vas_prompts
        version = max(self._vas_earlier + self.state.global_step, self.selector.policy_version)
        keys_P = self.selector.select(self._vas_prompts, policy_version=version)
        positions_N = self._local(np.repeat(self.selector.positions_of(keys_P), size), local_rows)
        batch = GenerationBatch(
            keys_P=keys_P,
            local_keys_N=self._local([key for key in keys_P for _ in range(size)], local_rows),
            lag=lag,
            seconds=time.perf_counter() - started,
        )
        return batch, [self.prompt_row(int(position)) for position in positions_N]

    def prompt_row(self, position: int) -> dict[str, Any]:
        """Return a row of the data set as the trainer wants it."""
        row: dict[str, Any] = self._prompt_rows[position]
        return row

    def generate_and_score(self, rows: list[dict[str, Any]]) -> None:
        """Let the trainer generate for rows of the data set as they are, without a draw."""
        super()._generate_and_score_completions(rows)

    def _local(self, values_N: Any, local_rows: int) -> Any:
        """Return this process's part of what all processes hold together."""
        start = self.accelerator.process_index * local_rows
        return values_N[start : start + local_rows]
