r"""The Variance-Progress identity: along the exponential tilt the mean reward grows at the rate of the reward variance.

For pi_eta proportional to pi exp(eta r), d/d eta log pi_eta(i) = r_i - E_eta[r], hence d/d eta E_eta[r] = Var_eta(r).
The gain of a step is the integral of the variance along it. The tilt is the natural-gradient flow of a tabular
softmax; for a policy with fewer parameters the slope of the natural-gradient step is R2 Var (B24), and B45 shows that
it can be 0.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.base import Claim, Domain, Instance, Relation, Verdict
from vas_theory.claims.lib.certificates import counterexample, identity
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.domains.bandits import bandits
from vas_theory.policy.gradients import advantages, reward_variance
from vas_theory.policy.softmax import exponential_tilt

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(48)


def _gain(probs: NDArray[Any], rewards: NDArray[Any], eta: NDArray[Any]) -> Any:
    """Return E_eta[r] - E_0[r] as sum of (pi_eta - pi) A, which does not cancel for small steps."""
    return ((exponential_tilt(probs, rewards, eta) - probs) * advantages(probs, rewards)).sum(-1)


def _integrated_variance(probs: NDArray[Any], rewards: NDArray[Any], eta: NDArray[Any]) -> Any:
    """Return the integral of Var over [0, eta] by 48-point Gauss-Legendre (exact to rounding for eta Delta <= 4)."""
    total = np.zeros(len(probs))
    for node, weight in zip(_NODES, _WEIGHTS, strict=True):
        tilted = exponential_tilt(probs, rewards, eta * (1.0 + node) / 2.0)
        total += eta / 2.0 * weight * reward_variance(tilted, rewards)
    return total


def _derivatives() -> dict[str, Any]:
    import sympy

    eta = sympy.Symbol("eta", real=True)
    expressions = {}
    for arms in (2, 3, 4):
        weights = np.array(sympy.symbols(f"w1:{arms + 1}", positive=True), dtype=object)
        rewards = np.array(sympy.symbols(f"r1:{arms + 1}", real=True), dtype=object)
        tilted = weights * np.array([sympy.exp(eta * r) for r in rewards], dtype=object)
        total = tilted.sum()
        mean = (tilted * rewards).sum() / total
        variance = (tilted * rewards**2).sum() / total - mean**2
        # cleared of denominators, so that expansion alone decides
        difference = sympy.together((sympy.diff(mean, eta) - variance) * total**2)
        expressions[f"d/d eta E[r] - Var at K = {arms}"] = sympy.numer(difference)
    return expressions


def _steps() -> Domain:
    plain = bandits(arm_counts=(2, 3, 8, 64), sparse_arm_counts=(256,))

    def extend(name: str) -> Any:
        def family(rng: np.random.Generator, size: int) -> Any:
            for instance in plain.families[name](rng, size // 4):
                yield {**instance, "eta": rng.uniform(-4.0, 4.0, size=len(instance["probs"]))}

        return family

    return Domain({name: extend(name) for name in plain.families if name != "near-vertex"}, None)


def _two_points(size: int) -> Instance:
    return {"probs": np.array([[0.5, 0.5]]), "rewards": np.array([[0.0, 1.0]]), "eta": np.array([1.0 / size])}


def _slope(probs: NDArray[Any], features: NDArray[Any], rewards: NDArray[Any]) -> Any:
    """Return the slope of the natural-gradient step for one feature, grad^2 / F."""
    centred = features - (probs * features).sum(-1, keepdims=True)
    return (probs * centred * rewards).sum(-1) ** 2 / (probs * centred**2).sum(-1)


def _variance(probs: NDArray[Any], features: NDArray[Any], rewards: NDArray[Any]) -> Any:
    return reward_variance(probs, rewards)


def _one_feature() -> Domain:
    plain = bandits(arm_counts=(3, 8), sparse_arm_counts=(256,))

    def extend(name: str) -> Any:
        def family(rng: np.random.Generator, size: int) -> Any:
            for instance in plain.families[name](rng, size):
                yield {**instance, "features": rng.standard_normal(instance["probs"].shape)}

        return family

    return Domain({name: extend(name) for name in plain.families}, None)


_THIRD = Fraction(1, 3)
_UNIFORM: Instance = {
    "probs": np.array([[_THIRD, _THIRD, _THIRD]], dtype=object),
    "features": np.array([[Fraction(0), Fraction(1), Fraction(2)]], dtype=object),
    "rewards": np.array([[Fraction(0), Fraction(1), Fraction(0)]], dtype=object),
}

CLAIMS = (
    Claim(
        id="B05",
        title="Variance-Progress identity: the gain of a tilt step is the integral of the variance along it",
        source="what is true of Theorem 1 of arXiv 2509.21268; the derivative is the classical cumulant identity",
        statement=r"\frac{d}{d\eta}E_{\pi_\eta}[r]=\mathrm{Var}_{\pi_\eta}(r),\qquad \pi_\eta\propto\pi e^{\eta r}",
        assumptions=("exponential tilt (the natural-gradient flow of a tabular softmax)",),
        relation=Relation.EQUAL,
        left=_gain,
        right=_integrated_variance,
        domain=_steps(),
        certificate=identity(
            "symbolic derivative for two, three and four arms",
            _derivatives,
            bridge=Claim.sides,
            sizes="K = 2, 3, 4",
            remains="that every coincidence of indices occurs at these sizes; that the gain is the integral of "
            "its derivative",
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "TiltStep.tilt_progress",
            sizes="all K, every eta",
            also=(
                "TiltStep.tilt_gain_is_integrated_variance",
                "TiltStep.softmax_tilt",
                "TiltStep.tilt_is_natural_gradient",
            ),
            untied={"right": "an integral, computed by quadrature"},
            points="tabular, tilt",
            left="TiltStep.tilted_mean arms p r eta - Tabular.V arms p r",
        ),
        part="its integral over a step",
        equality=_two_points,
        sharp=True,
        float_tolerance=1e-10,
        notes="Both sides in float64: the right side is a quadrature, so there is nothing to recheck at 50 digits.",
    ),
    Claim(
        id="B45",
        title="A natural-gradient step of any softmax improves at the rate Var",
        source="the linear law of arXiv 2509.21268 read in Fisher geometry, beyond the tabular case",
        statement=r"\nabla J^\top F^{-1}\nabla J \ge \mathrm{Var}",
        assumptions=("softmax with any features",),
        relation=Relation.AT_LEAST,
        left=_slope,
        right=_variance,
        domain=_one_feature(),
        certificate=counterexample(
            "uniform on three arms, feature (0, 1, 2), reward (0, 1, 0): slope 0, Var 2/9",
            Relation.AT_LEAST,
            _slope,
            _variance,
            _UNIFORM,
        ),
        verdict=Verdict.REFUTED,
        formal=Formal("RefutedBounds.natural_gradient_misses_the_variance", sizes="the negation of the statement"),
        counterexample=_UNIFORM,
        lacked="scores that span the reward: the slope is R2 Var, and R2 may be 0",
        corrected_by=("B05", "B24"),
    ),
)
