"""Prompts whose responses have steps: a softmax at every node of a complete tree, rewards at the leaves.

It is the smallest world in which credit can be given to steps. Nodes are numbered level by level, the root 0;
the child of node c by action a is ``branching * c + a + 1``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from simulations.world.learner import LearnerConfig, UpdateReport
from simulations.world.pool import DIFFICULTIES, draw_pass_rates
from vas_theory.foundation.errors import ArgumentError
from vas_theory.foundation.streams import uniforms
from vas_theory.policy.softmax import softmax
from vas_theory.selection.contract.driver import Generated
from vas_theory.selection.contract.strategy import IntArray, TrainingGroups

__all__ = ["TreeLearner", "TreePool", "TreePoolConfig", "build_tree_pool", "leaf_probabilities"]

Array = NDArray[np.float64]


class TreePoolConfig(BaseModel):
    """How to build a pool of tree prompts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["tree"] = "tree"
    prompts: int = Field(default=500, ge=1, description="prompts that can be trained on")
    held_out: int = Field(default=50, ge=0, description="further prompts that are only evaluated")
    depth: int = Field(default=3, ge=1, le=5, description="steps of a response")
    branching: int = Field(default=3, ge=2, le=6, description="choices at a step")
    right_share: float = Field(default=0.15, gt=0, lt=1, description="share of the leaves that are right")
    difficulty: Literal["bimodal", "uniform", "mostly_hard", "mostly_easy"] = Field(
        default="bimodal", description="mix of pass rates"
    )
    max_visits: int | None = Field(default=None, ge=1, description="steps in which a prompt may be rolled")


@dataclass(frozen=True, eq=False)
class TreePool:
    """Tree prompts; those from number ``prompts`` on are held out.

    Args:
        prompts: how many prompts can be trained on.
        depth: steps of a response.
        base_PCA: initial logits of prompts, inner nodes (contexts) and actions.
        rewards_PL: rewards of the leaves, 0 or 1.
        max_visits: steps in which a prompt may be rolled.
    """

    prompts: int
    depth: int
    base_PCA: Array
    rewards_PL: Array
    max_visits: int | None = None
    binary: bool = True
    known_PF: None = None

    @property
    def branching(self) -> int:
        """Choices at a step."""
        return self.base_PCA.shape[2]


def leaf_probabilities(logits_PCA: Array, depth: int) -> Array:
    """Return the probability of every leaf, (prompts, branching ** depth), the product along its path."""
    probs_PCA = softmax(logits_PCA)
    prompts, _, branching = probs_PCA.shape
    leaves_PL = np.ones((prompts, 1))
    first = 0
    for level in range(depth):
        width = branching**level
        leaves_PL = (leaves_PL[:, :, None] * probs_PCA[:, first : first + width]).reshape(prompts, -1)
        first += width
    return leaves_PL


def _logits_of_leaves(leaves_PL: Array, branching: int, depth: int) -> Array:
    """Return logits of a tree with these leaf probabilities: any distribution over leaves is one of a tree."""
    prompts = len(leaves_PL)
    levels = []
    mass_PL = leaves_PL
    for _ in range(depth):
        children_PCA = mass_PL.reshape(prompts, -1, branching)
        levels.append(np.log(children_PCA))
        mass_PL = children_PCA.sum(2)
    logits_PCA = np.concatenate(levels[::-1], axis=1)
    centred: Array = logits_PCA - logits_PCA.mean(2, keepdims=True)
    return centred


