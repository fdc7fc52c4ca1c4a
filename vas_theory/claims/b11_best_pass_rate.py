r"""Which pass rate gives a group's update its best signal-to-noise ratio.

The ratio is :math:`|E\hat g|^2 / E|\hat g|^2`, an increasing function of :math:`|E\hat g|^2/\mathrm{tr\,Var}`, from
the first moments of claim B09 and the second moments of claims B33 and B34. It depends on the policy through
D = |mu_1 - mu_0|^2 and the traces tau_1, tau_0 of the score covariance inside the correct and the wrong class.

With tau_1 = tau_0 = tau the two forms are, with a = 1 - p^G - (1-p)^G,

.. math:: \frac{G(G-1)\,q D}{D((G-1)+(G-2)(G-3)q) + G\tau}\ (\text{Dr.GRPO}), \qquad
    \frac{(E s)^2 D}{(1-1/G)\,q D + a\tau/G}\ (\text{whitened}).

The first increases with q for every G. For the second it is enough that :math:`q/(E s)^2` and :math:`a/q` decrease
in q (claim B11, every G). On (0, 1/2] the derivative of :math:`(E s)^2/q` has the sign of
:math:`2 p (1-p) (E s)' - (1-2p) E s = \sum_j (2j-1)\,d_j\,(p^j y^{G+1-j} - p^{G+1-j} y^j)`, with y = 1 - p and
:math:`d_j = \binom{G}{j}\sqrt{j(G-j)}/G = d_{G-j}`. The powers j and G + 1 - j together give
:math:`((2j-1) d_j - (2(G-j)+1) d_{j-1})(p^j y^{G+1-j} - p^{G+1-j} y^j)`, and both factors have the sign of
G + 1 - 2j: the first by its squares, the second as p <= y. Moreover
:math:`a/q = \sum_{i=0}^{G-2} (p^i + (1-p)^i)`, whose terms fall on (0, 1/2].

Claim B57 certifies the same for small G without pairing: with :math:`E s = q W(q)` and :math:`a = q \alpha(q)`,
polynomials in q, it asks for :math:`W + 2 q W' > 0` and :math:`\alpha W + 2 q \alpha W' - q \alpha' W > 0` on
[0, 1/4], which is decided for each G in ball arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.balls import through_balls
from vas_theory.claims.lib.base import Claim, Domain, Instance, Relation, Verdict
from vas_theory.claims.lib.certificates import Step, counterexample, proof_steps
from vas_theory.claims.lib.completeness import Formal, Method
from vas_theory.claims.lib.credit import no_prior_source
from vas_theory.claims.lib.domains.bandits import pass_rates
from vas_theory.claims.lib.domains.groups import by_group_size
from vas_theory.foundation.arguments import unify
from vas_theory.foundation.precision import sqrt
from vas_theory.groups import expected_group_std

CERTIFIED_GROUP_SIZES = range(2, 65)
"""Group sizes for which the whitened case is certified."""


def dr_grpo_ratio(p: Any, size: int, spread: Any, tau_correct: Any, tau_wrong: Any) -> Any:
    """Return |E ghat|^2 / E|ghat|^2 for Dr.GRPO, in any arithmetic."""
    q = p * (1 - p)
    between = spread * (size - 1 + (size - 2) * (size - 3) * q)
    within = tau_correct * ((size - 2) * (1 - p) + 1) + tau_wrong * ((size - 2) * p + 1)
    return size * (size - 1) * q * spread / (between + within)


def whitened_ratio(p: NDArray[Any], size: int, spread: Any, tau_correct: Any, tau_wrong: Any) -> Any:
    """Return |E ghat|^2 / E|ghat|^2 for the whitened update."""
    within = tau_correct * (1 - p) * (1 - (1 - p) ** (size - 1)) + tau_wrong * p * (1 - p ** (size - 1))
    second = ((size - 1) * p * (1 - p) * spread + within) / size
    return expected_group_std(p, size) ** 2 * spread / second


def _at_half(ratio: Any) -> Any:
    def side(pass_rate: NDArray[Any], group_size: NDArray[Any], trace: NDArray[Any]) -> Any:
        p, tau = unify(pass_rate, trace)
        return by_group_size(lambda x, t, size: ratio((0 * x + 1) / 2, size, 1, t, t), group_size, p, tau)

    return side


def _at_p(ratio: Any) -> Any:
    def side(pass_rate: NDArray[Any], group_size: NDArray[Any], trace: NDArray[Any]) -> Any:
        p, tau = unify(pass_rate, trace)
        return by_group_size(lambda x, t, size: ratio(x, size, 1, t, t), group_size, p, tau)

    return side


def _equal_traces(group_sizes: tuple[int, ...]) -> Domain:
    """Return pass rates and group sizes with tau/D between 1e-3 and 1e3."""
    base = pass_rates(group_sizes)
    move = base.perturb
    assert move is not None

    def family(name: str) -> Any:
        def generate(rng: np.random.Generator, size: int) -> Iterator[Instance]:
            for instance in base.families[name](rng, size):
                yield {**instance, "trace": 10.0 ** rng.uniform(-3, 3, size=instance["pass_rate"].shape)}

        return generate

    def perturb(rng: np.random.Generator, instance: Instance, scale: float) -> Instance:
        factor = np.exp(scale * rng.standard_normal(instance["trace"].shape))
        return {**move(rng, instance, scale), "trace": np.clip(instance["trace"] * factor, 1e-3, 1e3)}

    return Domain({name: family(name) for name in base.families}, perturb)


def _monotone_dr_grpo() -> bool:
    """Check that the equal-trace Dr.GRPO form is G (G-1) q D over an affine function of q with positive value at 0."""
    import sympy

    p, size, spread, tau = sympy.symbols("p G D tau", positive=True)
    q = p * (1 - p)
    affine = spread * (size - 1 + (size - 2) * (size - 3) * q) + size * tau
    difference = dr_grpo_ratio(p, size, spread, tau, tau) - size * (size - 1) * q * spread / affine
    return bool(sympy.simplify(difference) == 0)


def _polynomials(size: int) -> tuple[Any, Any]:
    """Return W and alpha, ball polynomials in q = p(1-p) with E s = q W and 1 - p^G - (1-p)^G = q alpha.

    They come from p^m + (1-p)^m = L_m(q), where L_0 = 2, L_1 = 1 and L_m = L_(m-1) - q L_(m-2).
    """
    import flint

    q = flint.arb_poly([0, 1])
    lucas = [flint.arb_poly([2]), flint.arb_poly([1])]
    while len(lucas) <= size:
        lucas.append(lucas[-1] - q * lucas[-2])
    degree = size - 2
    w = flint.arb_poly([0])
    for j in range(degree // 2 + 1):
        coefficient = math.comb(degree, j) * (size - 1) / flint.arb((j + 1) * (size - 1 - j)).sqrt()
        # the middle term is its own mirror image, and L_0 = 2 counts it twice
        w += q**j * lucas[degree - 2 * j] * (coefficient / 2 if 2 * j == degree else coefficient)
    return w, flint.arb_poly([-c for c in lucas[size].coeffs()[1:]])


def _derivative_conditions(size: int) -> list[Any]:
    """Return W + 2 q W' and alpha W + 2 q alpha W' - q alpha' W."""
    import flint

    w, alpha = _polynomials(size)
    q = flint.arb_poly([0, 1])
    first = w + 2 * q * w.derivative()
    return [first, alpha * first - q * alpha.derivative() * w]


