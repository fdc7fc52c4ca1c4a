r"""The gradient of an autoregressive policy grows with the square root of the length and linearly in the deviation.

Proof. For a unit vector u, u . grad = Cov(R, u . g) <= STD(R) STD(u . g). The score of a sequence is the sum of the
token scores J_c^T (e_y - pi_c), martingale differences, so Var(u . g) = sum_t E[u^T J^T F J u] with F = diag(pi_c) -
pi_c pi_c^T, and lambda_max(F) <= 1/2 (B17) gives at most gamma^2 / 2 a token: Var(u . g) <= gamma^2 L / 2, and E[T]
in place of L when the length is random, because a token's term is counted only while the sequence runs.

Attained for every L by two tokens that share the logit (z, -z) at z = 0 (gamma = sqrt 2) with reward the token count.
"""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from vas_theory.bounds import length_bound
from vas_theory.claims.lib.base import Claim, Relation, Verdict
from vas_theory.claims.lib.certificates import Step, proof_steps
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.credit import no_prior_source
from vas_theory.claims.lib.domains.sequences import (
    binary_counter,
    gradient_norm,
    jacobian_norm,
    mean_length,
    reward_deviation,
    sequences,
    tree_terms,
)


def _bound(theta: NDArray[Any], features: NDArray[Any], rewards: NDArray[Any], end: NDArray[Any]) -> Any:
    variance = reward_deviation(theta, features, rewards, end) ** 2
    return length_bound(jacobian_norm(features), mean_length(theta, features, end), variance)


def _martingale() -> bool:
    """For two tokens and a shared logit the score's variance is the sum of the token terms, for any context weights."""
    import sympy

    p, q, r = sympy.symbols("p q r", positive=True)
    # token 1 with probability p first, then q after it and r otherwise; scores (1 - p) or -p and likewise
    paths = [(p * q, 1 - p + 1 - q), (p * (1 - q), 1 - p - q), ((1 - p) * r, -p + 1 - r), ((1 - p) * (1 - r), -p - r)]
    mean = sum(weight * score for weight, score in paths)
    second = sum(weight * score**2 for weight, score in paths)
    tokens = p * (1 - p) + p * q * (1 - q) + (1 - p) * r * (1 - r)
    return bool(sympy.expand(mean) == 0 and sympy.expand(second - tokens) == 0)


def _two_token_eigenvalue() -> bool:
    """u^T F u for u = (1, -1) is 4 p (1 - p), at most |u|^2 / 2 = 1 with equality at p = 1/2."""
    import sympy

    p = sympy.Symbol("p")
    fisher = sympy.Matrix([[p * (1 - p), -p * (1 - p)], [-p * (1 - p), p * (1 - p)]])
    u = sympy.Matrix([1, -1])
    return bool(sympy.expand((u.T * fisher * u)[0] - 1 + (2 * p - 1) ** 2) == 0)


_STEPS = [
    ("u . grad = Cov(R, u . g) <= STD(R) STD(u . g) for every unit vector u", None),
    Step(
        "token scores are martingale differences, so their variances add",
        _martingale,
        "two tokens, length 2, one shared logit",
    ),
    Step("each token adds at most gamma^2 lambda_max(F) <= gamma^2 / 2 (B17)", _two_token_eigenvalue, "two tokens"),
    ("a token's term counts only while the sequence runs, so the sum over t is E[T] at most", None),
]

CLAIMS = (
    Claim(
        id="B06",
        title="Length L: |grad| is at most gamma sqrt(L/2) STD(R)",
        source=f"sharpens Theorem 1 of Razin et al. (arXiv 2310.20703), see L01; {no_prior_source('sequences')}",
        statement=r"\|\nabla J\|\le\gamma\sqrt{L/2}\;\mathrm{STD}(R)",
        assumptions=(
            "autoregressive softmax, sequences of L tokens",
            "Jacobian of the token logits has norm <= gamma in every reachable context",
            "score of the whole sequence (not divided by its length)",
        ),
        relation=Relation.AT_MOST,
        left=gradient_norm,
        right=_bound,
        domain=sequences(with_end=False),
        certificate=proof_steps("Cauchy-Schwarz and orthogonal token scores", _STEPS),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Tokens.sequence_gradient",
            sizes="all K, all L, any differentiable logits",
            points="tokens",
            left="Tokens.norm dims v",
            right="gamma * sqrt (INR L / 2) * sqrt (Tokens.reward_variance K logit stop reward theta L)",
            where=tree_terms(with_end=False),
        ),
        equality=binary_counter,
        sharp=True,
        float_tolerance=1e-12,
        figure="real_model_gradient",
    ),
    Claim(
        id="B47",
        title="Random length: |grad| is at most gamma sqrt(E[T]/2) STD(R)",
        source=f"extends B06; {no_prior_source('sequences')}",
        statement=r"\|\nabla J\|\le\gamma\sqrt{E[T]/2}\;\mathrm{STD}(R)",
        assumptions=(
            "autoregressive softmax, sequences end with an end token or at a largest length",
            "Jacobian of the token logits has norm <= gamma in every reachable context",
        ),
        relation=Relation.AT_MOST,
        left=gradient_norm,
        right=_bound,
        domain=sequences(with_end=True),
        certificate=proof_steps("Cauchy-Schwarz and orthogonal token scores", _STEPS),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Tokens.random_length_gradient",
            sizes="all K, every largest length, any ending rule, any differentiable logits",
            points="tokens, end",
            left="Tokens.norm dims v",
            right="gamma * sqrt (Tokens.mean_length K logit stop theta L / 2) * "
            "sqrt (Tokens.reward_variance K logit stop reward theta L)",
            where=tree_terms(with_end=True),
        ),
        equality=binary_counter,
        sharp=True,
        float_tolerance=1e-12,
    ),
)
