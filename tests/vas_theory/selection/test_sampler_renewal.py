"""How estimates are kept up to date: probes, drift, and scoring of the whole pool."""

from __future__ import annotations

import numpy as np
import pytest

from vas_theory.foundation.errors import ArgumentError, VASError
from vas_theory.selection import VarianceAwareSampler
from vas_theory.selection.sampler.tally import ARMS

PROBE = ARMS.index("probe")


def _groups(sampler: VarianceAwareSampler, positions: np.ndarray, size: int = 8) -> np.ndarray:
    """Rewards that depend on the step alone."""
    return np.random.default_rng([7, sampler.step]).integers(0, 2, (len(positions), size))


def test_probes_reach_every_stale_prompt_and_stay_within_their_cap() -> None:
    sampler = VarianceAwareSampler(
        400, batch_size=8, mixture_ratio=1.0, score="custom", floor=0.0, max_probes=2, probe_after=10
    )
    sampler.set_scores(np.arange(400), np.r_[np.ones(8), np.zeros(392)])
    seen: set[int] = set()
    for step in range(600):
        positions = sampler.draw()
        probes = positions[sampler.last_arms == PROBE]
        assert probes.size <= 2
        assert (step >= 10) or probes.size == 0
        idle = step - np.maximum(sampler.posterior.last_seen[probes], 0)
        assert (idle >= 10).all()
        seen |= set(probes.tolist())
        sampler.observe(positions, _groups(sampler, positions))
    assert len(seen) >= 392
    assert sampler.metrics()["probe/groups"] > 0
    assert sampler.metrics()["scoring_rollouts"] == 0  # they are trained on


def test_probes_are_not_drawn_twice() -> None:
    sampler = VarianceAwareSampler(12, batch_size=9, mixture_ratio=0.5, max_probes=4, probe_after=1)
    for _ in range(200):  # nothing is ever observed, so every prompt is stale
        positions = sampler.draw()
        assert len(set(positions.tolist())) == 9
    assert (sampler.last_arms == PROBE).any()


def test_weights_follow_the_drift_within_one_turn() -> None:
    sampler = VarianceAwareSampler(40, batch_size=4, rescore_per_step=10, floor=0.0)
    sampler.observe(np.arange(40), np.tile([[1] * 8], (40, 1)))
    low = sampler.weights.copy()
    for _ in range(5):  # at the first step no time has passed
        sampler.draw()
    assert (sampler.weights > low).all()
    fixed = VarianceAwareSampler(40, batch_size=4, rescore_per_step=0, floor=0.0)
    fixed.observe(np.arange(40), np.tile([[1] * 8], (40, 1)))
    for _ in range(4):
        fixed.draw()
    assert np.array_equal(fixed.weights, low)


@pytest.mark.parametrize("score", ["vps", "expected_signal"])
def test_periodic_refreshes_are_due_at_their_steps_and_on_the_ledger(score: str) -> None:
    sampler = VarianceAwareSampler(
        6, batch_size=2, refresh="periodic", update_interval=3, score=score, alpha=1.0, beta=0.0, floor=0.0
    )
    for step in range(7):
        due = sampler.refresh_due()
        assert due.tolist() == (list(range(6)) if step % 3 == 0 else [])
        if due.size:
            with pytest.raises(VASError, match="6 prompts are due"):
                sampler.draw()
            before = sampler.weights.copy()
            sampler.refresh(due[:4], np.tile([1, 1, 0, 0], (4, 1)))
            assert np.array_equal(sampler.weights, before)  # as a whole or not at all
            assert sampler.refresh_due().tolist() == [4, 5]
            with pytest.raises(ArgumentError, match="due"):
                sampler.refresh(due[:1], [[1, 1, 0, 0]])
            sampler.refresh(due[4:], np.tile([1, 1, 1, 1], (2, 1)))
            assert sampler.weights[:4].min() > sampler.weights[4:].max()
            if score == "vps":
                assert sampler.weights.tolist() == [0.25] * 4 + [0.0] * 2
        weights = sampler.weights.copy()
        positions = sampler.draw()
        sampler.observe(positions, np.zeros((2, 8)))
        assert np.array_equal(sampler.weights, weights)  # training rollouts do not move a periodic score
    assert sampler.scoring_rollouts == 3 * 6 * 4
    assert sampler.metrics()["training_rollouts"] == 7 * 16
    with pytest.raises(ArgumentError, match="due"):
        sampler.refresh([0], [[1, 0, 1, 0]])


def test_a_prompt_without_any_usable_reward_does_not_hold_up_a_refresh() -> None:
    sampler = VarianceAwareSampler(3, batch_size=1, mode="paper", beta=0.0)
    sampler.refresh(np.arange(3), [[1, 0], [np.nan, np.nan], [1, 0]])
    assert sampler.refresh_due().size == 0
    assert sampler.weights == pytest.approx([0.2, 0.0, 0.2])
    assert sampler.scoring_rollouts == 6
    assert sampler.metrics()["excluded_groups"] == 1


def test_online_mode_needs_no_scoring_rollouts() -> None:
    sampler = VarianceAwareSampler(20, batch_size=4)
    for _ in range(10):
        assert sampler.refresh_due().size == 0
        positions = sampler.draw()
        sampler.observe(positions, _groups(sampler, positions))
    assert sampler.scoring_rollouts == 0
    with pytest.raises(ArgumentError, match="due"):
        sampler.refresh([0], [[1, 0]])
