"""What the sampler makes of feedback: counts, a better posterior, new weights."""

from __future__ import annotations

import logging

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vas_theory.foundation.errors import ArgumentError, DataError
from vas_theory.selection.drawing.weighted_index import WeightedIndex
from vas_theory.selection.posteriors import learns_from_rewards
from vas_theory.selection.sampler.feedback import Feedback, FeedbackRules, as_numbers
from vas_theory.selection.sampler.pool import Pool

__all__ = [
    "check_consistency",
    "evidence_weight",
    "feedback_rules",
    "learn_from_refresh",
    "learn_from_training",
    "prepare_weights",
]

logger = logging.getLogger("vas_theory.selection.sampler")


def learn_from_training(pool: Pool, feedback: Feedback) -> None:
    """Take in the groups of a training step. Nothing here refuses what ``read_feedback`` let pass."""
    config = pool.config
    scores = None
    if config.refresh == "online" and config.score == "vps":
        scores = pool.rule.observed_scores(feedback)
    _count(pool, feedback)
    if config.refresh == "periodic":  # only the scoring rollouts move the weights then
        return
    _update_posterior(pool, feedback)
    if pool.index is None:
        return
    if config.score == "expected_signal":
        scores = pool.rule.posterior_scores(feedback.positions)
    elif scores is not None:
        old = pool.index.weights[feedback.positions]
        scores = feedback.weight * scores + (1 - feedback.weight) * old
    if scores is not None and feedback.positions.size:
        pool.index.update(feedback.positions, pool.rule.floored(scores))


def learn_from_refresh(pool: Pool, feedback: Feedback, asked: NDArray[np.int64]) -> None:
    """Take in scored groups; the new weights hold from the moment the last due prompt is in.

    Args:
        pool: the prompts.
        feedback: their groups.
        asked: all prompts of this part, also those without a usable reward, shape (n,).
    """
    if pool.config.score == "vps":
        scores = pool.rule.observed_scores(feedback)
    pool.tally.count_excluded(feedback)
    pool.posterior.advance(pool.step)
    _update_posterior(pool, feedback)
    if pool.config.score == "expected_signal":
        scores = pool.rule.posterior_scores(feedback.positions)
    if pool.refreshes.deliver(feedback.positions, scores, asked):
        first = pool.refreshes.is_first
        pool.index = WeightedIndex(pool.rule.refreshed(pool.weights, pool.refreshes.close(), first=first))
        pool.walk.restart()


def _count(pool: Pool, feedback: Feedback) -> None:
    """Compare what was predicted for these groups with what came."""
    places, size = feedback.group_positions, pool.config.group_size
    same_size = feedback.group_sizes == size
    if same_size.all():
        predicted = pool.posterior.mixed_probability(size, places)
    else:
        predicted = np.full(places.size, np.nan)
        predicted[same_size] = pool.posterior.mixed_probability(size, places[same_size])
    pool.tally.count(feedback, pool.drawn_by[places], predicted)


def feedback_rules(pool: Pool) -> FeedbackRules:
    """What feedback on these prompts has to be like."""
    config, graded = pool.config, learns_from_rewards(pool.posterior)
    by_variance = config.score == "vps" and config.variance_of == "reward"
    return FeedbackRules(
        len(pool),
        pool.keys.name,
        config.reward_range,
        needs_successes=not graded and not by_variance,
        graded=graded,
        with_variance=config.score == "vps",
    )


def evidence_weight(pool: Pool, rows: int, policy_version: ArrayLike | None) -> NDArray[np.float64] | None:
    """What each group's evidence counts, given how old the policy was that generated it; None for 1.

    Raises:
        ArgumentError: a version is no integer in [0, the present one].
    """
    if policy_version is None:
        return None
    versions = as_numbers("policy_version", policy_version)
    if versions.shape not in ((), (rows,)):
        raise ArgumentError("policy_version", f"have shape ({rows},) or be one number", versions.shape)
    wrong = ~((versions >= 0) & (versions <= pool.policy_version) & (versions == np.floor(versions)))
    if wrong.any():
        needs = f"hold integers >= 0 and at most the present {pool.policy_version}"
        raise ArgumentError("policy_version", needs, float(versions[wrong][0]))
    return pool.rule.evidence_weight(pool.policy_version - np.broadcast_to(versions, (rows,)))


def check_consistency(pool: Pool, feedback: Feedback) -> None:
    """Compare groups with what they are judged by, before anything is learned from them.

    Raises:
        DataError: they contradict it, and the settings are strict.
    """
    if pool.tally.contradiction_said:
        return
    found = pool.tally.contradiction(feedback)
    if found is None:
        return
    if pool.config.strict:
        raise DataError(found)
    pool.tally.contradiction_said = True
    logger.warning("step %d: %s", pool.step, found)


def _update_posterior(pool: Pool, feedback: Feedback) -> None:
    if learns_from_rewards(pool.posterior):
        weight = np.ones(feedback.group_positions.size) if feedback.group_weight is None else feedback.group_weight
        pool.posterior.update_rewards(feedback.group_positions, feedback.group_rewards, weight=weight)
        return
    known = ~np.isnan(feedback.successes)
    if known.all():
        pool.posterior.update(feedback.positions, feedback.successes, feedback.sizes, weight=feedback.weight)
        return
    # where nobody said how many were right, the prompt was seen and nothing is learned about its pass rate
    right = np.where(known, feedback.successes, 0.0)
    pool.posterior.update(feedback.positions, right, feedback.sizes, weight=np.where(known, feedback.weight, 0.0))


def prepare_weights(pool: Pool) -> None:
    """Bring the next few weights up to date with the drift, so that all are within a known number of steps."""
    if pool.index is None:
        return
    size = min(pool.config.rescored, len(pool))
    if size > 0 and pool.config.refresh == "online" and pool.rule.follows_posterior:
        places = (pool.step * size + np.arange(size)) % len(pool)
        pool.index.update(places, pool.rule.floored(pool.rule.posterior_scores(places)))
    pool.say_uniform(pool.rule.uniform_reason(pool.index))