def _positive(polynomial: Any) -> bool:
    """Check that a ball polynomial is positive on [0, 1/4], by bisection with each piece shifted to its middle."""
    import flint

    stack = [(Fraction(0), Fraction(1, 4))]
    for _ in range(4000):
        if not stack:
            return True
        low, high = stack.pop()
        middle, half = (low + high) / 2, (high - low) / 2
        centre, radius = (flint.arb(flint.fmpq(x.numerator, x.denominator)) for x in (middle, half))
        value = polynomial(flint.arb_poly([centre, radius]))(flint.arb(0, 1))
        if value > 0:
            continue
        if value <= 0:
            return False
        stack += [(low, middle), (middle, high)]
    return False


def _derivative_of_a_power() -> bool:
    """2 p y (p^j y^(G-j))' - (y - p) p^j y^(G-j) is ((2 j - 1) y - (2 (G - j) - 1) p) p^j y^(G-j), y = 1 - p."""
    import sympy

    p, j, size = sympy.symbols("p j G", positive=True)
    power = p**j * (1 - p) ** (size - j)
    left = 2 * p * (1 - p) * sympy.diff(power, p) - (1 - 2 * p) * power
    right = ((2 * j - 1) * (1 - p) - (2 * (size - j) - 1) * p) * power
    return bool(sympy.simplify((left - right) / power) == 0)


