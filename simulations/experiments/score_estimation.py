"""What scoring rollouts can know of a prompt's reward variance, and how long the knowledge keeps.

Still pools: every prompt is rolled N times, and each score is compared with the prompt's true variance V = p(1-p), as a
ranking, as sampling weights, and by the variance of the prompts it would draw. Drifting pools: pass rates wander, and
refreshing all scores at fixed intervals is compared with a posterior that learns from the groups of every step, both
from the same number of rollouts a step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from simulations.running.experiment import Experiment, ExperimentConfig
from simulations.world.pool import PoolConfig, build_pool
from vas_theory.policy.softmax import softmax
from vas_theory.potentials import mixture_expected_variance
from vas_theory.selection.posteriors.discounted_beta import DiscountedBeta
from vas_theory.selection.scores import outcome_variance_score, variance_promotion_score

__all__ = ["EXPERIMENT", "ScoreConfig", "answer_diversity", "judge_scores", "run"]

Array = NDArray[np.float64]


class ScoreConfig(ExperimentConfig):
    """Pools, scoring rollouts and drift."""

    prompts: int = Field(default=1000, ge=10, description="prompts of a pool")
    seeds: int = Field(default=10, ge=2, description="independent pools")
    difficulties: tuple[str, ...] = Field(default=("uniform", "bimodal"), min_length=1, description="still pools")
    rollouts: tuple[int, ...] = Field(default=(2, 4, 8, 16, 32, 64), min_length=1, description="scoring rollouts N")
    group_size: int = Field(default=8, ge=2, description="rollouts of a training group")
    alpha: float = Field(default=0.8, ge=0, description="weight of the outcome variance in VPS")
    beta: float = Field(default=0.2, ge=0, description="weight of the diversity in VPS")
    drifts: tuple[float, ...] = Field(
        default=(1e-4, 3e-4, 1e-3, 3e-3), description="variance of the move of arcsin sqrt p in a step"
    )
    intervals: tuple[int, ...] = Field(default=(8, 16, 32, 64), min_length=1, description="steps between refreshes")
    batch_size: int = Field(default=64, ge=1, description="groups of a step")
    steps: int = Field(default=128, ge=1, description="steps that are measured, after as many as the longest interval")
    every: int = Field(default=2, ge=1, description="steps between measurements")


def answer_diversity(counts: NDArray[np.int64]) -> Array:
    """Return the share of pairs of rollouts with different answers.

    Args:
        counts: (..., K) how often each answer came, at least two rollouts in all.
    """
    total = counts.sum(-1)
    alike = (counts * (counts - 1)).sum(-1) / (total * (total - 1))
    diversity: Array = 1.0 - alike
    return diversity


def judge_scores(scores: Array, variances: Array) -> dict[str, float]:
    """Compare scores with true variances.

    Args:
        scores: (P,) what the prompts would be weighted by, >= 0.
        variances: (P,) their true p(1-p).

    Returns:
        ``weight_error``: root mean square difference of the two after each is divided by its mean, so in units of a
        uniform draw's weight; ``rank_correlation``: Spearman's; ``drawn_gain``: mean true variance of a prompt drawn
        in proportion to the scores over that of a uniform draw; ``seen_gain``: mean score of a prompt drawn so, over
        the mean true variance; ``possible_gain``: ``drawn_gain`` of the true variances.
        Scores that are all zero or all equal draw uniformly and rank nothing.
    """
    from scipy.stats import rankdata  # which takes as long to load as all else here

    mean, total = variances.mean(), scores.sum()
    weights = scores / total if total > 0 else np.full(len(scores), 1 / len(scores))
    ranks, wanted = rankdata(scores), rankdata(variances)
    level, tenth = np.ptp(ranks) == 0, max(len(scores) // 10, 1)
    return {
        "weight_error": float(np.sqrt(np.mean((weights * len(scores) - variances / mean) ** 2))),
        "rank_correlation": 0.0 if level else float(np.corrcoef(ranks, wanted)[0, 1]),
        "drawn_gain": float(weights @ variances / mean),
        "seen_gain": float(weights @ scores / mean),
        "possible_gain": float(mixture_expected_variance(variances, 1.0) / mean),
        "top_gain": float(variances[np.argsort(-scores, kind="stable")[:tenth]].mean() / mean),
        "possible_top_gain": float(np.sort(variances)[-tenth:].mean() / mean),
    }


def _still_pools(config: ScoreConfig) -> Iterator[dict[str, object]]:
    """Yield one row a pool, number of rollouts and score."""
    for place, difficulty in enumerate(config.difficulties):
        for seed in range(config.seeds):
            rng = np.random.default_rng([config.seed, 0, place, seed])
            pool = build_pool(PoolConfig(prompts=config.prompts, held_out=0, difficulty=difficulty), rng)
            probs = softmax(pool.base_PA)
            rates = np.minimum((probs * pool.rewards_PA).sum(-1), 1.0)
            for rollouts in config.rollouts:
                counts = rng.multinomial(rollouts, probs)
                right = (counts * pool.rewards_PA).sum(-1)
                variance = outcome_variance_score(right, rollouts)
                posterior = DiscountedBeta(config.prompts, drift=0.0)
                posterior.update(np.arange(config.prompts), right, rollouts)
                scores = {
                    "OVS": variance,
                    "VPS": variance_promotion_score(
                        variance, answer_diversity(counts), alpha=config.alpha, beta=config.beta
                    ),
                    "expected signal": posterior.expected_signal(config.group_size),
                }
                for name, values in scores.items():
                    judged = judge_scores(values, rates * (1 - rates))
                    if name != "OVS":  # only the outcome variance score is a variance
                        judged["seen_gain"] = np.nan
                    yield {"world": difficulty, "seed": seed, "rollouts": rollouts, "score": name, **judged}


@dataclass
class _Drifting:
    """Pass rates whose angle arcsin sqrt p walks between its ends, from the distribution in which it settles."""

    angles: Array
    drift: float

    def move(self, rng: np.random.Generator) -> None:
        """Take one step and reflect at the ends."""
        moved = np.abs(self.angles + np.sqrt(self.drift) * rng.standard_normal(self.angles.shape))
        self.angles = np.pi / 2 - np.abs(np.pi / 2 - moved)

    @property
    def rates(self) -> Array:
        """Pass rates now."""
        rates: Array = np.sin(self.angles) ** 2
        return rates


class _Periodic:
    """Plug-in outcome variance of all prompts, renewed at a fixed interval with the rollouts saved up until then."""

    def __init__(self, interval: int, rollouts_a_step: float) -> None:
        self.name, self.interval = f"every {interval}", interval
        self.rollouts = round(rollouts_a_step * interval)
        self.scores = np.empty(0)

    def step(self, step: int, rates: Array, rng: np.random.Generator) -> None:
        if step % self.interval == 0:
            self.scores = outcome_variance_score(rng.binomial(self.rollouts, rates), self.rollouts)

    def age(self, step: int) -> float:
        return float(step % self.interval)


class _LastGroup:
    """Plug-in outcome variance of each prompt's latest group; the groups of each step are drawn evenly."""

    def __init__(self, config: ScoreConfig) -> None:
        self.name, self.config = "online, last group only", config
        self.scores = np.zeros(config.prompts)
        self.seen = np.zeros(config.prompts)

    def step(self, step: int, rates: Array, rng: np.random.Generator) -> None:
        size = self.config.group_size
        chosen = rng.choice(len(rates), self.config.batch_size, replace=False)
        self.scores[chosen] = outcome_variance_score(rng.binomial(size, rates[chosen]), size)
        self.seen[chosen] = step

    def age(self, step: int) -> float:
        return float((step - self.seen).mean())


