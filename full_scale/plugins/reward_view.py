"""What a sampler learns from: which rollouts are right, or graded rewards themselves."""

from __future__ import annotations

import logging
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from full_scale.plugins.config import SelectionConfig
from vas_theory.foundation.errors import ArgumentError, DataError
from vas_theory.provenance.state import seal
from vas_theory.selection.sampler.variance_aware import VarianceAwareSampler

__all__ = ["GRADED", "PASS_RATES", "RewardView", "successor"]

logger = logging.getLogger(__name__)

PASS_RATES, GRADED = "discounted_beta", "normal_gamma"
"""Posteriors of rewards that are 0 or 1, and of others, unless the user names one."""

Range = tuple[float, float]
Build = Callable[[str, Range], VarianceAwareSampler]


class RewardView:
    """Keeps the sampler's model of the rewards in step with the rewards that come.

    Rewards of 0 and 1, or a word on what is right, make pass rates. From the first other reward on the sampler learns
    how likely the rewards of a prompt's group are to differ, and by how much. A range of rewards that was not told
    follows the rewards; it decides nothing but what is refused.

    Args:
        config: what the user said.
        build: makes a sampler from a posterior's name and a reward range.
    """

    def __init__(self, config: SelectionConfig, build: Build) -> None:
        self._config, self._build = config, build
        self.posterior = config.posterior or PASS_RATES
        told = config.sampler.get("reward_range")
        self.reward_range: Range = (0.0, 1.0) if told is None else (float(told[0]), float(told[1]))
        self._follows = told is None and config.sampler.get("score", "expected_signal") != "vps"

    def sampler(self) -> VarianceAwareSampler:
        """Return a new sampler of the present view."""
        return self._build(self.posterior, self.reward_range)

    def restored(self, posterior: str, reward_range: Range) -> RewardView:
        """Return the view of a checkpoint, as far as the user left it open."""
        view = RewardView(self._config, self._build)
        if self._config.posterior is None:
            view.posterior = posterior
        if self._follows:
            view.reward_range = reward_range
        return view

    def fitting(
        self, sampler: VarianceAwareSampler, rewards: NDArray[np.float64], *, known: bool
    ) -> VarianceAwareSampler:
        """Return the sampler that can learn from these rewards: the same one, or one of another view in its place.

        Args:
            sampler: the present one.
            rewards: of any shape.
            known: whether it is said of these rollouts which are right.

        Raises:
            ArgumentError: rewards are neither 0 nor 1, and what was told leaves open which are right.
            DataError: the sampler would have to learn something else than before, and ``strict`` is set.
        """
        finite = rewards[np.isfinite(rewards)]
        if finite.size == 0:
            return sampler
        graded = finite[(finite != 0) & (finite != 1)]
        changes = self.posterior != GRADED and not known and graded.size > 0 and not self._takes_variances
        if changes:
            self._change_to_grades(sampler, float(graded[0]))
        low, high = float(finite.min()), float(finite.max())
        outside = low < self.reward_range[0] or high > self.reward_range[1]
        if self._follows and outside:
            margin = high - low or max(abs(high), 1.0)  # so that it is not passed again and again
            self.reward_range = (min(self.reward_range[0], low - margin), max(self.reward_range[1], high + margin))
        elif not changes:
            return sampler
        return successor(sampler, self.sampler(), keeps_evidence=not changes)

    @property
    def _takes_variances(self) -> bool:
        """Whether the score is the variance of the rewards as they are."""
        settings = self._config.sampler
        return settings.get("score") == "vps" and settings.get("variance_of", "reward") == "reward"

    def _change_to_grades(self, sampler: VarianceAwareSampler, example: float) -> None:
        config = self._config
        if config.posterior is not None or config.features is not None or config.pass_rates is not None:
            why = f"the posterior {config.posterior}" if config.posterior else "what predicts pass rates"
            needs = f"say which rollouts are right, as {why} learns pass rates and rewards are not all 0 or 1"
            raise ArgumentError("success_above", needs, example)
        if config.strict:
            raise DataError(
                f"a reward of {example:g} came, but the strict settings say nothing of rewards other than 0 and 1: set "
                f"success_above to the reward above which a rollout is right, or posterior to {GRADED!r}"
            )
        forgotten = "; what it had learnt of pass rates is dropped" if sampler.ledger.rollouts else ""
        logger.warning(
            "rewards are not all 0 or 1 (%g came): from now on the sampler learns how the rewards of each prompt "
            "vary%s. If a rollout is right above some reward, say so with success_above: choosing by the variance of "
            "format and length rewards can ruin a run. If rewards are graded, posterior=%r says so",
            *(example, forgotten, GRADED),
        )
        self.posterior = GRADED


def successor(
    sampler: VarianceAwareSampler, new: VarianceAwareSampler, *, keeps_evidence: bool
) -> VarianceAwareSampler:
    """Return ``new`` where it goes on from another sampler's draws, and from what that has learnt if asked.

    Args:
        sampler: whose draws are gone on from.
        new: a sampler of the same prompts with another posterior or range of rewards.
        keeps_evidence: whether both have the same posterior, so that what was learnt holds on.
    """
    state = sampler.state_dict()
    fresh = {
        name: value
        for name, value in new.state_dict().items()
        if name == "settings" or (not keeps_evidence and (name == "weights" or name.startswith("posterior.")))
    }
    kept = {name: value for name, value in state.items() if keeps_evidence or not name.startswith("posterior.")}
    new.load_state_dict(seal({**kept, **fresh}))
    new.last_arms = sampler.last_arms
    return new
