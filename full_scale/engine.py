"""The compact GRPO loop: choose prompts, sample groups, score them, step, and tell the sampler what was seen.

Deterministic on one kind of processor: equal identity, equal weights, however often the run was killed on the way.
Every rollout of training is charged to the ledger; groups whose rewards are all equal carry no gradient and are not
run through the backward pass, but count in every average.
"""

from __future__ import annotations

import importlib.metadata
import json
import math
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from full_scale import checkpoints
from full_scale.artifacts import new_folder, verify_folder
from full_scale.checkpoints import Progress
from full_scale.config import ArmConfig, StudyConfig
from full_scale.models import LanguageModel, load_language_model, quiet
from full_scale.objective import advantages_of, policy_loss, token_weights
from full_scale.rewards import score_groups
from full_scale.rollouts import Rollouts, sample
from full_scale.shared_prefix import completion_logprobs
from full_scale.streams import stream
from full_scale.tasks import Prompt, Task, load_task
from vas_theory.errors import DataError
from vas_theory.selection.ledger import RolloutLedger
from vas_theory.selection.sampler import VarianceAwareSampler
from vas_theory.storage import write_json

__all__ = ["Run", "greedy_accuracy", "identity_of"]

PROMPTS_AT_ONCE = 8
"""Groups in one backward pass: bounds the memory of activations."""


