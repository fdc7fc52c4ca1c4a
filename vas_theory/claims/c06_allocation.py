r"""How to divide a budget of rollouts among prompts whose updates are noisy.

With n_x rollouts the update of prompt x has a variance a_x/n_x. By the Cauchy-Schwarz inequality
:math:`\big(\sum_x\sqrt{a_x}\big)^2 \le \sum_x \frac{a_x}{n_x}\sum_x n_x`, with equality where n_x is in proportion to
:math:`\sqrt{a_x}` (Neyman's allocation). Lagrange's identity writes the difference as a sum of squares,
:math:`\sum_{x<y} (\sqrt{a_x}\,n_y - \sqrt{a_y}\,n_x)^2/(n_x n_y)`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.base import CertificateKind, Claim, Domain, Instance, Relation, Verdict
from vas_theory.claims.lib.bridge.arm_sums import Arms
from vas_theory.claims.lib.certificates import identity
from vas_theory.claims.lib.completeness import Formal
from vas_theory.foundation.arguments import unify
from vas_theory.foundation.precision import sqrt


def _variance(noise: NDArray[Any], rollouts: NDArray[Any]) -> Any:
    a, n = unify(noise, rollouts)
    return (a / n).sum(-1)


def _least(noise: NDArray[Any], rollouts: NDArray[Any]) -> Any:
    a, n = unify(noise, rollouts)
    return sqrt(a).sum(-1) ** 2 / n.sum(-1)


def _squares(root: Any, n: Any) -> Any:
    """Return the sum of squares of Lagrange's identity over the budget."""
    pairs = combinations(range(n.shape[-1]), 2)
    terms = [(root[..., i] * n[..., j] - root[..., j] * n[..., i]) ** 2 / (n[..., i] * n[..., j]) for i, j in pairs]
    return sum(terms) / n.sum(-1)


def _lagrange() -> dict[str, Any]:
    # x = sqrt(a/n) and y = sqrt(n)
    pool = Arms("x y")
    x, y = pool
    pairs = pool.over_pairs(lambda one, other: (one[0] * other[1] - other[0] * one[1]) ** 2) / 2
    return {"any pool": (x**2).sum() - ((x * y).sum() ** 2 + pairs) / (y**2).sum()}


def _bridge(claim: Claim, instance: Instance) -> tuple[Any, Any]:
    left, right = claim.sides(instance)
    return left, right + _squares(np.sqrt(instance["noise"]), instance["rollouts"])


def _pools() -> Domain:
    def make(rng: np.random.Generator, size: int, decades: float) -> Iterator[Instance]:
        for prompts in (2, 3, 8):
            noise, rollouts = 10.0 ** rng.uniform(-decades, decades, size=(2, max(1, size // 6), prompts))
            yield {"noise": noise, "rollouts": rollouts}

    def perturb(rng: np.random.Generator, instance: Instance, scale: float) -> Instance:
        return {name: values * np.exp(scale * rng.standard_normal(values.shape)) for name, values in instance.items()}

    families = {"moderate": lambda rng, size: make(rng, size, 0.5), "extreme": lambda rng, size: make(rng, size, 4)}
    return Domain(families, perturb)


def _in_proportion(size: int) -> Instance:
    noise = np.linspace(0.1, 2.0, size)[None]
    return {"noise": noise, "rollouts": 3 * np.sqrt(noise)}


CLAIMS = (
    Claim(
        id="C06",
        title="Least noise at a budget: rollouts in proportion to sqrt(a_x), not to the variance",
        source="Neyman's allocation (1934); for rollouts of prompts arXiv 2601.19280 and 2602.01601",
        statement=r"\sum_x\frac{a_x}{n_x}\ge\frac{\big(\sum_x\sqrt{a_x}\big)^2}{\sum_x n_x},"
        r"\qquad\text{equal where } n_x\propto\sqrt{a_x}",
        assumptions=(
            "independent updates whose variance is a_x/n_x with n_x > 0 rollouts, a_x >= 0",
            "n_x is a real number here",
        ),
        relation=Relation.AT_LEAST,
        left=_variance,
        right=_least,
        domain=_pools(),
        certificate=identity(
            "Lagrange's identity",
            _lagrange,
            bridge=_bridge,
            sizes="all finite pools",
            kind=CertificateKind.SUM_OF_SQUARES,
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Additions.square_root_allocation",
            sizes="all finite pools",
            points="noise",
            left="Sums.sum_over (fun x : X => a x / n x) pool",
            right="Sums.sum_over (fun x : X => sqrt (a x)) pool ^ 2 / budget",
            where={"pool": "arms", "n": "group", "budget": "Sums.sum_over n pool"},
        ),
        equality=_in_proportion,
        sharp=True,
        notes="For the mean reward a_x = p(1-p), so that the best shares are in proportion to the standard deviation "
        "sqrt(p(1-p)). For RLOO and Dr.GRPO updates a_x is the leading term of claims B10 and B34; their terms in "
        "1/n^2 change the shares of small n_x.",
    ),
)
