"""A GRPO learner on a pool of bandit prompts: it samples, grades and updates as a trainer would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from simulations.world import kernels
from simulations.world.pool import Pool
from vas_theory.foundation.errors import ArgumentError
from vas_theory.groups.advantages import AdvantageKind
from vas_theory.groups.updates import expected_update
from vas_theory.policy.softmax import softmax
from vas_theory.selection.contract.driver import Generated
from vas_theory.selection.contract.strategy import IntArray, TrainingGroups

__all__ = ["Learner", "LearnerConfig", "UpdateReport"]

Array = NDArray[np.float64]
_STATE = ("weights_PA", "own_PA", "shared_FA", "history_PA", "drawn_P")
_KINDS = {"grpo": 0, "dr_grpo": 1, "rloo": 2}


class LearnerConfig(BaseModel):
    """How a batch becomes an update. The step of a group is ``learning_rate`` times its mean gradient."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    learning_rate: float = Field(default=0.5, gt=0, le=300, description="step per group, in logits a unit of advantage")
    advantage: AdvantageKind = Field(default="grpo", description="grpo (whitened), dr_grpo or rloo")
    ddof: int = Field(default=0, ge=0, le=1, description="0 population, 1 sample standard deviation")
    eps: float = Field(default=1e-6, ge=0, description="added to the standard deviation")
    epochs: int = Field(default=1, ge=1, description="updates made from the same rollouts")
    clip_low: float = Field(default=float("inf"), gt=0, description="ratios below 1 minus this are clipped")
    clip_high: float = Field(default=float("inf"), gt=0, description="ratios above 1 plus this are clipped")
    kl_weight: float = Field(default=0.0, ge=0, description="weight of the exact KL to the initial policy")
    exact: bool = Field(default=False, description="apply the exact expected update of every group instead")


@dataclass(frozen=True)
class UpdateReport:
    """What one update did.

    Args:
        gradient_norm: Euclidean norm of the batch gradient, groups summed, at the first epoch.
        clip_fraction: clipped share of the rollouts, over all epochs.
        effective_groups: groups with an advantage that is not zero.
    """

    gradient_norm: float
    clip_fraction: float
    effective_groups: int


