"""Does diversity in the score help? Pools in which it goes with the reward variance, and pools in which it does not.

A prompt is drawn in proportion to alpha OVS + beta TDS. Over a large pool that raises the mean variance of the drawn
prompts above what OVS alone draws if and only if Cov(V, T) / E T > Cov(V, S) / E S, with V the true variance, T the
diversity and S the variance of the rewards that the verifier gives (V itself if it makes no mistake). In terms of
coefficients of variation: T must vary so much, and so much along with V, that corr(V, T) CV(T) > corr(V, S) CV(S).
Each pool is scored from N rollouts of every prompt, drawn from, and rolled again to measure the variance obtained.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from simulations.experiments.score_estimation import answer_diversity
from simulations.running.experiment import Experiment, ExperimentConfig
from simulations.world.pool import draw_pass_rates
from vas_theory.selection.scores import outcome_variance_score, variance_promotion_score

__all__ = ["EXPERIMENT", "WORLDS", "TdsConfig", "World", "predicted_gain", "run"]

Array = NDArray[np.float64]
Counts = NDArray[np.int64]


class TdsConfig(ExperimentConfig):
    """Pools, scores and draws."""

    prompts: int = Field(default=2000, ge=2, description="prompts of a pool")
    seeds: int = Field(default=8, ge=2, description="independent pools of each world")
    rollouts: tuple[int, ...] = Field(default=(8, 32), min_length=1, description="scoring rollouts N of a prompt, >= 2")
    betas: tuple[float, ...] = Field(
        default=(0.0, 0.2, 0.5, 0.8, 1.0), min_length=1, description="weight of the diversity; alpha is 1 - beta"
    )
    draws: int = Field(default=20_000, ge=1, description="prompts drawn with replacement for each measurement")
    group_size: int = Field(default=8, ge=2, description="rollouts that measure the variance of a drawn prompt")


class World(NamedTuple):
    """A pool of prompts.

    Args:
        probs: (P, K) probabilities of the trajectories.
        rewards: (P, K) true rewards in {0, 1}.
        false_positive: chance that the verifier passes a wrong trajectory.
    """

    probs: Array
    rewards: Array
    false_positive: float = 0.0


def _two_classes(rates: Array, right: Counts, wrong: Counts) -> World:
    """Return prompts whose right and wrong trajectories are spread evenly over the given numbers of ways."""
    most = int(max(right.max(), wrong.max()))
    way = np.arange(most)
    among_right = (way < right[:, None]) / right[:, None]
    among_wrong = (way < wrong[:, None]) / wrong[:, None]
    probs = np.concatenate([rates[:, None] * among_right, (1 - rates)[:, None] * among_wrong], axis=1)
    return World(probs, np.tile(np.repeat([1.0, 0.0], most), (len(rates), 1)))


def _ones(rates: Array, number: int = 1) -> Counts:
    return np.full(len(rates), number)


def _two_answers(rng: np.random.Generator, prompts: int) -> World:
    rates = draw_pass_rates("uniform", rng, prompts)
    return _two_classes(rates, _ones(rates), _ones(rates))


def _noisy_verifier(rng: np.random.Generator, prompts: int) -> World:
    return _two_answers(rng, prompts)._replace(false_positive=0.2)


def _many_wrong(rng: np.random.Generator, prompts: int) -> World:
    rates = draw_pass_rates("mostly_hard", rng, prompts)
    return _two_classes(rates, _ones(rates), _ones(rates, 16))


def _many_right(rng: np.random.Generator, prompts: int) -> World:
    rates = draw_pass_rates("mostly_hard", rng, prompts)
    return _two_classes(rates, _ones(rates, 16), _ones(rates))


def _unrelated(rng: np.random.Generator, prompts: int) -> World:
    rates = draw_pass_rates("bimodal", rng, prompts)
    ways = rng.choice([1, 2, 4, 16], size=(2, prompts))
    return _two_classes(rates, ways[0], ways[1])


def _only_where_unsure(rng: np.random.Generator, prompts: int) -> World:
    rates = draw_pass_rates("bimodal", rng, prompts)
    ways = np.where(rates * (1 - rates) > 0.15, 16, 1)
    return _two_classes(rates, ways, ways)


WORLDS: dict[str, Callable[[np.random.Generator, int], World]] = {
    "two answers": _two_answers,
    "ways unrelated to difficulty": _unrelated,
    "many wrong ways, hard pool": _many_wrong,
    "many right ways, hard pool": _many_right,
    "many ways only where unsure": _only_where_unsure,
    "two answers, lenient verifier": _noisy_verifier,
}
"""Builders of pools, by name."""


def _moments(world: World) -> tuple[Array, Array, Array]:
    """Return every prompt's true variance, chance that two trajectories differ, and variance as graded."""
    rate = (world.probs * world.rewards).sum(-1)
    graded = rate + (1 - rate) * world.false_positive
    return rate * (1 - rate), 1 - (world.probs**2).sum(-1), graded * (1 - graded)


