r"""A KL penalty does not only rescale constants: at the optimum of the penalised objective the gradient is zero.

The optimum of J_beta = E r - beta KL(pi || pi_ref) is pi_i proportional to pi_ref,i e^{r_i / beta}. It keeps a
positive reward variance, so no c > 0 gives |grad J_beta|^2 >= c Var[r]. The certificate's instance: pi_ref = (1/2,
1/2), beta = 1/ln 3, r = (1, 0), pi = (3/4, 1/4), Var = 3/16. An instance states e^{1/beta}, which is 3 there, so that
the optimality pi_1 / pi_2 = (pi_ref,1 / pi_ref,2) 3^{r_1 - r_2} is a statement about rational numbers.

What holds is every statement of the unpenalised case with the reward R_beta,i = r_i - beta log(pi_i / pi_ref,i) in
place of r (A34 states B02 that way). Proof: dJ_beta/dpi_i = R_beta,i - beta, and the constant drops out of the
softmax chain rule d pi_j / d theta_i = pi_j (1{i = j} - pi_i).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.b02_variance_over_rho import lagrange_sum
from vas_theory.claims.lib.base import Certificate, CertificateKind, Claim, Evidence, Instance, Relation, Verdict
from vas_theory.claims.lib.certificates import identity
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.credit import no_prior_source
from vas_theory.claims.lib.domains.bandits import bandits
from vas_theory.claims.lib.domains.extra import Extra, extended, shares
from vas_theory.foundation.arguments import unify
from vas_theory.foundation.precision import log, sqrt
from vas_theory.policy.gradients import policy_gradient, reward_variance


def _penalised_reward(
    probs: NDArray[Any], reference: NDArray[Any], rewards: NDArray[Any], temperature: NDArray[Any]
) -> Any:
    """Return r_i - beta log(pi_i / pi_ref,i), shape (N, K)."""
    return rewards - np.asarray(temperature)[..., None] * (log(probs) - log(reference))


def _gradient(probs: NDArray[Any], reference: NDArray[Any], rewards: NDArray[Any], temperature: NDArray[Any]) -> Any:
    """Return grad J_beta by the chain rule from dJ_beta/dpi_i = r_i - beta (log(pi_i / pi_ref,i) + 1)."""
    beta = np.asarray(temperature)[..., None]
    by_probability = rewards - beta * (log(probs) - log(reference) + 1)
    return probs * by_probability - probs * (probs * by_probability).sum(-1, keepdims=True)


def _temperature(exp_inverse_temperature: NDArray[Any]) -> Any:
    (logarithm,) = unify(log(exp_inverse_temperature))
    return 1 / logarithm


def _penalised_norm_squared(
    probs: NDArray[Any],
    reference: NDArray[Any],
    rewards: NDArray[Any],
    exp_inverse_temperature: NDArray[Any],
    constant: NDArray[Any],
) -> Any:
    beta = _temperature(unify(exp_inverse_temperature)[0])
    pi, ref, r, beta = unify(probs, reference, rewards, beta)
    return (_gradient(pi, ref, r, beta) ** 2).sum(-1)


def _constant_times_variance(
    probs: NDArray[Any],
    reference: NDArray[Any],
    rewards: NDArray[Any],
    exp_inverse_temperature: NDArray[Any],
    constant: NDArray[Any],
) -> Any:
    factor, variance = unify(constant, reward_variance(probs, rewards))
    return factor * variance


def _norm(probs: NDArray[Any], reference: NDArray[Any], rewards: NDArray[Any], temperature: NDArray[Any]) -> Any:
    return sqrt((_gradient(probs, reference, rewards, temperature) ** 2).sum(-1))


def _penalised_variance_over_rho(
    probs: NDArray[Any], reference: NDArray[Any], rewards: NDArray[Any], temperature: NDArray[Any]
) -> Any:
    shaped = _penalised_reward(probs, reference, rewards, temperature)
    spread = shaped - shaped.sum(-1, keepdims=True) / shaped.shape[-1]
    return reward_variance(probs, shaped) / sqrt((spread**2).sum(-1))


def _check_optimum() -> Evidence:
    """Check in rational arithmetic that the instance is the penalised optimum and has the stated variance."""
    (pi,), (ref,), (r,) = (_INSTANCE[name] for name in ("probs", "reference", "rewards"))
    (base,) = _INSTANCE["exp_inverse_temperature"]
    tilted = [q * Fraction(int(base)) ** int(reward) for q, reward in zip(ref, r, strict=True)]
    optimal = [weight / sum(tilted) for weight in tilted] == list(pi)
    mean = sum(p * int(reward) for p, reward in zip(pi, r, strict=True))
    variance = sum(p * (int(reward) - mean) ** 2 for p, reward in zip(pi, r, strict=True))
    return Evidence(
        optimal and variance == Fraction(3, 16),
        f"pi is proportional to pi_ref 3^r, so r - beta log(pi / pi_ref) is constant and grad J_beta = 0 exactly; "
        f"Var = {variance}, so |grad J_beta|^2 >= c Var is false for every c > 0",
    )


def _identities() -> dict[str, Any]:
    import sympy

    arms = 3
    p = np.array(sympy.symbols(f"p1:{arms + 1}", positive=True), dtype=object)
    q = np.array(sympy.symbols(f"q1:{arms + 1}", positive=True), dtype=object)
    r = np.array(sympy.symbols(f"r1:{arms + 1}", real=True), dtype=object)
    beta = sympy.Symbol("beta", positive=True)
    objective = sum(pi * (ri - beta * (sympy.log(pi) - sympy.log(qi))) for pi, qi, ri in zip(p, q, r, strict=True))
    shaped = r - beta * np.array([sympy.log(pi) - sympy.log(qi) for pi, qi in zip(p, q, strict=True)])
    slopes = np.array([sympy.diff(objective, pi) for pi in p])
    expressions = {}
    for i in range(arms):
        chain = sum(slopes[j] * p[j] * ((1 if i == j else 0) - p[i]) for j in range(arms))
        pushed = (p[i] * (shaped[i] - (p * shaped).sum())).subs(p[-1], 1 - p[0] - p[1])
        expressions[f"dJ_beta/dtheta_{i + 1} - pi (R_beta - mean)"] = chain.subs(p[-1], 1 - p[0] - p[1]) - pushed
    any_reward = np.array(sympy.symbols("s1:4", real=True), dtype=object)
    free = np.array([p[0], p[1], 1 - p[0] - p[1]], dtype=object)
    push = policy_gradient(free, any_reward)
    spread = any_reward - any_reward.sum() / arms
    slack = (push**2).sum() * (spread**2).sum() - reward_variance(free, any_reward) ** 2
    expressions["|grad|^2 rho^2 - Var^2 - sum of squares, any reward"] = slack - lagrange_sum(free, any_reward)
    return expressions


def _bridge(claim: Claim, instance: Instance) -> tuple[Any, Any]:
    shaped = _penalised_reward(**instance)
    rho_squared = ((shaped - shaped.mean(-1, keepdims=True)) ** 2).sum(-1)
    left, right = claim.sides(instance)
    return left**2 * rho_squared, right**2 * rho_squared + lagrange_sum(instance["probs"], shaped)


def _uniform_within_classes(size: int) -> Instance:
    correct = np.arange(size) < (size + 1) // 2

    def split(rate: float) -> NDArray[Any]:
        return np.where(correct, rate / correct.sum(), (1 - rate) / (~correct).sum())[None]

    return {
        "probs": split(0.25),
        "reference": split(0.6),
        "rewards": correct[None].astype(float),
        "temperature": np.array([0.3]),
    }


def _draw_reference(rng: np.random.Generator, instance: Instance) -> NDArray[Any]:
    weights = rng.standard_gamma(1.0, size=instance["probs"].shape) + 1e-9
    drawn: NDArray[Any] = weights / weights.sum(-1, keepdims=True)
    return drawn


def _move_reference(rng: np.random.Generator, values: NDArray[Any], scale: float) -> NDArray[Any]:
    weights = values * np.exp(scale * rng.standard_normal(values.shape))
    moved: NDArray[Any] = weights / weights.sum(-1, keepdims=True)
    return moved


_REFERENCE = Extra(_draw_reference, _move_reference)
_INSTANCE: Instance = {
    "probs": np.array([[Fraction(3, 4), Fraction(1, 4)]], dtype=object),
    "reference": np.array([[Fraction(1, 2), Fraction(1, 2)]], dtype=object),
    "rewards": np.array([[1, 0]]),
    "exp_inverse_temperature": np.array([3]),
    "constant": np.array([Fraction(1, 10**6)], dtype=object),
}

CLAIMS = (
    Claim(
        id="A10",
        title="A KL penalty only rescales the constants of Theorem 1",
        source="arXiv 2509.21268, remark on the KL term",
        statement=r"\exists\,c'>0:\quad\|\nabla J_\beta\|^2\ge c'\,\mathrm{Var}[R],\qquad "
        r"J_\beta=E R-\beta\,\mathrm{KL}(\pi\,\|\,\pi_{\mathrm{ref}})",
        assumptions=("tabular softmax policy", "c' may depend on beta and the reference"),
        relation=Relation.AT_LEAST,
        left=_penalised_norm_squared,
        right=_constant_times_variance,
        domain=extended(bandits(), reference=_REFERENCE, exp_inverse_temperature=shares(1.1, 1e4), constant=shares()),
        certificate=Certificate(
            CertificateKind.COUNTEREXAMPLE,
            "reference (1/2, 1/2), beta = 1/ln 3, r = (1, 0), pi = (3/4, 1/4): gradient 0, Var 3/16",
            _check_optimum,
        ),
        verdict=Verdict.REFUTED,
        formal=Formal(
            "RefutedBounds.penalised_gradient_has_no_variance_bound",
            sizes="every c > 0, at the certificate's instance",
        ),
        counterexample=_INSTANCE,
        lacked="the penalty inside the reward whose variance is taken",
        corrected_by=("A34",),
    ),
    Claim(
        id="A34",
        title="With a KL penalty the variance that counts is that of the penalised reward",
        source=f"corrects the KL remark of arXiv 2509.21268; {no_prior_source('gradient')}",
        statement=r"\|\nabla J_\beta\|\ge\frac{\mathrm{Var}(R_\beta)}{\|R_\beta-\bar R_\beta\mathbf 1\|_2},\qquad "
        r"R_\beta=r-\beta\log\frac{\pi}{\pi_{\mathrm{ref}}}",
        assumptions=("tabular softmax policy", "all probabilities positive", "penalised rewards not all equal"),
        relation=Relation.AT_LEAST,
        left=_norm,
        right=_penalised_variance_over_rho,
        domain=extended(bandits(), reference=_REFERENCE, temperature=shares(0.0, 2.0)),
        certificate=identity(
            "the penalty's own derivative drops out; then Lagrange's identity",
            _identities,
            bridge=_bridge,
            kind=CertificateKind.SUM_OF_SQUARES,
            sizes="K = 3",
            remains="that every coincidence of indices occurs at these sizes",
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Gradients.penalised_gradient_at_least_variance",
            sizes="all K",
            untied={"left": "the norm of the derivative of a penalised value"},
            points="softmax, reference",
            right="Tabular.Var (Derivative.arms K) (Softmax.softmax K th) (Gradients.penalised_reward K "
            "r th ref beta) / Tabular.rho (Derivative.arms K) (Gradients.penalised_reward K r th "
            "ref beta)",
        ),
        equality=_uniform_within_classes,
        sharp=True,
    ),
)
