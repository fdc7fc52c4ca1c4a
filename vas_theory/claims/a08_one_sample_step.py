r"""Theorem 1 fails for the one-sample estimator: its step size ignores the second moment of the estimator.

Three refutations, all with binary rewards, one parameter, baseline E R and step eta = c / (4 L Gamma). One parameter
and binary rewards make the score affine in the reward, so |J'|^2 = Gamma Var and c = Gamma, eta = 1 / (4 L).

- A08, rational. pi_theta(1) = 1/16 + theta/8 - theta^2/2 on a compact interval, L = 1, eta = 1/4. A success moves by
  15/32, past the maximum, a failure by 1/480: the expected gain is -91/30720, claimed is at least 1/1024.
- A29, smooth on the whole line with bounded scores. pi_theta(1) = 13/420 + sin(theta + phi)/36 with sin phi = 3/5,
  L = 1/36, eta = 9: the steps are 4 and 1/100.
- A30, where (i) and (ii) hold for every parameter, (ii) with equality. pi_theta(1) = sin^2(theta/2) has Gamma = c = 1
  at every theta and L = 1/2, so eta = 1/2. Near theta = 81/500 a success jumps by almost 2 pi - theta, to a policy
  that never succeeds. (Its scores are unbounded, as they must be: on a whole line (ii) and gradient flow drive p to 1,
  where A27 leaves no positive c to bounded scores.)

What is missing is the second moment of the estimator; A31 has the step size that works.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.base import Claim, Domain, Instance, Relation, Verdict
from vas_theory.claims.lib.certificates import counterexample, enclosure
from vas_theory.claims.lib.completeness import Formal
from vas_theory.foundation.arguments import unify
from vas_theory.foundation.precision import cos, sin, sqrt

# --- the quadratic policy pi_theta(1) = p + a theta - L theta^2 / 2 -------------------------------------------------


def _quadratic_gain(success: NDArray[Any], slope: NDArray[Any], smoothness: NDArray[Any]) -> Any:
    p, a, bound = unify(success, slope, smoothness)

    def moved(step: Any) -> Any:
        return a * step - bound * step**2 / 2

    rise, fall = a * (1 - p) / p, a * p / (1 - p)  # the estimates after a success and after a failure
    return p * moved(rise / (4 * bound)) + (1 - p) * moved(fall / (4 * bound))


def _quadratic_claim(success: NDArray[Any], slope: NDArray[Any], smoothness: NDArray[Any]) -> Any:
    """Return eta c Var / 4 with c Var = |J'|^2 = slope^2 and eta = 1 / (4 L)."""
    _, a, bound = unify(success, slope, smoothness)
    return a**2 / (16 * bound)


def _quadratics() -> Domain:
    def family(rng: np.random.Generator, size: int) -> Iterator[Instance]:
        p = 10.0 ** rng.uniform(-4, np.log10(0.5), size=size)
        reach = (1 - p) / (4 * p)  # the success step in units of slope / L
        room = 2 * (1 - p)  # keeps the maximum p + slope^2 / (2 L) under 1
        over = np.where(reach > 2, p / np.maximum(reach**2 / 2 - reach, 1e-9), room)  # keeps the landing point over 0
        bound = 10.0 ** rng.uniform(-2, 2, size=size)
        yield {
            "success": p,
            "slope": np.sqrt(bound * np.minimum(room, over) * rng.uniform(size=size)),
            "smoothness": bound,
        }

    return Domain({"random": family})


_QUADRATIC: Instance = {
    "success": np.array([Fraction(1, 16)], dtype=object),
    "slope": np.array([Fraction(1, 8)], dtype=object),
    "smoothness": np.array([1]),
}

# --- the sine policy pi_theta(1) = m + b sin(theta + phi) -----------------------------------------------------------


def _sine_gain(middle: NDArray[Any], amplitude: NDArray[Any], sine: NDArray[Any]) -> Any:
    """Return the expected gain at L = b, eta = 1 / (4 b), with ``sine`` = sin phi and cos phi > 0."""
    m, b, s = unify(middle, amplitude, sine)
    s, c = unify(s, sqrt(1 - s**2))
    p, a = m + b * s, b * c
    steps = [a * (1 - p) / p / (4 * b), a * p / (1 - p) / (4 * b)]
    moved = [s * cos(step) + c * sin(step) - s for step in steps]
    return b * (p * moved[0] + (1 - p) * moved[1])


def _sine_claim(middle: NDArray[Any], amplitude: NDArray[Any], sine: NDArray[Any]) -> Any:
    _, b, s = unify(middle, amplitude, sine)
    return b * (1 - s**2) / 16


def _sine_deficit(middle: Any, sine: Any) -> Any:
    """Return a ball around claim minus gain at amplitude 1/36."""
    import flint

    b = flint.arb(1) / 36
    cosine = (1 - sine * sine).sqrt()
    p, a = middle + b * sine, b * cosine
    steps = [a * (1 - p) / p / (4 * b), a * p / (1 - p) / (4 * b)]
    moved = [sine * step.cos() + cosine * step.sin() - sine for step in steps]
    return b * (1 - sine * sine) / 16 - b * (p * moved[0] + (1 - p) * moved[1])


def _sines() -> Domain:
    def family(rng: np.random.Generator, size: int) -> Iterator[Instance]:
        b = 10.0 ** rng.uniform(-3, -1, size=size)
        yield {
            "middle": b * (1 + rng.uniform(0.01, 1, size=size)),
            "amplitude": b,
            "sine": rng.uniform(-0.9, 0.99, size=size),
        }

    return Domain({"random": family})