def build_tree_pool(config: TreePoolConfig, rng: np.random.Generator) -> TreePool:
    """Build a pool whose prompts have the drawn pass rates, with right leaves at random places."""
    if config.difficulty not in DIFFICULTIES:
        raise ArgumentError("difficulty", f"be one of {', '.join(DIFFICULTIES)}", config.difficulty)
    count, leaves = config.prompts + config.held_out, config.branching**config.depth
    rates_P = draw_pass_rates(config.difficulty, rng, count)
    right = min(max(round(config.right_share * leaves), 1), leaves - 1)
    places_PL = rng.permuted(np.tile(np.arange(leaves), (count, 1)), axis=1)
    rewards_PL = (places_PL < right).astype(np.float64)
    contexts = sum(config.branching**level for level in range(config.depth))
    start_PL = leaf_probabilities(rng.standard_normal((count, contexts, config.branching)), config.depth)
    right_P = (start_PL * rewards_PL).sum(1)
    factor_PL = np.where(rewards_PL == 1, (rates_P / right_P)[:, None], ((1 - rates_P) / (1 - right_P))[:, None])
    base_PCA = _logits_of_leaves(start_PL * factor_PL, config.branching, config.depth)
    return TreePool(config.prompts, config.depth, base_PCA, rewards_PL, config.max_visits)


