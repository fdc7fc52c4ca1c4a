"""What a user says about variance-aware sampling when training with TRL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.foundation.errors import ArgumentError

__all__ = ["SuccessFunction", "VASConfig"]

SuccessFunction = Callable[[NDArray[np.float64]], NDArray[np.bool_]]

_FROM_TRL = ("batch_size", "group_size", "mixture_ratio")


@dataclass(frozen=True)
class VASConfig:
    """How prompts are chosen; everything about rollouts and the loss stays in TRL's ``GRPOConfig``.

    Attributes:
        mixture_ratio: lambda in [0, 1]: 0 is uniform, 1 is by weight alone.
        key_column: column of unique prompt keys (all strings or all integers); by default the key is a hash of the
            column ``prompt``. Keys name prompts in saved states and messages.
        success: which rollouts count as right for the pass-rate posterior: from the rewards of each function,
            shape (P, G, F), unweighted, NaN where a function gave none, to booleans (P, G). By default a rollout is
            right if its weighted total is above half of the largest possible reward (``reward_range[1]``, 1 unless
            set in ``sampler``).
        seed: of the draws; by default the seed of the training arguments.
        posterior: ``discounted_beta``, ``arcsine_kalman`` or ``hierarchical_beta``.
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

    Raises:
        ArgumentError: a value is out of range, or a setting of ``sampler`` belongs elsewhere.
    """

    mixture_ratio: float = 0.5
    key_column: str | None = None
    success: SuccessFunction | None = None
    seed: int | None = None
    posterior: str = "discounted_beta"
    posterior_options: Mapping[str, Any] = field(default_factory=dict)
    category_column: str | None = None
    largest_excluded_share: float = 0.5
    sampler: Mapping[str, Any] = field(default_factory=dict)
    strategy: str = "vas"
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._check_strategy()
        if not 0 <= self.largest_excluded_share <= 1:
            raise ArgumentError("largest_excluded_share", "lie in [0, 1]", self.largest_excluded_share)
        if self.success is not None and not callable(self.success):
            raise ArgumentError("success", "be a function of rewards (P, G, F)", self.success)
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

    def _check_strategy(self) -> None:
        if self.strategy == "vas":
            if self.options:
                raise ArgumentError("options", "be empty for the strategy 'vas' (see sampler)", self.options)
            return
        from full_scale.trl_adapter.strategies import require_one_round

        require_one_round(self.strategy)
        if self.sampler or self.posterior_options or self.category_column is not None:
            given = {**self.sampler, **self.posterior_options}
            names = "sampler, posterior_options and category_column"
            raise ArgumentError(names, f"be left out for strategy {self.strategy}", given)
