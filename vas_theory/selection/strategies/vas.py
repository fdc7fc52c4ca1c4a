"""This project's default: :class:`~vas_theory.selection.sampler.variance_aware.VarianceAwareSampler` as a strategy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from vas_theory.foundation.errors import ArgumentError
from vas_theory.selection.contract.strategy import IntArray, OneRoundStrategy, Rollouts
from vas_theory.selection.posteriors import learns_from_rewards
from vas_theory.selection.sampler.variance_aware import VarianceAwareSampler

__all__ = ["STRATEGY", "Vas"]


@dataclass
class Vas(OneRoundStrategy):
    """The sampler that practitioners use, with its defaults: expected signal of a drifting pass rate, no scoring.

    Args:
        mixture_ratio: share of the batch that is drawn by weight; by default the sampler's.
        features: whether pass rates are predicted from the features that the setting has of each prompt.
        options: further settings of the sampler, ``prior`` and ``posterior`` among them.

    Source: this project.
    Costs: ``batch_size * group_size`` rollouts a step, all trained on.
    Deviations: a reward counts as a success when it is above 1/2. Prompts that may not be rolled again are left
        out of the batch that the sampler drew.
    """

    mixture_ratio: float | None = None
    features: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.features and self.setting.features_P is None:
            raise ArgumentError("features", "be left out where the setting has no features_P", self.features)
        self.sampler = VarianceAwareSampler(
            self.setting.prompts,
            batch_size=min(self.setting.batch_size, self.setting.prompts),
            mixture_ratio=self.mixture_ratio,
            seed=self.setting.seed,
            features=self.setting.features_P if self.features else None,
            **{"group_size": self.setting.group_size, **self.options},
        )

    def choose(self, rng: np.random.Generator) -> IntArray:
        drawn = self.sampler.draw()
        return drawn if self.available is None else drawn[self.available[drawn]]

    def observe(self, rollouts: Rollouts) -> None:
        rewards = rollouts.rewards_R.reshape(len(rollouts.prompts_P), self.setting.group_size)
        right = np.where(np.isfinite(rewards), rewards > 0.5, False)
        if self.sampler.config.score == "expected_signal" and not learns_from_rewards(self.sampler.posterior):
            rewards = np.where(np.isfinite(rewards), right, np.nan)  # whatever range the rewards themselves have
        self.sampler.observe(rollouts.prompts_P, rewards, successes=right, diversity=rollouts.diversity_P)

    def state_dict(self) -> dict[str, Any]:
        return {"sampler": self.sampler.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.sampler.load_state_dict(state["sampler"])


STRATEGY = Vas