_SINE: Instance = {
    "middle": np.array([Fraction(13, 420)], dtype=object),
    "amplitude": np.array([Fraction(1, 36)], dtype=object),
    "sine": np.array([Fraction(3, 5)], dtype=object),
}

# --- the policy pi_theta(1) = sin^2(theta / 2), where Gamma = c = 1 everywhere --------------------------------------


def _square_gain(angle: NDArray[Any]) -> Any:
    """Return the expected gain at L = 1/2, eta = 1/2."""
    (theta,) = unify(angle)
    sine, cosine = sin(theta / 2), cos(theta / 2)
    rise, fall = cosine**3 / sine / 2, sine**3 / cosine / 2
    return sine**2 * sin((theta + rise) / 2) ** 2 + cosine**2 * sin((theta + fall) / 2) ** 2 - sine**2


def _square_claim(angle: NDArray[Any]) -> Any:
    (theta,) = unify(angle)
    return sin(theta) ** 2 / 32  # eta c Var / 4 with Var = sin^2(theta) / 4


def _square_deficit(theta: Any) -> Any:
    sine, cosine = (theta / 2).sin(), (theta / 2).cos()
    rise, fall = cosine**3 / sine / 2, sine**3 / cosine / 2
    after = sine**2 * ((theta + rise) / 2).sin() ** 2 + cosine**2 * ((theta + fall) / 2).sin() ** 2
    return theta.sin() ** 2 / 32 - (after - sine**2)


def _angles() -> Domain:
    def family(rng: np.random.Generator, size: int) -> Iterator[Instance]:
        yield {"angle": rng.uniform(0.01, np.pi - 0.01, size=size)}

    return Domain({"random": family})


_SQUARE: Instance = {"angle": np.array([Fraction(81, 500)], dtype=object)}

_SOURCE = "arXiv 2509.21268, Theorem 1, with its G read as the one-sample estimator"
_STATEMENT = (
    r"0<\eta\le\frac{c_{\min}}{4L\Gamma}\;\Rightarrow\;E[J(\theta+\eta G)-J(\theta)]\ge\frac{\eta\,c_{\min}}4\,"
    r"\mathrm{Var}[R]"
)
_LACKED = "a bound on the second moment of the estimator: eta <= |grad|^2 / (L M) with M = E|g|^2 (R - E R)^2"

CLAIMS = (
    Claim(
        id="A08",
        title="Theorem 1, one-sample step: the expected gain is at least eta c Var / 4",
        source=_SOURCE,
        statement=_STATEMENT,
        assumptions=("|Hessian J| <= L", "(ii) |grad J|^2 >= c_min Var[R] at theta", "G = g (R - E R)"),
        relation=Relation.AT_LEAST,
        left=_quadratic_gain,
        right=_quadratic_claim,
        domain=_quadratics(),
        certificate=counterexample(
            "success probability 1/16 + theta/8 - theta^2/2, L = 1, eta = 1/4: -91/30720 against 1/1024",
            Relation.AT_LEAST,
            _quadratic_gain,
            _quadratic_claim,
            _QUADRATIC,
        ),
        verdict=Verdict.REFUTED,
        formal=Formal("RefutedSteps.one_sample_theorem_fails", sizes="the negation of the statement"),
        experiment="one_step_progress",
        figure="one_step_progress",
        counterexample=_QUADRATIC,
        lacked=_LACKED,
        corrected_by=("A31", "B25"),
    ),
    Claim(
        id="A29",
        title="Theorem 1, one-sample step, smooth on the whole line",
        source=_SOURCE,
        statement=_STATEMENT,
        assumptions=(
            "|Hessian J| <= L on the whole line",
            "bounded scores",
            "(ii) at theta",
            "G = g (R - E R)",
        ),
        relation=Relation.AT_LEAST,
        left=_sine_gain,
        right=_sine_claim,
        domain=_sines(),
        certificate=enclosure(
            "success probability m + sin(theta + phi)/36, eta = 9: claim minus gain is positive on a box around "
            "m = 13/420, sin phi = 3/5",
            _sine_deficit,
            [[("0.03", "0.032"), ("0.58", "0.62")], [(Fraction(13, 420),) * 2, (Fraction(3, 5),) * 2]],
        ),
        verdict=Verdict.REFUTED,
        counterexample=_SINE,
        lacked=_LACKED,
        corrected_by=("A31", "B25"),
    ),
    Claim(
        id="A30",
        title="Theorem 1, one-sample step, with (i) and (ii) at every parameter",
        source=_SOURCE,
        statement=_STATEMENT,
        assumptions=("|Hessian J| <= L and |grad J|^2 >= c_min Var[R] for every theta", "G = g (R - E R)"),
        relation=Relation.AT_LEAST,
        left=_square_gain,
        right=_square_claim,
        domain=_angles(),
        certificate=enclosure(
            "success probability sin^2(theta/2), L = 1/2, Gamma = c = 1, eta = 1/2: claim minus gain is positive for "
            "theta around 81/500",
            _square_deficit,
            [[("0.161", "0.163")], [(Fraction(81, 500),) * 2]],
        ),
        verdict=Verdict.REFUTED,
        counterexample=_SQUARE,
        lacked=_LACKED,
        corrected_by=("A31", "B25"),
    ),
)
