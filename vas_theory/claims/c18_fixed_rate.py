r"""Stagnation below 100 % at a fixed learning rate: shared parameters allow it, free logits do not.

*It can happen.* Five answers have the logits log b_i + x_i a + y_i s with

.. math:: x = (0, 2, -1, 1, 1),\quad y = (0, 0, 0, 1, -1),\quad b = (25p,\ 5p,\ 10(1-p),\ 8(1-p),\ 8(1-p)),

the first two of them right. At a = 0 and :math:`s = \pm\log 2` the pass rate is p, its slope by a is 0 and its slope
by s is :math:`\mp\frac25\,p(1-p)`. So at the rate :math:`\eta = 5\log 2/(p(1-p))` every exact gradient step leads from
one of the two points to the other, and the pass rate stays p for ever. At half that rate the first step leads to s = 0,
where the slope by s is 0 and, with :math:`\beta = e^{2a}`, the slope by a has the sign of
:math:`8\beta^2 - 25\beta + 25 > 0`: a rises without end, and the pass rate with it to 1.

*It cannot happen where every answer has a logit of its own.* A step adds :math:`\eta\pi_a(r_a - p)` to it. Over the m
right answers the mean of that is :math:`\eta(1-p)\sum_{right}\pi_a^2/p \ge \eta p(1-p)/m`, so by Jensen's inequality
their chances grow at least by the factor :math:`1 + \eta p(1-p)/m`, while no wrong answer's weight grows: the odds rise
by :math:`\eta p^2/m` or more, whatever the rate, and :math:`p_t \ge p_0`.
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
from vas_theory.foundation.precision import exp, log
from vas_theory.policy.gradients import policy_gradient

_FIRST, _SECOND = np.array([0, 2, -1, 1, 1]), np.array([0, 0, 0, 1, -1])
_RIGHT = np.array([1, 1, 0, 0, 0])


def _chances(level: Any, first: Any, second: Any) -> Any:
    base = np.stack([25 * level, 5 * level, 10 * (1 - level), 8 * (1 - level), 8 * (1 - level)], axis=-1)
    weights = base * exp(first[..., None] * _FIRST + second[..., None] * _SECOND)
    return weights / weights.sum(-1, keepdims=True)


def _pass_rate(level: Any, first: Any, second: Any) -> Any:
    return (_chances(level, first, second) * _RIGHT).sum(-1)


def ascent_step(level: Any, first: Any, second: Any, rate: Any) -> tuple[Any, Any]:
    """Return both parameters of the five answers after one exact gradient step on the pass rate.

    Args:
        level: p, the pass rate at (0, log 2) and at (0, -log 2).
        first: a.
        second: s.
        rate: the learning rate.
    """
    pi = _chances(level, first, second)
    push = pi * (_RIGHT - (pi * _RIGHT).sum(-1)[..., None])
    return first + rate * (push * _FIRST).sum(-1), second + rate * (push * _SECOND).sum(-1)


def returning_rate(level: Any) -> Any:
    """Return the learning rate 5 log 2 / (p (1 - p)) at which the pass rate stays p."""
    return 5 * log(2 + 0 * level) / (level * (1 - level))


def pass_rate_after(level: Any, steps: Any, rate: Any) -> Any:
    """Return the pass rate of the five answers after exact gradient steps from (0, log 2).

    Args:
        level: (N,) pass rates p at the start.
        steps: (N,) numbers of steps.
        rate: (N,) learning rates.

    Returns:
        (N,) pass rates.
    """
    first, second = 0 * level, log(2 + 0 * level)
    for done in range(int(np.max(steps, initial=0))):
        after = ascent_step(level, first, second, rate)
        first, second = (np.where(done < steps, new, old) for new, old in zip(after, (first, second), strict=True))
    return _pass_rate(level, first, second)


def _stuck(level: NDArray[Any], steps: NDArray[Any]) -> Any:
    (p,) = unify(level)
    return pass_rate_after(p, steps, returning_rate(p))


def _level(level: NDArray[Any], steps: NDArray[Any]) -> Any:
    return unify(level)[0]


def _first_after_a_step(level: Any, first: Any, second: Any, rate: Any) -> Any:
    return ascent_step(level, first, second, rate)[0]


def _second_after_a_step(level: Any, first: Any, second: Any, rate: Any) -> Any:
    return ascent_step(level, first, second, rate)[1]


def _turning_points() -> bool:
    """Check that a step leads from (0, log 2) to (0, -log 2) and back, at pass rate p."""
    import sympy

    p = sympy.Symbol("p", positive=True)
    level, zero = np.array([p], dtype=object), np.array([sympy.Integer(0)], dtype=object)
    for sign in (1, -1):
        second = np.array([sign * sympy.log(2)], dtype=object)
        a, s = ascent_step(level, zero, second, returning_rate(level))
        found = (a[0], s[0] + second[0], _pass_rate(level, zero, second)[0] - p)
        if any(sympy.simplify(sympy.expand_log(x, force=True)) != 0 for x in found):
            return False
    return True


def _ridge() -> bool:
    """Check the slopes at s = 0, and that 8 b^2 - 25 b + 25 has no real root."""
    import sympy

    p, a = sympy.symbols("p a", positive=True)
    level, start, ridge, rate = (np.array([x], dtype=object) for x in (p, a, sympy.Integer(0), sympy.Integer(1)))
    first, second = (x[0] for x in ascent_step(level, start, ridge, rate))
    b = sympy.exp(2 * a)
    total = 5 * p * (5 + b) + (1 - p) * (10 * sympy.exp(-a) + 16 * sympy.exp(a))
    slope = 10 * p * (1 - p) * (8 * b**2 - 25 * b + 25) * sympy.exp(-a) / total**2
    return sympy.simplify(first - a - slope) == 0 and sympy.simplify(second) == 0 and 25**2 - 4 * 8 * 25 < 0


def _levels() -> Domain:
    def family(low: float, high: float) -> Any:
        def generate(rng: np.random.Generator, size: int) -> Iterator[Instance]:
            count = max(1, size // 4)
            yield {"level": rng.uniform(low, high, size=count), "steps": rng.integers(0, 6, size=count)}

        return generate

    return Domain({"middle": family(0.2, 0.8), "near 0": family(0.001, 0.2), "near 1": family(0.8, 0.999)})


def _odds(probs: Any, rewards: Any) -> Any:
    return (probs * rewards).sum(-1) / (probs * (1 - rewards)).sum(-1)


def _odds_after(probs: NDArray[Any], rewards: NDArray[Any], step: NDArray[Any], steps: NDArray[Any]) -> Any:
    pi, r, eta = unify(probs, rewards, step)
    for done in range(int(np.max(steps, initial=0))):
        raised = pi * exp(eta[..., None] * policy_gradient(pi, r))
        pi = np.where((done < steps)[..., None], raised / raised.sum(-1, keepdims=True), pi)
    return _odds(pi, r)


def _odds_promised(probs: NDArray[Any], rewards: NDArray[Any], step: NDArray[Any], steps: NDArray[Any]) -> Any:
    pi, r, eta = unify(probs, rewards, step)
    return _odds(pi, r) + steps * eta * (pi * r).sum(-1) ** 2 / r.sum(-1)


def _growth() -> bool:
    import sympy

    p, m, eta, squares = sympy.symbols("p m eta S", positive=True)
    grown = p * (1 + eta * p * (1 - p) / m) / (1 - p) - p / (1 - p) - eta * p**2 / m
    dispersion = squares - 2 * (p / m) * p + m * (p / m) ** 2  # sum over right answers of (pi - p/m)^2
    return sympy.simplify(grown) == 0 and sympy.simplify(dispersion - (squares - p**2 / m)) == 0


def _training() -> Domain:
    def family(decades: tuple[float, float]) -> Any:
        def generate(rng: np.random.Generator, size: int) -> Iterator[Instance]:
            for arms in (2, 3, 8):
                count = max(1, size // 3)
                probs = rng.dirichlet(np.full(arms, 0.7), size=count) + 1e-6
                rewards = (rng.uniform(size=(count, arms)) < 0.5).astype(float)
                rewards[:, 0], rewards[:, 1] = 1.0, 0.0
                yield {
                    "probs": probs / probs.sum(-1, keepdims=True),
                    "rewards": rewards,
                    "step": 10.0 ** rng.uniform(*decades, size=count),
                    "steps": rng.integers(0, 6, size=count),
                }

        return generate

    return Domain({"slow": family((-3, -1)), "usual": family((-1, 1)), "fast": family((1, 1.5))})


CLAIMS = (
    Claim(
        id="C18",
        title="At a fixed rate training can stagnate below 100 %, at any level, where half the rate reaches 100 %",
        source="arXiv 2510.08539 (abstract) states that at a fixed learning rate the success rate can stagnate "
        "strictly below 100 %; its construction was not at hand, this policy and its proof are ours",
        statement=r"\eta=\frac{5\log 2}{p(1-p)}:\;p_t=p\;\;(t\ge0);\qquad \frac{\eta}{2}:\;p_t\to 1",
        not_computed={r"p_t\to 1": "a limit, which the theorem states; a test follows it to 1 - 1e-4"},
        assumptions=(
            "0 < p < 1; five answers, the first two right",
            "logits log b + x a + y s with x = (0, 2, -1, 1, 1), y = (0, 0, 0, 1, -1), "
            "b = (25 p, 5 p, 10 (1-p), 8 (1-p), 8 (1-p))",
            "exact gradient steps on the pass rate by (a, s), from (0, log 2)",
        ),
        relation=Relation.EQUAL,
        left=_stuck,
        right=_level,
        domain=_levels(),
        certificate=proof_steps(
            "the two points between which the steps go, and the slopes where half a step ends",
            [
                Step(
                    "at the rate eta a step leads from (0, log 2) to (0, -log 2) and back, both at p", _turning_points
                ),
                Step("at s = 0 the slope by s is 0, and that by a is positive: 8 b^2 - 25 b + 25 > 0", _ridge),
                ("so at half the rate a rises without a bound: its slope is at least positive up to any bound", None),
            ],
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "FixedRate.fixed_rate_returns",
            sizes="every level 0 < p < 1, every number of steps",
            also=("FixedRate.half_the_rate_ascends", "FixedRate.ascent_step_is_policy_gradient"),
            points="ascent",
            left="a + eta * FixedRate.slope FixedRate.first_feature p a s",
            right="s + eta * FixedRate.slope FixedRate.second_feature p a s",
            where={"p": "level", "a": "first", "s": "second", "eta": "rate"},
            sides=(_first_after_a_step, _second_after_a_step),
        ),
        part="the first half: the pass rate that does not move",
        equality=lambda size: {"level": np.array([1 / (size + 1)]), "steps": np.array([size])},
        sharp=True,
        notes="The two points attract, in numbers: at 199 levels from .005 to .995 the derivative of a step has a "
        "spectral radius of at most 0.91 there, so training that starts near them ends between them. What lets them is "
        "the sharing of parameters: by a, the second right answer rises with two wrong ones. With a free logit for "
        "every answer the same rate reaches 100 % (C19).",
    ),
    Claim(
        id="C19",
        title="Free logits: at any fixed rate the odds of success grow at least linearly, so nothing stagnates",
        source="arXiv 2510.08539 (abstract) states stagnation at a fixed learning rate; here it cannot happen. "
        "Rates of tabular softmax policy gradients are in Mei et al. 2020 (arXiv 2005.06392), for short steps",
        statement=r"\frac{p_t}{1-p_t}\ge\frac{p_0}{1-p_0}+\frac{t\,\eta\,p_0^2}{m}\qquad(\eta\ge0)",
        assumptions=(
            "tabular softmax policy, R in {0, 1}, m right answers, 0 < p_0 < 1",
            "exact gradient steps on the pass rate, all of the same rate eta",
        ),
        relation=Relation.AT_LEAST,
        left=_odds_after,
        right=_odds_promised,
        domain=_training(),
        certificate=proof_steps(
            "Jensen's inequality and the dispersion of the right answers",
            [
                ("the right answers' weights grow in the mean at least by e^(mean of eta pi (1-p)) (Jensen)", None),
                Step("with sum pi^2 >= p^2/m over right answers that is a rise of the odds by eta p^2/m", _growth),
                ("no wrong answer's weight grows, and p_t never falls", None),
            ],
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "FixedRate.free_odds_grow",
            sizes="all K, every rate, every number of steps",
            also=("FixedRate.free_logits_ascend",),
            points="softmax, binary, steps",
            left="StepThreshold.odds (Softmax.value K r (FixedRate.free_ascent K r eta th t))",
            right="StepThreshold.odds (Softmax.value K r th) + "
            "INR t * eta * Softmax.value K r th ^ 2 / Sums.sum_over r (seq 0 K)",
            where={"eta": "step", "t": "steps"},
        ),
        notes="The bound is reached at t = 0. For one short step it loses the share of the wrong answers, which goes "
        "to 0 when there are many of them.",
    ),
)
