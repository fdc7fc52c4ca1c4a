r"""What a score with error is worth, and what may be paid for it.

Drawing in proportion to a score s instead of uniformly multiplies the first-order progress by

.. math:: \frac{E[s t]}{\bar s\,\bar t} = 1 + \mathrm{corr}(s,t)\,\frac{\sigma_s}{\bar s}\,\frac{\sigma_t}{\bar t},

where t is what a step on a prompt adds (claim C10). An error enters through the correlation and the spread of s; an
error of mean zero that is uncorrelated with t costs nothing in the mean. If the score takes the share f of the budget,
(1 - f) of the steps remain, and with the relative gain c it pays exactly where (1 - f)(1 + c) >= 1, that is
f <= c/(1 + c).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.base import CertificateKind, Claim, Domain, Instance, Relation, Verdict
from vas_theory.claims.lib.bridge.arm_sums import Arms
from vas_theory.claims.lib.certificates import identity
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.predictions import NetworkPrediction
from vas_theory.foundation.arguments import unify
from vas_theory.foundation.precision import sqrt


def _average(values: Any) -> Any:
    return values.sum(-1) / values.shape[-1]


def _covariance(first: Any, second: Any) -> Any:
    return _average((first - _average(first)[..., None]) * (second - _average(second)[..., None]))


def _relative_progress(score: NDArray[Any], transfer: NDArray[Any]) -> Any:
    """Return the progress with prompts drawn by score over that with prompts drawn uniformly."""
    s, t = unify(score, transfer)
    return (s / s.sum(-1, keepdims=True) * t).sum(-1) / _average(t)


def _by_correlation(score: NDArray[Any], transfer: NDArray[Any]) -> Any:
    s, t = unify(score, transfer)
    deviations = sqrt(_covariance(s, s)), sqrt(_covariance(t, t))
    correlation = _covariance(s, t) / (deviations[0] * deviations[1])
    return 1 + correlation * (deviations[0] / _average(s)) * (deviations[1] / _average(t))


def _gain(score: Any, transfer: Any) -> Any:
    """Return the relative gain c = Cov(s, t)/(mean s mean t)."""
    return _covariance(score, transfer) / (_average(score) * _average(transfer))


def _after_paying(score: NDArray[Any], transfer: NDArray[Any], part: NDArray[Any]) -> Any:
    """Return (1 - f) times the progress by score, f the given part of c/(1 + c)."""
    s, t, share = unify(score, transfer, part)
    c = _gain(s, t)
    paid = share * c / (1 + c)
    return (1 - paid) * (s / s.sum(-1, keepdims=True) * t).sum(-1)


def _uniform_progress(score: NDArray[Any], transfer: NDArray[Any], part: NDArray[Any]) -> Any:
    return _average(unify(score, transfer, part)[1])


def _identities() -> dict[str, Any]:
    import sympy

    pool = Arms("s t", {"1": "n"})
    s, t = pool
    means = [row.sum() / pool.count for row in (s, t)]
    gain = ((s * t).sum() / pool.count - means[0] * means[1]) / (means[0] * means[1])
    expressions = {"any pool": (s * t).sum() / s.sum() / means[1] - 1 - gain}
    x, y, z = sympy.symbols("Var_s Var_t Cov", positive=True)
    product = z / (sympy.sqrt(x) * sympy.sqrt(y)) * sympy.sqrt(x) * sympy.sqrt(y)
    expressions["the deviations cancel"] = product - z
    return expressions


def _break_even() -> dict[str, Any]:
    import sympy

    c, share, mean = sympy.symbols("c share t", positive=True)
    net = (1 - share * c / (1 + c)) * (1 + c) * mean
    return {"progress after paying less the uniform one = (1 - share) c t": net - mean - (1 - share) * c * mean}


def _relative_bridge(claim: Claim, instance: Instance) -> tuple[Any, Any]:
    return claim.right(**instance), 1 + _gain(instance["score"], instance["transfer"])


def _break_even_bridge(claim: Claim, instance: Instance) -> tuple[Any, Any]:
    score, transfer, part = (instance[name] for name in ("score", "transfer", "part"))
    return claim.left(**instance), transfer.mean(-1) * (1 + (1 - part) * _gain(score, transfer))


def _pools(*, paid: bool) -> Domain:
    def family(noise: float) -> Any:
        def generate(rng: np.random.Generator, size: int) -> Iterator[Instance]:
            for prompts in (2, 5, 32):
                transfer = rng.uniform(0.01, 1, size=(max(1, size // 8), prompts))
                score = transfer * np.exp(noise * rng.standard_normal(transfer.shape))
                if paid:  # in the same order, so that the gain is positive
                    score, transfer = np.sort(score, axis=-1), np.sort(transfer, axis=-1)
                    yield {"score": score, "transfer": transfer, "part": rng.uniform(0.01, 1, size=len(score))}
                else:
                    yield {"score": score, "transfer": transfer}

        return generate

    return Domain({"good score": family(0.1), "poor score": family(2.0)})


def _ramp(size: int) -> Instance:
    return {"score": np.linspace(0.1, 0.5, size)[None], "transfer": np.linspace(0.2, 0.3, size)[None] ** 2}


def _all_paid(size: int) -> Instance:
    return {**_ramp(size), "part": np.array([1.0])}


_ASSUMPTIONS = ("first order in the step size", "prompts drawn with replacement in proportion to s > 0; mean t > 0")
_SOURCE = "follows from claim C10; the searches named there found no prior source"

CLAIMS = (
    Claim(
        id="C12",
        title="A score with error is worth its correlation with the transfer times both relative spreads",
        source=_SOURCE,
        statement=r"\frac{\sum_x s_x t_x/\sum s}{\frac1n\sum_x t_x}=1+\mathrm{corr}(s,t)\,\frac{\sigma_s}{\bar s}\,"
        r"\frac{\sigma_t}{\bar t}",
        assumptions=(*_ASSUMPTIONS, "neither s nor t constant over the pool"),
        relation=Relation.EQUAL,
        left=_relative_progress,
        right=_by_correlation,
        domain=_pools(paid=False),
        certificate=identity(
            "sums over a pool with free scores and transfers; the deviations cancel",
            _identities,
            bridge=_relative_bridge,
            sizes="all finite pools",
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Transfer.relative_gain",
            sizes="all finite pools",
            also=("Transfer.unrelated_error_is_free",),
            points="transfers",
            left="Transfer.progress pool dims g h (Transfer.in_proportion pool s) / "
            "Transfer.progress pool dims g h (Transfer.uniform pool)",
            right="1 + Transfer.correlation pool s (Transfer.transfer dims g h) * (Transfer.deviation pool s / "
            "Transfer.average pool s) * (Transfer.deviation pool (Transfer.transfer dims g h) / "
            "Transfer.average pool (Transfer.transfer dims g h))",
            where={
                "pool": "arms",
                "dims": "[0%nat]",
                "g": "fun x _ : nat => t x",
                "h": "fun _ : nat => 1",
            },
        ),
        equality=_ramp,
        sharp=True,
        predicts=(
            NetworkPrediction(
                "chains-short",
                "vas-states",
                "vas",
                +1,
                "since states shared by all prompts tell the variance of prompts that were never visited",
                seen=True,
            ),
            NetworkPrediction(
                "chains-short",
                "vas-own",
                "vas-shuffled",
                +1,
                "since the two differ in the correlation of their column with the variance alone",
            ),
        ),
        notes="An error e of mean zero with E[e t] = 0 leaves the mean progress as it is: it lowers the correlation by "
        "as much as it raises the spread of s. It is paid in the noise of the drawn batch and where scores are cut off "
        "at zero.",
    ),
    Claim(
        id="C15",
        title="Paying for a score breaks even at the share c/(1 + c) of the budget",
        source=_SOURCE,
        statement=r"f\le\frac{c}{1+c}\;\Rightarrow\;(1-f)\sum_x\frac{s_x}{\sum s}\,t_x\ge\frac1n\sum_x t_x,\qquad"
        r" c=\frac{\mathrm{Cov}(s,t)}{\bar s\,\bar t}",
        assumptions=(*_ASSUMPTIONS, "progress in proportion to the number of rollouts that train", "c > 0"),
        relation=Relation.AT_LEAST,
        left=_after_paying,
        right=_uniform_progress,
        domain=_pools(paid=True),
        certificate=identity(
            "the difference is (1 - f/f*) c times the mean transfer, f* = c/(1 + c)",
            _break_even,
            bridge=_break_even_bridge,
            sizes="all c > 0, all f",
            kind=CertificateKind.SUM_OF_SQUARES,
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Transfer.paying_breaks_even",
            sizes="all finite pools with c > -1, all f",
            points="transfers, paid",
            left="(1 - f) * Transfer.progress pool dims g h (Transfer.in_proportion pool s)",
            right="Transfer.progress pool dims g h (Transfer.uniform pool)",
            where={
                "pool": "arms",
                "dims": "[0%nat]",
                "g": "fun x _ : nat => t x",
                "h": "fun _ : nat => 1",
                "c": "Transfer.covariance pool s t / (Transfer.average pool s * Transfer.average pool t)",
                "f": "part * (c / (1 + c))",
            },
        ),
        equality=_all_paid,
        sharp=True,
        predicts=(
            NetworkPrediction(
                "chains-short",
                "vas-paper",
                "uniform",
                -1,
                "since scoring takes a third of the budget or more, and c would have to be 1/2",
            ),
        ),
        notes="The theorem is an equivalence: beyond that share paying loses. With the 1 + CV^2 of a pool with uniform "
        "pass rates, c = 1/5 (B50, all prompts transferring alike): at most a sixth of the budget may go into scores.",
    ),
)
