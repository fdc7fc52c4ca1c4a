r"""Expected improvement of one group step: Dr.GRPO for any rewards, whitened GRPO for binary ones.

Proof. The advantages of a group sum to zero, so the update is :math:`\hat g = \frac1G\sum_i A_i e_{y_i}`, a vector of
zero sum, and :math:`|\hat g|_2 \le |\hat g|_1/\sqrt2`. With :math:`|H| \le \kappa|\nabla V|` (claim B46) Taylor's
formula along the step :math:`\eta \hat g` gives

.. math:: E\,\mathrm{gain} \ge \eta \langle \nabla V, E\hat g\rangle
    - \kappa |\nabla V|\, \eta^2 E\big[|\hat g|^2 \varphi(\kappa\eta|\hat g|)\big],
    \qquad \varphi(x) = (e^x - 1 - x)/x^2 \le e^x/2 .

Dr.GRPO: :math:`E\hat g = (1-1/G)\nabla V`. The mean absolute deviation of a group is at most half its range and at most
its standard deviation s, so :math:`|\hat g| \le \Delta/(2\sqrt2)` and
:math:`E|\hat g|^2 \le E s^2/2 = (1-1/G)\mathrm{Var}/2 \le (1-1/G)\rho|\nabla V|/2` by claim B02.

Whitened, binary: :math:`E\hat g = w_G \nabla V` (claim B09). An arm is correct or wrong, so nothing cancels in
:math:`|\hat g|_1 = 2s \le 1`: hence :math:`|\hat g| \le 1/\sqrt2` and
:math:`E|\hat g|^2 \le 2 E s^2 = 2(1-1/G)\mathrm{Var} \le 2(1-1/G)\rho|\nabla V|`. This is claim B55; claim B28 follows
from :math:`\varphi \le e^x/2` and :math:`1-1/G \le G/4`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.bounds import centred_reward_norm, dr_grpo_step_gain, reward_range, whitened_step_gain
from vas_theory.claims.lib.base import Claim, Instance, Relation, Verdict
from vas_theory.claims.lib.certificates import Step, proof_steps
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.credit import no_prior_source
from vas_theory.claims.lib.domains.groups import by_group_size, group_bandits, with_steps
from vas_theory.claims.lib.step_gain import (
    gradient_squared,
    group_gain_of_step,
    kappa_exceeds_its_root,
    kappa_like,
    kappa_term,
    kernel_by_series,
    remainder_kernel,
)
from vas_theory.foundation.arguments import unify
from vas_theory.foundation.precision import sqrt
from vas_theory.groups import group_gain


def _learning_rate(rewards: NDArray[Any], step: NDArray[Any]) -> Any:
    """Return eta = step / Delta."""
    r, reach = unify(rewards, step)
    return reach / reward_range(r)


def _dr_grpo_gain(probs: NDArray[Any], rewards: NDArray[Any], group_size: NDArray[Any], step: NDArray[Any]) -> Any:
    return group_gain_of_step(probs, rewards, group_size, _learning_rate(rewards, step), "dr_grpo")


def _whitened_gain(probs: NDArray[Any], rewards: NDArray[Any], group_size: NDArray[Any], step: NDArray[Any]) -> Any:
    return group_gain_of_step(probs, rewards, group_size, _learning_rate(rewards, step), "grpo")


def _dr_grpo_bound(probs: NDArray[Any], rewards: NDArray[Any], group_size: NDArray[Any], step: NDArray[Any]) -> Any:
    r, reach = unify(rewards, step)
    known = (reach / reward_range(r), gradient_squared(probs, r), centred_reward_norm(r), reward_range(r))
    return by_group_size(dr_grpo_step_gain, group_size, *known)


def _whitened_inputs(probs: NDArray[Any], rewards: NDArray[Any], step: NDArray[Any]) -> tuple[Any, ...]:
    """Return eta, |grad|^2, the pass rate and rho; binary rewards have range 1."""
    pi, r, eta = unify(probs, rewards, step)
    rate = (pi * r).sum(-1)
    rate = np.minimum(rate, 1.0) if rate.dtype != object else rate  # a rounded sum may exceed 1 by an ulp
    return eta, gradient_squared(pi, r), rate, centred_reward_norm(r)


def _whitened_bound(probs: NDArray[Any], rewards: NDArray[Any], group_size: NDArray[Any], step: NDArray[Any]) -> Any:
    return by_group_size(whitened_step_gain, group_size, *_whitened_inputs(probs, rewards, step))


def _whitened_improved(probs: NDArray[Any], rewards: NDArray[Any], group_size: NDArray[Any], step: NDArray[Any]) -> Any:
    def bound(eta: NDArray[Any], square: NDArray[Any], rate: NDArray[Any], rho: NDArray[Any], size: int) -> Any:
        kappa = kappa_like(eta)
        x = kappa * eta / sqrt(unify(2, eta)[0])
        lost = 2 * kappa * eta * rho * (size - 1) / size * remainder_kernel(x)
        return eta * square * (group_gain(rate, size) - lost)

    return by_group_size(bound, group_size, *_whitened_inputs(probs, rewards, step))


def _kernel_bridge(claim: Claim, instance: Instance) -> tuple[Any, Any]:
    eta, square, rate, rho = _whitened_inputs(instance["probs"], instance["rewards"], instance["step"])
    size, kappa = instance["group_size"], kappa_like(eta)
    gain = by_group_size(group_gain, size, rate)
    lost = 2 * kappa * eta * rho * (size - 1) / size * kernel_by_series(kappa * eta / sqrt(unify(2, eta)[0]))
    return claim.right(**instance), eta * square * (gain - lost)


def _zero_sum_norm() -> bool:
    """Check |v|_1^2/2 - |v|_2^2 for v = (a, b, -c, -(a + b - c)) with a, b, c, a + b - c >= 0: products of these."""
    import sympy

    a, b, c = sympy.symbols("a b c")
    d = a + b - c
    one_norm = a + b + c + d
    slack = one_norm**2 / 2 - (a**2 + b**2 + c**2 + d**2)
    return bool(sympy.expand(slack - 2 * a * b - 2 * c * d) == 0)


def _mean_sample_variance() -> bool:
    """Check E s^2 = (1 - 1/G) q over binomial counts for G = 2..8."""
    import sympy

    p = sympy.Symbol("p")
    for size in range(2, 9):
        terms = [
            sympy.binomial(size, k) * p**k * (1 - p) ** (size - k) * sympy.Rational(k * (size - k), size**2)
            for k in range(size + 1)
        ]
        if sympy.expand(sum(terms) - (1 - sympy.Rational(1, size)) * p * (1 - p)) != 0:
            return False
    return True


def _mean_variance_of_any_reward() -> bool:
    """Check s^2 = sum_{i<j} (r_i - r_j)^2 / G^2 for G = 4; each pair has mean 2 Var, so E s^2 = (1 - 1/G) Var."""
    import sympy

    rewards = sympy.symbols("r1:5")
    mean = sum(rewards) / 4
    variance = sum((r - mean) ** 2 for r in rewards) / 4
    pairs = sum((rewards[i] - rewards[j]) ** 2 for i in range(4) for j in range(i)) / 16
    size = sympy.Symbol("G")
    count = size * (size - 1) / 2 * 2 / size**2 - (1 - 1 / size)
    return bool(sympy.expand(variance - pairs) == 0 and sympy.simplify(count) == 0)


def _one_norm_of_a_whitened_update() -> bool:
    """Check k (1 - k/G)/s + (G - k) (k/G)/s = 2 G s with s^2 = k (G - k)/G^2."""
    import sympy

    size, k = sympy.symbols("G k", positive=True)
    s_squared = k * (size - k) / size**2
    return bool(sympy.simplify(k * (1 - k / size) + (size - k) * k / size - 2 * size * s_squared) == 0)


def _quarter_of_the_group_size() -> bool:
    """Check G/4 - (1 - 1/G) = (G - 2)^2/(4 G)."""
    import sympy

    size = sympy.Symbol("G", positive=True)
    return bool(sympy.simplify(size / 4 - (1 - 1 / size) - (size - 2) ** 2 / (4 * size)) == 0)


_COMMON = [
    ("Taylor's formula with |H| <= kappa |grad| along the step (claim B46) and phi(x) <= e^x/2 (claim B25)", None),
    ("kappa lies within 1e-6 below 1.644491", kappa_exceeds_its_root),
    Step("a vector v of zero sum has |v|_2^2 <= |v|_1^2/2", _zero_sum_norm, "four entries, two of either sign"),
]

_WHITENED = [
    *_COMMON,
    ("E ghat = w_G grad p (claim B09)", None),
    ("|ghat|_1 = 2 s <= 1, hence |ghat| <= 1/sqrt 2 and |ghat|^2 <= 2 s^2", _one_norm_of_a_whitened_update),
    Step("E s^2 = (1 - 1/G) q, at most (1 - 1/G) rho |grad| by claim B02", _mean_sample_variance, "G = 2..8"),
]

CLAIMS = (
    Claim(
        id="B27",
        title="Dr.GRPO step: expected improvement",
        source=f"replaces Theorem 1 of arXiv 2509.21268 for group updates; {no_prior_source('steps')}",
        statement=r"E[V(\theta+\eta\hat g)]-V(\theta) \ge \eta\big(1-\tfrac1G\big)\|\nabla V\|^2"
        r"\Big[1-\tfrac{\kappa\eta\rho}{4}\,e^{\kappa\eta\Delta/(2\sqrt2)}\Big]",
        assumptions=(
            "tabular softmax policy",
            "one group of G independent rollouts",
            "rewards not all equal",
            "eta > 0",
        ),
        relation=Relation.AT_LEAST,
        left=_dr_grpo_gain,
        right=_dr_grpo_bound,
        domain=with_steps(group_bandits(), 1e-3, 3.0),
        certificate=proof_steps(
            "self-bounding curvature along every group's step",
            [
                *_COMMON,
                ("E ghat = (1 - 1/G) grad V, as A_i = (1 - 1/G) times the RLOO advantage", None),
                ("|ghat|_1 <= mean |r_i - mean| <= min(Delta/2, s), hence |ghat|_2 <= Delta/(2 sqrt 2)", None),
                Step(
                    "E s^2 = (1 - 1/G) Var, at most (1 - 1/G) rho |grad| by claim B02",
                    _mean_variance_of_any_reward,
                    "G = 4; the count of pairs for all G",
                ),
            ],
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "GroupStep.dr_grpo_gain",
            sizes="all K, all G, every step length",
            points="softmax, two arms, step, group",
            left="GroupStep.expected_group_gain K r th eta G (fun _ : list nat => 1)",
            right="eta * (1 - / INR G) * SampleStep.gradient_norm K r th ^ 2 * (1 - k * eta * "
            "SampleStep.rho K r / 4 * exp (k * eta * (hi - lo) / (2 * sqrt 2)))",
            where={
                "k": kappa_term,
                "lo": "Sums.min_over r arms",
                "hi": "Sums.max_over r arms",
                "eta": "step / (hi - lo)",
                "G": "group",
            },
        ),
        experiment="one_step_progress",
        figure="one_step_progress",
    ),
    Claim(
        id="B28",
        title="Whitened GRPO step, binary rewards: expected improvement",
        source="replaces appendix A.4 of arXiv 2509.21268 (larger Var, larger improvement); "
        f"{no_prior_source('steps')}",
        statement=r"E[V(\theta+\eta\hat g)]-V(\theta) \ge \eta\,w_G\|\nabla V\|^2"
        r"\Big[1-\frac{\kappa\eta G\rho\,e^{\kappa\eta/\sqrt2}}{4 w_G}\Big]",
        assumptions=(
            "tabular softmax policy",
            "one group of G independent rollouts",
            "rewards in {0, 1}, 0 < p < 1",
            "population standard deviation, nothing added to it; silent groups give no update",
            "eta > 0",
        ),
        relation=Relation.AT_LEAST,
        left=_whitened_gain,
        right=_whitened_bound,
        domain=with_steps(group_bandits(binary=True), 1e-3, 1.0),
        certificate=proof_steps(
            "claim B55 weakened by two elementary inequalities",
            [*_WHITENED, ("1 - 1/G <= G/4", _quarter_of_the_group_size)],
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "WhitenedStep.whitened_gain_weaker",
            sizes="all K, all G >= 2, every step length",
            points="softmax, two arms, binary, step, group",
            left="WhitenedStep.whitened_gain K r th eta n",
            right="eta * GroupGain.w (Softmax.value K r th) n * SampleStep.gradient_norm K r th ^ 2 * (1 "
            "- k * eta * INR (S (S n)) * SampleStep.rho K r * exp (k * eta / sqrt 2) / (4 * "
            "GroupGain.w (Softmax.value K r th) n))",
            where={"k": kappa_term, "n": "(group - 2)%nat", "eta": "step"},
        ),
        experiment="one_step_progress",
        figure="one_step_progress",
        notes="Claim B55 replaces the factor G by 4 (1 - 1/G), and is never weaker.",
    ),
    Claim(
        id="B55",
        title="Whitened GRPO step, improved: the loss does not grow with the group size",
        source="improves claim B28; its first moment by the identity of arXiv 2607.00152",
        statement=r"E[V(\theta+\eta\hat g)]-V(\theta) \ge \eta\,w_G\|\nabla V\|^2\Big[1-\frac{2\kappa\eta\rho}{w_G}"
        r"\big(1-\tfrac1G\big)\varphi\big(\tfrac{\kappa\eta}{\sqrt2}\big)\Big],\qquad \varphi(x)=\frac{e^x-1-x}{x^2}",
        assumptions=(
            "tabular softmax policy",
            "one group of G independent rollouts",
            "rewards in {0, 1}, 0 < p < 1",
            "population standard deviation, nothing added to it; silent groups give no update",
            "eta > 0",
        ),
        relation=Relation.AT_LEAST,
        left=_whitened_gain,
        right=_whitened_improved,
        domain=with_steps(group_bandits(binary=True), 1e-3, 3.0),
        certificate=proof_steps("self-bounding curvature along every group's step", _WHITENED, bridge=_kernel_bridge),
        verdict=Verdict.PROVED,
        formal=Formal(
            "WhitenedStep.whitened_gain_at_least",
            sizes="all K, all G >= 2, every step length",
            points="softmax, two arms, binary, step, group",
            left="WhitenedStep.whitened_gain K r th eta n",
            right="eta * GroupGain.w (Softmax.value K r th) n * SampleStep.gradient_norm K r th ^ 2 * (1 "
            "- 2 * k * eta * SampleStep.rho K r / GroupGain.w (Softmax.value K r th) n * (1 - / "
            "INR (S (S n))) * WhitenedStep.phi (k * eta / sqrt 2))",
            where={"k": kappa_term, "n": "(group - 2)%nat", "eta": "step"},
        ),
        experiment="one_step_progress",
        figure="one_step_progress",
    ),
)