def identity_of(config: StudyConfig, arm: ArmConfig, seed: int, sources: Mapping[str, str]) -> dict[str, Any]:
    """Return everything the result of a run depends on except the model's bytes; runs with equal ones are equal."""
    return {
        "arm": arm.model_dump(mode="json"),
        "seed": seed,
        **config.section("model", "task", "rollouts", "objective", "optimiser", "training"),
        "versions": {name: importlib.metadata.version(name) for name in ("numpy", "torch", "transformers")},
        "threads": torch.get_num_threads(),
        "sources": dict(sources),
    }


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
        self.identity = identity_of(config, arm, seed, sources)
        self.task: Task = load_task(config.task)

    @property
    def result(self) -> Path:
        """The folder of the finished run: its rows and, if they are kept, its weights."""
        return self.folder / "result"

    def finished(self) -> Progress | None:
        """Return the rows of the finished run if it has this identity and its bytes are intact."""
        try:
            about = verify_folder(self.result)
        except DataError:
            return None
        if checkpoints.differences(self.identity, about["identity"]):
            return None
        return Progress(**json.loads((self.result / "progress.json").read_text(encoding="utf-8")))

    def train(self, report: Callable[[str], None]) -> Progress:
        """Train to the end, from the newest sound checkpoint if there is one, and write the result.

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
        sampler = VarianceAwareSampler(
            [prompt.key for prompt in self.task.training],
            batch_size=self.config.rollouts.prompts_per_step,
            group_size=self.config.rollouts.group_size,
            mixture_ratio=self.arm.mixture_ratio,
            seed=self.seed,
            **self.arm.sampler,
        )
        reference = load_language_model(self.config.model) if self.config.objective.kl_weight > 0 else None
        progress = Progress()
        if resume_from is not None:
            progress, sampler_state = checkpoints.restore(resume_from, model, optimiser)
            sampler.load_state_dict(sampler_state)
            report(f"resumed after step {progress.step}")
        else:
            accuracy = greedy_accuracy(language, self.task.held_out, self.config.rollouts.max_new_tokens)
            progress.steps.append(self._row(0, held_out_accuracy=accuracy))
        ledger = RolloutLedger()
        if progress.ledger:
            ledger.load_state_dict(progress.ledger)
        schedule = self.config.training
        for step in range(progress.step + 1, schedule.steps + 1):
            row = self._step(step, language, reference, optimiser, sampler, ledger, progress)
            progress.step = step
            if step % schedule.evaluate_every == 0 or step == schedule.steps:
                row["held_out_accuracy"] = greedy_accuracy(
                    language, self.task.held_out, self.config.rollouts.max_new_tokens
                )
            progress.steps.append(row)
            progress.ledger = ledger.state_dict()
            report(_line(row, schedule.steps))
            if step % schedule.checkpoint_every == 0 and step < schedule.steps:
                checkpoints.save(self.folder, self.identity, progress, model, optimiser, sampler.state_dict())
        self._write_result(language, progress)
        return progress

    def _row(self, step: int, **values: Any) -> dict[str, Any]:
        empty = dict.fromkeys(("mean_reward", "gradient_norm", "loss", "entropy", "held_out_accuracy"))
        counts = dict.fromkeys(("rollouts", "tokens", "mixed_groups", "excluded_rollouts", "clipped_tokens"), 0)
        times = {"seconds": 0.0, "rollout_seconds": 0.0, "sampler_seconds": 0.0}
        return {"arm": self.arm.name, "seed": self.seed, "step": step, **counts, **empty, **times, **values}

    def _step(
        self,
        step: int,
        language: LanguageModel,
        reference: LanguageModel | None,
        optimiser: torch.optim.Optimizer,
        sampler: VarianceAwareSampler,
        ledger: RolloutLedger,
        progress: Progress,
    ) -> dict[str, Any]:
        config, clock = self.config.rollouts, time.perf_counter
        started = clock()
        positions = sampler.draw()
        sampler_seconds = clock() - started
        prompts = [self.task.training[position] for position in positions]
        rollouts = sample(
            language,
            [prompt.text for prompt in prompts],
            config.group_size,
            config.max_new_tokens,
            temperature=config.temperature,
            generator=stream(self.seed, "training rollouts", step),
        )
        rollout_seconds = clock() - started - sampler_seconds
        tokens = int(rollouts.mask_NT.sum())
        ledger.charge("training", rollouts=len(rollouts.texts), groups=len(prompts), tokens=tokens)
        scored = score_groups(
            prompts,
            rollouts.texts,
            config.group_size,
            largest_excluded_share=self.config.training.largest_excluded_share,
        )
        mark = clock()
        sampler.observe(positions, scored.rewards_PG)
        sampler_seconds += clock() - mark
        advantages_PG = advantages_of(scored, self.config.objective).to(language.device)
        update = self._update(step, language, reference, optimiser, rollouts, advantages_PG)
        for slot, prompt in enumerate(prompts):
            group = {
                "arm": self.arm.name,
                "seed": self.seed,
                "step": step,
                "slot": slot,
                "prompt_key": prompt.key,
                "group_size": int(scored.valid_PG[slot].sum()),
                "successes": int(scored.successes_P[slot]),
            }
            progress.prompts.append(group)
        return self._row(
            step,
            rollouts=ledger.rollouts,
            tokens=tokens,
            mean_reward=scored.mean if scored.valid_PG.any() else None,
            mixed_groups=int((advantages_PG != 0).any(dim=1).sum()),
            excluded_rollouts=scored.excluded,
            seconds=clock() - started,
            rollout_seconds=rollout_seconds,
            sampler_seconds=sampler_seconds,
            **update,
        )

    def _update(
        self,
        step: int,
        language: LanguageModel,
        reference: LanguageModel | None,
        optimiser: torch.optim.Optimizer,
        rollouts: Rollouts,
        advantages_PG: torch.Tensor,
    ) -> dict[str, Any]:
        """Take the optimiser's steps for one batch; a batch without any gradient leaves the weights alone."""
        objective, config = self.config.objective, self.config.rollouts
        group, width = config.group_size, rollouts.tokens_NT.shape[1]
        weights_PGT = token_weights(rollouts.mask_NT, objective.aggregation, config.max_new_tokens)
        weights_PGT = weights_PGT.view(-1, group, width)
        tokens_PGT = rollouts.tokens_NT.view(-1, group, width)
        mask_PGT = rollouts.mask_NT.view(-1, group, width)
        carries = torch.ones_like(advantages_PG[:, 0]) if reference else advantages_PG.abs().amax(dim=1)
        chunks = carries.nonzero()[:, 0].split(PROMPTS_AT_ONCE)
        if not len(chunks[0]):
            return {"gradient_norm": 0.0, "loss": 0.0}
        for slots in optimiser.param_groups:
            slots["lr"] = self.config.optimiser.learning_rate * min(
                1.0, step / (self.config.optimiser.warmup_steps + 1)
            )
        old: list[torch.Tensor] = []
        found: dict[str, Any] = {}
        for epoch in range(objective.epochs):
            optimiser.zero_grad(set_to_none=True)
            loss, clipped, entropy, count = 0.0, 0, 0.0, 0
            for index, chosen in enumerate(chunks):
                tokens, mask = tokens_PGT[chosen].flatten(0, 1), mask_PGT[chosen].flatten(0, 1)
                prompts = rollouts.prompts.rows(chosen)
                logprobs, spread = completion_logprobs(language, prompts, tokens, mask, config.temperature)
                if epoch == 0:  # the policy that sampled is the one before the first step
                    old.append(logprobs.detach())
                anchor = None
                if reference is not None:
                    with torch.no_grad():
                        anchor, _ = completion_logprobs(reference, prompts, tokens, mask, config.temperature)
                rows = advantages_PG[chosen].flatten(), weights_PGT[chosen].flatten(0, 1)
                terms = policy_loss(logprobs, old[index], *rows, objective, anchor)
                terms.loss.backward()
                loss, clipped = loss + float(terms.loss.detach()), clipped + terms.clipped
                entropy, count = entropy + float(spread.sum()), count + int(mask.sum())
            norm = torch.nn.utils.clip_grad_norm_(language.model.parameters(), self.config.optimiser.max_gradient_norm)
            optimiser.step()
            if epoch == 0:
                found = {"gradient_norm": float(norm), "loss": loss, "entropy": entropy / count}
        optimiser.zero_grad(set_to_none=True)
        return {**found, "clipped_tokens": clipped}

    def _write_result(self, language: LanguageModel, progress: Progress) -> None:
        about = {"identity": self.identity, "label": f"{language.label}, {self.arm.name}, seed {self.seed}"}
        with new_folder(self.result, about) as folder:
            write_json(folder / "progress.json", vars(progress))
        with quiet(), new_folder(self.folder / "weights", about) as folder:
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


def _line(row: Mapping[str, Any], steps: int) -> str:
    accuracy = row["held_out_accuracy"]
    tail = "" if accuracy is None or math.isnan(accuracy) else f", held-out accuracy {accuracy:.3f}"
    reward = np.nan if row["mean_reward"] is None else row["mean_reward"]
    return (
        f"step {row['step']}/{steps}: reward {reward:.3f}, {row['mixed_groups']} mixed groups, "
        f"gradient norm {row['gradient_norm']:.3g}, {row['seconds']:.1f} s{tail}"
    )
