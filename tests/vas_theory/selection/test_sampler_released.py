"""The mode of the released code, against numbers that the released code itself gave."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vas_theory.foundation.errors import ArgumentError
from vas_theory.selection import VarianceAwareSampler, padded_distinct_n, padded_self_bleu
from vas_theory.selection.drawing.uniform_walk import FixedWalk
from vas_theory.selection.released import combined_scores, min_max_normalized, moved_weights
from vas_theory.selection.sampler.tally import ARMS

CASE: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "data" / "mmr1_released.json").read_text(encoding="utf-8")
)
SINGLE = 2e-7
"""The recorded numbers are single precision: one rounding is 6e-8 of the value, and a few add up."""


def test_diversities_of_padded_rows() -> None:
    rollouts = CASE["rollouts"]
    assert padded_self_bleu(CASE["responses"], rollouts) == pytest.approx(CASE["self_bleu_123"], rel=SINGLE)
    assert padded_distinct_n(CASE["responses"], rollouts) == pytest.approx(CASE["distinct_3"], rel=SINGLE)
    with pytest.raises(ArgumentError, match="responses"):
        padded_self_bleu(CASE["responses"], 5)


def test_padding_and_the_missing_inversion_change_the_ranking() -> None:
    from vas_theory.selection import self_bleu_groups

    rollouts = CASE["rollouts"]
    lengths = np.array(CASE["lengths"])
    tokens = np.concatenate([row[:length] for row, length in zip(CASE["responses"], lengths, strict=True)])
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    text_only = self_bleu_groups(tokens, offsets, np.arange(0, lengths.size + 1, rollouts))
    # the third prompt's rollouts share nothing but padding, the second prompt's are identical
    assert text_only[2] == 0.0
    assert CASE["self_bleu_123"][2] > 0.6
    assert CASE["self_bleu_123"][1] == 1.0


def test_combination_normalisation_and_momentum() -> None:
    rate = np.mean(CASE["accuracy"], axis=1)
    combined = combined_scores(rate, CASE["self_bleu_123"], alpha=0.8, beta=0.2)
    assert combined == pytest.approx(CASE["combined"], rel=SINGLE)
    first = min_max_normalized(combined)
    # a difference of two numbers of size 0.3 carries their rounding
    assert first == pytest.approx(CASE["normalized"], abs=1e-6)
    assert min_max_normalized([0.25] * 3).tolist() == CASE["normalized_equal"] == [0.0] * 3
    second = CASE["second"]
    scores = 0.8 * np.array(second["learnability"]) + 0.2 * np.array(CASE["self_bleu_123"])
    assert min_max_normalized([0.0, 1e-8]).tolist() == pytest.approx([0.0, 0.5])
    moved = moved_weights(first, min_max_normalized(scores), momentum=second["momentum"])
    assert moved == pytest.approx(second["weights"], abs=1e-6)
    assert np.array_equal(moved_weights(first, first[::-1], momentum=1.0), first)  # 1 keeps the old for ever


@pytest.mark.parametrize("case", CASE["walks"], ids=lambda case: f"{case['prompts']}x{case['batch_size']}")
def test_the_uniform_share_repeats_and_skips_as_released(case: dict[str, Any]) -> None:
    prompts, batch = case["prompts"], case["batch_size"]
    walk = FixedWalk(prompts, batches_per_epoch=prompts // batch, order=np.array(case["order"]))
    for event in case["events"]:
        if event == "refresh":
            walk.restart()
        elif event != "epoch":  # epochs end by themselves
            assert walk.take(0, 0, batch - case["weighted"]).tolist() == event
            copy = FixedWalk(prompts, batches_per_epoch=prompts // batch)
            copy.load_state_dict(walk.state_dict())
            walk = copy


def test_places_by_weight_as_released() -> None:
    for batch, ratio, weighted in CASE["weighted_places"]:
        sampler = VarianceAwareSampler(1000, batch_size=batch, mixture_ratio=ratio, mode="mmr1-released")
        assert sampler.config.num_weighted == weighted


def test_the_whole_mode() -> None:
    rollouts = CASE["rollouts"]
    sampler = VarianceAwareSampler(
        4,
        batch_size=4,
        mixture_ratio=0.5,
        mode="mmr1-released",
        alpha=0.8,
        beta=0.2,
        momentum=CASE["second"]["momentum"],
        update_interval=2,
    )
    bleu = padded_self_bleu(CASE["responses"], rollouts)
    sampler.refresh(sampler.refresh_due(), CASE["accuracy"], diversity=bleu)
    assert sampler.weights == pytest.approx(CASE["normalized"], abs=1e-6)
    assert sampler.weights[3] == 0.0
    for _ in range(2):
        positions = sampler.draw()
        assert [ARMS[arm] for arm in sampler.last_arms] == ["weighted", "uniform"] * 2
        assert 3 not in positions[::2]  # the lowest prompt is never drawn by weight
        sampler.observe(positions, np.zeros((4, 8)))
    right = np.array([[0, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1]])
    with pytest.raises(ArgumentError, match="diversity"):
        sampler.refresh(sampler.refresh_due(), right)
    sampler.refresh(sampler.refresh_due(), right, diversity=bleu)
    new = min_max_normalized(0.8 * np.array([0, 0.25, 0.1875, 0]) + 0.2 * bleu)
    assert sampler.weights == pytest.approx(0.7 * np.array(CASE["normalized"]) + 0.3 * new, abs=1e-6)
    assert sampler.scoring_rollouts == 4 * 3 + 4 * 4
    repeated = positions[1::2].tolist()  # the refresh makes the last uniform share come again
    assert sampler.draw()[1::2].tolist() == repeated


def test_equal_scores_do_not_stop_the_run_as_they_stop_the_released_code() -> None:
    sampler = VarianceAwareSampler(6, batch_size=4, mode="mmr1-released")
    sampler.refresh(sampler.refresh_due(), np.ones((6, 8)))
    assert sampler.weights.tolist() == [0.0] * 6
    assert sampler.draw().shape == (4,)
    assert sampler.uniform_reason == "all scores are zero"


def test_the_paper_mode_is_algorithm_1_as_written() -> None:
    sampler = VarianceAwareSampler(5, batch_size=4, mode="paper", update_interval=7, reward_range=(0.0, 1.1))
    assert sampler.refresh_due().tolist() == [0, 1, 2, 3, 4]  # before training
    rewards = np.array([[0.1, 1.1, 1.1, 0.1]] * 3 + [[1.1] * 4] * 2)  # 0.1 for the format, 1 for the answer
    successes = (rewards > 1).sum(1)
    sampler.refresh(np.arange(5), rewards, successes=successes, diversity=[0.0, 0.5, 1.0, 0.0, 0.5])
    assert sampler.weights == pytest.approx([0.2, 0.3, 0.4, 0.0, 0.1], abs=1e-15)
    drawn = np.concatenate([sampler.draw()[:2] for _ in range(7)])
    assert 3 not in drawn
    assert sampler.refresh_due().size == 5
