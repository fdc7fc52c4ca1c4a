"""BOTS: Thompson sampling of pass rates with forgetting and with evidence for prompts that were not rolled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from vas_theory.foundation.errors import ArgumentError
from vas_theory.selection.contract.strategy import FloatArray, IntArray, OneRoundStrategy, Rollouts

__all__ = ["STRATEGY", "Bots"]


@dataclass
class Bots(OneRoundStrategy):
    r"""Draw theta from every prompt's Beta and take the batch nearest to the target.

    After each step every prompt's counts move to

    .. math:: a \leftarrow (1-\lambda) a + \lambda + (1-\rho) m + \rho G \tilde p, \qquad
        b \leftarrow (1-\lambda) b + \lambda + (1-\rho) (G-m) + \rho G (1-\tilde p)

    with m = 0 = G - m and the implicit evidence alone where the prompt was not rolled, and with its own pass rate in
    the place of :math:`\tilde p` where it was.

    Args:
        forgetting: lambda.
        implicit: rho.
        target: pass rate that is aimed at.

    Source: BOTS (arXiv 2510.26374) and its public code.
    Costs: ``batch_size * group_size`` rollouts a step, all trained on.
    Deviations: there the implicit pass rate of a prompt interpolates between those of a weaker and a stronger reference
        model, which are measured before; here nothing is measured before, and it is the batch's mean for all prompts.
    """

    forgetting: float = 0.2
    implicit: float = 0.2
    target: float = 0.5
    a_P: FloatArray = field(init=False, repr=False)
    b_P: FloatArray = field(init=False, repr=False)

    remembered: ClassVar[tuple[str, ...]] = ("a_P", "b_P")

    def __post_init__(self) -> None:
        for name in ("forgetting", "implicit", "target"):
            if not 0 <= getattr(self, name) <= 1:
                raise ArgumentError(name, "lie in [0, 1]", getattr(self, name))
        self.a_P, self.b_P = np.ones(self.setting.prompts), np.ones(self.setting.prompts)

    def choose(self, rng: np.random.Generator) -> IntArray:
        prompts_P = self.candidates(rng, self.setting.prompts)
        drawn_P = rng.beta(self.a_P[prompts_P], self.b_P[prompts_P])
        return prompts_P[np.argsort(np.abs(drawn_P - self.target), kind="stable")[: self.setting.batch_size]]

    def observe(self, rollouts: Rollouts) -> None:
        size, rates_P = self.setting.group_size, rollouts.pass_rates_P
        seen = np.isfinite(rates_P)
        if not seen.any():
            return
        prompts_P, rates_P = rollouts.prompts_P[seen], rates_P[seen]
        implied_P = np.full(self.setting.prompts, rates_P.mean())
        implied_P[prompts_P] = rates_P
        keep, rho = 1 - self.forgetting, self.implicit
        self.a_P = keep * self.a_P + self.forgetting + rho * size * implied_P
        self.b_P = keep * self.b_P + self.forgetting + rho * size * (1 - implied_P)
        self.a_P[prompts_P] += (1 - rho) * size * rates_P
        self.b_P[prompts_P] += (1 - rho) * size * (1 - rates_P)


STRATEGY = Bots