def pair_slack(j: Any, size: Any) -> Any:
    """Return j ((2j-1) d_j)^2 - j ((2(G-j)+1) d_(j-1))^2 over (G - j + 1) (C(G, j-1)/G)^2.

    It uses j C(G, j) = (G - j + 1) C(G, j - 1).
    """
    return (2 * j - 1) ** 2 * (size - j + 1) * (size - j) - (2 * (size - j) + 1) ** 2 * j * (j - 1)


def _pairs() -> bool:
    import sympy

    j, size = sympy.symbols("j G")
    return bool(sympy.expand(pair_slack(j, size) - size * (size + 1 - 2 * j)) == 0)


def _mixed_groups() -> bool:
    """From G = m to m + 1 the chance of a mixed group grows by p (1 - p)(p^(m-1) + (1-p)^(m-1))."""
    import sympy

    p, y, m = sympy.symbols("p y m", positive=True)
    step = p**m * y + y**m * p  # p^m - p^(m+1) + y^m - y^(m+1) with y = 1 - p
    return bool(sympy.simplify(step - p * y * (p ** (m - 1) + y ** (m - 1))) == 0)


def _monotone_whitened() -> bool:
    """Check both derivative conditions on [0, 1/4] for every certified group size."""
    import flint

    with flint.ctx.workprec(53 + 8 * max(CERTIFIED_GROUP_SIZES)):
        return all(_positive(poly) for size in CERTIFIED_GROUP_SIZES for poly in _derivative_conditions(size))


def _ratio_ball(p: Any, size: int, tau: Any) -> Any:
    w, alpha = _polynomials(size)
    q = p * (1 - p)
    return size * (q * w(q)) ** 2 / ((size - 1) * q + q * alpha(q) * tau)


def _bridge(claim: Claim, instance: Instance) -> tuple[Any, Any]:
    columns = (instance["pass_rate"], instance["group_size"], instance["trace"])
    return claim.right(**instance), through_balls(_ratio_ball, *columns, bits=300 + 8 * max(CERTIFIED_GROUP_SIZES))


def _pair_bridge(claim: Claim, instance: Instance) -> tuple[Any, Any]:
    """Return the ratio with E s from the d_j of the argument and a from its power sums."""

    def ratio(rate: NDArray[Any], trace: NDArray[Any], size: int) -> Any:
        other = 1 - rate
        roots = [sqrt(unify(j * (size - j), rate)[0]) for j in range(size)]
        deviation = sum(math.comb(size, j) * roots[j] * rate**j * other ** (size - j) for j in range(size)) / size
        mixed = rate * other * sum(rate**i + other**i for i in range(size - 1))
        return size * deviation**2 / ((size - 1) * rate * other + mixed * trace)

    rate, trace = unify(instance["pass_rate"], instance["trace"])
    return claim.right(**instance), by_group_size(ratio, instance["group_size"], rate, trace)


def _affine_bridge(claim: Claim, instance: Instance) -> tuple[Any, Any]:
    size, tau = instance["group_size"], instance["trace"]
    q = instance["pass_rate"] * (1 - instance["pass_rate"])
    return claim.right(**instance), size * (size - 1) * q / (size - 1 + (size - 2) * (size - 3) * q + size * tau)


def _one_correct_arm_half(pass_rate: NDArray[Any]) -> Any:
    """Return the Dr.GRPO ratio at 1/2 for one correct arm among very many (D = 1, tau = 0 and 1), G = 16."""
    (p,) = unify(pass_rate)
    half = (0 * p + 1) / 2
    return dr_grpo_ratio(half, 16, 1, 0, 1)