def predicted_gain(variance: Array, diversity: Array, graded: Array, beta: float, rollouts: int) -> float:
    """Return the mean variance of a drawn prompt over that of a uniform draw, in a large pool scored from N rollouts.

    E[V W] / (E V E W) with W = (1 - beta) (1 - 1/N) S + beta T, the mean of a prompt's score.
    """
    weight = (1 - beta) * (1 - 1 / rollouts) * graded + beta * diversity
    return float((variance * weight).mean() / (variance.mean() * weight.mean()))


def _measured_gain(rng: np.random.Generator, world: World, scores: Array, config: TdsConfig, mean: float) -> float:
    """Draw prompts by their scores, roll a group of each, and return the mean unbiased variance of its true rewards."""
    chosen = rng.choice(len(scores), config.draws, p=scores / scores.sum())
    rates = (world.probs * world.rewards).sum(-1)[chosen]
    right = rng.binomial(config.group_size, np.minimum(rates, 1.0))
    return float(outcome_variance_score(right, config.group_size, unbiased=True).mean() / mean)


def run(config: TdsConfig) -> pd.DataFrame:
    """Build the pools, score them and draw from them.

    Returns:
        One row a world, seed, number of scoring rollouts and beta: correlation (of V and T), cv_diversity, cv_score
        (of S), condition (Cov(V, T) / E T - Cov(V, S) / E S, over E V; positive where diversity helps), predicted and
        measured (mean variance of the drawn prompts over the pool's), and both as relative changes against beta = 0:
        predicted_change, measured_change (against draws with the same rollouts).
    """
    rows = []
    for place, (name, build) in enumerate(WORLDS.items()):
        for seed in range(config.seeds):
            rng = np.random.default_rng([config.seed, place, seed])
            world = build(rng, config.prompts)
            variance, diversity, graded = _moments(world)
            mean = float(variance.mean())
            with_t, with_s = (np.cov(variance, other, ddof=0)[0, 1] / other.mean() for other in (diversity, graded))
            about = {
                "world": name,
                "seed": seed,
                "correlation": float(np.corrcoef(variance, diversity)[0, 1]),
                "cv_diversity": float(diversity.std() / diversity.mean()),
                "cv_score": float(graded.std() / graded.mean()),
                "condition": float(with_t - with_s) / mean,
            }
            for rollouts in config.rollouts:
                counts = rng.multinomial(rollouts, world.probs / world.probs.sum(-1, keepdims=True))
                right = (counts * world.rewards).sum(-1).astype(np.int64)
                passed = right + rng.binomial(rollouts - right, world.false_positive)
                outcome, spread = outcome_variance_score(passed, rollouts), answer_diversity(counts)
                alone = _measured_gain(rng, world, outcome, config, mean)
                base = predicted_gain(variance, diversity, graded, 0.0, rollouts)
                for beta in config.betas:
                    scores = variance_promotion_score(outcome, spread, alpha=1 - beta, beta=beta)
                    predicted = predicted_gain(variance, diversity, graded, beta, rollouts)
                    measured = alone if beta == 0 else _measured_gain(rng, world, scores, config, mean)
                    rows.append(
                        about
                        | {"rollouts": rollouts, "beta": beta, "predicted": predicted, "measured": measured}
                        | {"predicted_change": predicted / base - 1, "measured_change": measured / alone - 1}
                    )
    return pd.DataFrame(rows)


EXPERIMENT = Experiment(
    name="tds_value",
    summary="reward variance drawn with and without diversity in the score, against the condition that decides it",
    presets={
        "smoke": TdsConfig(prompts=300, seeds=2, rollouts=(8,), betas=(0.0, 0.2, 1.0), draws=2000),
        "quick": TdsConfig(),
        "paper": TdsConfig(seeds=40, rollouts=(8, 16, 32)),
    },
    run=run,
)
