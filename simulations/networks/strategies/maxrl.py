"""MaxRL's normalisation: divide by the number of successes, so that rare successes weigh more."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from vas_theory.selection.contract.strategy import TrainingGroups
from vas_theory.selection.strategies.uniform import Uniform

__all__ = ["STRATEGY", "MaxRL"]


@dataclass
class MaxRL(Uniform):
    r"""Uniform sampling with the advantages :math:`(r_i - \bar r)/\bar r`, 0 where no rollout succeeds.

    Their expected update is the gradient of a truncated expansion of :math:`\ln p`, in which a prompt counts by its
    relative gain.

    Source: MaxRL (arXiv 2602.02710), abstract: the estimator divides by the number of successes.
    Costs: ``batch_size * group_size`` rollouts a step, all trained on.
    Deviations: none known; rewards must not be negative.
    """

    def training_groups(self) -> TrainingGroups:
        received = self._received
        groups = super().training_groups()
        if received is None:
            return groups
        mean_R = np.repeat(np.nan_to_num(received.pass_rates_P), received.counts_P)
        off_R = np.nan_to_num(received.rewards_R - mean_R)
        return replace(groups, advantages_R=np.divide(off_R, mean_R, out=np.zeros(len(off_R)), where=mean_R > 0))


STRATEGY = MaxRL
