r"""The expected whitened update under a verifier that errs: it points backwards once the verifier is worse than chance.

A correct answer passes with chance TPR, a wrong one with chance FPR. A rollout is then an answer with its verdict: the
verdict is a binary reward of pass rate :math:`\tilde p = \mathrm{FPR} + J p`, J = TPR - FPR, whose gradient is
:math:`J\,\nabla p`. Claim B09 holds for it: :math:`E\hat g = w_G(\tilde p)\,J\,\nabla p`. As :math:`w_G > 0`, the sign
is that of J.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.base import Claim, Domain, Instance, Relation, Verdict
from vas_theory.claims.lib.certificates import identity
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.domains.groups import by_group_size, group_bandits
from vas_theory.claims.lib.step_gain import group_updates
from vas_theory.foundation.arguments import unify
from vas_theory.groups import expected_group_std, group_gain
from vas_theory.policy.gradients import policy_gradient


def _mean_of_verdicts(pi: NDArray[Any], r: NDArray[Any], tpr: NDArray[Any], fpr: NDArray[Any], size: int) -> Any:
    """Return E ghat, enumerated over how many rollouts fall on each arm with each verdict."""
    passes = fpr[..., None] + (tpr - fpr)[..., None] * r
    judged = np.concatenate([pi * passes, pi * (1 - passes)], axis=-1)
    verdicts = np.concatenate([0 * pi + 1, 0 * pi], axis=-1)
    chance, updates = group_updates(judged, verdicts, size, "grpo")
    arms = pi.shape[-1]
    by_arm = updates[..., :arms] + updates[..., arms:]  # both verdicts of an arm have the arm's score
    return (chance[..., None] * by_arm).sum(-2)


def _noisy_gain(pi: NDArray[Any], r: NDArray[Any], tpr: NDArray[Any], fpr: NDArray[Any], size: int) -> Any:
    """Return J w_G(p~)."""
    noisy = fpr + (tpr - fpr) * (pi * r).sum(-1)
    return (tpr - fpr) * group_gain(noisy, size)


def _push_of_verdicts(
    probs: NDArray[Any], rewards: NDArray[Any], tpr: NDArray[Any], fpr: NDArray[Any], group_size: NDArray[Any]
) -> Any:
    """Return <E ghat, grad p>."""

    def push(pi: NDArray[Any], r: NDArray[Any], right: NDArray[Any], wrong: NDArray[Any], size: int) -> Any:
        return (_mean_of_verdicts(pi, r, right, wrong, size) * policy_gradient(pi, r)).sum(-1)

    return by_group_size(push, group_size, *unify(probs, rewards, tpr, fpr))


def _times_the_gradient(
    probs: NDArray[Any], rewards: NDArray[Any], tpr: NDArray[Any], fpr: NDArray[Any], group_size: NDArray[Any]
) -> Any:
    """Return J w_G(p~) |grad p|^2."""

    def product(pi: NDArray[Any], r: NDArray[Any], right: NDArray[Any], wrong: NDArray[Any], size: int) -> Any:
        return _noisy_gain(pi, r, right, wrong, size) * (policy_gradient(pi, r) ** 2).sum(-1)

    return by_group_size(product, group_size, *unify(probs, rewards, tpr, fpr))


def _entry_of_the_mean(
    probs: NDArray[Any], rewards: NDArray[Any], tpr: NDArray[Any], fpr: NDArray[Any], group_size: NDArray[Any]
) -> Any:
    """Return the second entry of E ghat."""
    # unify returns one array for each of its four arguments, which mypy cannot know
    return _mean_of_verdicts(*unify(probs, rewards, tpr, fpr), int(group_size[0]))[..., 1]  # type: ignore[call-arg, arg-type]


def _entry_of_the_gradient(
    probs: NDArray[Any], rewards: NDArray[Any], tpr: NDArray[Any], fpr: NDArray[Any], group_size: NDArray[Any]
) -> Any:
    """Return the second entry of J w_G(p~) grad p."""
    gain = _noisy_gain(*unify(probs, rewards, tpr, fpr), int(group_size[0]))  # type: ignore[call-arg, arg-type]
    return gain * policy_gradient(probs, rewards)[..., 1]


def _identities() -> dict[str, Any]:
    import sympy

    p, tpr, fpr = sympy.symbols("p TPR FPR", positive=True)
    symbols = {"tpr": np.array([tpr], dtype=object), "fpr": np.array([fpr], dtype=object)}
    bandit = {"probs": np.array([[p, 1 - p]], dtype=object), "rewards": np.array([[1, 0]], dtype=object)}
    expressions = {}
    for size in (2, 3):
        instance = {**bandit, **symbols, "group_size": np.array([size])}
        expressions[f"<E ghat, grad p> - J w_G |grad p|^2 at G = {size}"] = (
            _push_of_verdicts(**instance) - _times_the_gradient(**instance)
        )[0]
    return expressions


def _bridge(claim: Claim, instance: Instance) -> tuple[Any, Any]:
    """Compare the enumeration with J E s(p~)/(p~ (1 - p~)) |grad p|^2."""

    def product(p: NDArray[Any], square: NDArray[Any], size: int) -> Any:
        return expected_group_std(p, size) / (p * (1 - p)) * square

    youden = instance["tpr"] - instance["fpr"]
    noisy = instance["fpr"] + youden * (instance["probs"] * instance["rewards"]).sum(-1)
    square = (policy_gradient(instance["probs"], instance["rewards"]) ** 2).sum(-1)
    return claim.left(**instance), youden * by_group_size(product, instance["group_size"], noisy, square)


def _verifiers() -> Domain:
    base = group_bandits(binary=True, shapes=((2, 2), (2, 4), (3, 2)), sparse_shapes=(), thinning=8)

    def extend(name: str) -> Any:
        def family(rng: np.random.Generator, size: int) -> Iterator[Instance]:
            for bandit in base.families[name](rng, size):
                tpr, fpr = rng.uniform(0.02, 0.98, size=(2, len(bandit["probs"])))
                yield {**bandit, "tpr": tpr, "fpr": fpr}

        return family

    return replace(base, families={name: extend(name) for name in base.families}, perturb=None)


def _worse_than_chance(size: int) -> Instance:
    return {
        "probs": np.array([[0.3, 0.7]]),
        "rewards": np.array([[1.0, 0.0]]),
        "tpr": np.array([0.2]),
        "fpr": np.array([0.6]),
        "group_size": np.array([min(size, 8)]),
    }


CLAIMS = (
    Claim(
        id="C01",
        title="Noisy verifier: the expected whitened update is J w_G(p~) grad p, backwards where J < 0",
        source="arXiv 2601.04411 studies noisy verifiers through J = TPR - FPR; the form with w_G is our derivation "
        "from claim B09",
        statement=r"E\hat g = J\,w_G(\tilde p)\,\nabla p,\quad \tilde p=\mathrm{FPR}+J p,\ J=\mathrm{TPR}-\mathrm{FPR};"
        r"\qquad J<0,\ \nabla p\ne 0\;\Rightarrow\;\langle E\hat g,\nabla p\rangle<0",
        assumptions=(
            "any policy whose support does not move with its parameters",
            "G independent rollouts, true rewards in {0, 1}, verdicts independent given the rollouts",
            "TPR and FPR the same for all rollouts, 0 < p~ < 1",
            "population standard deviation, nothing added to it; silent groups give no update",
        ),
        relation=Relation.EQUAL,
        left=_push_of_verdicts,
        right=_times_the_gradient,
        domain=_verifiers(),
        certificate=identity(
            "two arms with free p, TPR and FPR, G = 2, 3, both verdicts of both arms enumerated",
            _identities,
            bridge=_bridge,
            sizes="K = 2, G = 2, 3",
            remains="the step to every G and policy",
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Additions.noisy_verifier_update",
            sizes="all G >= 2, every differentiable policy",
            points="tabular, binary, verdicts",
            left="GroupUpdate.group_expect (Additions.judged acts) (Additions.judged_policy pol r tpr fpr) theta "
            "(S (S n)) (GroupUpdate.whitened Additions.verdict (Additions.judged_score g) G k)",
            right="(tpr - fpr) * GroupGain.w (Additions.noisy_rate acts pol r theta tpr fpr) n * v k",
            where={
                "acts": "arms",
                "pol": "fun (_ : D -> R) (a : nat) => p a",
                "theta": "fun _ : nat => 0",
                "dims": "arms",
                "g": "fun (a k : nat) => (if Nat.eq_dec a k then 1 else 0) - p k",
                "n": "(group - 2)%nat",
                "G": "INR (S (S n))",
                "v": "fun k : nat => Sums.sum_over (fun a : nat => p a * g a k * r a) acts",
                "k": "1%nat",
            },
            sides=(_entry_of_the_mean, _entry_of_the_gradient),
        ),
        part="the first equation, along the gradient",
        experiment="finite_group_gain",
        figure="finite_group_gain",
        equality=_worse_than_chance,
        sharp=True,
        notes="A noisy verifier also moves the gain: w_G is taken at p~, which stays away from 0 and 1 where FPR > 0 "
        "or TPR < 1, so that the gain near p = 0 and 1 is smaller than an exact verifier's.",
    ),
)
