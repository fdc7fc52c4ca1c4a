r"""What sampling prompts in proportion to their outcome variance does to the variance of the drawn prompts.

Pool. With V the outcome variances of the pool, a share lambda drawn with probability V/sum V and the rest uniformly,
the mean variance drawn is :math:`\lambda E V^2/E V + (1-\lambda) E V = E V (1 + \lambda\,\mathrm{CV}^2)`.

Beta pools. For pass rates Beta(a, b) and V = p(1-p), :math:`E V = ab/(s(s+1))` and
:math:`E V^2 = a(a+1)b(b+1)/(s(s+1)(s+2)(s+3))` with s = a + b, which gives :math:`1 + \mathrm{CV}^2`.

Plug-in scores. From N rollouts with k correct, :math:`\hat V = (k/N)(1-k/N)` has :math:`E[\hat V|p] = (1-1/N) V`.
Drawing in proportion to it reaches :math:`E[V \hat V]/E\hat V = E V^2/E V` for every N >= 2: the factor cancels. The
score that is seen on the drawn prompts is another quantity,
:math:`E\hat V^2/E\hat V = ((N-2)(N-3)\,m + N - 1)/N^2` with :math:`m = E V^2/E V`, from the factorial moments of k.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.base import Claim, Domain, Instance, Relation, Verdict
from vas_theory.claims.lib.bridge.arm_sums import Arms
from vas_theory.claims.lib.certificates import identity
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.credit import no_prior_source
from vas_theory.claims.lib.domains.groups import by_group_size
from vas_theory.foundation.arguments import unify
from vas_theory.potentials import beta_pool_gain, mixture_expected_variance, sampling_weights


def _drawn_variance(pool: NDArray[Any], mixture: NDArray[Any]) -> Any:
    """Return the mean of p(1-p) under the mix of weighted and uniform draws, summed prompt by prompt."""
    p, share = unify(pool, mixture)
    variance = p * (1 - p)
    weighted = variance / variance.sum(-1, keepdims=True)
    chance = share[..., None] * weighted + (1 - share[..., None]) / p.shape[-1]
    return (chance * variance).sum(-1)


def _with_spread(pool: NDArray[Any], mixture: NDArray[Any]) -> Any:
    """Return E V (1 + lambda CV^2)."""
    p, share = unify(pool, mixture)
    variance = p * (1 - p)
    mean = variance.sum(-1) / p.shape[-1]
    spread = ((variance - mean[..., None]) ** 2).sum(-1) / p.shape[-1] / mean**2
    return mean * (1 + share * spread)


def _pool_identities() -> dict[str, Any]:
    import sympy

    share = sympy.Symbol("lambda")
    pool = Arms("v", {"1": "n"})
    (v,) = pool
    mean = v.sum() / pool.count
    drawn = ((share * v / v.sum() + (1 - share) / pool.count) * v).sum()
    return {"any pool": drawn - mean * (1 + share * ((v - mean) ** 2).sum() / pool.count / mean**2)}


def _pool_bridge(claim: Claim, instance: Instance) -> tuple[Any, Any]:
    rows = zip(instance["pool"], instance["mixture"], strict=True)
    public = []
    for pool, share in rows:
        variance = pool * (1 - pool)
        weights = sampling_weights(pool, float(share))
        public.append([(weights * variance).sum(), mixture_expected_variance(variance, float(share))])
    sides = np.stack(claim.sides(instance), axis=-1)
    return sides, np.array(public)


def _pools() -> Domain:
    def make(rates: NDArray[Any], rng: np.random.Generator) -> Instance:
        return {"pool": rates, "mixture": rng.choice([0.0, 0.2, 0.5, 0.8, 1.0], size=len(rates))}

    def random(rng: np.random.Generator, size: int) -> Iterator[Instance]:
        for prompts in (1, 2, 8, 64):
            yield make(rng.uniform(size=(size // 8, prompts)), rng)

    def extreme(rng: np.random.Generator, size: int) -> Iterator[Instance]:
        for prompts in (2, 8):
            tails = 10.0 ** rng.uniform(-12, -0.3, size=(size // 8, prompts))
            yield make(np.where(rng.uniform(size=tails.shape) < 0.5, tails, 1 - tails), rng)

    return Domain({"random": random, "extreme": extreme})


def _beta_counts(a: Any, b: Any, rollouts: int) -> list[tuple[Any, Any, Any]]:
    """Return, for k = 0..N, the chance of k correct, the plug-in score and E[V | k] (the posterior's), as rationals."""
    s = a + b
    chance, rows = _rising(b, rollouts) / _rising(s, rollouts), []
    for k in range(rollouts + 1):
        score = k * (rollouts - k) * chance / rollouts**2
        rows.append((chance, score, (a + k) * (b + rollouts - k) / ((s + rollouts) * (s + rollouts + 1))))
        if k < rollouts:
            chance = chance * (rollouts - k) / (k + 1) * (a + k) / (b + rollouts - k - 1)
    return rows


def _rising(x: Any, order: int) -> Any:
    product = 1 + 0 * x
    for i in range(order):
        product = product * (x + i)
    return product


def _plug_in_gain(a: NDArray[Any], b: NDArray[Any], rollouts: NDArray[Any]) -> Any:
    """Return the true variance drawn by plug-in scores over that of a uniform draw."""

    def gain(first: Any, second: Any, size: int) -> Any:
        rows = _beta_counts(first, second, size)
        drawn = sum(score * posterior for _, score, posterior in rows) / sum(score for _, score, _ in rows)
        s = first + second
        return drawn / (first * second / (s * (s + 1)))

    return by_group_size(gain, rollouts, *unify(a, b))


def _beta_gain(a: NDArray[Any], b: NDArray[Any], rollouts: NDArray[Any]) -> Any:
    return beta_pool_gain(*unify(a, b))


def _realised(a: NDArray[Any], b: NDArray[Any], rollouts: NDArray[Any]) -> Any:
    """Return the mean plug-in score of the drawn prompts, in units of the true variance drawn."""

    def ratio(first: Any, second: Any, size: int) -> Any:
        rows = _beta_counts(first, second, size)
        seen = sum(score * (k * (size - k)) / size**2 for k, (_, score, _) in enumerate(rows))
        drawn = sum(score * posterior for _, score, posterior in rows)
        return seen / drawn

    return by_group_size(ratio, rollouts, *unify(a, b))


def _realised_form(a: NDArray[Any], b: NDArray[Any], rollouts: NDArray[Any]) -> Any:
    first, second, size = unify(a, b, rollouts)
    s = first + second
    m = (first + 1) * (second + 1) / ((s + 2) * (s + 3))
    return ((size - 2) * (size - 3) + (size - 1) / m) / size**2


def _beta_identities() -> dict[str, Any]:
    import sympy

    a, b, x = sympy.symbols("a b x", positive=True)
    s = a + b
    expressions: dict[str, Any] = {}
    first, second = (np.array([value], dtype=object) for value in (a, b))
    for size in (2, 3, 4, 5):
        count = np.array([size])
        difference = _plug_in_gain(first, second, count) - _beta_gain(first, second, count)
        expressions[f"plug-in gain - (1 + CV^2) at N = {size}"] = difference[0]
    spread = _rising(a, 2) * _rising(b, 2) / _rising(s, 4) / (a * b / _rising(s, 2)) ** 2
    expressions["1 + CV^2 = E V^2/(E V)^2"] = beta_pool_gain(first, second)[0] - spread
    size = sympy.Symbol("N")
    expressions["E[ph(1-ph)] = (1 - 1/N) p(1-p)"] = x - (x * (1 - x) / size + x**2) - (1 - 1 / size) * x * (1 - x)
    return expressions


def _realised_identities() -> dict[str, Any]:
    import sympy

    a, b = sympy.symbols("a b", positive=True)
    first, second = (np.array([value], dtype=object) for value in (a, b))
    expressions = {}
    for size in (2, 3, 4, 5):
        count = np.array([size])
        expressions[f"realised score at N = {size}"] = (
            _realised(first, second, count) - _realised_form(first, second, count)
        )[0]
    size = sympy.Symbol("N", positive=True)
    uniform = ((size - 2) * (size - 3) + 5 * (size - 1)) / size**2
    expressions["uniform pass rates: 1 + 1/N^2"] = uniform - 1 - 1 / size**2
    return expressions


def _beta_pools() -> Domain:
    def make(rng: np.random.Generator, size: int, low: float, high: float) -> Iterator[Instance]:
        a, b = 10.0 ** rng.uniform(low, high, size=(2, max(1, size // 4)))
        yield {"a": a, "b": b, "rollouts": rng.choice([2, 3, 8, 16], size=a.shape)}

    return Domain(
        {
            "moderate": lambda rng, size: make(rng, size, -1, 1),
            "extreme": lambda rng, size: make(rng, size, -6, 4),
        }
    )


def _ramp(size: int) -> Instance:
    return {"pool": np.linspace(0.1, 0.5, size)[None], "mixture": np.array([0.5])}


def _uniform_prior(size: int) -> Instance:
    return {"a": np.array([1.0]), "b": np.array([1.0]), "rollouts": np.array([size])}


_CONDITIONS = ("drawing with replacement", "scoring rollouts independent of the training rollouts", "unchanged policy")

CLAIMS = (
    Claim(
        id="B12",
        title="Variance-proportional sampling raises the mean variance by lambda times its squared variation",
        source=f"makes the aim of arXiv 2509.21268, algorithm 1, a number; {no_prior_source('pools')}",
        statement=r"E[V_{\mathrm{drawn}}] = E V\,(1+\lambda\,\mathrm{CV}^2),"
        r"\qquad \mathrm{CV}^2=\mathrm{Var}(V)/(E V)^2",
        assumptions=(*_CONDITIONS, "exact outcome variances as weights", "moments of the pool itself, not all 0"),
        relation=Relation.EQUAL,
        left=_drawn_variance,
        right=_with_spread,
        domain=_pools(),
        certificate=identity(
            "sums over a pool with free variances",
            _pool_identities,
            bridge=_pool_bridge,
            sizes="all finite pools",
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Pools.mixture_sampling_gain",
            sizes="all finite pools",
            points="pool, mixture",
            left="Sums.sum_over (fun x : A => (lam * (v x / Sums.sum_over v pool) + (1 - lam) / "
            "Sums.sum_over (fun _ : A => 1) pool) * v x) pool",
            right="Pools.U pool v * (1 + lam * Pools.CV2 pool v)",
            where={"v": "fun a : nat => rates a * (1 - rates a)", "pool": "arms", "lam": "mixture"},
        ),
        experiment="score_estimation",
        figure="score_error",
        equality=_ramp,
        sharp=True,
        notes="Both sides are symmetric functions of the pool through sum V and sum V^2 alone, so four prompts show "
        "every term.",
    ),
    Claim(
        id="B50",
        title="Beta pools: the gain in closed form, the same for plug-in scores from any number of rollouts",
        source=no_prior_source("pools"),
        statement=r"\frac{E[V\hat V]}{E\hat V\,E V} = \frac{(a+1)(b+1)\,s(s+1)}{ab\,(s+2)(s+3)},\qquad s=a+b,\ N\ge 2",
        assumptions=(*_CONDITIONS, "pass rates Beta(a, b), a pool large enough for its moments", "lambda = 1, N >= 2"),
        not_computed={r"N\ge 2": "the fewest rollouts that can have two different rewards"},
        relation=Relation.EQUAL,
        left=_plug_in_gain,
        right=_beta_gain,
        domain=_beta_pools(),
        certificate=identity(
            "free a and b for N = 2..5; E[Vhat|p] = (1-1/N) V for every N",
            _beta_identities,
            sizes="N = 2..5",
            remains="the step to every N",
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "BetaPools.beta_pool_gain",
            sizes="all a, b > 0, all N >= 2",
            also=("BetaPools.beta_integral_exists",),
            untied={"left": "an integral, computed by quadrature"},
            points="beta",
            right="(a + 1) * (b + 1) * ((a + b) * (a + b + 1)) / (a * b * ((a + b + 2) * (a + b + 3)))",
        ),
        experiment="score_estimation",
        figure="score_error",
        equality=_uniform_prior,
        sharp=True,
        notes="Uniform prior: 1.2, that is +20% times lambda. Small pools differ, and where every score is 0 the draw "
        "needs a rule.",
    ),
    Claim(
        id="B51",
        title="Beta pools: the plug-in score seen on the drawn prompts is not their variance",
        source=no_prior_source("pools"),
        statement=r"\frac{E\hat V^2}{E\hat V}\Big/\frac{E V^2}{E V} = \frac{(N-2)(N-3)+(N-1)/m}{N^2},\qquad"
        r" m=\frac{E V^2}{E V};\qquad 1+\frac1{N^2}\ \text{for the uniform prior}",
        assumptions=(*_CONDITIONS, "pass rates Beta(a, b), a pool large enough for its moments", "lambda = 1, N >= 2"),
        relation=Relation.EQUAL,
        left=_realised,
        right=_realised_form,
        domain=_beta_pools(),
        certificate=identity(
            "free a and b for N = 2..5; the uniform prior for every N",
            _realised_identities,
            sizes="N = 2..5; the uniform prior for all N",
            remains="the step to every N",
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "BetaPools.realised_score",
            sizes="all a, b > 0, all N >= 2",
            also=(
                "BetaPools.realised_score_uniform",
                "BetaPools.realised_score_written_out",
                "BetaPools.beta_integral_exists",
            ),
            untied={"left": "an integral, computed by quadrature"},
            points="beta",
            right="((INR N - 2) * (INR N - 3) + (INR N - 1) / m) / INR N ^ 2",
            where={"N": "group", "m": "(a + 1) * (b + 1) / ((a + b + 2) * (a + b + 3))"},
        ),
        part="the first equation; not the uniform prior",
        experiment="score_estimation",
        figure="score_error",
        equality=_uniform_prior,
        sharp=True,
        notes="The factor is for the raw score k(N-k)/N^2. With the unbiased score, N/(N-1) times it, the uniform "
        "prior gives (N^2 + 1)/(N (N-1)). The raw factor can be below 1: near p = 1/2 it tends to 1 - 1/N + 2/N^2.",
    ),
)
