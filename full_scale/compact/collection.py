"""Rollouts of one training step: sampled, scored and kept until the strategy has said which groups to train on."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from full_scale.compact.rollouts import sample
from full_scale.compact.shared_prefix import encode
from full_scale.compact.update import Batch
from full_scale.config.training import StudyConfig
from full_scale.models.loading import LanguageModel
from full_scale.rewards import build_reward, score_groups
from full_scale.tasks import Prompt
from vas_theory.foundation.errors import ArgumentError
from vas_theory.foundation.streams import stream
from vas_theory.selection.contract.driver import Generated
from vas_theory.selection.contract.strategy import Strategy, TrainingGroups

__all__ = ["StepCollection"]

IntArray = NDArray[np.int64]


class StepCollection:
    """Generates what a strategy asks for in one step, and hands over what it decides to train on.

    Args:
        config: the study.
        language: the model that is trained.
        pool: the training prompts.
        strategy: the arm's strategy; where it keeps a posterior of pass rates, what that expects of each group is
            written down before the group is sampled.
        seed: of the run.

    Attributes:
        groups: one row a sampled group, with the columns of ``training_prompts`` that are known here.
        tokens, excluded, seconds: sampled tokens, rollouts without a usable reward, wall time of the sampling.
        rewards: mean reward of the rollouts that are trained on.
    """

    def __init__(
        self, config: StudyConfig, language: LanguageModel, pool: Sequence[Prompt], strategy: Strategy, seed: int
    ) -> None:
        self.config, self.language, self.pool, self.strategy, self.seed = config, language, pool, strategy, seed
        self.groups: list[dict[str, Any]] = []
        self.tokens = self.excluded = 0
        self.seconds = 0.0
        self._reward = build_reward(config.task.reward)
        self._first: int | None = None
        self._group_of: list[int] = []
        self._tokens: list[torch.Tensor] = []
        self._mask: list[torch.Tensor] = []

    def generate(self, prompts_P: IntArray, counts_P: IntArray, first: int) -> Generated:
        """Sample and score the rollouts of one proposal; a proposal asks for equally many of each prompt."""
        started = time.perf_counter()
        count = int(counts_P[0])
        if (counts_P != count).any():
            raise ArgumentError("counts", "be equal within a proposal in this engine", counts_P)
        self._first = first if self._first is None else self._first
        expected_P = self._expected_mixed(prompts_P)
        rollouts = self.config.rollouts
        prompts = [self.pool[index] for index in prompts_P]
        drawn = sample(
            self.language,
            [prompt.text for prompt in prompts],
            count,
            rollouts.max_new_tokens,
            temperature=rollouts.temperature,
            generator=stream(self.seed, "training rollouts", first),
        )
        limit = self.config.training.largest_excluded_share
        scored = score_groups(prompts, drawn.texts, count, self._reward, largest_excluded_share=limit)
        self.seconds += time.perf_counter() - started
        diversity_P = drawn.diversity(count)
        pad = (0, rollouts.max_new_tokens - drawn.tokens_NT.shape[1])
        self._tokens.append(torch.nn.functional.pad(drawn.tokens_NT, pad))
        self._mask.append(torch.nn.functional.pad(drawn.mask_NT, pad))
        for slot, prompt in enumerate(prompts):
            self._group_of.extend([len(self.groups)] * count)
            self.groups.append(
                {
                    "prompt_key": prompt.key,
                    "group_size": int(scored.valid_PG[slot].sum()),
                    "successes": int(scored.successes_P[slot]),
                    "diversity": float(diversity_P[slot]),
                    "expected_mixed": expected_P[slot],
                    "trained": False,
                }
            )
        lengths_R = drawn.mask_NT.sum(dim=1).cpu().numpy().astype(np.float64)
        self.tokens += int(lengths_R.sum())
        self.excluded += scored.excluded
        rewards_R = np.where(scored.valid_PG, scored.rewards_PG, np.nan).ravel()
        return Generated(rewards_R, lengths_R, diversity_P)

    def batch(self, groups: TrainingGroups) -> Batch:
        """Return the groups as tensors.

        Raises:
            ArgumentError: they are not whole groups of equal size from this step.
        """
        size = self.config.rollouts.group_size
        places = groups.ids_R - (self._first or 0)
        if (groups.sizes_P != size).any() or (places < 0).any() or groups.advantages_R.ndim != 1:
            raise ArgumentError("arm.strategy", f"train on whole groups of {size} rollouts of its step", self.strategy)
        for place in places[::size]:
            self.groups[self._group_of[place]]["trained"] = True
        device = self.language.device
        rows = torch.from_numpy(places).to(device)
        shape = (len(groups.prompts_P), size, -1)
        return Batch(
            encode(self.language, [self.pool[index].text for index in groups.prompts_P]),
            torch.cat(self._tokens)[rows].view(shape),
            torch.cat(self._mask)[rows].view(shape),
            torch.from_numpy(groups.advantages_R).float().view(shape[:2]).to(device),
        )

    def _expected_mixed(self, prompts_P: IntArray) -> list[float | None]:
        sampler = getattr(self.strategy, "sampler", None)
        if sampler is None:
            return [None] * len(prompts_P)
        values = sampler.posterior.mixed_probability(self.config.rollouts.group_size, prompts_P)
        return [float(value) for value in values]
