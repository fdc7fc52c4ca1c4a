"""On-policy sampling: uniform prompts whose rollouts cover the policy's answers in proportion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from vas_theory.selection.strategies.uniform import Uniform

__all__ = ["STRATEGY", "Props"]


@dataclass
class Props(Uniform):
    r"""Walk epochs as uniform sampling; each rollout takes the answer that lags its probability most.

    The world draws the next rollout of a prompt as :math:`\arg\max_a \pi(a) - n_a/n`, with :math:`n_a` the prompt's
    rollouts so far that chose a. Groups then have less sampling noise than independent ones at the same size.

    Source: PROPS (arXiv 2311.08290), and the adaptive sampling it builds on.
    Costs: ``batch_size * group_size`` rollouts a step, all trained on.
    Deviations: the behaviour policy is not learned: a bandit's probabilities are known, so that the lagging answer
        is found exactly. Earlier visits of the prompt count in full, though the policy has moved since.
    """

    sampling: ClassVar[str] = "stratified"


STRATEGY = Props
