"""Scoring a part of the pool with rollouts of its own: which prompts, and how a sampler learns from them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vas_theory.selection.posteriors import learns_from_rewards
from vas_theory.selection.sampler.feedback import read_feedback
from vas_theory.selection.sampler.learning import feedback_rules
from vas_theory.selection.sampler.variance_aware import VarianceAwareSampler

__all__ = ["learn_scores", "uncertain_prompts"]


def uncertain_prompts(sampler: VarianceAwareSampler, count: int) -> NDArray[np.int64]:
    """Return the prompts whose pass rate is most uncertain while their groups may be mixed.

    They are ranked by the posterior variance of the pass rate times the probability that a group is mixed; a prompt of
    which neither is known scores as its prior does.

    Args:
        sampler: with a posterior of pass rates.
        count: how many, at least 1.
    """
    posterior = sampler.posterior
    worth = posterior.variance() * posterior.mixed_probability(sampler.config.group_size)
    order = np.argsort(-worth, kind="stable")
    return np.sort(order[: max(count, 1)])


def learn_scores(
    sampler: VarianceAwareSampler, positions: ArrayLike, rewards: ArrayLike, successes: ArrayLike | None = None
) -> None:
    """Teach a sampler rollouts that were made for scores alone; its counts of training groups stay as they are.

    Args:
        sampler: to teach; its ledger is charged.
        positions: of the prompts, shape (n,).
        rewards: shape (n, G).
        successes: whether each rollout is right, shape (n, G), where the rewards do not tell.

    Raises:
        ArgumentError: as of :meth:`~vas_theory.selection.sampler.variance_aware.VarianceAwareSampler.observe`.
    """
    pool = sampler.pool
    feedback = read_feedback(feedback_rules(pool), positions, rewards, successes=successes, diversity=None, weight=None)
    shape = np.shape(rewards)
    sampler.ledger.charge("scoring", groups=shape[0], rollouts=int(np.prod(shape)))
    pool.tally.count_excluded(feedback)
    if learns_from_rewards(pool.posterior):
        pool.posterior.update_rewards(
            feedback.group_positions, feedback.group_rewards, weight=np.ones(feedback.group_positions.size)
        )
    else:
        pool.posterior.update(feedback.positions, feedback.successes, feedback.sizes, weight=feedback.weight)
    if pool.index is not None:
        pool.index.update(feedback.positions, pool.rule.floored(pool.rule.posterior_scores(feedback.positions)))
