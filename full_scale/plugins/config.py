"""What a user says about choosing prompts, whatever the training framework."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from full_scale.plugins.reward_view import PASS_RATES, RewardTerms
from vas_theory.foundation.errors import ArgumentError, UnknownNameError
from vas_theory.foundation.streams import check_seed
from vas_theory.selection.posteriors import POSTERIORS, build_posterior
from vas_theory.selection.sampler.config import build_config

__all__ = ["SelectionConfig"]

_FROM_FRAMEWORK = ("batch_size", "group_size", "mixture_ratio", "strict")


@dataclass(frozen=True)
class SelectionConfig:
    """How prompts are chosen. What a step holds and how many rollouts a prompt gets are the framework's settings.

    Attributes:
        mixture_ratio: lambda in [0, 1]: 0 is uniform, 1 is by weight alone; by default the sampler's.
        seed: of the draws; by default the framework's.
        success_above: a rollout is right where its reward is above this number. Without it rewards of 0 and 1 say
            themselves what is right, and from the first other reward on the sampler learns graded rewards.
        success_from: name of the part of the reward that says what is right, where the framework keeps the parts
            (``acc`` in verl's extra information, say): a rollout is right where the part is above ``success_above``,
            by default 1/2.
        posterior: as for ``VarianceAwareSampler``; by default ``discounted_beta`` while it is known what is right, and
            ``normal_gamma`` from the first graded reward on.
        posterior_options: its settings.
        key: field of unique prompt keys (all text or all integers), dots for fields within fields, such as
            ``extra_info.index``; by default the key is a hash of the prompt.
        category: field of labels which the posterior ``hierarchical_beta`` pools by.
        features: field of numbers known of each prompt beforehand, one list a prompt.
        pass_rates: field of pass rates in [0, 1] measured elsewhere, empty where there is none.
        pass_rate_trials: how many rollouts each of them came from.
        sampler: further settings of :class:`~vas_theory.selection.sampler.config.SamplerConfig`.
        strict: stop where the sampler would warn.
        resume_without_state: whether a run may go on from a checkpoint that holds no state of the selection, with all
            prompts as good as new.

    Raises:
        ArgumentError: a value is out of range, or a setting of ``sampler`` belongs elsewhere.
        UnknownNameError: there is no such posterior or setting.
    """

    mixture_ratio: float | None = None
    seed: int | None = None
    success_above: float | None = None
    success_from: str | None = None
    posterior: str | None = None
    posterior_options: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = None
    category: str | None = None
    features: str | None = None
    pass_rates: str | None = None
    pass_rate_trials: float = 8.0
    sampler: Mapping[str, Any] = field(default_factory=dict)
    strict: bool = False
    resume_without_state: bool = False

    def __post_init__(self) -> None:
        for name in ("success_from", "posterior", "key", "category", "features", "pass_rates"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, str) or not value):
                raise ArgumentError(name, "be a name", value)
        for name in ("posterior_options", "sampler"):
            given = getattr(self, name)
            if not isinstance(given, Mapping) or not all(isinstance(setting, str) for setting in given):
                raise ArgumentError(name, "be a table of settings by their names", given)
        for name in ("strict", "resume_without_state"):
            if not isinstance(getattr(self, name), bool):
                raise ArgumentError(name, "be true or false", getattr(self, name))
        for name in ("mixture_ratio", "success_above", "pass_rate_trials"):
            value = getattr(self, name)
            number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
            if value is not None and not number:
                raise ArgumentError(name, "be a number", value)
        if self.pass_rates is None and self.pass_rate_trials != SelectionConfig.pass_rate_trials:
            raise ArgumentError("pass_rate_trials", "come with pass_rates, which uses it", self.pass_rate_trials)
        if self.seed is not None:
            check_seed(self.seed)
        self._check_sampler()

    def _check_sampler(self) -> None:
        for name in _FROM_FRAMEWORK:
            if name in self.sampler:
                raise ArgumentError("sampler", f"leave {name} to the framework and to SelectionConfig", self.sampler)
        if self.sampler.get("refresh", "online") != "online" or self.sampler.get("mode", "default") != "default":
            needs = "keep refresh 'online' and mode 'default': there are no rollouts for scores alone"
            raise ArgumentError("sampler", needs, self.sampler)
        scored = [name for name in ("update_interval", "scoring_rollouts") if name in self.sampler]
        if scored:
            raise ArgumentError(
                "sampler", f"leave out {' and '.join(scored)}: no prompts are scored here", self.sampler
            )
        if self.sampler.get("score") == "custom":
            raise ArgumentError("sampler", "take the score 'expected_signal' or 'vps'", self.sampler)
        if self.posterior is not None and self.posterior not in POSTERIORS:
            raise UnknownNameError("posterior", self.posterior, POSTERIORS)
        # settings and posterior for two prompts: what they would refuse is refused before a model loads
        self.reward_terms()
        categories = ["a", "b"] if self.category else None
        build_posterior(self.posterior or PASS_RATES, 2, categories, self.posterior_options)

    @property
    def share(self) -> dict[str, float]:
        """The share by weight as an argument of the sampler; empty where it is left to it."""
        return {} if self.mixture_ratio is None else {"mixture_ratio": self.mixture_ratio}

    def reward_terms(self) -> RewardTerms:
        """Return what is said here of rewards."""
        predicts = self.features is not None or self.pass_rates is not None
        return RewardTerms(
            posterior=self.posterior,
            predicts=predicts,
            sampler=self.sampler,
            settings=build_config({"batch_size": 1, **self.share, **self.sampler}, informed=predicts),
            strict=self.strict,
            says_right="success_above or success_from",
        )

    @property
    def weighs_diversity(self) -> bool:
        """Whether the score needs the diversity of each group."""
        return self.sampler.get("score") == "vps" and self.sampler.get("beta", 0.2) > 0

    @classmethod
    def from_table(cls, table: Mapping[str, Any] | None) -> SelectionConfig:
        """Return the settings in a table that was read from a file or a command line.

        Raises:
            UnknownNameError: a setting has no such name.
            ArgumentError: it is no table, or a value is out of range.
        """
        if table is None:
            return cls()
        if not isinstance(table, Mapping):
            raise ArgumentError("the settings of the selection", "be a table", table)
        known = [entry.name for entry in dataclasses.fields(cls)]
        for name in table:
            if name not in known:
                raise UnknownNameError("setting of the selection", str(name), known)
        return cls(**table)
