"""Frequencies of draws against their exact probabilities.

All seeds are fixed. For seeds chosen at random each test would fail a correct sampler with probability 1e-6.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from tests.false_alarms import RARE
from vas_theory.foundation.streams import stream_generator
from vas_theory.selection import VarianceAwareSampler

SCORES = np.array([0.05, 0.1, 0.2, 0.3, 0.75, 1.0])


def _sampler(**settings: object) -> VarianceAwareSampler:
    sampler = VarianceAwareSampler(6, score="custom", floor=0.0, **settings)  # type: ignore[arg-type]
    sampler.set_scores(np.arange(6), SCORES)
    return sampler


def test_draws_with_replacement_are_proportional_to_the_scores() -> None:
    sampler = _sampler(batch_size=50, mixture_ratio=1.0, replace=True, seed=11)
    counts = np.bincount(np.concatenate([sampler.draw() for _ in range(600)]), minlength=6)
    assert stats.chisquare(counts, counts.sum() * SCORES / SCORES.sum()).pvalue > RARE


def test_ordered_pairs_without_replacement() -> None:
    sampler = _sampler(batch_size=2, mixture_ratio=1.0, seed=12)
    shares = SCORES / SCORES.sum()
    expected = {(i, j): shares[i] * shares[j] / (1 - shares[i]) for i, j in itertools.permutations(range(6), 2)}
    counts = dict.fromkeys(expected, 0)
    for _ in range(5000):
        counts[tuple(sampler.draw().tolist())] += 1  # type: ignore[index]
    assert stats.chisquare(list(counts.values()), 5000 * np.array(list(expected.values()))).pvalue > RARE


def test_the_share_by_weight_given_the_uniform_share() -> None:
    sampler = _sampler(batch_size=3, mixture_ratio=0.4, seed=13)
    counts: dict[tuple[int, ...], np.ndarray] = {}
    for _ in range(6000):
        weighted, *uniform = sampler.draw().tolist()
        counts.setdefault(tuple(sorted(uniform)), np.zeros(6))[weighted] += 1
    statistic, freedom = 0.0, 0
    for uniform_part, observed in counts.items():
        left = np.setdiff1d(np.arange(6), uniform_part)
        assert observed.sum() == observed[left].sum()
        expected = observed.sum() * SCORES[left] / SCORES[left].sum()
        statistic += float(((observed[left] - expected) ** 2 / expected).sum())
        freedom += left.size - 1
    assert stats.chi2(freedom).sf(statistic) > RARE


def test_places_that_nothing_weighs_are_filled_uniformly() -> None:
    for prompts in (6, 500):  # both ways of drawing outside the batch
        sampler = VarianceAwareSampler(prompts, batch_size=3, mixture_ratio=1.0, score="custom", floor=0.0, seed=14)
        sampler.set_scores(np.arange(prompts), np.eye(prompts)[2])
        counts = np.bincount(np.concatenate([sampler.draw()[1:] for _ in range(2000)]), minlength=prompts)
        assert counts[2] == 0
        assert stats.chisquare(np.delete(counts, 2)).pvalue > RARE


@pytest.mark.parametrize("by", ["seed", "step"])
def test_orders_of_a_pass_are_equally_likely(by: str) -> None:
    counts = dict.fromkeys(itertools.permutations(range(3)), 0)
    if by == "seed":
        for seed in range(2000):
            counts[tuple(VarianceAwareSampler(3, batch_size=3, mixture_ratio=0.0, seed=seed).draw().tolist())] += 1
    else:
        sampler = VarianceAwareSampler(3, batch_size=3, mixture_ratio=0.0, seed=5)
        for _ in range(2000):
            counts[tuple(sampler.draw().tolist())] += 1
    assert stats.chisquare(list(counts.values())).pvalue > RARE


def test_streams_of_neighbouring_seeds_steps_and_purposes_are_unrelated() -> None:
    keys = [(seed, purpose, step) for seed in (0, 1) for purpose in ("weighted", "fill") for step in range(25)]
    numbers = np.array([stream_generator(*key).random(2000) for key in keys])
    correlations = np.corrcoef(numbers)[np.triu_indices(len(keys), 1)]
    # 4,950 correlations with standard deviation 1/sqrt(2000); a bound at 6.5 of them, after Bonferroni 4e-7
    assert np.abs(correlations).max() < 6.5 / np.sqrt(2000)
    assert stats.kstest(numbers.ravel(), "uniform").pvalue > RARE