class Learner:
    """The policy of all prompts of a pool, and the rollouts it has made.

    Args:
        pool: the prompts.
        config: how it learns.
        seed: of every rollout; learners with equal seeds see equal random numbers, prompt by prompt.
        budget: rollouts it will be asked for at most.
        sampling: ``independent`` rollouts, or ``stratified``: each time the arm whose share of the prompt's rollouts
            so far lags its probability most (after the on-policy sampling of 2311.08290).

    Raises:
        ArgumentError: the exact mode comes with epochs or a KL weight, or the sampling is not known here.
    """

    def __init__(
        self, pool: Pool, config: LearnerConfig, seed: int, budget: int, *, sampling: str = "independent"
    ) -> None:
        if sampling not in ("independent", "stratified"):
            raise ArgumentError("sampling", "be 'independent' or 'stratified' for bandit prompts", sampling)
        if config.exact and (config.epochs > 1 or config.kl_weight > 0):
            raise ArgumentError("exact", "be False with several epochs or a KL weight", config.exact)
        self.pool, self.config, self.seed = pool, config, np.uint64(seed)
        self._drawn_P = np.zeros(len(pool.base_PA), dtype=np.int64)
        self._independent = not pool.features_PF.shape[1] and not pool.forgetting
        if self._independent:
            self._weights_PA, self._own_PA = np.exp(pool.base_PA), np.empty((0, pool.arms))
        else:
            self._weights_PA, self._own_PA = np.empty((0, pool.arms)), np.zeros_like(pool.base_PA)
        self._history_PA = np.zeros(pool.base_PA.shape if sampling == "stratified" else (0, pool.arms), dtype=np.int64)
        self._shared_FA = np.zeros((pool.features_PF.shape[1], pool.arms))
        self._scale = 1.0
        self._arms = np.empty(budget, dtype=np.int64)
        self._probs = np.empty(budget)
        self._generated = 0

    def generate(self, prompts_P: IntArray, counts_P: IntArray, first: int) -> Generated:
        """Sample and grade rollouts; the numbers from ``first`` on name them in :meth:`update`."""
        pool, count = self.pool, int(counts_P.sum())
        seen_R, diversity_P = np.empty(count), np.empty(len(prompts_P))
        arms_R, probs_R = self._arms[first : first + count], self._probs[first : first + count]
        kernels.generate(
            prompts_P,
            counts_P,
            self._drawn_P,
            self.seed,
            self._policy,
            pool.rewards_PA,
            pool.false_positive,
            pool.false_negative,
            self._history_PA,
            arms_R,
            probs_R,
            seen_R,
            diversity_P,
        )
        self._generated = first + count
        lengths_R = pool.lengths_PA[np.repeat(prompts_P, counts_P), arms_R]
        return Generated(seen_R, lengths_R, diversity_P, arms_R[:, None].copy())

    def update(self, groups: TrainingGroups, fresh_from: int) -> UpdateReport:
        """Train on groups of generated rollouts, then forget what the pool's prompts forget in a step.

        Args:
            groups: what to train on.
            fresh_from: number of the first rollout of this step; older ones enter with their ratio of
                probabilities.
        """
        config, pool = self.config, self.pool
        prompts_P, sizes_P, ids_R = groups.prompts_P, groups.sizes_P, groups.ids_R
        clipped, norm = 0, 0.0
        if len(prompts_P):
            push_PA = np.empty((len(prompts_P), pool.arms))
            stale = bool(ids_R.min() < fresh_from)
            for epoch in range(config.epochs):
                if config.exact:
                    self._expected_push(prompts_P, sizes_P, push_PA)
                else:
                    clipped += kernels.compute_push(
                        prompts_P,
                        sizes_P,
                        self._arms[ids_R],
                        groups.advantages_R,
                        self._probs[ids_R],
                        stale or epoch > 0,
                        config.clip_low,
                        config.clip_high,
                        config.kl_weight,
                        pool.one_logit,
                        self._policy,
                        push_PA,
                    )
                if epoch == 0:
                    norm = float(np.sqrt(np.vdot(push_PA, push_PA)))
                kernels.apply_push(prompts_P, push_PA, config.learning_rate, self._policy)
        self._forget()
        silent_R = groups.advantages_R == 0
        starts_P = np.cumsum(sizes_P) - sizes_P
        effective = int(np.count_nonzero(~np.logical_and.reduceat(silent_R, starts_P))) if len(sizes_P) else 0
        return UpdateReport(norm, clipped / max(len(ids_R) * config.epochs, 1), effective)

    def train_schedule(self, schedule_TP: IntArray, group_size: int) -> None:
        """Run on-policy steps over prompts known in advance, all in one compiled loop.

        Args:
            schedule_TP: (steps, batch) prompts.
            group_size: rollouts of each.

        Raises:
            ArgumentError: the pool is coupled, forgets or has a noisy verifier, or the config asks for more than
                plain on-policy updates.
        """
        config, pool = self.config, self.pool
        if not self._independent or pool.false_positive or pool.false_negative:
            raise ArgumentError("pool", "be uncoupled and exactly graded", "a coupled or noisy pool")
        if config.epochs > 1 or config.kl_weight or config.exact:
            raise ArgumentError("config", "ask for plain on-policy updates", config)
        rewards_PA = pool.rewards_PA.astype(np.int8) if pool.binary else pool.rewards_PA  # an eighth of the memory
        kernels.train_schedule(
            schedule_TP,
            group_size,
            config.learning_rate,
            _KINDS[config.advantage],
            config.ddof,
            config.eps,
            pool.one_logit,
            self._drawn_P,
            self.seed,
            self._weights_PA,
            rewards_PA,
        )

    def pass_rates(self) -> Array:
        """Return the expected true reward of every prompt, held-out ones included."""
        rates_P = np.empty(len(self.pool.base_PA))
        kernels.evaluate(self.pool.rewards_PA, self._policy, rates_P)
        return rates_P

    def logits(self, prompts_P: IntArray | slice = slice(None)) -> Array:
        """Return the logits of some prompts, (prompts, arms); a prompt's logits are defined up to a constant."""
        if self._independent:
            with np.errstate(divide="ignore"):  # an arm that can never be drawn again has the logit -inf
                return np.log(self._weights_PA[prompts_P])
        pool = self.pool
        moved = self._own_PA[prompts_P] + pool.features_PF[prompts_P] @ self._shared_FA
        logits: Array = pool.base_PA[prompts_P] + self._scale * moved
        return logits

    def state_dict(self) -> dict[str, Any]:
        """Return everything that changes, as arrays and numbers."""
        arrays = {name: getattr(self, f"_{name}").copy() for name in _STATE}
        rollouts = {"arms": self._arms[: self._generated].copy(), "probs": self._probs[: self._generated].copy()}
        return {**arrays, **rollouts, "scale": self._scale}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a saved state of the same pool."""
        for name in _STATE:
            getattr(self, f"_{name}")[:] = state[name]
        self._scale, self._generated = float(state["scale"]), len(state["arms"])
        self._arms[: self._generated], self._probs[: self._generated] = state["arms"], state["probs"]

    @property
    def _policy(self) -> kernels.Policy:
        pool = self.pool
        return kernels.Policy(
            self._independent,
            self._weights_PA,
            pool.base_PA,
            self._own_PA,
            pool.features_PF,
            self._shared_FA,
            self._scale,
        )

    def _expected_push(self, prompts_P: IntArray, sizes_P: IntArray, push_PA: Array) -> None:
        config, pool = self.config, self.pool
        for size in np.unique(sizes_P):
            chosen = sizes_P == size
            prompts = prompts_P[chosen]
            push_PA[chosen] = expected_update(
                softmax(self.logits(prompts)),
                pool.rewards_PA[prompts],
                int(size),
                kind=config.advantage,
                ddof=config.ddof,
                eps=config.eps,
            )
        if pool.one_logit:
            push_PA[:, -1] = 0.0

    def _forget(self) -> None:
        self._scale *= 1 - self.pool.forgetting
        if self._scale < 1e-6:  # fold it into the logits before it loses meaning
            self._own_PA *= self._scale
            self._shared_FA *= self._scale
            self._scale = 1.0
