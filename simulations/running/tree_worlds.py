"""The named worlds of tree prompts, in which step-level credit is compared with ways of choosing prompts."""

from __future__ import annotations

from typing import Any

from simulations.running.bandit_worlds import world_settings
from simulations.running.equal_budget import EqualBudgetConfig
from simulations.world.learner import LearnerConfig
from simulations.world.tree import TreePoolConfig

__all__ = ["TREE_WORLDS", "generated_share", "tree_world"]

# 96 prompts of three steps, 16 groups a batch, six passes over the pool; a group has as many rollouts as a tree has
# leaves, which is the number in a world's name.
TREE_WORLDS: dict[str, dict[str, Any]] = {
    "bimodal-27": {},
    "hard-27": {"difficulty": "mostly_hard"},
    "easy-27": {"difficulty": "mostly_easy"},
    "one-right-27": {"right_share": 1 / 27},
    "bimodal-8": {"branching": 2},
    "hard-8": {"branching": 2, "difficulty": "mostly_hard"},
}
"""What differs from the default of :class:`~simulations.world.tree.TreePoolConfig`, by name."""

_PROMPTS, _HELD_OUT, _BATCH, _PASSES = 96, 8, 16, 6


def tree_world(name: str, *, learning_rate: float, scale: float = 1.0, evaluations: int = 12) -> EqualBudgetConfig:
    """Return a named world of tree prompts.

    Args:
        name: one of :data:`TREE_WORLDS`.
        learning_rate: of the learner.
        scale: multiplies pool and budget alike, so that the number of passes stays.
        evaluations: rows of the learning curve after the first.

    Raises:
        UnknownNameError: there is no such world.
        ArgumentError: the scale is not in (0, 1].
    """
    settings = world_settings(TREE_WORLDS, name, scale)
    pool = TreePoolConfig(prompts=max(round(_PROMPTS * scale), 1), held_out=_HELD_OUT, **settings)
    leaves = pool.branching**pool.depth
    return EqualBudgetConfig(
        pool=pool,
        learner=LearnerConfig(learning_rate=learning_rate),
        batch_size=_BATCH,
        group_size=leaves,
        budget=pool.prompts * leaves * _PASSES,
        evaluations=evaluations,
    )


def generated_share(name: str) -> float:
    r"""Return which share of its rollouts' steps a tree has to generate, since prefixes are shared.

    .. math:: \frac{\sum_{k=1}^{D} N^k}{D N^D}

    Args:
        name: one of :data:`TREE_WORLDS`.
    """
    pool = TreePoolConfig(**TREE_WORLDS[name])
    nodes = sum(pool.branching**level for level in range(1, pool.depth + 1))
    return float(nodes / (pool.depth * pool.branching**pool.depth))
