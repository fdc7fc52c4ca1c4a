"""What training really climbs: potentials of single prompts, and the flow of two prompts with one logit each.

Uniform sampling with the plain gradient climbs the mean pass rate. Sampling by variance, or whitening, climbs the sum
of another function of each prompt's pass rate; a mix of uniform and weighted draws climbs no function at all once there
are three prompts. The same flows are walked by sampled training with a small step, which must follow them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from simulations.running.experiment import Experiment, ExperimentConfig
from vas_theory.groups.advantages import group_advantages
from vas_theory.groups.pass_rate_laws import group_gain
from vas_theory.policy.softmax import bernoulli_logit_probability
from vas_theory.potentials import (
    Weights,
    flow,
    integrability_defect,
    plain_potential,
    sampling_weights,
    whitened_limit_potential,
    whitened_potential,
)

__all__ = ["EXPERIMENT", "METHODS", "FlowConfig", "Method", "run", "sampled_path"]

Array = NDArray[np.float64]


class Method(NamedTuple):
    """How prompts are drawn and updated; ``group_size`` None is the limit of large groups."""

    mixture_ratio: float
    whitened: bool
    group_size: int | None

    def velocity(self, rates: Array) -> Array:
        """Return the velocity of the logits, (..., P)."""
        return flow(
            rates, mixture_ratio=self.mixture_ratio, group_size=self.group_size, whitened=self.whitened
        )  # fmt: skip

    @property
    def weights(self) -> Weights | None:
        """The kind of sampling that has a potential, or None for a mix."""
        return {0.0: "uniform", 1.0: "vas"}.get(self.mixture_ratio)  # type: ignore[return-value]

    def potential(self, rates: Array) -> Array:
        """Return W of each prompt; NaN for a mix, which has none."""
        if self.weights is None:
            return np.full_like(rates, np.nan)
        if not self.whitened:
            return plain_potential(rates, self.weights)
        if self.group_size is None:
            return whitened_limit_potential(rates, self.weights)
        return whitened_potential(rates, self.group_size, self.weights)

    def slope(self, rates: Array) -> Array:
        """Return W', the push on a prompt's pass rate; NaN for a mix."""
        if self.weights is None:
            return np.full_like(rates, np.nan)
        variance = rates * (1 - rates)
        gain = np.ones_like(rates)
        if self.whitened:
            gain = 1 / np.sqrt(variance) if self.group_size is None else group_gain(rates, self.group_size)
        return gain if self.weights == "uniform" else variance * gain


METHODS = {
    "uniform, plain": Method(0.0, False, None),
    "uniform, whitened": Method(0.0, True, 8),
    "uniform, whitened, large groups": Method(0.0, True, None),
    "VAS, plain": Method(1.0, False, None),
    "VAS, whitened": Method(1.0, True, 8),
    "VAS, whitened, large groups": Method(1.0, True, None),
    "mix, whitened": Method(0.5, True, 8),
}
"""The methods by name; whitened ones have groups of 8 unless they are limits."""


class FlowConfig(ExperimentConfig):
    """Grids, starts and the sampled runs."""

    profile_points: int = Field(default=99, ge=2, description="pass rates of the potentials")
    grid: int = Field(default=13, ge=2, description="arrows a side of the field")
    edge: float = Field(default=0.03, gt=0, lt=0.5, description="distance of the outermost arrows from 0 and 1")
    starts: tuple[tuple[float, float], ...] = Field(
        default=((0.05, 0.3), (0.02, 0.6), (0.2, 0.45), (0.1, 0.1)), description="where paths start"
    )
    goal: float = Field(default=0.95, gt=0, lt=1, description="paths end where the mean pass rate reaches this")
    points: int = Field(default=40, ge=2, description="points of a path")
    replicas: int = Field(default=200, ge=1, description="sampled runs of each path")
    learning_rate: float = Field(default=0.1, gt=0, description="step of the sampled runs, in logits")


def _path(method: Method, start: tuple[float, float], config: FlowConfig) -> tuple[Array, Array]:
    """Return times (points,) and pass rates (points, 2) until the mean pass rate reaches the goal."""
    from scipy.integrate import solve_ivp

    def velocity(_: float, logits: Array) -> Array:
        return method.velocity(bernoulli_logit_probability(logits))

    def missing(_: float, logits: Array) -> float:
        return float(bernoulli_logit_probability(logits).mean()) - config.goal

    missing.terminal = True  # type: ignore[attr-defined]
    begin = np.log(start) - np.log1p(-np.array(start))
    solved = solve_ivp(velocity, (0, 1e6), begin, events=missing, dense_output=True, rtol=1e-9, atol=1e-10)
    assert solved.sol is not None  # because of dense_output
    # as many points early, when paths part, as late
    times = float(solved.t[-1]) * np.linspace(0, 1, config.points) ** 2
    return times, bernoulli_logit_probability(solved.sol(times).T)


def sampled_path(
    rng: np.random.Generator, method: Method, start: tuple[float, float], times: Array, config: FlowConfig
) -> tuple[Array, Array]:
    """Return mean pass rates over sampled runs at the given times, and their standard errors, (points, 2) each.

    A step draws a prompt by the method's weights at the true pass rates, rolls a group and moves its logit by the
    learning rate times the mean of A_i (r_i - p); time is the learning rate times the steps.
    """
    assert method.group_size is not None
    logits = np.tile(np.log(start) - np.log1p(-np.array(start)), (config.replicas, 1))
    rows, marks = np.arange(config.replicas), np.round(times / config.learning_rate).astype(int)
    means, errors = np.empty((len(times), 2)), np.empty((len(times), 2))
    step = 0
    for place, mark in enumerate(marks):
        for _ in range(mark - step):
            rates = bernoulli_logit_probability(logits)
            chosen = (rng.random(config.replicas) >= sampling_weights(rates, method.mixture_ratio)[:, 0]).astype(int)
            rate = rates[rows, chosen][:, None]
            rewards = (rng.random((config.replicas, method.group_size)) < rate).astype(np.float64)
            advantages = group_advantages(rewards, kind="grpo" if method.whitened else "rloo")
            logits[rows, chosen] += config.learning_rate * (advantages * (rewards - rate)).mean(-1)
        step = int(mark)
        rates = bernoulli_logit_probability(logits)
        means[place], errors[place] = rates.mean(0), rates.std(0) / np.sqrt(config.replicas)
    return means, errors


def _profiles(config: FlowConfig) -> list[pd.DataFrame]:
    rates = np.arange(1, config.profile_points + 1) / (config.profile_points + 1)
    return [
        pd.DataFrame({"p1": rates, "potential": method.potential(rates), "slope": method.slope(rates)}).assign(
            part="profile", method=name
        )
        for name, method in METHODS.items()
        if method.weights is not None
    ]


def _fields(config: FlowConfig) -> list[pd.DataFrame]:
    side = np.linspace(config.edge, 1 - config.edge, config.grid)
    rates = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    frames = []
    for name, method in METHODS.items():
        speed = rates * (1 - rates) * method.velocity(rates)
        frame = {"p1": rates[:, 0], "p2": rates[:, 1], "speed1": speed[:, 0], "speed2": speed[:, 1]}
        frames.append(
            pd.DataFrame(frame | {"potential": method.potential(rates).sum(-1)}).assign(part="field", method=name)
        )
    return frames


def _paths(config: FlowConfig) -> list[pd.DataFrame]:
    frames = []
    for place, (name, method) in enumerate(METHODS.items()):
        for index, start in enumerate(config.starts):
            times, rates = _path(method, start, config)
            frame = pd.DataFrame({"time": times, "p1": rates[:, 0], "p2": rates[:, 1]})
            frame["potential"] = method.potential(rates).sum(-1)
            if method.group_size is not None:
                rng = np.random.default_rng([config.seed, place, index])
                means, errors = sampled_path(rng, method, start, times, config)
                frame[["sampled1", "sampled2"]], frame[["sampled_error1", "sampled_error2"]] = means, errors
            frames.append(frame.assign(part="path", method=name, start=index))
    return frames


def _defects() -> pd.DataFrame:
    """Return F . curl F of the mixed flow of three prompts, which is 0 wherever the flow climbs any function."""
    shares = np.arange(21) / 20
    values = [float(integrability_defect(np.array([0.25, 0.5, 0.75]), share)) for share in shares]
    return pd.DataFrame({"mixture_ratio": shares, "defect": values}).assign(part="defect", method="mix, plain")


def run(config: FlowConfig) -> pd.DataFrame:
    """Compute potentials, fields, paths and the defect of the mix.

    Returns:
        Rows with part "profile" (method, p1, potential W, slope W'), "field" (method, p1, p2, speed1, speed2 of the
        pass rates, potential of both together), "path" (method, start, time, p1, p2, potential; sampled1, sampled2
        and sampled_error1, sampled_error2, mean and standard error over sampled runs, for groups of 8), and "defect"
        (mixture_ratio, defect: 0 only if the mix climbs some function of three pass rates 1/4, 1/2, 3/4).
    """
    return pd.concat([*_profiles(config), *_fields(config), *_paths(config), _defects()], ignore_index=True)


EXPERIMENT = Experiment(
    name="potential_flows",
    summary="potentials, flow fields and paths of two prompts under uniform, variance-aware and mixed sampling",
    presets={
        "smoke": FlowConfig(profile_points=19, grid=5, starts=((0.05, 0.3), (0.3, 0.05)), points=9, replicas=20),
        "quick": FlowConfig(),
        "paper": FlowConfig(replicas=1000, learning_rate=0.03),
    },
    run=run,
)