class _Online:
    """Posterior mean signal, from the groups of each step: drawn evenly, or half of them in proportion to itself."""

    def __init__(self, name: str, config: ScoreConfig, drift: float, mixture: float) -> None:
        self.name, self.config, self.mixture = name, config, mixture
        self.posterior = DiscountedBeta(config.prompts, drift=drift)
        self.scores = self.posterior.expected_signal(config.group_size)

    def step(self, step: int, rates: Array, rng: np.random.Generator) -> None:
        config = self.config
        weights = self.mixture * self.scores / self.scores.sum() + (1 - self.mixture) / len(rates)
        chosen = rng.choice(len(rates), config.batch_size, replace=False, p=weights / weights.sum())
        self.posterior.advance(step)
        self.posterior.update(chosen, rng.binomial(config.group_size, rates[chosen]), config.group_size)
        self.scores = self.posterior.expected_signal(config.group_size)

    def age(self, step: int) -> float:
        seen = self.posterior.last_seen
        return float(np.where(seen < 0, step, step - seen).mean())


def _drifting_pools(config: ScoreConfig) -> Iterator[dict[str, object]]:
    """Yield one row a pool, way of scoring and measured step."""
    a_step = config.batch_size * config.group_size / config.prompts
    warm = max(config.intervals)
    for place, drift in enumerate(config.drifts):
        for seed in range(config.seeds):
            walk = np.random.default_rng([config.seed, 1, place, seed])
            pool = _Drifting(walk.uniform(0, np.pi / 2, config.prompts), drift)
            ways: list[_Periodic | _LastGroup | _Online] = [
                _Periodic(interval, a_step) for interval in config.intervals
            ]
            ways += [
                _LastGroup(config),
                _Online("online", config, drift, 0.0),
                _Online("online, drift ignored", config, 0.0, 0.0),
                _Online("online, drift assumed tenfold", config, 10 * drift, 0.0),
                _Online("online, half of the draws weighted", config, drift, 0.5),
            ]
            rngs = [np.random.default_rng([config.seed, 2, place, seed, number]) for number in range(len(ways))]
            for step in range(warm + config.steps):
                variances = pool.rates * (1 - pool.rates)
                for way, rng in zip(ways, rngs, strict=True):
                    way.step(step, pool.rates, rng)
                    if step >= warm and (step - warm) % config.every == 0:
                        row = {"world": "drifting", "drift": drift, "seed": seed, "score": way.name, "step": step}
                        yield row | {"age": way.age(step), **judge_scores(way.scores, variances), "seen_gain": np.nan}
                pool.move(walk)


