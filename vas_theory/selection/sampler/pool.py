"""What a sampler knows and remembers, as plain state that batches, metrics and saved states work on."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vas_theory.selection.contract.ledger import RolloutLedger
from vas_theory.selection.drawing.uniform_walk import UniformWalk, build_walk
from vas_theory.selection.drawing.weighted_index import WeightedIndex
from vas_theory.selection.posteriors import shares_prediction
from vas_theory.selection.posteriors.discounted_beta import PassRatePosterior
from vas_theory.selection.sampler.config import SamplerConfig
from vas_theory.selection.sampler.prompt_keys import PromptKeys
from vas_theory.selection.sampler.refreshes import Refreshes
from vas_theory.selection.sampler.tally import Tally
from vas_theory.selection.sampler.weights import WeightRule

__all__ = ["NEVER_DRAWN", "Pool", "new_pool"]

logger = logging.getLogger("vas_theory.selection.sampler")

NEVER_DRAWN = -(1 << 30)
"""The step of a prompt that was never drawn: so long ago that it does not rest."""


@dataclass
class Pool:
    """The prompts and the state of a run over them; it has no rules of its own.

    Attributes:
        config: the sampler's settings.
        keys: names of the prompts.
        posterior: of their pass rates.
        rule: from the posterior to weights.
        index: the weights, shape (P,); None where only candidates are weighed, at each draw anew.
        walk: the uniform share.
        refreshes: of all scores, where they are periodic.
        seed: of the run.
        step: batches drawn so far.
        policy_version: the latest that was named.
        draw_counts: how often each prompt was drawn, shape (P,).
        drawn_by: how each prompt came into its last batch, as index into ``tally.ARMS``, shape (P,).
        last_drawn: step of each prompt's last draw, shape (P,); empty where prompts need not rest.
        probe_cursor: where the search for stale prompts goes on.
        uniform_reason: why the share by weight is uniform, or None where it is not.
        ledger: what rollouts were spent on.
        tally: running counts.
    """

    config: SamplerConfig
    keys: PromptKeys
    posterior: PassRatePosterior
    rule: WeightRule
    index: WeightedIndex | None
    walk: UniformWalk
    refreshes: Refreshes
    seed: int
    draw_counts: NDArray[np.int32]
    drawn_by: NDArray[np.int8]
    last_drawn: NDArray[np.int32]
    step: int = 0
    policy_version: int = 0
    probe_cursor: int = 0
    uniform_reason: str | None = None
    ledger: RolloutLedger = field(default_factory=RolloutLedger)
    tally: Tally = field(default_factory=Tally)

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def weights(self) -> NDArray[np.float64]:
        """What prompts are drawn in proportion to, shape (P,); worked out for all where only candidates are weighed."""
        return self.rule.initial_weights() if self.index is None else self.index.weights

    @property
    def tree(self) -> WeightedIndex:
        """The weights of all prompts, where they are kept."""
        assert self.index is not None
        return self.index

    def say_uniform(self, reason: str | None) -> None:
        """Log when the weights begin not to tell prompts apart; before the first rollout that is no surprise."""
        if reason is not None and reason != self.uniform_reason:
            level = logging.WARNING if self.ledger.rollouts > 0 else logging.INFO
            logger.log(level, "step %d: %s, so the share drawn by weight is uniform", self.step, reason)
        self.uniform_reason = reason


def weighs_candidates(config: SamplerConfig, posterior: PassRatePosterior) -> bool:
    """Say whether scores are worked out at each draw: for a sample of the pool, or where one group moves them all."""
    return config.candidates is not None or shares_prediction(posterior)


def new_pool(config: SamplerConfig, keys: PromptKeys, posterior: PassRatePosterior, seed: int) -> Pool:
    """Return the state of a run that has not begun."""
    count = len(keys)
    rule = WeightRule(config, posterior)
    return Pool(
        config=config,
        keys=keys,
        posterior=posterior,
        rule=rule,
        index=None if weighs_candidates(config, posterior) else WeightedIndex(rule.initial_weights()),
        walk=build_walk(config, count),
        refreshes=Refreshes(config, count),
        seed=seed,
        draw_counts=np.zeros(count, dtype=np.int32),
        drawn_by=np.zeros(count, dtype=np.int8),
        last_drawn=np.full(count if config.rest_steps else 0, NEVER_DRAWN, dtype=np.int32),
    )
