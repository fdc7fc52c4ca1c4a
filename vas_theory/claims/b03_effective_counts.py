"""The tabular gradient of a binary reward in terms of effective counts, and what diversity does to it.

Write c_i = pi_i / p inside the correct class and w_i = pi_i / (1 - p) inside the wrong one. Then g_i = q c_i on correct
and g_i = -q w_i on wrong arms with q = p (1 - p), so |grad|^2 = q^2 (sum c_i^2 + sum w_i^2): the inverse-Simpson
effective counts N_c = 1 / sum c_i^2 and N_w. Among m correct arms m sum pi_i^2 - p^2 = S_C, the sum over pairs of
(pi_i - pi_j)^2, which gives B22. At fixed p a more even class (larger diversity) therefore means a SMALLER gradient.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.bounds import binary_gradient_floor, effective_counts
from vas_theory.claims.b02_variance_over_rho import uniform_within_classes
from vas_theory.claims.lib.base import CertificateKind, Claim, Instance, Relation, Verdict
from vas_theory.claims.lib.bridge.arm_sums import Arms
from vas_theory.claims.lib.certificates import identity
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.credit import no_prior_source
from vas_theory.claims.lib.domains.bandits import bandits
from vas_theory.claims.lib.step_gain import gradient_squared
from vas_theory.policy.gradients import reward_variance


def _squared_norm(probs: NDArray[Any], rewards: NDArray[Any]) -> Any:
    return gradient_squared(probs, rewards)


def _simpson(probs: NDArray[Any], rewards: NDArray[Any]) -> Any:
    """Return q^2 (1/N_c + 1/N_w) from the class-conditional probabilities."""
    correct, wrong = effective_counts(probs, rewards)
    return reward_variance(probs, rewards) ** 2 * (1 / correct + 1 / wrong)


def _counts(probs: NDArray[Any], rewards: NDArray[Any]) -> Any:
    """Return q^2 (1/m + 1/n) from the numbers of correct and wrong arms."""
    return binary_gradient_floor(probs, rewards)


def _pair_sums(probs: NDArray[Any], rewards: NDArray[Any]) -> Any:
    """Return ((1-p)^2/m) S_C + (p^2/n) S_W with S the sum over pairs of a class of (pi_i - pi_j)^2."""
    first, second = np.triu_indices(probs.shape[-1], 1)
    gaps = (probs[..., first] - probs[..., second]) ** 2
    p = (probs * rewards).sum(-1)
    total = 0
    for member, weight in ((rewards, (1 - p) ** 2), (1 - rewards, p**2)):
        pairs = (member[..., first] * member[..., second] * gaps).sum(-1)
        total = total + weight * pairs / member.sum(-1)
    return total


def _classes() -> tuple[Any, Arms, Arms]:
    """Return the pass rate and the arms of the two classes, of any numbers m and n."""
    import sympy

    p = sympy.Symbol("p", positive=True)
    return p, Arms("x", {"1": "m", "x": p}, label="C"), Arms("x", {"1": "n", "x": 1 - p}, label="W")


def _squared_by_class(p: Any, correct: Arms, wrong: Arms) -> Any:
    (right,), (false,) = correct, wrong
    return ((right * (1 - p)) ** 2).sum() + ((false * (0 - p)) ** 2).sum()


def _simpson_identity() -> dict[str, Any]:
    p, correct, wrong = _classes()
    # 1/N is the sum of squares of the probabilities within the class
    parts = [((x / share) ** 2).sum() for (x,), share in ((correct, p), (wrong, 1 - p))]
    form = (p * (1 - p)) ** 2 * sum(parts)
    return {"|grad|^2 - q^2 (1/N_c + 1/N_w)": _squared_by_class(p, correct, wrong) - form}


def _count_identity() -> dict[str, Any]:
    p, correct, wrong = _classes()
    floor = (p * (1 - p)) ** 2 * (1 / correct.count + 1 / wrong.count)
    pairs = sum(
        weight / arms.count * arms.over_pairs(lambda one, other: (one[0] - other[0]) ** 2) / 2
        for arms, weight in ((correct, (1 - p) ** 2), (wrong, p**2))
    )
    return {"|grad|^2 - q^2 (1/m + 1/n) - pair sums": _squared_by_class(p, correct, wrong) - floor - pairs}


def _count_bridge(claim: Claim, instance: Instance) -> tuple[Any, Any]:
    left, right = claim.sides(instance)
    return left, right + _pair_sums(**instance)


CLAIMS = (
    Claim(
        id="B03",
        title="Binary tabular: |grad|^2 = q^2 (1/N_c + 1/N_w)",
        source=f"refutes A.4 and the diversity argument of arXiv 2509.21268; {no_prior_source('gradient')}",
        statement=r"\|\nabla V\|^2=q^2\Bigl(\frac1{N_c}+\frac1{N_w}\Bigr),\qquad q=p(1-p)",
        assumptions=("tabular softmax policy", "R in {0, 1}", "0 < p < 1"),
        relation=Relation.EQUAL,
        left=_squared_norm,
        right=_simpson,
        domain=bandits(binary=True),
        certificate=identity(
            "sums over the two classes",
            _simpson_identity,
            bridge=Claim.sides,
            sizes="all numbers of arms in both classes",
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Tabular.effective_counts_identity",
            sizes="all K",
            also=("Derivative.effective_counts_identity",),
            points="tabular, binary",
            left="Tabular.norm2 arms (Tabular.grad arms p r)",
            right="Tabular.Var arms p r ^ 2 * (1 / Tabular.correct_count arms p r + 1 / Tabular.wrong_count arms p r)",
        ),
        equality=uniform_within_classes,
        sharp=True,
        notes="N_c and N_w are inverse-Simpson effective counts within the classes: more diversity, smaller gradient.",
    ),
    Claim(
        id="B22",
        title="Binary tabular: |grad|^2 is at least q^2 (1/m + 1/n), with the exact remainder",
        source=no_prior_source("gradient"),
        statement=r"\|\nabla V\|^2-q^2\Bigl(\tfrac1m+\tfrac1n\Bigr)=\tfrac{(1-p)^2}{m}S_C+\tfrac{p^2}{n}S_W\ge 0",
        assumptions=("tabular softmax policy", "R in {0, 1}", "0 < p < 1", "m correct and n wrong arms"),
        relation=Relation.AT_LEAST,
        left=_squared_norm,
        right=_counts,
        domain=bandits(binary=True),
        certificate=identity(
            "the slack is a sum of squares of differences within the classes",
            _count_identity,
            bridge=_count_bridge,
            kind=CertificateKind.SUM_OF_SQUARES,
            sizes="all numbers of arms in both classes",
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Tabular.binary_gradient_remainder",
            sizes="all K",
            also=("Derivative.binary_gradient_remainder",),
            points="tabular, binary",
            left="Tabular.norm2 arms (Tabular.grad arms p r)",
            right="Tabular.Var arms p r ^ 2 * (1 / Sums.sum_over r arms + 1 / Sums.sum_over (fun a : A "
            "=> 1 - r a) arms)",
        ),
        part="the inequality; not the remainder",
        equality=uniform_within_classes,
        sharp=True,
    ),
)