def run(config: ScoreConfig) -> pd.DataFrame:
    """Score pools of still and of drifting pass rates.

    Returns:
        One row a pool, score and number of rollouts (still) or step (drifting): world, seed, score, rollouts (scoring
        rollouts of a prompt; NaN when drifting), drift, step, age (mean steps since a prompt's last rollouts), and
        what :func:`judge_scores` measures, with ``seen_gain`` for the outcome variance scores of still pools only.
    """
    table = pd.DataFrame([*_still_pools(config), *_drifting_pools(config)])
    return table[[name for name in table.columns if name not in _JUDGED] + _JUDGED]


_JUDGED = [
    "weight_error", "rank_correlation", "drawn_gain", "seen_gain", "possible_gain", "top_gain", "possible_top_gain",
]  # fmt: skip


EXPERIMENT = Experiment(
    name="score_estimation",
    summary="how well scores from N rollouts know the reward variance, and online against periodic scoring under drift",
    presets={
        "smoke": ScoreConfig(prompts=200, seeds=2, rollouts=(2, 8, 32), drifts=(1e-3,), intervals=(8, 16), steps=16),
        "quick": ScoreConfig(seeds=4, drifts=(3e-4, 3e-3), every=8),
        "paper": ScoreConfig(seeds=16, every=4),
    },
    run=run,
)
