"""What a sampler learns from: which rollouts are right, or graded rewards themselves."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.foundation.errors import ArgumentError, DataError
from vas_theory.provenance.state import seal
from vas_theory.selection.refusals import LARGEST_REWARD
from vas_theory.selection.sampler.config import SamplerConfig
from vas_theory.selection.sampler.variance_aware import VarianceAwareSampler

__all__ = ["GRADED", "PASS_RATES", "RewardTerms", "RewardView", "successor"]

logger = logging.getLogger(__name__)

PASS_RATES, GRADED = "discounted_beta", "normal_gamma"
"""Posteriors of rewards that are 0 or 1, and of others, unless the user names one."""

_LARGEST = LARGEST_REWARD / 10
"""In absolute value, of rewards; the range that follows them is wider."""

_BY_SIZE = ("rest_steps", "candidates")
"""Settings whose defaults depend on the number of prompts."""

Range = tuple[float, float]
Build = Callable[[str, Range, Mapping[str, Any]], VarianceAwareSampler]


@dataclass(frozen=True)
class RewardTerms:
    """What a user said of rewards, whatever the configuration it was said in.

    Attributes:
        posterior: its name, ``None`` where it is left open.
        predicts: whether pass rates are predicted from what is known beforehand.
        sampler: the settings of the sampler that were given by name.
        settings: all settings of the sampler, but for the sizes of pool, batch and group.
        strict: whether to stop where the sampler would warn.
        says_right: the settings that say which rollouts are right, for messages.
    """

    posterior: str | None
    predicts: bool
    sampler: Mapping[str, Any]
    settings: SamplerConfig
    strict: bool
    says_right: str

    @property
    def takes_variances(self) -> bool:
        """Whether the score is the variance of the rewards as they are."""
        return (self.settings.score, self.settings.variance_of) == ("vps", "reward")

    @property
    def needs_rates(self) -> str | None:
        """What can learn nothing but pass rates, None where the sampler may change to graded rewards."""
        if self.posterior is not None:
            return f"posterior {self.posterior}"
        if self.predicts:
            return "prediction from features or pass rates"
        return f"score of the mode {self.settings.mode!r}" if self.settings.score == "vps" else None


class RewardView:
    """Keeps the sampler's model of the rewards in step with the rewards that come.

    Rewards of 0 and 1, or a word on what is right, make pass rates. From the first other reward on, unless it was said
    what is right, the sampler learns how likely the rewards of a prompt's group are to differ, and by how much. A range
    of rewards that was not told follows the rewards; it decides nothing but what is refused.

    Args:
        terms: what the user said.
        build: makes a sampler from a posterior's name, a reward range and settings that a checkpoint had.
    """

    def __init__(self, terms: RewardTerms, build: Build) -> None:
        self._terms, self._build = terms, build
        self.posterior = terms.posterior or PASS_RATES
        self._kept: dict[str, Any] = {}
        told = terms.sampler.get("reward_range")
        self.reward_range: Range = (0.0, 1.0) if told is None else (float(told[0]), float(told[1]))
        self._follows = told is None and not terms.takes_variances

    def sampler(self) -> VarianceAwareSampler:
        """Return a new sampler of the present view."""
        return self._build(self.posterior, self.reward_range, self._kept)

    def restored(
        self, posterior: str, reward_range: Range, saved_settings: Mapping[str, Any] | None = None
    ) -> RewardView:
        """Return the view of a checkpoint, as far as the user left it open.

        Args:
            posterior: of the checkpoint.
            reward_range: of the checkpoint.
            saved_settings: of its sampler, where the number of prompts may change: what follows from that number by
                default stays as it was.
        """
        view = RewardView(self._terms, self._build)
        if self._terms.posterior is None:
            view.posterior = posterior
        if self._follows:
            view.reward_range = reward_range
        saved, own = saved_settings or {}, self._terms.sampler
        view._kept = {name: saved[name] for name in _BY_SIZE if name in saved and name not in own}
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
        if np.abs(finite).max() > _LARGEST:
            raise ArgumentError("rewards", f"lie in [{-_LARGEST:g}, {_LARGEST:g}]", float(np.abs(finite).max()))
        graded = finite[(finite != 0) & (finite != 1)]
        changes = self.posterior != GRADED and not known and graded.size > 0 and not self._terms.takes_variances
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

    def _change_to_grades(self, sampler: VarianceAwareSampler, example: float) -> None:
        terms = self._terms
        if (name := terms.needs_rates) is not None:
            needs = f"say which rollouts are right, as the {name} learns pass rates and rewards are not all 0 or 1"
            raise ArgumentError(terms.says_right, needs, example)
        if terms.strict:
            raise DataError(
                f"a reward of {example:g} came, but the strict settings say nothing of rewards other than 0 and 1: say "
                f"which rollouts are right ({terms.says_right}), or set posterior={GRADED!r}"
            )
        forgotten = "; what it had learnt of pass rates is dropped" if sampler.ledger.rollouts else ""
        logger.warning(
            "rewards are not all 0 or 1 (%g came): from now on the sampler learns how the rewards of each prompt "
            "vary%s. If some of them say what is right, such as accuracy beside a format reward, tell it (%s): "
            "choosing by the variance of the other parts can ruin a run. If rewards are graded, posterior=%r says so",
            *(example, forgotten, terms.says_right, GRADED),
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
