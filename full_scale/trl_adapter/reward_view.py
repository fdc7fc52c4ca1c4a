"""What the sampler is told of rewards: which rollouts are right, or the graded rewards themselves."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from full_scale.trl_adapter.config import PASS_RATES, VASConfig
from full_scale.trl_adapter.feedback import GroupedRewards
from full_scale.trl_adapter.strategies import StrategySampler
from vas_theory.foundation.errors import ArgumentError, DataError
from vas_theory.provenance.state import seal
from vas_theory.selection.sampler.variance_aware import VarianceAwareSampler

__all__ = ["GRADED", "RewardView"]

logger = logging.getLogger(__name__)

GRADED = "normal_gamma"
"""Posterior of rewards that are not all 0 or 1, unless the user names one."""

_BY_SIZE = ("rest_steps", "candidates")

Range = tuple[float, float]
Sampler = VarianceAwareSampler | StrategySampler


class RewardView:
    """Keeps the sampler's model of the rewards in step with the rewards that come.

    Rewards of 0 and 1, or a word on what is right, make pass rates. From the first other reward on, unless it was said
    what is right, the sampler learns how likely the rewards of a prompt's group are to differ, and by how much. A range
    of rewards that was not told follows the rewards; it decides nothing but what is refused.

    Args:
        vas: what the user said.
        build: makes a sampler from a posterior's name, a reward range and settings that a checkpoint had.
    """

    def __init__(self, vas: VASConfig, build: Callable[[str, Range, Mapping[str, Any]], VarianceAwareSampler]) -> None:
        self._vas, self._build = vas, build
        self.posterior = vas.posterior or PASS_RATES
        self._kept: dict[str, Any] = {}
        told = vas.sampler.get("reward_range")
        self._settings = vas.settings() if vas.strategy == "vas" else None
        self.reward_range: Range = (0.0, 1.0) if told is None else (float(told[0]), float(told[1]))
        self._follows = told is None and not self._takes_variances

    def sampler(self) -> VarianceAwareSampler:
        """Return a new sampler of the present view."""
        return self._build(self.posterior, self.reward_range, self._kept)

    def keep_settings(self, saved: Mapping[str, Any]) -> None:
        """Go on with what follows from the number of prompts by default, where that number may change."""
        own = self._vas.sampler_options
        self._kept = {name: saved[name] for name in _BY_SIZE if name in saved and name not in own}

    def as_state(self) -> dict[str, Any]:
        """Return what a checkpoint has to hold, so that :meth:`restore` finds the sampler that its state fits."""
        low, high = self.reward_range
        return {"posterior": self.posterior, "lowest_reward": low, "largest_reward": high}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take over the view of a checkpoint, as far as the user left it open."""
        if self._vas.posterior is None:
            self.posterior = str(saved["posterior"])
        if self._follows:
            self.reward_range = (float(saved["lowest_reward"]), float(saved["largest_reward"]))

    def fitting(self, sampler: Sampler, rewards: GroupedRewards) -> Sampler:
        """Return the sampler that can learn from these rewards: the same one, or one with another view in its place.

        Raises:
            ArgumentError: rewards are neither 0 nor 1, and what was told leaves open which are right.
            DataError: the sampler would have to learn something else than before, and ``strict`` is set.
        """
        finite = rewards.rewards_PG[~rewards.excluded_PG]
        learns_rates = isinstance(sampler, StrategySampler) or self.posterior != GRADED
        if finite.size == 0:
            return sampler
        changes = learns_rates and rewards.successes_PG is None and not self._takes_variances
        if changes:
            self._change_to_grades(sampler, float(finite[(finite != 0) & (finite != 1)][0]))
        if isinstance(sampler, StrategySampler):
            return sampler
        low, high = float(finite.min()), float(finite.max())
        outside = low < self.reward_range[0] or high > self.reward_range[1]
        if self._follows and outside:
            margin = high - low or max(abs(high), 1.0)  # so that it is not passed again and again
            self.reward_range = (min(self.reward_range[0], low - margin), max(self.reward_range[1], high + margin))
        elif not changes:
            return sampler
        return self._successor(sampler, keeps_evidence=not changes)

    @property
    def _takes_variances(self) -> bool:
        """Whether the score is the variance of the rewards as they are."""
        settings = self._settings
        return settings is not None and (settings.score, settings.variance_of) == ("vps", "reward")

    def _change_to_grades(self, sampler: Sampler, example: float) -> None:
        vas = self._vas
        name = None if vas.posterior is None else f"posterior {vas.posterior}"
        if isinstance(sampler, StrategySampler):
            name = f"strategy {vas.strategy}"
        elif vas.predicts:
            name = "prediction from features or a pass_rate_column"
        elif self._settings is not None and self._settings.score == "vps":
            name = f"score of the mode {self._settings.mode!r}"
        if name is not None:
            raise ArgumentError(
                "success_from or success of VASConfig",
                f"say which rollouts are right, as the {name} learns pass rates and rewards are not all 0 or 1",
                example,
            )
        if vas.strict:
            raise DataError(
                f"a reward of {example:g} came, but the strict VASConfig says nothing of rewards other than 0 and 1: "
                f"name the reward function that says what is right (success_from), or set posterior={GRADED!r}"
            )
        assert not isinstance(sampler, StrategySampler)
        forgotten = "; what it had learnt of pass rates is dropped" if sampler.ledger.rollouts else ""
        logger.warning(
            "rewards are not all 0 or 1 (%g came): from now on the sampler learns how the rewards of each prompt "
            "vary%s. If one reward function says what is right, such as accuracy beside a format reward, name it with "
            "VASConfig(success_from=...): choosing by the variance of the other parts can ruin a run. If rewards are "
            "graded, VASConfig(posterior=%r) says so",
            *(example, forgotten, GRADED),
        )
        self.posterior = GRADED

    def _successor(self, sampler: VarianceAwareSampler, *, keeps_evidence: bool) -> VarianceAwareSampler:
        """Return a sampler of the present view that goes on from another's draws, and from what it has learnt."""
        new, state = self.sampler(), sampler.state_dict()
        fresh = {
            name: value
            for name, value in new.state_dict().items()
            if name == "settings" or (not keeps_evidence and (name == "weights" or name.startswith("posterior.")))
        }
        kept = {
            name: value for name, value in state.items() if keeps_evidence or not name.startswith("posterior.")
        }  # fmt: skip
        new.load_state_dict(seal({**kept, **fresh}))
        new.last_arms = sampler.last_arms
        return new

    def arguments(self, rewards: GroupedRewards) -> dict[str, Any]:
        """Return what ``observe`` is told besides the rewards."""
        return {} if rewards.successes_PG is None else {"successes": rewards.successes_PG}