def _one_correct_arm(pass_rate: NDArray[Any]) -> Any:
    (p,) = unify(pass_rate)
    return dr_grpo_ratio(p, 16, 1, 0, 1)


def _rates() -> Domain:
    def family(rng: np.random.Generator, size: int) -> Iterator[Instance]:
        yield {"pass_rate": rng.uniform(0.3, 0.6, size=size)}

    return Domain({"near the middle": family})


_COUNTEREXAMPLE: Instance = {"pass_rate": np.array([Fraction(21, 50)], dtype=object)}

_CERTIFIED = f"{min(CERTIFIED_GROUP_SIZES)} <= G <= {max(CERTIFIED_GROUP_SIZES)}"
_EQUAL = ("D and tau_1 = tau_0 do not change with p", "G independent rollouts, rewards in {0, 1}")

CLAIMS = (
    Claim(
        id="B11",
        title="Signal-to-noise of the whitened update peaks at pass rate 1/2 when both classes spread alike, every G",
        source=no_prior_source("groups"),
        statement=r"\tau_1=\tau_0 \;\Rightarrow\; \frac{\|E\hat g\|^2}{E\|\hat g\|^2}\Big|_{p}"
        r" \le \frac{\|E\hat g\|^2}{E\|\hat g\|^2}\Big|_{1/2}",
        assumptions=(*_EQUAL, "population standard deviation, nothing added to it"),
        relation=Relation.AT_LEAST,
        left=_at_half(whitened_ratio),
        right=_at_p(whitened_ratio),
        domain=_equal_traces((2, 3, 8, 64, 128)),
        certificate=proof_steps(
            "q/(E s)^2 and a/q fall on (0, 1/2], for every G",
            [
                Step("the inverse ratio is a sum of q/(E s)^2 and a/(E s)^2 with positive weights", None),
                Step("the derivative of one power of E s", _derivative_of_a_power),
                Step("the powers j and G + 1 - j of the derivative of (E s)^2/q have one sign together", None),
                Step("(2j-1) d_j - (2(G-j)+1) d_(j-1) has the sign of G + 1 - 2j, by squares", _pairs),
                Step("a/q is the sum of p^i + (1-p)^i over i = 0..G-2", _mixed_groups),
                Step("p^i + (1-p)^i falls on (0, 1/2]", None),
            ],
            bridge=_pair_bridge,
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "SignalToNoise.whitened_signal_to_noise_peak",
            sizes="all G >= 2, 0 < p < 1",
            also=(
                "SignalToNoise.whitened_signal_to_noise_form",
                "SignalToNoise.whitened_signal_to_noise_increases",
            ),
            points="groups, trace",
            left="SignalToNoise.whitened_signal_to_noise n (1 / 2) D tau tau",
            right="SignalToNoise.whitened_signal_to_noise n p D tau tau",
            where={"n": "(group - 2)%nat", "p": "rate", "D": "1", "tau": "trace"},
        ),
        notes="Not in general: see claim B56. For one correct arm among very many and G = 16 the best pass rates are "
        "0.4221 (Dr.GRPO) and 0.3425 (whitened).",
    ),
    Claim(
        id="B56",
        title="Signal-to-noise peaks at pass rate 1/2 for every policy",
        source="the stronger form of claim B11",
        statement=r"\frac{\|E\hat g\|^2}{E\|\hat g\|^2}\Big|_{p} \le \frac{\|E\hat g\|^2}{E\|\hat g\|^2}\Big|_{1/2}",
        assumptions=("Dr.GRPO with G = 16", "one correct arm among very many, wrong arms equally likely"),
        not_computed={
            "whole statement": "the statement of B11 for every policy, refuted at one; its number is read there"
        },
        relation=Relation.AT_LEAST,
        left=_one_correct_arm_half,
        right=_one_correct_arm,
        domain=_rates(),
        certificate=counterexample(
            "D = 1, tau_1 = 0, tau_0 = 1, G = 16: p = 21/50 beats p = 1/2",
            Relation.AT_LEAST,
            _one_correct_arm_half,
            _one_correct_arm,
            _COUNTEREXAMPLE,
        ),
        verdict=Verdict.REFUTED,
        formal=Formal("RefutedBounds.best_pass_rate_is_not_always_half", sizes="the negation of the statement"),
        counterexample=_COUNTEREXAMPLE,
        lacked="equal spread of the scores inside both classes: where the wrong answers spread more, fewer successes "
        "(p below 1/2) are better",
        corrected_by=("B57", "B58"),
    ),
    Claim(
        id="B57",
        title="Signal-to-noise of the whitened update peaks at pass rate 1/2 when both classes spread alike, "
        f"G <= {max(CERTIFIED_GROUP_SIZES)}",
        source=no_prior_source("groups"),
        statement=rf"\tau_1=\tau_0,\ {min(CERTIFIED_GROUP_SIZES)}\le G\le {max(CERTIFIED_GROUP_SIZES)} \;\Rightarrow\; "
        r"\frac{\|E\hat g\|^2}{E\|\hat g\|^2}\Big|_{p}"
        r" \le \frac{\|E\hat g\|^2}{E\|\hat g\|^2}\Big|_{1/2}",
        assumptions=(*_EQUAL, "population standard deviation, nothing added to it", _CERTIFIED),
        relation=Relation.AT_LEAST,
        left=_at_half(whitened_ratio),
        right=_at_p(whitened_ratio),
        domain=_equal_traces((2, 3, 4, 8, 16, 64)),
        certificate=proof_steps(
            f"two polynomials in q = p(1-p), positive in ball arithmetic for every {_CERTIFIED}",
            [
                ("the inverse ratio is a sum of q/(E s)^2 and a/(E s)^2 with positive weights", None),
                Step(
                    "W + 2 q W' > 0 and alpha W + 2 q alpha W' - q alpha' W > 0 on [0, 1/4]",
                    _monotone_whitened,
                    f"every {_CERTIFIED}",
                    Method.BALLS,
                ),
            ],
            bridge=_bridge,
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "SignalToNoise.whitened_signal_to_noise_peak",
            sizes="all G >= 2, 0 < p < 1",
            also=(
                "SignalToNoise.whitened_signal_to_noise_form",
                "SignalToNoise.whitened_signal_to_noise_increases",
            ),
            points="groups, trace",
            left="SignalToNoise.whitened_signal_to_noise n (1 / 2) D tau tau",
            right="SignalToNoise.whitened_signal_to_noise n p D tau tau",
            where={"n": "(group - 2)%nat", "p": "rate", "D": "1", "tau": "trace"},
        ),
    ),
    Claim(
        id="B58",
        title="Signal-to-noise of the Dr.GRPO update peaks at pass rate 1/2 when both classes spread alike, every G",
        source=no_prior_source("groups"),
        statement=r"\tau_1=\tau_0=\tau \;\Rightarrow\; \frac{\|E\hat g\|^2}{E\|\hat g\|^2}"
        r" = \frac{G(G-1)\,qD}{D((G-1)+(G-2)(G-3)q)+G\tau}\ \text{increases with } q",
        assumptions=_EQUAL,
        relation=Relation.AT_LEAST,
        left=_at_half(dr_grpo_ratio),
        right=_at_p(dr_grpo_ratio),
        domain=_equal_traces((2, 3, 4, 8, 16, 64)),
        certificate=proof_steps(
            "an increasing function of q",
            [
                ("the form with equal traces", _monotone_dr_grpo),
                ("q / (a + b q) increases with q as a = D (G-1) + G tau > 0", None),
            ],
            bridge=_affine_bridge,
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "GroupUpdate.dr_grpo_signal_to_noise_increases",
            sizes="all G >= 2",
            also=("GroupUpdate.dr_grpo_signal_to_noise_form",),
            points="groups, trace",
            left="GroupUpdate.dr_grpo_signal_to_noise G q' D tau",
            right="GroupUpdate.dr_grpo_signal_to_noise G q D tau",
            where={
                "n": "(group - 2)%nat",
                "G": "INR (S (S n))",
                "q": "rate * (1 - rate)",
                "q'": "1 / 4",
                "D": "1",
                "tau": "trace",
            },
        ),
    ),
)
