"""How many steps an improvement takes, against the lower bounds that grow as the initial reward variance shrinks.

Two routes to a small variance: rewards of +s and -s with a small s, and success that is rare. Gradient flow of a policy
with one logit gives exact times, which the bounds must not exceed; sampled training of many prompts gives steps, runs
that miss the target are censored, and an exponent of the initial variance is fitted to them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from simulations.analysis.statistics import time_to_target
from simulations.running.experiment import Experiment, ExperimentConfig
from simulations.world.learner import Learner, LearnerConfig
from simulations.world.pool import Pool
from vas_theory.bounds.improvement import improvement_time_bound, razin_time_bound
from vas_theory.bounds.sharper_improvement import sharper_improvement_time_bound
from vas_theory.groups.pass_rate_laws import group_gain
from vas_theory.policy.softmax import bernoulli_logit_probability

__all__ = ["EXPERIMENT", "UPDATES", "TimeConfig", "Update", "censored_exponent", "flow_time", "run", "train"]

Array = NDArray[np.float64]
Route = Literal["rare success", "small rewards"]


class Update(NamedTuple):
    """The advantage and the group size; ``None`` is the limit of large groups, for the flow only."""

    advantage: Literal["grpo", "dr_grpo"]
    group_size: int | None

    def speed(self, rates: Array, scale: Array) -> Array:
        """Return the velocity of the logit over p(1-p), for rewards +-scale."""
        if self.advantage == "grpo":  # whitening removes the scale
            if self.group_size is None:
                return 1 / np.sqrt(rates * (1 - rates))
            return group_gain(rates, self.group_size)
        share = 1.0 if self.group_size is None else 1 - 1 / self.group_size
        return 2 * scale * share * np.ones_like(rates)


UPDATES = {
    "plain": Update("dr_grpo", 8),
    "whitened, G = 8": Update("grpo", 8),
    "whitened, G = 64": Update("grpo", 64),
}
"""Updates of the sampled runs, by name."""

_FLOWS = {"gradient": Update("dr_grpo", None), "whitened, large groups": Update("grpo", None), **UPDATES}


class TimeConfig(ExperimentConfig):
    """Starts, targets and budgets."""

    rise: float = Field(default=0.4, gt=0, le=0.5, description="by how much the pass rate must grow")
    rarest: float = Field(default=1e-3, gt=0, lt=0.1, description="smallest initial pass rate")
    commonest: float = Field(default=0.1, gt=0, lt=0.5, description="largest initial pass rate")
    smallest_scale: float = Field(default=0.03, gt=0, lt=1, description="smallest s of rewards +-s; the largest is 1")
    start: float = Field(default=0.3, gt=0, lt=0.5, description="initial pass rate where s varies")
    levels: int = Field(default=9, ge=3, description="initial variances of each route")
    arms: tuple[int, ...] = Field(default=(2, 16), min_length=1, description="2: one logit; more: softmax, one right")
    runs: int = Field(default=30, ge=2, description="sampled runs of every start and update")
    learning_rate: float = Field(default=0.5, gt=0, description="of sampled training, in logits a unit of advantage")
    max_steps: int = Field(default=1000, ge=10, description="steps after which a run counts as a miss")
    resamples: int = Field(default=200, ge=20, description="bootstrap resamples of an exponent")


@lru_cache(maxsize=1)
def _quadrature() -> tuple[Array, Array]:
    return np.polynomial.legendre.leggauss(100)


def flow_time(update: Update, start: Array, goal: Array, scale: Array) -> Array:
    """Return the time in which the logit's flow moves the pass rate from start to goal.

    Integral of dz / (p (1-p) speed) over the logit, by Gauss-Legendre quadrature with 100 nodes: the integrand is
    analytic but for poles at distance pi from the way, so over up to ten logits the error is at rounding level.
    """
    nodes, weights = _quadrature()
    low, high = (np.log(p) - np.log1p(-p) for p in (start, goal))
    rates = bernoulli_logit_probability(low[:, None] + (high - low)[:, None] * (1 + nodes) / 2)
    integrand = 1 / (rates * (1 - rates) * update.speed(rates, scale[:, None]))
    time: Array = (integrand * weights).sum(-1) * (high - low) / 2
    return time


def _starts(config: TimeConfig, route: Route) -> tuple[Array, Array]:
    """Return initial pass rates and reward scales of a route."""
    if route == "rare success":
        return np.geomspace(config.rarest, config.commonest, config.levels), np.ones(config.levels)
    return np.full(config.levels, config.start), np.geomspace(config.smallest_scale, 1, config.levels)


def _flow_rows(config: TimeConfig, route: Route) -> Iterator[pd.DataFrame]:
    start, scale = _starts(config, route)
    goal = start + config.rise
    variance, gamma, norm = 4 * scale**2 * start * (1 - start), 2 * config.rise, np.maximum(1 - start, goal)
    bounds = {
        "bound_b14": improvement_time_bound(gamma, norm, variance),
        "bound_b53": sharper_improvement_time_bound(gamma, norm, variance),
        "bound_l02": razin_time_bound(gamma, np.sqrt(0.5), 1, variance),  # two tokens with the logits z/2 and -z/2
    }
    for name, update in _FLOWS.items():
        frame = {"start": start, "scale": scale, "initial_variance": variance}
        time = {"time": flow_time(update, start, goal, scale)}
        # the bounds speak of the gradient flow of the expected reward, and of no other
        known = bounds if name == "gradient" else {}
        yield pd.DataFrame(frame | time | known).assign(part="flow", route=route, update=name, arms=2)


def _pool(start: Array, scale: Array, arms: int) -> Pool:
    """Return one prompt a start, with rewards scale and 0, whose group statistics are those of +-scale/2."""
    others = np.broadcast_to((1 - start)[:, None] / (arms - 1), (len(start), arms - 1))
    probs = np.concatenate([start[:, None], others], axis=1)
    rewards = np.zeros_like(probs)
    rewards[:, 0] = scale
    logits = np.log(probs) - np.log(probs[:, -1:])
    return Pool(len(start), logits, rewards, np.ones_like(probs), np.zeros((len(start), 0)), one_logit=arms == 2)


def train(
    update: Update, start: Array, scale: Array, arms: int, config: TimeConfig, seed: int
) -> tuple[Array, NDArray[np.bool_]]:
    """Train every prompt alone until its pass rate has risen, and return steps and whether the target was reached.

    Pass rates are read at steps 2% apart and interpolated between. Rewards are 2 s and 0, so that the plain update is
    that of rewards +-s.
    """
    assert update.group_size is not None
    config_of_learner = LearnerConfig(learning_rate=config.learning_rate, advantage=update.advantage, eps=0.0)
    learner = Learner(_pool(start, 2 * scale, arms), config_of_learner, seed, budget=1)
    marks = np.unique(np.round(np.geomspace(1, config.max_steps, 1 + int(50 * np.log(config.max_steps)))).astype(int))
    curves = [start]
    for steps in np.diff(marks, prepend=0):
        open_runs = np.flatnonzero(curves[-1] < start + config.rise)
        if len(open_runs):
            learner.train_schedule(np.tile(open_runs, (steps, 1)), update.group_size)
        curves.append(learner.pass_rates() / (2 * scale))
    steps_taken = np.concatenate([[0], marks])
    reached = [
        time_to_target(steps_taken, curve, target)
        for curve, target in zip(np.array(curves).T, start + config.rise, strict=True)
    ]
    return np.array([steps for steps, _ in reached]), np.array([hit for _, hit in reached])


def _fit(x: Array, y: Array, hit: NDArray[np.bool_], guess: Array) -> Array:
    """Return intercept, slope and log deviation that maximise the likelihood of normal y, censored where not hit."""
    from scipy.optimize import minimize
    from scipy.special import log_ndtr

    def loss(parameters: Array) -> tuple[float, Array]:
        intercept, slope, log_spread = parameters
        spread = np.exp(log_spread)
        z = (y - intercept - slope * x) / spread
        tail = log_ndtr(-z)  # of misses: the chance to take longer
        hazard = np.exp(-0.5 * z**2 - 0.5 * np.log(2 * np.pi) - tail)
        value = np.where(hit, 0.5 * z**2 + log_spread, -tail).sum()
        pull = np.where(hit, z, hazard)
        gradient = -np.array([pull.sum() / spread, (pull * x).sum() / spread, (pull * z - hit).sum()])
        return float(value), gradient

    fitted: Array = minimize(loss, guess, jac=True, method="BFGS").x
    return fitted


def censored_exponent(
    variance: Array, steps: Array, hit: NDArray[np.bool_], *, seed: int, resamples: int
) -> tuple[float, float, float]:
    """Return the exponent b in steps = exp(a) variance^b times log-normal noise, with a 95% bootstrap interval.

    Misses enter as "longer than this". The interval resamples the runs of every variance.

    Args:
        variance: (levels, 1) initial variances.
        steps: (levels, runs) steps taken, the budget for misses.
        hit: (levels, runs) whether the target was reached.
        seed: of the resampling.
        resamples: number of resamples.
    """
    x = np.broadcast_to(np.log(variance) - np.log(variance).mean(), steps.shape)
    y = np.log(steps)
    guess = np.array([y.mean(), -0.5, 0.0])
    best = _fit(x.ravel(), y.ravel(), hit.ravel(), guess)
    rng = np.random.default_rng(seed)
    slopes = np.empty(resamples)
    for index in range(resamples):
        drawn = rng.integers(steps.shape[1], size=steps.shape)
        values, known = (np.take_along_axis(array, drawn, axis=1).ravel() for array in (y, hit))
        slopes[index] = _fit(x.ravel(), values, known, best)[1]
    low, high = np.quantile(slopes, [0.025, 0.975])
    return float(best[1]), float(low), float(high)


def _training_rows(config: TimeConfig, route: Route, place: int) -> Iterator[pd.DataFrame]:
    start, scale = _starts(config, route)
    variance = 4 * scale**2 * start * (1 - start)
    for number, (name, update) in enumerate(UPDATES.items()):
        for arms in config.arms:
            many = {"start": np.repeat(start, config.runs), "scale": np.repeat(scale, config.runs)}
            seed = int(np.random.SeedSequence([config.seed, place, number, arms]).generate_state(1)[0])
            steps, hit = train(update, many["start"], many["scale"], arms, config, seed)
            about: dict[str, Any] = {"route": route, "update": name, "arms": arms}
            frame = many | {"initial_variance": np.repeat(variance, config.runs), "steps": steps, "reached": hit}
            runs = np.tile(np.arange(config.runs), config.levels)
            yield pd.DataFrame(frame | {"run": runs}).assign(part="training", **about)
            shape = (config.levels, config.runs)
            fit = censored_exponent(
                variance[:, None], steps.reshape(shape), hit.reshape(shape), seed=seed, resamples=config.resamples
            )
            exponent = dict(zip(("exponent", "exponent_low", "exponent_high"), fit, strict=True))
            flow = flow_time(update, start, start + config.rise, scale)
            exponent["flow_exponent"] = float(np.polyfit(np.log(variance), np.log(flow), 1)[0])
            counts = {"runs": hit.size, "misses": int((~hit).sum())}
            yield pd.DataFrame([about | exponent | counts]).assign(part="exponent")


def run(config: TimeConfig) -> pd.DataFrame:
    """Time the flow and the sampled runs, and fit the exponents.

    Returns:
        Rows with part "flow", one a route, update and start: start, scale, initial_variance (of rewards +-scale),
        time, and for the gradient's own flow bound_b14, bound_b53, bound_l02; "training", one a run: arms, run, steps,
        reached (False: censored at the budget); "exponent", one a route, update and number of arms: exponent of the
        initial variance with its interval (exponent_low, exponent_high), runs, misses, and flow_exponent, fitted to
        the flow of one logit over the same starts.
    """
    frames: list[pd.DataFrame] = []
    routes: tuple[Route, ...] = ("rare success", "small rewards")
    for place, route in enumerate(routes):
        frames.extend(_flow_rows(config, route))
        frames.extend(_training_rows(config, route, place))
    return pd.concat(frames, ignore_index=True)


EXPERIMENT = Experiment(
    name="time_to_target",
    summary="time to raise a pass rate against lower bounds, and the exponent of the initial variance in sampled runs",
    presets={
        "smoke": TimeConfig(rarest=0.01, levels=3, runs=6, max_steps=300, resamples=20),
        "quick": TimeConfig(resamples=100),
        "paper": TimeConfig(rarest=5e-4, levels=13, runs=60, max_steps=2000, resamples=1000),
    },
    run=run,
)
