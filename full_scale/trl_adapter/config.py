"""What a user says about variance-aware sampling when training with TRL."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.foundation.errors import ArgumentError
from vas_theory.foundation.streams import check_seed

__all__ = ["IN_OPTIMISER", "SuccessFunction", "VASConfig"]

SuccessFunction = Callable[[NDArray[np.float64]], NDArray[np.bool_]]

IN_OPTIMISER = ("learning_rate", "weight_decay", "adam_beta1", "adam_beta2", "adam_epsilon", "optim")
"""Arguments of the training that a checkpoint brings along: other values would take no effect after a resume."""

_FROM_TRL = ("batch_size", "group_size", "mixture_ratio", "strict")


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

    def __post_init__(self) -> None:
        self._check_types()
        self._check_strategy()
        if not 0 <= self.largest_excluded_share <= 1:
            raise ArgumentError("largest_excluded_share", "lie in [0, 1]", self.largest_excluded_share)
        if self.success is not None and self.success_from is not None:
            raise ArgumentError("success and success_from", "not both be given", self.success_from)
        for name in _FROM_TRL:
            if name in self.sampler:
                raise ArgumentError("sampler", f"leave {name} to the training arguments and VASConfig", self.sampler)
        if self.sampler.get("refresh", "online") != "online" or self.sampler.get("mode", "default") != "default":
            raise ArgumentError(
                "sampler",
                "keep refresh 'online' and mode 'default': TRL has no rollouts for scores alone",
                self.sampler,
            )
        if self.sampler.get("score") == "custom":
            raise ArgumentError("sampler", "take the score 'expected_signal' or 'vps'", self.sampler)
        if self.strategy == "vas":
            self._check_sampler()

    def _check_types(self) -> None:
        for name in ("key_column", "category_column", "success_from", "posterior"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, str) or not value):
                raise ArgumentError(name, "be a name", value)
        for name in ("posterior_options", "sampler", "options"):
            if not isinstance(getattr(self, name), Mapping):
                raise ArgumentError(name, "be a dict of settings", getattr(self, name))
        for name in ("largest_excluded_share", "mixture_ratio"):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float))):
                raise ArgumentError(name, "be a number in [0, 1]", value)
        if self.success is not None and not callable(self.success):
            raise ArgumentError("success", "be a function of rewards (P, G, F)", self.success)
        if self.seed is not None:
            check_seed(self.seed)
        if isinstance(self.may_differ, str) or not all(isinstance(name, str) for name in self.may_differ):
            raise ArgumentError("may_differ", "be a sequence of names", self.may_differ)
        fixed = [name for name in self.may_differ if name in IN_OPTIMISER]
        if fixed:
            needs = f"not name {', '.join(fixed)}, which the trainer restores from the checkpoint: start a new run"
            raise ArgumentError("may_differ", needs, self.may_differ)

    def _check_sampler(self) -> None:
        """Build settings and posterior for two prompts: what they would refuse is refused before a model loads."""
        from vas_theory.selection.posteriors import build_posterior
        from vas_theory.selection.sampler.config import build_config

        given = {} if self.mixture_ratio is None else {"mixture_ratio": self.mixture_ratio}
        build_config({"batch_size": 1, **given, **self.sampler})
        categories = ["a", "b"] if self.category_column else None
        build_posterior(self.posterior or "discounted_beta", 2, categories, self.posterior_options)

    def _check_strategy(self) -> None:
        if self.strategy == "vas":
            if self.options:
                raise ArgumentError("options", "be empty for the strategy 'vas' (see sampler)", self.options)
            return
        from full_scale.trl_adapter.strategies import require_one_round

        require_one_round(self.strategy)
        own = (self.sampler, self.posterior_options, self.category_column, self.posterior, self.mixture_ratio)
        if any(value not in (None, {}) for value in own):
            names = "mixture_ratio, sampler, posterior, posterior_options and category_column"
            raise ArgumentError(names, f"be left out for strategy {self.strategy}", own)