class TreeLearner:
    """The policies of tree prompts and the rollouts they have made.

    Args:
        pool: the prompts.
        config: how it learns; the KL weight and the exact mode are for bandit prompts only.
        seed: of every rollout.
        budget: rollouts it will be asked for at most.
        sampling: ``independent`` rollouts, or ``tree``: a group of ``branching ** depth`` rollouts in which every
            node that is reached draws ``branching`` continuations. Rollouts i and j of such a group share their
            first k steps if ``i // branching ** (depth - k) == j // branching ** (depth - k)``.
    """

    def __init__(
        self, pool: TreePool, config: LearnerConfig, seed: int, budget: int, *, sampling: str = "independent"
    ) -> None:
        if config.exact or config.kl_weight:
            raise ArgumentError("config", "have neither the exact mode nor a KL weight for tree prompts", config)
        if sampling not in ("independent", "tree"):
            raise ArgumentError("sampling", "be 'independent' or 'tree' for tree prompts", sampling)
        self.pool, self.config, self.seed, self.sampling = pool, config, seed, sampling
        self._logits_PCA = pool.base_PCA.copy()
        self._drawn_P = np.zeros(len(pool.base_PCA), dtype=np.int64)
        self._actions = np.empty((budget, pool.depth), dtype=np.int64)
        self._contexts = np.empty((budget, pool.depth), dtype=np.int64)
        self._probs = np.empty((budget, pool.depth))
        self._generated = 0

    def generate(self, prompts_P: IntArray, counts_P: IntArray, first: int) -> Generated:
        """Sample and grade rollouts; the numbers from ``first`` on name them in :meth:`update`."""
        pool, branching = self.pool, self.pool.branching
        if self.sampling == "tree" and (counts_P != branching**pool.depth).any():
            raise ArgumentError("counts_P", f"be {branching**pool.depth} where trees are sampled", counts_P)
        prompts_R = np.repeat(prompts_P, counts_P)
        within_R = np.arange(len(prompts_R)) - np.repeat(np.cumsum(counts_P) - counts_P, counts_P)
        begun_R = np.repeat(self._take_numbers(prompts_P, counts_P), counts_P)
        chosen = slice(first, first + len(prompts_R))
        node_R = np.zeros(len(prompts_R), dtype=np.int64)
        for step in range(pool.depth):
            probs_RA = softmax(self._logits_PCA[prompts_R, node_R])
            member_R = within_R // branching ** (pool.depth - 1 - step) if self.sampling == "tree" else within_R
            random_R = uniforms(self.seed, prompts_R, (begun_R + member_R) * pool.depth + step)
            action_R = (probs_RA.cumsum(1)[:, :-1] <= random_R[:, None]).sum(1)
            self._contexts[chosen, step], self._actions[chosen, step] = node_R, action_R
            self._probs[chosen, step] = probs_RA[np.arange(len(prompts_R)), action_R]
            node_R = branching * node_R + action_R + 1
        self._generated = first + len(prompts_R)
        rewards_R = pool.rewards_PL[prompts_R, node_R - pool.base_PCA.shape[1]]
        return Generated(rewards_R, np.full(len(rewards_R), float(pool.depth)), None, self._actions[chosen].copy())

    def update(self, groups: TrainingGroups, fresh_from: int) -> UpdateReport:
        """Train on groups of generated rollouts; see :meth:`simulations.world.learner.Learner.update`."""
        config, ids_R = self.config, groups.ids_R
        if not len(ids_R):
            return UpdateReport(0.0, 0.0, 0)
        prompts_R = np.repeat(groups.prompts_P, groups.sizes_P)
        share_R = 1.0 / np.repeat(groups.sizes_P, groups.sizes_P)
        advantages_RT = np.broadcast_to(groups.advantages_R.reshape(len(ids_R), -1), (len(ids_R), self.pool.depth))
        stale = bool(ids_R.min() < fresh_from)
        clipped, norm = 0.0, 0.0
        for epoch in range(config.epochs):
            push_PCA, clipped_now = self._push(prompts_R, ids_R, advantages_RT, share_R, stale or epoch > 0)
            clipped += clipped_now / config.epochs
            norm = norm if epoch else float(np.linalg.norm(push_PCA))
            self._logits_PCA += config.learning_rate * push_PCA
        starts_P = np.cumsum(groups.sizes_P) - groups.sizes_P
        effective = int(np.logical_or.reduceat((advantages_RT != 0).any(1), starts_P).sum())
        return UpdateReport(norm, clipped, effective)

    def pass_rates(self) -> Array:
        """Return the expected reward of every prompt, held-out ones included."""
        rates_P: Array = (leaf_probabilities(self._logits_PCA, self.pool.depth) * self.pool.rewards_PL).sum(1)
        return rates_P

    def logits(self) -> Array:
        """Return the logits, (prompts, contexts, actions)."""
        return self._logits_PCA.copy()

    def state_dict(self) -> dict[str, Any]:
        """Return everything that changes."""
        rollouts = {name: getattr(self, f"_{name}")[: self._generated].copy() for name in _ROLLOUTS}
        return {"logits_PCA": self.logits(), "drawn_P": self._drawn_P.copy(), **rollouts}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a saved state of the same pool."""
        self._logits_PCA[:], self._drawn_P[:] = state["logits_PCA"], state["drawn_P"]
        self._generated = len(state["actions"])
        for name in _ROLLOUTS:
            getattr(self, f"_{name}")[: self._generated] = state[name]

    def _take_numbers(self, prompts_P: IntArray, counts_P: IntArray) -> IntArray:
        """Return the running number of each group's first rollout; a prompt may come more than once."""
        begun_P = np.empty(len(prompts_P), dtype=np.int64)
        for index, (prompt, count) in enumerate(zip(prompts_P, counts_P, strict=True)):
            begun_P[index] = self._drawn_P[prompt]
            self._drawn_P[prompt] += count
        return begun_P

    def _push(
        self, prompts_R: IntArray, ids_R: IntArray, advantages_RT: Array, share_R: Array, stale: bool
    ) -> tuple[Array, float]:
        """Return the groups' mean gradients summed by logits, and the clipped share of the steps."""
        config = self.config
        contexts_RT, actions_RT = self._contexts[ids_R], self._actions[ids_R]
        probs_RTA = softmax(self._logits_PCA[prompts_R[:, None], contexts_RT])
        weights_RT, clipped = advantages_RT * share_R[:, None], 0.0
        if stale:
            ratio_RT = np.take_along_axis(probs_RTA, actions_RT[:, :, None], 2)[:, :, 0] / self._probs[ids_R]
            cut_RT = ((advantages_RT > 0) & (ratio_RT > 1 + config.clip_high)) | (
                (advantages_RT < 0) & (ratio_RT < 1 - config.clip_low)
            )
            weights_RT, clipped = np.where(cut_RT, 0.0, weights_RT * ratio_RT), float(cut_RT.mean())
        push_PCA = np.zeros_like(self._logits_PCA)
        scores_RTA = np.eye(self.pool.branching)[actions_RT] - probs_RTA
        np.add.at(push_PCA, (prompts_R[:, None], contexts_RT), weights_RT[:, :, None] * scores_RTA)
        return push_PCA, clipped


_ROLLOUTS = ("actions", "contexts", "probs")
