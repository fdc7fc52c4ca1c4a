r"""How long a step may be: it multiplies the odds of success by at least a factor that is above 1 for short steps.

A step adds :math:`\eta u_a` to the logit of every response a (a policy whose logits are linear in its parameters, and
every tabular softmax). With :math:`m_1, m_0` the means of u over right and wrong responses the odds after it are

.. math:: \frac{p^+}{1-p^+} = \frac{p\,E[e^{\eta u}\mid 1]}{(1-p)\,E[e^{\eta u}\mid 0]},\qquad
          E[e^{\eta u}\mid 1] \ge e^{\eta m_1},\qquad E[e^{\eta u}\mid 0] \le e^{\eta m_0 + \eta^2 D^2/8},

by Jensen's inequality and Hoeffding's lemma, where the wrong responses' u lie in an interval of width D. The gap
:math:`\gamma = m_1 - m_0` is what the direction and the gradient have in common: :math:`\langle u, \nabla p\rangle =
p(1-p)\gamma` (claim B01). So the pass rate rises for :math:`0 < \eta < 8\gamma/D^2`. Beyond it may fall: with u = 1 on
the right response and 3 and -3 on two wrong ones, at :math:`\eta = \log 2` it falls from 1/2 to 32/97 though
:math:`\gamma = 1`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.base import Claim, Domain, Instance, Relation, Verdict
from vas_theory.claims.lib.certificates import Step, proof_steps
from vas_theory.claims.lib.completeness import Formal
from vas_theory.foundation.arguments import unify
from vas_theory.foundation.precision import exp


def _odds_after(
    probs: NDArray[Any], rewards: NDArray[Any], direction: NDArray[Any], step: NDArray[Any], width: NDArray[Any]
) -> Any:
    pi, r, u, eta, _ = unify(probs, rewards, direction, step, width)
    raised = pi * exp(eta[..., None] * u)
    return (raised * r).sum(-1) / (raised * (1 - r)).sum(-1)


def gradient_gap(probs: Any, rewards: Any, direction: Any) -> Any:
    """Return E[u | 1] - E[u | 0].

    Args:
        probs: (..., K) chances of the responses.
        rewards: (..., K) rewards in {0, 1}, of both kinds.
        direction: (..., K) u, what a step of length 1 adds to the logits.

    Returns:
        (...) gaps.
    """
    right, wrong = probs * rewards, probs * (1 - rewards)
    return (right * direction).sum(-1) / right.sum(-1) - (wrong * direction).sum(-1) / wrong.sum(-1)


def _odds_promised(
    probs: NDArray[Any], rewards: NDArray[Any], direction: NDArray[Any], step: NDArray[Any], width: NDArray[Any]
) -> Any:
    pi, r, u, eta, spread = unify(probs, rewards, direction, step, width)
    odds = (pi * r).sum(-1) / (pi * (1 - r)).sum(-1)
    return odds * exp(eta * gradient_gap(pi, r, u) - (eta * spread) ** 2 / 8)


def _curvature() -> bool:
    """Check that log(1 - t + t e^s) - t s vanishes with its slope at s = 0 and has the curvature 1/4 - (c - 1/2)^2."""
    import sympy

    t, s = sympy.symbols("t s", positive=True)
    cumulant = sympy.log(1 - t + t * sympy.exp(s)) - t * s
    chance = t * sympy.exp(s) / (1 - t + t * sympy.exp(s))
    at_zero = [f.subs(s, 0) for f in (cumulant, sympy.diff(cumulant, s))]
    curvature = sympy.diff(cumulant, s, 2) - sympy.Rational(1, 4) + (chance - sympy.Rational(1, 2)) ** 2
    return all(sympy.simplify(x) == 0 for x in (*at_zero, curvature))


def _steps_of_policies() -> Domain:
    def family(decades: tuple[float, float], wider: float) -> Any:
        def generate(rng: np.random.Generator, size: int) -> Iterator[Instance]:
            for arms in (2, 3, 8):
                count = max(1, size // 3)
                probs = rng.dirichlet(np.full(arms, 0.7), size=count) + 1e-6
                rewards = (rng.uniform(size=(count, arms)) < 0.5).astype(float)
                rewards[:, 0], rewards[:, 1] = 1.0, 0.0
                direction = rng.normal(size=(count, arms))
                wrong = np.where(rewards == 0, direction, np.nan)
                yield {
                    "probs": probs / probs.sum(-1, keepdims=True),
                    "rewards": rewards,
                    "direction": direction,
                    "step": 10.0 ** rng.uniform(*decades, size=count),
                    "width": wider * (np.nanmax(wrong, axis=-1) - np.nanmin(wrong, axis=-1)),
                }

        return generate

    return Domain({"short": family((-3, -1), 1.0), "long": family((-1, 1), 1.0), "wide": family((-2, 0.5), 1.5)})


def _one_right_one_wrong(size: int) -> Instance:
    """Return two responses: the only wrong one has no width."""
    share = 1 / (size + 1)
    return {
        "probs": np.array([[share, 1 - share]]),
        "rewards": np.array([[1.0, 0.0]]),
        "direction": np.array([[0.5, -0.25]]),
        "step": np.array([float(size)]),
        "width": np.array([0.0]),
    }


CLAIMS = (
    Claim(
        id="C07",
        title="A step raises the pass rate below the threshold 8 gap / D^2",
        source="arXiv 2510.08539 names the gradient gap and derives a threshold of the step size from it; this form "
        "for linear logits, with Hoeffding's constant, is ours",
        statement=r"\frac{p^+}{1-p^+}\ge\frac{p}{1-p}\,e^{\eta\gamma-(\eta D)^2/8},\qquad"
        r"\gamma=E[u\mid1]-E[u\mid0];\qquad 0<\eta<\frac{8\gamma}{D^2}\;\Rightarrow\;p^+>p",
        assumptions=(
            "R in {0, 1}, 0 < p < 1",
            "the step adds eta u to the logits, eta >= 0: linear logits or a tabular softmax",
            "u of the wrong responses lies in an interval of width D",
        ),
        relation=Relation.AT_LEAST,
        left=_odds_after,
        right=_odds_promised,
        domain=_steps_of_policies(),
        certificate=proof_steps(
            "Jensen's inequality for the right responses, Hoeffding's lemma for the wrong ones",
            [
                ("E[e^(eta u) | 1] >= e^(eta E[u | 1]) (Jensen)", None),
                Step("log(1 - t + t e^s) - t s has value and slope 0 at 0 and a curvature of at most 1/4", _curvature),
                ("so E[e^(eta u) | 0] <= e^(eta E[u | 0] + (eta D)^2/8), e^x being below its chord", None),
            ],
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "StepThreshold.odds_of_a_step",
            sizes="all finite policies, any direction",
            also=("StepThreshold.step_threshold", "StepThreshold.a_long_step_can_lower"),
            points="tabular, binary, direction, step",
            left="StepThreshold.odds (StepThreshold.pass_rate_after arms p r u eta)",
            right="StepThreshold.odds (Tabular.V arms p r) * "
            "exp (eta * StepThreshold.gradient_gap arms p r u - (eta * width) ^ 2 / 8)",
            where={"eta": "step"},
        ),
        part="the first inequality",
        equality=_one_right_one_wrong,
        sharp=True,
        notes="The threshold is sufficient, not necessary: a tabular softmax gains by an exact gradient step of any "
        "length (B08). Where it fails, the direction parts right from wrong in the mean and raises some wrong "
        "responses above the right ones.",
    ),
)
