"""Pass rates of prompts under a network that is not trained, such as another model's: a column known beforehand."""

from __future__ import annotations

import numpy as np

from simulations.networks.model import kernels
from simulations.networks.model.sampling import Job, sample
from simulations.networks.model.transformer import Networks
from simulations.networks.world import FloatArray, Prompts

__all__ = ["pass_rates"]

_COLUMN = 6  # purpose of random numbers


def pass_rates(networks: Networks, prompts: Prompts, rollouts: int, seed: int) -> FloatArray:
    """Return (networks, prompts) shares of right responses, each of ``rollouts`` samples."""
    places_R = np.repeat(np.arange(len(prompts)), rollouts)
    keys_R = kernels.rollout_keys(seed, _COLUMN, places_R, np.tile(np.arange(rollouts), len(prompts)))
    job = Job(prompts.tokens_PL, np.full(len(prompts), rollouts), keys_R)
    rolled = prompts.take(places_R)
    right = [networks.world.correct(rolled, one.tokens_RT) for one in sample(networks, [job] * len(networks))]
    return np.stack(right).reshape(len(networks), len(prompts), rollouts).mean(axis=2)
