r"""A one-sample gradient step gains half of what the gradient promises, up to a step that knows the second moment.

Proof. Let M = E|g|^2 (R - E R)^2 be the estimator's second moment. By Taylor's formula gain >= eta N - L eta^2 M / 2
with N = |grad J|^2, which is at least eta N / 2 for eta <= N / (L M). For binary rewards N = Gamma_B Var and M <=
G_max^2 Var, so eta <= Gamma_B / (L G_max^2) suffices and the gain is at least (eta / 2) Gamma_B Var; since Gamma_B <=
4 G_max^2 Var, this lower bound is at most quadratic in Var, never linear.
"""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from vas_theory.claims.lib.base import Claim, Instance, Relation, Verdict
from vas_theory.claims.lib.certificates import proof_steps
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.taylor_step import moments, one_logit_step, taylor_steps
from vas_theory.foundation.arguments import unify


def _step(
    probs: NDArray[Any],
    features: NDArray[Any],
    rewards: NDArray[Any],
    smoothness: NDArray[Any],
    share: NDArray[Any],
) -> tuple[Any, Any, Any]:
    """Return |grad|^2, M and eta = share |grad|^2 / (L M)."""
    m = moments(probs, features, rewards)
    gradient, estimator, bound, part = unify(m.gradient, m.estimator, smoothness, share)
    return gradient, estimator, part * gradient / (bound * estimator)


def _gain(
    probs: NDArray[Any],
    features: NDArray[Any],
    rewards: NDArray[Any],
    curvature: NDArray[Any],
    smoothness: NDArray[Any],
    share: NDArray[Any],
) -> Any:
    gradient, estimator, eta = _step(probs, features, rewards, smoothness, share)
    return eta * gradient + curvature * smoothness * eta**2 * estimator / 2


def _half(
    probs: NDArray[Any],
    features: NDArray[Any],
    rewards: NDArray[Any],
    curvature: NDArray[Any],
    smoothness: NDArray[Any],
    share: NDArray[Any],
) -> Any:
    gradient, _, eta = _step(probs, features, rewards, smoothness, share)
    return eta * gradient / 2


def _descent() -> bool:
    import sympy

    n, m, bound, s = sympy.symbols("N M L s", positive=True)
    eta = s * n / (bound * m)
    slack = eta * n - bound * eta**2 * m / 2 - eta * n / 2
    return bool(sympy.expand(slack - eta * n * (1 - s) / 2) == 0)


def _dispersion_cap() -> bool:
    """With p mu_1 + (1 - p) mu_0 = 0: Gamma_B = (p / (1 - p)) |mu_1|^2, and p / (1 - p) <= 4 p (1 - p) for p <= 1/2."""
    import sympy

    p, mean = sympy.symbols("p mu", positive=True)
    dispersion = p * (1 - p) * (mean + p * mean / (1 - p)) ** 2
    same = sympy.simplify(dispersion - p / (1 - p) * mean**2) == 0
    excess = sympy.factor(4 * p * (1 - p) ** 2 - p)  # p (1 - 2 p)(3 - 2 p)
    return bool(same and sympy.expand(excess - p * (1 - 2 * p) * (3 - 2 * p)) == 0)


def _bridge(claim: Claim, instance: Instance) -> tuple[Any, Any]:
    arrays = {name: values for name, values in instance.items() if name != "curvature"}
    gradient, estimator, eta = _step(**arrays)
    left, right = claim.sides(instance)
    milder = (instance["curvature"] + 1) * instance["smoothness"] * eta**2 * estimator / 2
    return left, right + eta * gradient * (1 - instance["share"]) / 2 + milder


CLAIMS = (
    Claim(
        id="A31",
        title="One-sample step: eta up to |grad|^2 / (L M) gains at least half of eta |grad|^2",
        source="corrects Theorem 1 of arXiv 2509.21268",
        statement=r"0<\eta\le\frac{\|\nabla J\|^2}{L\,M}\;\Rightarrow\;E[J(\theta+\eta G)-J(\theta)]\ge"
        r"\tfrac{\eta}2\,\|\nabla J\|^2,\qquad M=E\,\|g\|^2(R-E R)^2",
        assumptions=("|Hessian J| <= L along the steps", "G = g (R - E R)", "E g = 0"),
        relation=Relation.AT_LEAST,
        left=_gain,
        right=_half,
        domain=taylor_steps(constant_share=False),
        certificate=proof_steps(
            "descent lemma with the estimator's own second moment",
            [
                ("slack at curvature -L is eta N (1 - s) / 2 for eta = s N / (L M)", _descent),
                (
                    "binary: N = Gamma_B Var (B01) and M <= G_max^2 Var (A03), so eta <= Gamma_B/(L G_max^2) will do",
                    None,
                ),
                ("Gamma_B <= 4 G_max^2 Var, so that bound is at most quadratic in Var", _dispersion_cap),
            ],
            bridge=_bridge,
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Improvement.one_sample_step_gain",
            sizes="every differentiable policy with finitely many actions and parameters",
            untied={"left": "the gain of a step whose curvature is given; the theorem is about every smooth objective"},
            points="scored, step",
            right="eta / 2 * Tabular.norm2 dims v",
            where={
                "acts": "arms",
                "dims": "seq 0 2",
                "pol": "fun (_ : D -> R) (a : nat) => p a",
                "theta": "fun _ : nat => 0",
                "L": "smoothness",
                "v": "fun k : nat => Sums.sum_over (fun a : nat => p a * g a k * r a) acts",
                "eta": "share * (Tabular.norm2 dims v / (L * Improvement.estimator_second_moment acts "
                "dims pol theta g r))",
            },
        ),
        experiment="one_step_progress",
        figure="one_step_progress",
        equality=one_logit_step,
        sharp=True,
    ),
)
