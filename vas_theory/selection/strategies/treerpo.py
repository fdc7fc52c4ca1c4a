"""TreeRPO: credit for steps from the mean rewards of sibling branches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vas_theory.groups.advantages import group_advantages
from vas_theory.selection.contract.strategy import FloatArray
from vas_theory.selection.strategies._trees import TreeStrategy, prefix_values

__all__ = ["STRATEGY", "Treerpo"]


@dataclass
class Treerpo(TreeStrategy):
    """Normalise the value of every node among its siblings; drop sibling groups of little spread.

    A node's value is the mean reward of its leaves. The step that leads to a node has the node's advantage within
    its sibling group, or 0 where the siblings' values differ by less than ``least_spread``.

    Args:
        branching: continuations a node.
        depth: steps of a response.
        least_spread: least difference between the largest and the smallest value of siblings.

    Source: TreeRPO (arXiv 2506.05183).
    Costs: all ``branching ** depth`` leaves of every prompt, whatever the run's group size.
    Deviations: steps are the world's, not runs of tokens; a group of leaves is one training group, so that a node
        weighs by its share of the leaves.
    """

    least_spread: float = 0.1

    def credit(self, rewards_PL: FloatArray) -> FloatArray:
        setting, prompts = self.setting, len(rewards_PL)
        steps = []
        for values in prefix_values(rewards_PL, self.branching, self.depth)[1:]:
            siblings = values.reshape(-1, self.branching)
            advantages = group_advantages(siblings, kind=setting.advantage, ddof=setting.ddof, eps=setting.eps)
            close = np.ptp(siblings, axis=1) < self.least_spread
            advantages = np.where(close[:, None], 0.0, advantages).reshape(prompts, -1)
            steps.append(np.repeat(advantages, self.leaves // advantages.shape[1], axis=1))
        return np.stack(steps, axis=2)


STRATEGY = Treerpo
