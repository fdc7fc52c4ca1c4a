"""The compact GRPO loop: choose prompts, sample groups, score them, step, and tell the sampler what was seen.

Deterministic on one kind of processor: equal identity, equal weights, however often the run was killed on the way.
Every rollout of training is charged to the ledger; groups whose rewards are all equal carry no gradient and are not
run through the backward pass, but count in every average.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from full_scale.compact import checkpoints
from full_scale.compact.checkpoints import Progress
from full_scale.compact.collection import StepCollection
from full_scale.compact.refusals import refuse_divergence
from full_scale.compact.rollouts import sample
from full_scale.compact.update import update
from full_scale.config.training import ArmConfig, StudyConfig
from full_scale.models.loading import LanguageModel, load_language_model, quiet
from full_scale.models.saving import disk_errors
from full_scale.rewards import score_groups
from full_scale.runs import RESULT, identity_of, read_result
from full_scale.tasks import Prompt, Task, load_task
from vas_theory.provenance.folders import new_folder
from vas_theory.selection.contract.driver import SelectionDriver
from vas_theory.selection.contract.strategy import SelectionSetting
from vas_theory.selection.strategies import make_strategy

__all__ = ["Run", "greedy_accuracy"]


def greedy_accuracy(language: LanguageModel, prompts: Sequence[Prompt], max_new_tokens: int) -> float:
    """Return the share of prompts whose likeliest completion is right."""
    out = sample(language, [prompt.text for prompt in prompts], 1, max_new_tokens)
    return score_groups(prompts, out.texts, 1).mean


class Run:
    """One arm from one seed.

    Args:
        config: the study.
        arm: how prompts are chosen.
        seed: of sampling and of the sampler; runs of two arms with one seed share their random streams.
        folder: where checkpoints and the result go.
        sources: name -> SHA-256 of the code the result depends on.
    """

    def __init__(
        self, config: StudyConfig, arm: ArmConfig, seed: int, folder: Path, sources: Mapping[str, str]
    ) -> None:
        self.config, self.arm, self.seed, self.folder = config, arm, seed, folder
        self.task: Task = load_task(config.task)
        threads = torch.get_num_threads()
        self.identity = identity_of(config, arm, seed, self.task, threads=threads, sources=dict(sources))

    @property
    def result(self) -> Path:
        """The folder of the finished run: its rows and, if they are kept, its weights."""
        return self.folder / RESULT

    def finished(self) -> Progress | None:
        """Return the rows of the finished run if it has this identity and its bytes are intact."""
        found = read_result(self, "progress.json")
        return None if found is None else Progress(**found)

    def unfinished(self) -> dict[str, Any] | None:
        """Return the identity that the checkpoints in the folder were made with, if there are any."""
        return checkpoints.identity_in(self.folder)

    def train(self, report: Callable[[str], None]) -> Progress:
        """Train until the rollouts are spent, from the newest sound checkpoint if there is one, and write the result.

        Every arm may spend ``steps`` batches of rollouts of every kind; what happens every so many steps happens each
        time that many batches have been spent, so that curves of different arms meet at equal rollouts.

        Args:
            report: called with one line after each step.
        """
        resume_from = checkpoints.latest(self.folder, self.identity)
        language = load_language_model(self.config.model)
        model, settings = language.model, self.config.optimiser
        optimiser = torch.optim.AdamW(
            model.parameters(),
            lr=settings.learning_rate,
            betas=settings.betas,
            weight_decay=settings.weight_decay,
            fused=True,
        )
        driver = SelectionDriver(make_strategy(self.arm.strategy, self._setting(), **self.arm.arguments()))
        reference = load_language_model(self.config.model) if self.config.objective.kl_weight > 0 else None
        progress = Progress()
        if resume_from is not None:
            progress, state = checkpoints.restore(resume_from, model, optimiser)
            driver.load_state_dict(state)
            report(f"resumed after step {progress.step}")
        else:
            progress.steps.append(self._row(0, held_out_accuracy=self._held_out_accuracy(language)))
        schedule = self.config.training
        while (row := self._step(driver.step + 1, language, reference, optimiser, driver, progress)) is not None:
            spent = [progress.steps[-1]["rollouts"] // self._batch, row["rollouts"] // self._batch]
            refuse_divergence(row)
            progress.steps.append(row)
            progress.step, progress.ledger = driver.step, driver.ledger.state_dict()
            if _passes(schedule.evaluate_every, *spent):
                row["held_out_accuracy"] = self._held_out_accuracy(language)
            report(_line(row, self._budget))
            if _passes(schedule.checkpoint_every, *spent) and row["rollouts"] < self._budget:
                checkpoints.save(self.folder, self.identity, progress, model, optimiser, driver.state_dict())
        progress.ledger = driver.ledger.state_dict()
        if progress.steps[-1]["held_out_accuracy"] is None:
            progress.steps[-1]["held_out_accuracy"] = self._held_out_accuracy(language)
        self._write_result(language, progress)
        return progress

    @property
    def _batch(self) -> int:
        return self.config.rollouts.prompts_per_step * self.config.rollouts.group_size

    @property
    def _budget(self) -> int:
        return self.config.training.steps * self._batch

    def _setting(self) -> SelectionSetting:
        rollouts, objective = self.config.rollouts, self.config.objective
        return SelectionSetting(
            prompts=len(self.task.training),
            batch_size=rollouts.prompts_per_step,
            group_size=rollouts.group_size,
            budget=self._budget,
            seed=self.seed,
            advantage=objective.advantage,
            ddof=objective.ddof,
            eps=objective.eps,
        )

    def _held_out_accuracy(self, language: LanguageModel) -> float:
        return greedy_accuracy(language, self.task.held_out, self.config.rollouts.max_new_tokens)

    def _row(self, step: int, **values: Any) -> dict[str, Any]:
        empty = ("mean_reward", "gradient_norm", "loss", "entropy", "clip_fraction", "held_out_accuracy")
        counts = ("rollouts", "tokens", "groups", "mixed_groups", "excluded_rollouts", "clipped_tokens")
        times = ("seconds", "rollout_seconds", "sampler_seconds")
        blank = {**dict.fromkeys(counts, 0), **dict.fromkeys(empty), **dict.fromkeys(times, 0.0)}
        return {"arm": self.arm.name, "seed": self.seed, "step": step, **blank, **values}

    def _step(
        self,
        step: int,
        language: LanguageModel,
        reference: LanguageModel | None,
        optimiser: torch.optim.Optimizer,
        driver: SelectionDriver,
        progress: Progress,
    ) -> dict[str, Any] | None:
        """Collect and train on one batch; ``None`` when the rollouts are spent."""
        clock = time.perf_counter
        started = clock()
        collection = StepCollection(self.config, language, self.task.training, driver.strategy, self.seed)
        groups = driver.collect(collection.generate)
        sampler_seconds = clock() - started - collection.seconds
        found: dict[str, Any] = {}
        if groups is not None and len(groups.prompts_P):
            batch = collection.batch(groups)
            found = update(self.config, step, language, reference, optimiser, batch)
            found["mixed_groups"] = int((batch.advantages_PG != 0).any(dim=1).sum())
            found["groups"] = len(groups.prompts_P)
            if np.isfinite(groups.rewards_R).any():
                found["mean_reward"] = float(np.nanmean(groups.rewards_R))
        about = {"arm": self.arm.name, "seed": self.seed, "step": step}
        progress.prompts.extend({**about, "slot": slot, **group} for slot, group in enumerate(collection.groups))
        if groups is None:
            return None
        return self._row(
            step,
            rollouts=driver.ledger.rollouts,
            tokens=collection.tokens,
            excluded_rollouts=collection.excluded,
            seconds=clock() - started,
            rollout_seconds=collection.seconds,
            sampler_seconds=sampler_seconds,
            **found,
        )

    def _write_result(self, language: LanguageModel, progress: Progress) -> None:
        about = {"identity": self.identity, "label": f"{language.label}, {self.arm.name}, seed {self.seed}"}
        with new_folder(self.result, about) as folder:
            checkpoints.write_progress(folder, progress)
        with quiet(), new_folder(self.folder / "weights", about) as folder, disk_errors(folder):
            language.model.save_pretrained(folder)
            language.tokenizer.save_pretrained(folder)
        checkpoints.remove_all(self.folder)

    def has_weights(self) -> bool:
        """Say whether the trained weights are there; they are verified when they are loaded."""
        return (self.folder / "weights").is_dir()

    def load_weights(self) -> LanguageModel:
        """Load the trained model."""
        return load_language_model(self.config.model.model_copy(update={"name": str(self.folder / "weights")}))

    def remove_weights(self) -> None:
        """Delete the trained weights; the rows stay."""
        shutil.rmtree(self.folder / "weights", ignore_errors=True)


def _passes(every: int, before: int, now: int) -> bool:
    """Say whether a multiple of ``every`` lies in (before, now]."""
    return now // every > before // every


def _line(row: Mapping[str, Any], budget: int) -> str:
    accuracy, reward, norm = row["held_out_accuracy"], row["mean_reward"], row["gradient_norm"]
    return (
        f"step {row['step']}, {row['rollouts']}/{budget} rollouts: "
        + ("no group to train on" if reward is None else f"reward {reward:.3f}")
        + f", {row['mixed_groups']} mixed groups"
        + ("" if norm is None else f", gradient norm {norm:.3g}")
        + f", {row['seconds']:.1f} s"
        + ("" if accuracy is None else f", held-out accuracy {accuracy:.3f}")
    )
