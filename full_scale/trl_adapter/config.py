"""What a user says about variance-aware sampling when training with TRL."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from full_scale.plugins.reward_view import PASS_RATES, RewardTerms
from vas_theory.foundation.errors import ArgumentError, UnknownNameError
from vas_theory.foundation.streams import check_seed

if TYPE_CHECKING:
    from vas_theory.selection.sampler.config import SamplerConfig

__all__ = [
    "HIDDEN_STATES",
    "IN_OPTIMISER",
    "POOLINGS",
    "PREDICTED",
    "FeatureFunction",
    "SuccessFunction",
    "VASConfig",
]

SuccessFunction = Callable[[NDArray[np.float64]], NDArray[np.bool_]]
FeatureFunction = Callable[[list[dict[str, Any]]], Any]

HIDDEN_STATES = "hidden_states"
PREDICTED = "predicted_beta"
"""Posterior of pass rates where something predicts them."""
POOLINGS = ("last", "mean", "both")

IN_OPTIMISER = ("learning_rate", "weight_decay", "adam_beta1", "adam_beta2", "adam_epsilon", "optim")
"""Arguments of the training that a checkpoint brings along: other values would take no effect after a resume."""

_FROM_TRL = ("batch_size", "group_size", "mixture_ratio", "strict")
_NAMED = ("mode", "exponent", "candidates", "rest_steps", "revisit_discount")
"""Settings of the sampler that have a name of their own here."""


@dataclass(frozen=True)
class VASConfig:
    """How prompts are chosen; everything about rollouts and the loss stays in TRL's ``GRPOConfig``.

    Attributes:
        mixture_ratio: lambda in [0, 1]: 0 is uniform, 1 is by weight alone; by default the sampler's.
        key_column: column of unique prompt keys (all strings or all integers); by default the key is a hash of the
            column ``prompt``. Keys name prompts in saved states and messages.
        success_from: name of the reward function whose value says what is right: a rollout is where it is above 1/2.
            For rewards of several parts, such as accuracy and format: the pass rate is then that of the accuracy alone.
        success: the same as a function: from the rewards of each function, shape (P, G, F), unweighted, NaN where a
            function gave none, to booleans (P, G).
        seed: of the draws; by default the seed of the training arguments.
        posterior: ``discounted_beta``, ``arcsine_kalman``, ``hierarchical_beta`` (of pass rates) or ``normal_gamma``
            (of graded rewards). By default that of pass rates while rewards are 0 or 1 or it is said what is right, and
            ``normal_gamma`` from the first other reward on.
        posterior_options: its settings, such as ``{"prior": (0.1, 0.1), "drift": 0.03}``;
            :func:`~vas_theory.selection.posteriors.fit.fit_discounted_beta` finds what would
            have foreseen a logged run.
        category_column: column of labels which ``hierarchical_beta`` pools by.
        strategy: ``vas``, or another way of choosing prompts for a comparison, such as ``uniform`` or ``mopps``;
            ``mixture_ratio``, ``posterior``, ``posterior_options``, ``category_column`` and ``sampler`` are not for
            those.
        options: of another strategy.
        largest_excluded_share: training stops when more than this share of a batch has no usable reward.
        sampler: further settings of :class:`~vas_theory.selection.sampler.config.SamplerConfig`.
        strict: stop where the sampler would warn: rewards that contradict what it was told, a posterior that has to be
            changed on the way.
        may_differ: what may differ between this run and a checkpoint that it goes on from, by the names that the
            refusal lists, such as ``("temperature",)``; ``prompts`` for prompts that were added or removed,
            ``trainer`` for a checkpoint of a plain ``GRPOTrainer``. What the optimiser's saved state holds cannot.
        features: what is known of each prompt, from which the pass rates of all are predicted: ``"hidden_states"`` for
            the policy's own states of the prompt, a list of columns of the data set, an array (P, d), or a function
            from a list of rows to an array (n, d). The states, and what the function returns, are renewed.
        features_every: generation batches for which features of a prompt hold; those of prompts that a draw will not
            look at are not renewed.
        features_layer: whose states, as a share of the model's depth: 0 the embeddings, 1 the last layer.
        features_pooling: ``last`` position of the prompt, ``mean`` over its positions, or ``both`` side by side.
        pass_rate_column: column of pass rates that were measured elsewhere, by another model or before training; NaN or
            None where nothing is known. Its recalibration is learned, and a column that says nothing is found out.
        pass_rate_trials: rollouts behind each of these rates, as a number or the name of a column.
        exponent, candidates, rest_steps, revisit_discount: of the sampler; its defaults depend on whether pass rates
            are predicted.
        mode: ``default``, ``paper`` or ``mmr1-released``. The last two roll out every prompt for its score before
            training and every ``update_interval`` steps.
        rescored_share: in the mode ``default``, the share of the pool that is rolled out for its score alone every
            ``update_interval`` steps: prompts whose pass rate is uncertain and which may be mixed.

    Raises:
        ArgumentError: a value is out of range, or a setting of ``sampler`` belongs elsewhere.
        UnknownNameError: there is no such posterior, strategy or setting.
    """

    mixture_ratio: float | None = None
    key_column: str | None = None
    success: SuccessFunction | None = None
    seed: int | None = None
    posterior: str | None = None
    posterior_options: Mapping[str, Any] = field(default_factory=dict)
    category_column: str | None = None
    largest_excluded_share: float = 0.5
    sampler: Mapping[str, Any] = field(default_factory=dict)
    strategy: str = "vas"
    options: Mapping[str, Any] = field(default_factory=dict)
    success_from: str | None = None
    strict: bool = False
    may_differ: Sequence[str] = ()
    features: str | Sequence[str] | ArrayLike | FeatureFunction | None = field(default=None, compare=False)
    features_every: int = 20
    features_layer: float = 2 / 3
    features_pooling: str = "last"
    pass_rate_column: str | None = None
    pass_rate_trials: float | str = 8.0
    exponent: float | None = None
    candidates: int | None = None
    rest_steps: int | None = None
    revisit_discount: float | None = None
    mode: str | None = None
    rescored_share: float = 0.0

    def __post_init__(self) -> None:
        self._check_types()
        self._check_knowledge()
        self._check_strategy()
        if self.success is not None and self.success_from is not None:
            raise ArgumentError("success and success_from", "not both be given", self.success_from)
        for name in _FROM_TRL:
            if name in self.sampler:
                raise ArgumentError("sampler", f"leave {name} to the training arguments and VASConfig", self.sampler)
        for name in _NAMED:
            if name in self.sampler and getattr(self, name) is not None:
                raise ArgumentError(name, "be given once, not in sampler too", getattr(self, name))
        if self.sampler.get("score") == "custom":
            raise ArgumentError("sampler", "take the score 'expected_signal' or 'vps'", self.sampler)
        if self.strategy == "vas":
            self._check_sampler()

    @property
    def sampler_options(self) -> dict[str, Any]:
        """All that is said here of the sampler's settings."""
        named = {name: getattr(self, name) for name in ("mixture_ratio", *_NAMED)}
        return {**{name: value for name, value in named.items() if value is not None}, **self.sampler}

    @property
    def renews_features(self) -> bool:
        """Whether features are made anew while training goes on."""
        return isinstance(self.features, str) or callable(self.features)

    @property
    def predicts(self) -> bool:
        """Whether pass rates of all prompts are predicted from features or a column."""
        return self.features is not None or self.pass_rate_column is not None

    def reward_terms(self) -> RewardTerms:
        """Return what is said here of rewards."""
        return RewardTerms(
            posterior=self.posterior,
            predicts=self.predicts,
            sampler=self.sampler_options,
            settings=self.settings(),
            strict=self.strict,
            says_right="success_from or success of VASConfig",
        )

    def settings(self) -> SamplerConfig:
        """Return the settings that the sampler will have, but for the sizes of pool, batch and group."""
        from vas_theory.selection.sampler.config import build_config

        return build_config({"batch_size": 1, **self.sampler_options}, informed=self.predicts)

    def _check_knowledge(self) -> None:
        given = self.features
        if isinstance(given, str) and given != HIDDEN_STATES:
            needs = f"be {HIDDEN_STATES!r}, a list of columns, an array (P, d) or a function of rows"
            raise ArgumentError("features", needs, given)
        if isinstance(given, Sequence) and not isinstance(given, str) and len(given) == 0:
            raise ArgumentError("features", "name at least one column", given)
        every = self.features_every
        if isinstance(every, bool) or not isinstance(every, int) or every < 1:
            raise ArgumentError("features_every", "be an integer >= 1", every)
        if self.features_pooling not in POOLINGS:
            raise UnknownNameError("features_pooling", str(self.features_pooling), POOLINGS)
        trials = self.pass_rate_trials
        number = isinstance(trials, (int, float)) and not isinstance(trials, bool)
        if not isinstance(trials, str) and not (number and 0 < trials < np.inf):
            raise ArgumentError("pass_rate_trials", "be a number > 0 or the name of a column", trials)
        if self.predicts and self.category_column is not None:
            raise ArgumentError("category_column", "be a column of features where pass rates are predicted", given)
        states = isinstance(given, str)
        needed = {
            "pass_rate_trials": (self.pass_rate_column is not None, "pass_rate_column"),
            "features_every": (self.renews_features, "features that are renewed"),
            "features_layer": (states, f"features={HIDDEN_STATES!r}"),
            "features_pooling": (states, f"features={HIDDEN_STATES!r}"),
        }
        for name, (used, by) in needed.items():
            if not used and getattr(self, name) != getattr(VASConfig, name):
                raise ArgumentError(name, f"come with {by}, which uses it", getattr(self, name))

    def _check_types(self) -> None:
        for name in ("key_column", "category_column", "success_from", "posterior", "pass_rate_column", "mode"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, str) or not value):
                raise ArgumentError(name, "be a name", value)
        for name in ("posterior_options", "sampler", "options"):
            given = getattr(self, name)
            if not isinstance(given, Mapping) or not all(isinstance(setting, str) for setting in given):
                raise ArgumentError(name, "be a dict of settings by their names", given)
        if not isinstance(self.strategy, str):
            raise ArgumentError("strategy", "be a name", self.strategy)
        if not isinstance(self.strict, bool):
            raise ArgumentError("strict", "be True or False", self.strict)
        for name in ("largest_excluded_share", "mixture_ratio", "features_layer", "rescored_share"):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float))):
                raise ArgumentError(name, "be a number in [0, 1]", value)
        for name in ("largest_excluded_share", "features_layer", "rescored_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ArgumentError(name, "lie in [0, 1]", getattr(self, name))
        if self.success is not None and not callable(self.success):
            raise ArgumentError("success", "be a function of rewards (P, G, F)", self.success)
        if self.seed is not None:
            check_seed(self.seed)
        if not isinstance(self.may_differ, (tuple, list, set, frozenset)) or not all(
            isinstance(name, str) for name in self.may_differ
        ):
            raise ArgumentError("may_differ", "be a sequence of names", self.may_differ)
        fixed = [name for name in self.may_differ if name in IN_OPTIMISER]
        if fixed:
            needs = f"not name {', '.join(fixed)}, which the trainer restores from the checkpoint: start a new run"
            raise ArgumentError("may_differ", needs, self.may_differ)

    def _check_sampler(self) -> None:
        """Build settings and posterior for two prompts: what they would refuse is refused before a model loads."""
        from vas_theory.selection.posteriors import build_posterior

        settings = self.settings()
        scored = [name for name in ("update_interval", "scoring_rollouts") if name in self.sampler]
        if scored and settings.refresh == "online" and not self.rescored_share:
            needs = (
                f"leave out {' and '.join(scored)} where no prompts are scored: mode 'paper' or rescored_share do so"
            )
            raise ArgumentError("sampler", needs, self.sampler)
        categories = ["a", "b"] if self.category_column else None
        build_posterior(self.posterior_kind(self.posterior), 2, categories, self.posterior_options)
        if self.rescored_share and (settings.refresh, settings.score) != ("online", "expected_signal"):
            needs = "be 0 unless refresh is 'online' and the score 'expected_signal'"
            raise ArgumentError("rescored_share", needs, self.rescored_share)

    def posterior_kind(self, posterior: str | None) -> str:
        """Return the posterior of pass rates that goes with what is known of the prompts.

        Raises:
            ArgumentError: another one was asked for by name.
        """
        if not self.predicts:
            return posterior or PASS_RATES
        if posterior not in (None, PASS_RATES, PREDICTED):
            needs = f"be left out or {PREDICTED!r} where there are features or a pass_rate_column"
            raise ArgumentError("posterior", needs, posterior)
        return PREDICTED

    def _check_strategy(self) -> None:
        if self.strategy == "vas":
            if self.options:
                raise ArgumentError("options", "be empty for the strategy 'vas' (see sampler)", self.options)
            return
        from full_scale.trl_adapter.strategies import require_one_round

        require_one_round(self.strategy)
        own = (self.sampler_options, self.posterior_options, self.category_column, self.posterior)
        if any(value not in (None, {}) for value in own) or self.predicts or self.rescored_share:
            names = "mixture_ratio, sampler, posterior, category_column, features and pass_rate_column"
            raise ArgumentError(names, f"be left out for strategy {self.strategy}", own)
