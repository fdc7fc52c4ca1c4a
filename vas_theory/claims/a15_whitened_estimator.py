r"""The group-whitened estimator is biased without any clipping; with graded rewards it can point against the gradient.

Unbiased would mean <E ghat, grad J> = |grad J|^2. The certificate's instance has pi = (.95, .04, .01), r = (0, -1/30,
1) and G = 2, where whitening turns a pair of different rewards into +-1 whatever their distance: the inner product is
-17999/250000000. To first order the expected step therefore lowers J; larger groups do too (G = 3, 4, 8, 16), a
constant .01 added to the deviation does not.

For binary rewards the direction is right but not the length: E ghat = w_G(p) grad p (B09), with w_3 = sqrt 2 and w_G
depending on p for G > 3. Only G = 2 with the population deviation and nothing added to it is unbiased.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.base import Claim, Instance, Relation, Verdict
from vas_theory.claims.lib.certificates import counterexample
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.domains.bandits import bandits
from vas_theory.claims.lib.domains.extra import Extra, extended, thinned
from vas_theory.claims.lib.domains.groups import by_group_size
from vas_theory.foundation.arguments import unify
from vas_theory.groups import expected_update
from vas_theory.policy.gradients import policy_gradient


def _alignment_of(probs: NDArray[Any], rewards: NDArray[Any], group_size: int) -> Any:
    return (expected_update(probs, rewards, group_size) * policy_gradient(probs, rewards)).sum(-1)


def _alignment(probs: NDArray[Any], rewards: NDArray[Any], group_size: NDArray[Any]) -> Any:
    """Return <E ghat, grad J> by exact expectation over groups, shape (N,)."""
    pi, r = unify(probs, rewards)
    return by_group_size(_alignment_of, np.asarray(group_size, dtype=np.int64), pi, r)


def _gradient_squared(probs: NDArray[Any], rewards: NDArray[Any], group_size: NDArray[Any]) -> Any:
    return (policy_gradient(probs, rewards) ** 2).sum(-1)


_GROUP_SIZE = Extra(
    lambda rng, instance: rng.integers(2, 4, size=len(instance["probs"])),
    lambda rng, values, scale: values,
)
# groups with graded rewards are enumerated one by one; a refuted statement needs no search for its worst violation
_DOMAIN = thinned(replace(extended(bandits(arm_counts=(2, 3, 4)), group_size=_GROUP_SIZE), perturb=None), 2)
_INSTANCE: Instance = {
    "probs": np.array([[Fraction(95, 100), Fraction(4, 100), Fraction(1, 100)]], dtype=object),
    "rewards": np.array([[Fraction(0), Fraction(-1, 30), Fraction(1)]], dtype=object),
    "group_size": np.array([2]),
}

CLAIMS = (
    Claim(
        id="A15",
        title="The group-whitened estimator is unbiased without clipping",
        source="arXiv 2509.21268, appendix A.4",
        statement=r"E[\hat g]=\nabla J,\quad\text{hence}\quad\langle E\hat g,\nabla J\rangle=\|\nabla J\|^2,\qquad "
        r"\hat g=\frac1G\sum_i\frac{r_i-\bar r}{\hat\sigma}\,(e_{y_i}-\pi)",
        assumptions=("tabular softmax policy", "population standard deviation, nothing added", "no clipping"),
        relation=Relation.EQUAL,
        left=_alignment,
        right=_gradient_squared,
        domain=_DOMAIN,
        certificate=counterexample(
            "pi = (.95, .04, .01), r = (0, -1/30, 1), G = 2: <E ghat, grad J> = -17999/250000000 < 0",
            Relation.EQUAL,
            _alignment,
            _gradient_squared,
            _INSTANCE,
        ),
        verdict=Verdict.REFUTED,
        formal=Formal("RefutedSteps.whitened_update_is_biased", sizes="the negation of the statement"),
        experiment="finite_group_gain",
        figure="finite_group_gain",
        counterexample=_INSTANCE,
        lacked="binary rewards and groups of two: elsewhere dividing by the group's own deviation rescales the "
        "gradient by a factor that depends on the prompt, or turns it",
        corrected_by=("B09",),
        notes="First-order statement. One whole step from this instance loses 6.1e-6 at eta = .1 and gains 7.4e-5 at "
        "eta = 1.",
    ),
)
