r"""What dividing by the number of correct rollouts makes training ascend.

MaxRL's update is the mean score of the correct rollouts, and zero where none is correct. Given k > 0 correct ones its
mean is :math:`E[g\mid R=1] = \nabla p/p`, and k > 0 has chance 1 - (1-p)^G. The factor of :math:`\nabla p` is the
derivative of :math:`\sum_{k\le G} \mathrm{pass@}k/k` with :math:`\mathrm{pass@}k = 1-(1-p)^k`, as
:math:`\sum_{k\le G}(1-p)^{k-1}` is a geometric sum.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.base import Claim, Instance, Relation, Verdict
from vas_theory.claims.lib.certificates import identity
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.domains.groups import by_group_size, group_bandits
from vas_theory.foundation.arguments import unify
from vas_theory.policy.gradients import policy_gradient


def _update_along(pi: NDArray[Any], r: NDArray[Any], direction: NDArray[Any], size: int) -> Any:
    """Return <E ghat, u>, enumerated over every sequence of G rollouts."""
    along = direction - (pi * direction).sum(-1, keepdims=True)  # <e_y - pi, u>
    total = 0 * pi[..., 0]
    for draw in product(range(pi.shape[-1]), repeat=size):
        chance, summed, correct = 1 + 0 * pi[..., 0], 0 * pi[..., 0], 0 * pi[..., 0]
        for arm in draw:
            chance = chance * pi[..., arm]
            summed = summed + r[..., arm] * along[..., arm]
            correct = correct + r[..., arm]
        total = total + chance * summed / np.where(correct == 0, 1 + 0 * correct, correct)
    return total


def _mean_update(probs: NDArray[Any], rewards: NDArray[Any], group_size: NDArray[Any]) -> Any:
    """Return <E ghat, grad p>."""

    def push(pi: NDArray[Any], r: NDArray[Any], size: int) -> Any:
        return _update_along(pi, r, policy_gradient(pi, r), size)

    return by_group_size(push, group_size, *unify(probs, rewards))


def maxrl_gain(pass_rate: Any, size: int) -> Any:
    """Return (1 - (1-p)^G)/p."""
    return (1 - (1 - pass_rate) ** size) / pass_rate


def _times_the_square(probs: NDArray[Any], rewards: NDArray[Any], group_size: NDArray[Any]) -> Any:
    def value(pi: NDArray[Any], r: NDArray[Any], size: int) -> Any:
        return maxrl_gain((pi * r).sum(-1), size) * (policy_gradient(pi, r) ** 2).sum(-1)

    return by_group_size(value, group_size, *unify(probs, rewards))


def _entry_of_the_mean(chance: NDArray[Any], rewards: NDArray[Any], group_size: NDArray[Any]) -> Any:
    """Return the second entry of E ghat; the theorem's p is the pass rate, so the arms have chances here."""
    second = (np.arange(chance.shape[-1]) == 1) + 0 * chance
    return _update_along(chance, rewards, second, int(group_size[0]))


def _entry_of_the_gradient(chance: NDArray[Any], rewards: NDArray[Any], group_size: NDArray[Any]) -> Any:
    """Return the second entry of the gain times grad p."""
    return maxrl_gain((chance * rewards).sum(-1), int(group_size[0])) * policy_gradient(chance, rewards)[..., 1]


def maxrl_potential(pass_rate: Any, size: int) -> Any:
    """Return sum over k = 1..G of pass@k / k."""
    return sum((1 - (1 - pass_rate) ** k) / k for k in range(1, size + 1))


def _identities() -> dict[str, Any]:
    import sympy

    p, a, b = sympy.symbols("p a b", positive=True)
    expressions: dict[str, Any] = {}
    for size in range(1, 9):
        expressions[f"derivative of sum pass@k/k at G = {size}"] = sympy.diff(
            maxrl_potential(p, sympy.Integer(size)), p
        ) - maxrl_gain(p, size)
    probs = np.array([[a, b, 1 - a - b]], dtype=object)
    rewards = np.array([[sympy.Integer(1), sympy.Integer(1), sympy.Integer(0)]], dtype=object)
    for size in (1, 2, 3):
        one = {"probs": probs, "rewards": rewards, "group_size": np.array([size])}
        expressions[f"<E ghat, grad p>, three arms, G = {size}"] = (_mean_update(**one) - _times_the_square(**one))[0]
    return expressions


def _bridge(claim: Claim, instance: Instance) -> tuple[Any, Any]:
    """Compare the enumeration with the geometric sum that is the potential's derivative."""

    def value(p: NDArray[Any], square: NDArray[Any], size: int) -> Any:
        return sum((1 - p) ** k for k in range(size)) * square

    rate = (instance["probs"] * instance["rewards"]).sum(-1)
    square = (policy_gradient(instance["probs"], instance["rewards"]) ** 2).sum(-1)
    return claim.left(**instance), by_group_size(value, instance["group_size"], rate, square)


def _one_correct_arm(size: int) -> Instance:
    probs, rewards = np.array([[0.2, 0.8]]), np.array([[1.0, 0.0]])
    return {"probs": probs, "rewards": rewards, "group_size": np.array([min(size, 8)])}


CLAIMS = (
    Claim(
        id="C04",
        title="MaxRL: dividing by the number of successes ascends the sum of pass@k / k up to k = G",
        source="arXiv 2602.02710 (MaxRL); a rival of the potentials of claim B13",
        statement=r"E\hat g=\frac{1-(1-p)^G}{p}\,\nabla p=\nabla\sum_{k=1}^{G}\frac{\mathrm{pass@}k}{k},"
        r"\qquad \mathrm{pass@}k=1-(1-p)^k",
        assumptions=(
            "any policy whose support does not move with its parameters",
            "G >= 1 independent rollouts, rewards in {0, 1}, 0 < p < 1",
            "the update is the mean score of the correct rollouts, zero where there is none",
        ),
        relation=Relation.EQUAL,
        left=_mean_update,
        right=_times_the_square,
        domain=replace(
            group_bandits(binary=True, shapes=((2, 2), (2, 4), (3, 3)), sparse_shapes=(), thinning=16), perturb=None
        ),
        certificate=identity(
            "the potential's derivative for G = 1..8; the mean update for three arms and G = 1..3",
            _identities,
            bridge=_bridge,
            sizes="G = 1..8; K = 3, G = 1..3",
            remains="the step to every G and policy",
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Additions.maxrl_update",
            sizes="all G >= 1, every differentiable policy",
            points="chances, binary, groups",
            left="GroupUpdate.group_expect acts pol theta G (Additions.maxrl r g k)",
            right="(1 - (1 - p) ^ G) / p * v k",
            where={
                "acts": "arms",
                "pol": "fun (_ : D -> R) (a : nat) => chance a",
                "theta": "fun _ : nat => 0",
                "g": "fun (a k : nat) => (if Nat.eq_dec a k then 1 else 0) - chance k",
                "v": "fun k : nat => Sums.sum_over (fun a : nat => chance a * g a k * r a) acts",
                "k": "1%nat",
                "G": "group",
                "p": "Policy.objective acts pol r theta",
            },
            sides=(_entry_of_the_mean, _entry_of_the_gradient),
        ),
        part="the first equation, along the gradient",
        equality=_one_correct_arm,
        sharp=True,
        notes="The factor is G at p = 0 and 1 at p = 1, where the whitened one is sqrt(G-1) at both ends: MaxRL "
        "leans to hard prompts alone. For large G the potential is log p plus the harmonic number of G.",
    ),
)
