"""Rollouts that are made for scores alone: of which prompts, and what they change."""

from __future__ import annotations

import numpy as np
import pytest

from vas_theory.foundation.errors import ArgumentError
from vas_theory.selection import VarianceAwareSampler
from vas_theory.selection.rescoring import learn_scores, uncertain_prompts


def _known() -> VarianceAwareSampler:
    """Four prompts: hopeless, well known at one half, hardly known, unknown."""
    sampler = VarianceAwareSampler(4, batch_size=2, group_size=4)
    for place, right, size in ((0, 0, 64), (1, 32, 64), (2, 2, 8)):
        sampler.posterior.update([place], [right], [size])
    return sampler


def test_uncertain_prompts_come_first_and_as_many_as_asked_for() -> None:
    sampler = _known()
    assert [uncertain_prompts(sampler, count).tolist() for count in (1, 2, 3, 4)] == [
        *([3], [2, 3], [1, 2, 3], [0, 1, 2, 3]),
    ]


def test_scores_are_learned_and_charged_and_count_as_no_training() -> None:
    sampler, trained = _known(), _known()
    rewards = np.array([[1, 0, 1, 1], [0, 0, 0, 1]])
    learn_scores(sampler, [3, 0], rewards)
    trained.observe([3, 0], rewards)
    assert np.array_equal(sampler.weights, trained.weights)
    assert sampler.posterior.state_dict()["successes"].tolist() == [1.0, 32.0, 2.0, 3.0]
    assert sampler.ledger["scoring"].rollouts == 8
    assert sampler.ledger["training"].rollouts == 0
    assert sampler.metrics()["scoring_rollouts"] == 8


def test_graded_rewards_need_their_successes() -> None:
    sampler = _known()
    with pytest.raises(ArgumentError, match="successes"):
        learn_scores(sampler, [3], [[0.2, 0.4]])
    learn_scores(sampler, [3], [[0.2, 0.4]], successes=[[False, True]])
    assert sampler.posterior.state_dict()["successes"][3] == 1.0
