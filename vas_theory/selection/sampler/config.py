"""Settings of the sampler, checked once, and the presets of the published variants."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import Any

from vas_theory.foundation.errors import ArgumentError, UnknownNameError
from vas_theory.selection.group_moments import check_group_size
from vas_theory.selection.refusals import refuse_pairs, refuse_range

__all__ = ["INFORMED", "MODES", "SamplerConfig", "build_config", "unused_settings"]

_CHOICES = {
    "score": ("expected_signal", "vps", "custom"),
    "refresh": ("online", "periodic"),
    "uniform_share": ("reshuffled", "independent", "fixed"),
    "normalization": ("none", "terms", "min_max"),
    "variance_of": ("reward", "success"),
    "arrangement": ("blocks", "interleaved"),
}

_ROUNDING = 1e-9

MODES: Mapping[str, Mapping[str, Any]] = {
    "default": {},
    "paper": {
        "score": "vps",
        "variance_of": "success",
        "refresh": "periodic",
        "replace": True,
        "uniform_share": "independent",
        "floor": 0.0,
    },
    "mmr1-released": {
        "score": "vps",
        "variance_of": "success",
        "refresh": "periodic",
        "replace": True,
        "uniform_share": "fixed",
        "floor": 0.0,
        "normalization": "min_max",
        "arrangement": "interleaved",
        "alpha": 1.0,
        "beta": 0.0,
        "update_interval": 4,
        "scoring_rollouts": 8,
    },
}
"""What each mode sets; arguments given by the caller win over these, these over the defaults."""

CANDIDATES_PER_PLACE = 16

INFORMED: Mapping[str, Any] = {
    "mixture_ratio": 1.0,
    "exponent": 2.0,
    "candidates": 256,
    "rest_steps": 30,
    "revisit_discount": 1.0,
    "optimism": 0.0,
    "floor": 0.01,
}
"""Defaults with features or pass rates from elsewhere. Candidates are at least 16 a place of the batch; the rest is cut
so that at least half of the pool does not rest; where the whole pool is asked for (``candidates=None``) revisits are
not discounted.

