"""What a strategy may be shown of the network that is trained: its states on prompts, and, where named, the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulations.networks.model import kernels
from simulations.networks.model.columns import pass_rates
from simulations.networks.model.sampling import Job
from simulations.networks.model.starts import load_start, named_start
from simulations.networks.runs.crew import Ask
from simulations.networks.world import FloatArray, IntArray, Prompts, World

__all__ = ["Policy"]

_FREE = 3  # purpose of random numbers


@dataclass
class Policy:
    """The network of one run, as strategies see it.

    Args:
        world: the world.
        pool: the training prompts.
        seed: of the run.
        ask: reaches the network.
    """

    world: World
    pool: Prompts
    seed: int
    ask: Ask
    asked: int = 0

    def features(self, prompts_P: IntArray | None = None) -> FloatArray:
        """Return (prompts, d) states of the network on prompts, at no rollout: the price is one prefill.

        Args:
            prompts_P: numbers of the prompts, all by default.
        """
        tokens_PL = self.pool.tokens_PL if prompts_P is None else self.pool.tokens_PL[prompts_P]
        found: FloatArray = self.ask("features", tokens_PL)
        return found

    def free_rollouts(self, rollouts: int) -> tuple[FloatArray, IntArray]:
        """Return pass rates of all prompts from rollouts that are not charged, and the responses' tokens.

        What uses this has knowledge that nobody has for nothing, and is named so in every table.

        Args:
            rollouts: of each prompt.

        Returns:
            (prompts,) pass rates and (prompts * rollouts, response_length) tokens.
        """
        self.asked += 1
        prompts = len(self.pool)
        places_R = np.repeat(np.arange(prompts), rollouts)
        numbers_R = np.tile(np.arange(rollouts), prompts) + self.asked * rollouts
        keys_R = kernels.rollout_keys(self.seed, _FREE, places_R, numbers_R)
        found = self.ask("sample", Job(self.pool.tokens_PL, np.full(prompts, rollouts), keys_R))
        right_R = self.world.correct(self.pool.take(places_R), found.tokens_RT)
        return right_R.reshape(prompts, rollouts).mean(axis=1), found.tokens_RT

    def column(self, start: str, rollouts: int) -> FloatArray:
        """Return pass rates of all prompts under a start, as another model's are known before training; not charged.

        Args:
            start: ``own``, ``reseeded``, or ``otherwise`` for the one of the world's other starts that was taught
                otherwise.
            rollouts: of each prompt.
        """
        network = load_start(self.world, named_start(self.world, start))
        found: FloatArray = pass_rates(network, self.pool, rollouts, self.seed)[0]
        return found
