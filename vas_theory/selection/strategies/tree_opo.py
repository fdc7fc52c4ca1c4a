"""Tree-OPO: completions of shared prefixes, each judged against the value of its own prefix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vas_theory.selection.contract.strategy import FloatArray
from vas_theory.selection.strategies._trees import TreeStrategy, prefix_values

__all__ = ["STRATEGY", "TreeOpo"]


@dataclass
class TreeOpo(TreeStrategy):
    r"""Split every response at every step into a prefix and its completion, with advantage r - V(prefix).

    V is the mean reward of the tree's leaves below the prefix. Step t belongs to the completions of the prefixes of
    length 0 to t, so that it gets :math:`\frac1D\sum_{k\le t}(r - V(\mathrm{prefix}_k))`; whitening divides by the
    deviation of the group's rewards.

    Args:
        branching: continuations a node.
        depth: D, steps of a response.

    Source: Tree-OPO (arXiv 2509.09284), with the expectation as baseline.
    Costs: all ``branching ** depth`` leaves of every prompt, whatever the run's group size; the rollouts that
        build the tree are the ones trained on.
    Deviations: the prefixes come from the policy itself instead of a teacher's tree search, and the advantages are
        not projected onto the source's order constraints.
    """

    def credit(self, rewards_PL: FloatArray) -> FloatArray:
        setting = self.setting
        values = prefix_values(rewards_PL, self.branching, self.depth)[:-1]
        gaps = [rewards_PL - np.repeat(value, self.leaves // value.shape[1], axis=1) for value in values]
        credit: FloatArray = np.cumsum(np.stack(gaps, axis=2), axis=2) / self.depth
        if setting.advantage == "grpo":
            scale = rewards_PL.std(1, ddof=setting.ddof) + setting.eps
            credit = np.divide(credit, scale[:, None, None], out=np.zeros_like(credit), where=scale[:, None, None] > 0)
        return credit


STRATEGY = TreeOpo