They were chosen in development worlds of the network laboratory, which are never reported. Exponents 2 to 4, 256 to
1,024 candidates and 15 to 60 steps of rest all learned more than uniform sampling on average (chains of operations,
3,000 prompts); exponents 3 and 4 learned less than 2. The discount of revisits came from eight runs an arm with the
network's own states as features. Gains of the held-out pass rate over the start, in multiples of uniform sampling's,
without and with it: 1.52 and 1.47 in chains of operations, 1.07 and 1.06 in navigation, .70 and .99 in a pool of 300
prompts that are each visited 16 times, where scores alone come back to the same prompts too often.
"""


@dataclass(frozen=True)
class SamplerConfig:
    """Settings of :class:`~vas_theory.selection.sampler.variance_aware.VarianceAwareSampler`.

    Attributes:
        batch_size: prompts a batch, B.
        mixture_ratio: lambda in [0, 1], the share of all places that is drawn by weight. What a batch cannot hold of
            it is carried over to the next: see :meth:`weighted_places`.
        mode: ``default``, ``paper`` or ``mmr1-released``; see :data:`MODES`.
        group_size: rollouts a prompt in training, G >= 2; what the expected signal is computed for.
        score: ``expected_signal`` (E[sigma_hat_G] under the pass-rate posterior), ``vps`` (alpha * OVS + beta *
            TDS of the last observed group) or ``custom`` (set by ``set_scores`` only).
        alpha: weight of the outcome variance score, >= 0.
        beta: weight of the trajectory diversity score, >= 0.
        variance_of: which variance the score ``vps`` takes: of the scalar ``reward`` or of the ``success`` (P (1 - P)).
        normalization: of the score ``vps``: ``none``; ``terms`` (OVS times 4, so that both terms have range
            [0, 1]); ``min_max`` over all prompts at each refresh, which gives the lowest prompt weight 0.
        momentum: share of the old weight that a refresh keeps, in [0, 1].
        reward_range: least and largest possible reward; sets the largest possible score.
        replace: whether a batch may hold a prompt twice.
        uniform_share: ``reshuffled`` passes, ``independent`` draws, or one ``fixed`` order.
        arrangement: order of a batch: ``blocks`` (by weight, probes, uniform) or ``interleaved``.
        floor: no weight is below ``floor`` times the largest possible score, so every prompt keeps at least
            the probability floor / P in each draw by weight.
        exponent: of the score, >= 0; weights are score^exponent, up to a common factor. Above 1 draws are sharper.
        candidates: prompts that are scored for a batch, drawn uniformly from those that do not rest; None for the
            whole pool. It bounds the work of a step, spreads the draws, and makes every score an up-to-date one.
        rest_steps: a prompt that was drawn is not drawn again within so many steps.
        revisit_discount: gamma >= 0; a candidate that was drawn v times weighs (1 + v)^-gamma of its weight. The first
            passes follow the scores, and the more often the pool is gone through, the more evenly it is drawn.
        strict: whether feedback that contradicts the settings is refused with an error after the first groups; by
            default it is logged as a warning.
        optimism: in [0, 1]; a prompt that was never observed scores its prior score plus this share of the way
            to the largest possible score.
        max_probes: at most this many places of a batch, taken from the share by weight, go to stale prompts.
        probe_after: steps without an observation after which a prompt is stale.
        rescore_per_step: prompts whose weight is brought up to date with the drift at each step, in turn; by
            default as many as a batch holds.
        refresh: ``online`` (scores follow the training rollouts, no others are needed) or ``periodic``.
        update_interval: T_update, steps between two refreshes of all prompts, or of a part of them.
        scoring_rollouts: N, rollouts a prompt at a refresh.
        max_policy_lag: policy versions by which an observation may be behind before it is discounted; ``None``
            for no limit.
        late_discount: factor on the evidence for each version beyond that, in [0, 1].
    """

    batch_size: int
    mixture_ratio: float = 0.5
    mode: str = "default"
    group_size: int = 8
    score: str = "expected_signal"
    alpha: float = 0.8
    beta: float = 0.2
    variance_of: str = "reward"
    normalization: str = "none"
    momentum: float = 0.0
    reward_range: tuple[float, float] = (0.0, 1.0)
    replace: bool = False
    uniform_share: str = "reshuffled"
    arrangement: str = "blocks"
    floor: float = 0.05
    optimism: float = 0.5
    max_probes: int = 0
    probe_after: int = 1000
    rescore_per_step: int | None = None
    refresh: str = "online"
    update_interval: int = 28
    scoring_rollouts: int = 8
    max_policy_lag: int | None = None
    late_discount: float = 0.5
    exponent: float = 1.0
    candidates: int | None = None
    rest_steps: int = 0
    revisit_discount: float = 0.0
    strict: bool = False

    def __post_init__(self) -> None:
        refuse_range(self.reward_range)
        for name in ("batch_size", "update_interval", "scoring_rollouts", "probe_after"):
            self._require(name, 1, math.inf, integer=True)
        for name in ("max_probes", "rescore_per_step", "max_policy_lag", "rest_steps"):
            if getattr(self, name) is not None:
                self._require(name, 0, math.inf, integer=True)
        for name in ("mixture_ratio", "momentum", "floor", "optimism", "late_discount"):
            self._require(name, 0, 1)
        for name in ("alpha", "beta"):
            self._require(name, 0, 1e100)
        for name in ("exponent", "revisit_discount"):
            self._require(name, 0, 100)
        if self.candidates is not None:
            self._require("candidates", self.batch_size, math.inf, integer=True)
        if not isinstance(self.strict, bool):
            raise ArgumentError("strict", "be True or False", self.strict)
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise UnknownNameError(name, str(getattr(self, name)), choices)
        check_group_size(self.group_size)
        if self.score == "vps" and self.alpha == 0 and self.beta == 0:
            raise ArgumentError("alpha and beta", "not both be 0", (self.alpha, self.beta))
        if self.normalization == "min_max" and self.refresh != "periodic":
            raise ArgumentError("normalization", "be 'none' or 'terms' unless refresh is 'periodic'", "min_max")
        if self.refresh == "periodic" and self.score == "custom":
            raise ArgumentError("refresh", "be 'online' where the score is 'custom'", self.refresh)
        if self.refresh == "periodic" and self.max_probes:
            raise ArgumentError("max_probes", "be 0 where refresh is 'periodic'", self.max_probes)
        for name in ("candidates", "rest_steps"):
            if getattr(self, name) and (self.refresh == "periodic" or self.replace or self.max_probes):
                needs = "be left out where refresh is 'periodic', replace is set or max_probes > 0"
                raise ArgumentError(name, needs, getattr(self, name))
        if self.candidates is not None and self.score != "expected_signal":
            raise ArgumentError("candidates", "be left out unless the score is 'expected_signal'", self.candidates)
        if self.revisit_discount and self.candidates is None:
            raise ArgumentError("revisit_discount", "be 0 without candidates", self.revisit_discount)
        low, high = self.reward_range
        if not -math.inf < low < high < math.inf:
            raise ArgumentError("reward_range", "be two finite numbers in ascending order", self.reward_range)
        refuse_pairs(self)

    def _require(self, name: str, low: float, high: float, *, integer: bool = False) -> None:
        value = getattr(self, name)
        try:
            fits = low <= value <= high and value < math.inf and (not integer or isinstance(value, Integral))
        except TypeError:
            fits = False
        if not fits or isinstance(value, bool):
            kind = "an integer" if integer else "a number"
            span = f">= {low:g}" if high == math.inf else f"in [{low:g}, {high:g}]"
            raise ArgumentError(name, f"be {kind} {span}", value)

    @property
    def weighted_per_batch(self) -> float:
        """Places by weight of a batch on average: lambda * B, rounded down in the mode of the released code."""
        if self.mode == "mmr1-released":
            return float(math.floor(self.mixture_ratio * self.batch_size))
        exact = self.mixture_ratio * self.batch_size
        nearest = round(exact)
        # 0.29 * 100 is a rounding below 29
        return float(nearest) if abs(exact - nearest) <= _ROUNDING else exact

    @property
    def num_weighted(self) -> int:
        """Places by weight that every batch has at least."""
        return math.floor(self.weighted_per_batch)

    def weighted_places(self, step: int) -> int:
        """Places by weight of the batch of a step: floor((t + 1) lambda B) - floor(t lambda B).

        After t batches floor(t lambda B) places were drawn by weight, so the share is lambda exactly in the long run
        and no batch is more than one place off; what is carried over depends on the number of the step alone.
        """
        each = self.weighted_per_batch
        return math.floor((step + 1) * each + _ROUNDING) - math.floor(step * each + _ROUNDING)

    @property
    def rescored(self) -> int:
        """How many weights are brought up to date at each step."""
        return self.batch_size if self.rescore_per_step is None else self.rescore_per_step

    def as_dict(self) -> dict[str, Any]:
        """All settings, JSON-serialisable."""
        return {**dataclasses.asdict(self), "reward_range": list(self.reward_range)}


def build_config(options: Mapping[str, Any], *, prompts: int | None = None, informed: bool = False) -> SamplerConfig:
    """Merge the caller's options over those of the mode.

    Args:
        options: the caller's.
        prompts: size of the pool.
        informed: whether there are features or pass rates from elsewhere, so that :data:`INFORMED` holds too.

    Raises:
        UnknownNameError: there is no such mode or setting.
        ArgumentError: a setting is out of range.
    """
    known = [field.name for field in dataclasses.fields(SamplerConfig)]
    for name in options:
        if name not in known:
            raise UnknownNameError("setting", name, known)
    mode = options.get("mode", "default")
    if mode not in MODES:
        raise UnknownNameError("mode", str(mode), MODES)
    if not informed:
        return SamplerConfig(**{**MODES[mode], **options})
    if mode != "default" or options.get("score", "expected_signal") != "expected_signal":
        raise ArgumentError("features and prior", "come with mode 'default' and score 'expected_signal'", options)
    defaults = dict(INFORMED)
    size = options["batch_size"]
    if prompts is not None and isinstance(size, int) and size > 0:
        # a rest that would leave few prompts to choose from is no choice
        defaults["rest_steps"] = max(0, min(defaults["rest_steps"], prompts // (2 * size) - 1))
        defaults["candidates"] = max(defaults["candidates"], CANDIDATES_PER_PLACE * size)
    if options.get("candidates", size) is None:  # the whole pool, whose weights are kept: nothing to discount
        defaults["revisit_discount"] = 0.0
    return SamplerConfig(**{**defaults, **options})


def unused_settings(config: SamplerConfig, given: Mapping[str, Any]) -> list[str]:
    """Say of each setting that was given, and that nothing reads beside the others, what would have to be set for it.

    ``update_interval`` and ``scoring_rollouts`` are not among them: whoever scores a part of the pool reads them.

    Args:
        config: all settings.
        given: those that the caller asked for.
    """
    needed = {
        **dict.fromkeys(("alpha", "beta", "variance_of", "normalization"), ("score 'vps'", config.score == "vps")),
        "momentum": ("refresh 'periodic'", config.refresh == "periodic"),
        "optimism": ("score 'expected_signal'", config.score == "expected_signal"),
        "probe_after": ("max_probes > 0", config.max_probes > 0),
        "late_discount": ("max_policy_lag", config.max_policy_lag is not None),
        "rescore_per_step": ("candidates=None", config.candidates is None),
    }
    default = {field.name: field.default for field in dataclasses.fields(SamplerConfig)}
    unused = [name for name in given if name in needed and not needed[name][1] and given[name] != default[name]]
    return [f"{name} has no effect without {needed[name][0]}" for name in unused]
