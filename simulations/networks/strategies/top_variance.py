"""RAGEN-2's filter: train on the groups that carry most of a batch's reward variance."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from vas_theory.foundation.errors import ArgumentError
from vas_theory.selection.contract.strategy import TrainingGroups
from vas_theory.selection.strategies._groups import select_groups
from vas_theory.selection.strategies.uniform import Uniform

__all__ = ["STRATEGY", "TopVariance"]


@dataclass
class TopVariance(Uniform):
    """Keep the fewest groups of a uniform batch whose reward variances add up to ``share`` of the batch's.

    Silent groups are never kept; a batch in which all groups are silent trains on nothing.

    Args:
        share: p, in (0, 1].

    Source: RAGEN-2 (arXiv 2604.06268), abstract; a neighbouring project's filter keeps groups by cumulative variance.
    Costs: ``batch_size * group_size`` rollouts a step; those of the groups that are dropped are charged.
    Deviations: the paper's name for the criterion is a ratio of signal to noise; for one reward a rollout it is the
        variance of the group's rewards. The mean is over the groups that are kept.
    """

    share: float = 0.9

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.share <= 1:
            raise ArgumentError("share", "lie in (0, 1]", self.share)

    def training_groups(self) -> TrainingGroups:
        received, self._received, self._proposed = self._received, None, False
        if received is None:
            return TrainingGroups.empty()
        ends = np.append(received.starts_P, len(received.rewards_R))
        groups = [received.rewards_R[begin:end] for begin, end in pairwise(ends)]
        graded = [group[np.isfinite(group)] for group in groups]
        variances_P = np.array([group.var() if len(group) else 0.0 for group in graded])
        order = np.argsort(-variances_P, kind="stable")
        before = np.concatenate([[0.0], np.cumsum(variances_P[order])[:-1]])
        # rounding must not add a group once the share is reached
        kept = order[(before < self.share * variances_P.sum() - 1e-12) & (variances_P[order] > 0)]
        return select_groups(received, kept, self.setting)


STRATEGY = TopVariance
