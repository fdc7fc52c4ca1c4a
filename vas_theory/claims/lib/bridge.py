"""The tie between a claim's two functions and the theorem that Rocq checked: equal values at rational points.

A claim's :class:`~vas_theory.claims.lib.completeness.Formal` quotes both sides as the theorem's printed statement has
them. Here each side is evaluated by the claim's own function in exact arithmetic, and written as an ``Example`` that
Rocq has to prove for the quoted term at the same point. The file ``vas_theory/proofs/Bridge.v`` holds them all: a
changed function changes that file, which a test notices without Rocq; a changed definition or statement breaks its
proofs.

Every array of a point is a variable of the quoted sides: ``K`` and ``arms`` (the numbers 0 .. K-1), ``p`` and ``r``
(functions of the arm), ``g`` (the centred features, scores), and so on: :data:`VARIABLES`. Where a claim is about
logits, they are the rational numbers (``th``) and the probabilities that Python is given are their softmax.

Values that are no fraction (roots, exponentials) are enclosed: Rocq proves that the term is within 1e-15 of the
decimal, relative to 1 or to the value where that is larger.
"""

from __future__ import annotations

import inspect
import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from vas_theory.claims.lib.base import Claim, Instance
from vas_theory.foundation.errors import UnknownNameError
from vas_theory.policy.softmax import feature_score

__all__ = ["POINTS", "VARIABLES", "bridge_text", "missing_quotes"]

_DIGITS = 40
_PLACES = 22
"""Digits of a value that is no fraction; the fraction of its decimal is what Rocq compares with."""
_IRRATIONAL = re.compile(
    r"\b(?:sqrt|norm|rho|exp|ln|Rpower|GroupGain|GainBounds|FirstMoment|SampleStep|Softmax|Derivative|whitened\w*"
    r"|tilted_mean)\b"
)
"""Functions whose values Rocq encloses, even where one happens to be rational."""
_HEADER = """\
(* Written by `python -m vas_theory proofs --record`; not to be edited. Every number is what the package's own function
   of a claim gives at a rational point; Rocq proves that the theorem's term has the same value there. *)
Require Import Reals Lra Lia List.
From Coquelicot Require Import Coquelicot.
From Interval Require Import Tactic.
{requires}
Import ListNotations.
Open Scope R_scope.

(* the term at a point, down to arithmetic on numbers; a derivative of the softmax value is p_i (r_i - V) *)
Ltac numbers := cbv -[Rplus Rminus Rmult Ropp Rdiv Rinv IZR Rmax Rmin Rabs sqrt exp ln PI cos sin asin Rle
  Rle_dec Req_EM_T Derivative.partial].
Ltac decide_all := repeat match goal with
  | |- context [Req_EM_T ?x ?y] => destruct (Req_EM_T x y); first [exfalso; lra | idtac]
  end.
(* a group without spread: its whitened terms are 0 / sqrt 0 *)
Ltac silent := repeat match goal with
  | |- context [?x / sqrt ?y] => replace (x / sqrt y) with 0 by (replace x with 0 by lra; unfold Rdiv; ring)
  | |- context [?x * / sqrt ?y] => replace (x * / sqrt y) with 0 by (replace x with 0 by lra; ring)
  end.
Ltac compute_term := numbers; repeat (rewrite Derivative.partial_value by lia; numbers); decide_all.
Ltac largest :=
  repeat match goal with
    | |- context [Rmax ?x ?y] => first [rewrite (Rmax_left x y) by lra | rewrite (Rmax_right x y) by lra
        | rewrite (Rmax_left x y) by interval | rewrite (Rmax_right x y) by interval]
    | |- context [Rmin ?x ?y] => first [rewrite (Rmin_left x y) by lra | rewrite (Rmin_right x y) by lra
        | rewrite (Rmin_left x y) by interval | rewrite (Rmin_right x y) by interval]
  end.
Ltac sizes :=
  repeat match goal with
    | |- context [Rabs ?x] => first [rewrite (Rabs_right x) by lra | rewrite (Rabs_left x) by lra]
  end.
Ltac equal_value := compute_term; largest; sizes; silent; first [lra | field; lra | field].
Ltac near_value := compute_term; largest; silent; interval with (i_prec 120).
"""

VARIABLES: Mapping[str, str] = {
    "probs": "p",
    "rewards": "r",
    "logits": "th",
    "features": "g",
    "baseline": "b",
    "direction": "u",
    "chain_pass_rates": "z",
    "distances": "d",
    "end": "finish",
    "group_size": "group",
    "rollouts": "group",
    "pass_rate": "rate",
    "pool": "rates",
    "old_probs": "old",
    "reference": "ref",
    "temperature": "beta",
}
"""Array of a point -> variable of a quoted side; an array that is not named here is called the same."""


def number(value: Any) -> str:
    """Return a rational number as Rocq reads it."""
    fraction = Fraction(value)
    size = abs(fraction)  # prints as 2 or 2/3
    return str(size) if fraction == size and size.denominator == 1 else f"({'- ' * (fraction < 0)}({size}))"


def _term(values: Any) -> str:
    """Return an array as a function of natural numbers (of its axes), a number as itself."""
    values = np.asarray(values, dtype=object)
    if values.ndim == 0:
        value = values.item()
        return f"{value}%nat" if isinstance(value, int) else number(value)
    names = "ijk"[: values.ndim]

    def listed(part: Any) -> str:
        entries = part.tolist() if part.ndim == 1 else part
        return "[" + "; ".join(number(x) if part.ndim == 1 else listed(x) for x in entries) + "]"

    text = listed(values)
    for axis, name in enumerate(names, 1):
        text = f"nth {name} {text if axis == 1 else f'({text})'} {'0' if axis == values.ndim else '[]'}"
    return f"fun {' '.join(f'({name} : nat)' for name in names)} => {text}"


# --- rational points ------------------------------------------------------------------------------------------------

_SIZES = (2, 3, 5)
Draw = Callable[[random.Random], Iterator[Instance]]


def _row(values: Any) -> Any:
    return np.array(values, dtype=object)[None]


def _probabilities(rng: random.Random, count: int) -> list[Fraction]:
    weights = [rng.randint(1, 9) for _ in range(count)]
    return [Fraction(weight, sum(weights)) for weight in weights]


def _rewards(rng: random.Random, count: int, binary: bool) -> list[Fraction]:
    """Return rewards that are not all equal: the first two arms differ."""
    if binary:
        return [Fraction(1), Fraction(0), *(Fraction(rng.randint(0, 1)) for _ in range(count - 2))]
    return [Fraction(7, 8), *(Fraction(rng.randint(0, 6), 7) for _ in range(count - 1))]


def _share(rng: random.Random) -> Fraction:
    return Fraction(rng.randint(1, 9), 10)


def _tabular(binary: bool = False, sizes: tuple[int, ...] = _SIZES) -> Draw:
    def draw(rng: random.Random) -> Iterator[Instance]:
        for count in sizes:
            yield {"probs": _row(_probabilities(rng, count)), "rewards": _row(_rewards(rng, count, binary))}

    return draw


def _softmax(binary: bool = False, sizes: tuple[int, ...] = (2, 3)) -> Draw:
    """Rational logits; ``probs`` is their softmax at 40 digits."""

    def draw(rng: random.Random) -> Iterator[Instance]:
        import mpmath

        for count in sizes:
            logits = [Fraction(rng.randint(-8, 8), 5) for _ in range(count)]
            weights = [mpmath.exp(mpmath.mpf(x.numerator) / x.denominator) for x in logits]
            yield {
                "logits": _row(logits),
                "probs": _row([weight / sum(weights) for weight in weights]),
                "rewards": _row(_rewards(rng, count, binary)),
            }

    return draw


def _scored(binary: bool = False) -> Draw:
    """Policies over actions with two features."""

    def draw(rng: random.Random) -> Iterator[Instance]:
        for count in (2, 3):
            features = [[Fraction(rng.randint(-3, 3), rng.randint(1, 3)) for _ in range(2)] for _ in range(count)]
            features[0][0] += 5  # never all scores zero
            instance = {"probs": _row(_probabilities(rng, count)), "features": _row(features)}
            yield {**instance, "rewards": _row(_rewards(rng, count, binary))}

    return draw


def _chains(rng: random.Random) -> Iterator[Instance]:
    for count in _SIZES:
        rates = _row([Fraction(rng.randint(0, 9), 9) for _ in range(count)])
        yield {"probs": _row(_probabilities(rng, count)), "chain_pass_rates": rates}


def _distances(rng: random.Random) -> Iterator[Instance]:
    for instance in _chains(rng):
        count = instance["probs"].shape[-1]
        half = np.array([[Fraction(rng.randint(1, 9), 4) for _ in range(count)] for _ in range(count)])
        symmetric = np.triu(half, 1) + np.triu(half, 1).T
        yield {
            **instance,
            "distances": _row(symmetric + Fraction(0)),
            "slope": np.array([Fraction(rng.randint(1, 5), 3)]),
        }


def _scored_chains(rng: random.Random) -> Iterator[Instance]:
    for instance, size in zip(_distances(rng), (3, 2), strict=False):
        yield {**instance, "alpha": np.array([_share(rng)], dtype=object), "rollouts": np.array([size])}


def _pool(rng: random.Random) -> Iterator[Instance]:
    for count in (1, *_SIZES):
        yield {"pool": _row([Fraction(rng.randint(1, 9), 10) for _ in range(count)])}


def _two_states(rng: random.Random) -> Iterator[Instance]:
    for count in _SIZES:
        yield {name: _row([Fraction(rng.randint(1, 9), 10) for _ in range(count)]) for name in ("start", "end")}


def _clipped(rng: random.Random) -> Iterator[Instance]:
    """Policies with an old one, a feature and a clip range; with them which arms are clipped and the largest score."""
    for instance in _tabular()(rng):
        p, r = instance["probs"][0], instance["rewards"][0]
        old = np.array(_probabilities(rng, len(p)), dtype=object)
        feature = np.array([Fraction(rng.randint(-6, 6), 2) for _ in p], dtype=object)
        clip = Fraction(1, 7)
        ratio, advantage, score = p / old, r - (old * r).sum(), feature - (p * feature).sum()
        over, under = (advantage > 0) & (ratio > 1 + clip), (advantage < 0) & (ratio < 1 - clip)
        arrays = {"old_probs": old, "feature": feature, "clipped": np.where(over | under, 1, 0) + Fraction(0)}
        yield {
            **instance,
            **{name: _row(values) for name, values in arrays.items()},
            "clip": np.array([clip]),
            "largest": np.array([max(abs(score))]),
        }


def _two_moments(rng: random.Random) -> Iterator[Instance]:
    for count in _SIZES:
        rates = [Fraction(rng.randint(1, 9), 10) for _ in range(count)]
        alpha = _share(rng)
        yield {
            "variance": _row([p * (1 - p) for p in rates]),
            "diversity": _row([Fraction(rng.randint(1, 9), 9) for _ in range(count)]),
            "alpha": np.array([alpha]),
            "beta": np.array([1 - alpha]),
        }


def _rates(sizes: tuple[int, ...]) -> Draw:
    def draw(rng: random.Random) -> Iterator[Instance]:
        for size in sizes:
            yield {"pass_rate": np.array([_share(rng)], dtype=object), "group_size": np.array([size])}

    return draw


def _beta_prior(rng: random.Random) -> Iterator[Instance]:
    for size in (2, 3, 5):
        a, b = (np.array([Fraction(rng.randint(1, 9), 4)], dtype=object) for _ in "ab")
        yield {"a": a, "b": b, "rollouts": np.array([size])}


def _with(draw: Draw, **extra: Callable[[random.Random], Any]) -> Draw:
    """Return the points with further numbers."""

    def extended(rng: random.Random) -> Iterator[Instance]:
        for instance in draw(rng):
            drawn = {name: np.array([value(rng)], dtype=object) for name, value in extra.items()}
            yield {**instance, **drawn}

    return extended


def _with_vector(draw: Draw, name: str, entry: Callable[[random.Random], Fraction], *, centred: bool = False) -> Draw:
    """Return the points with one more number an arm."""

    def extended(rng: random.Random) -> Iterator[Instance]:
        for instance in draw(rng):
            count = instance["rewards"].shape[-1]
            values = [entry(rng) for _ in range(count)]
            if centred:
                values = [value - Fraction(sum(values), count) for value in values]
            yield {**instance, name: _row(values)}

    return extended


def _groups(draw: Draw, sizes: tuple[int, ...]) -> Draw:
    """Return the points with a group size, kept small: a group is summed over all its draws."""

    def extended(rng: random.Random) -> Iterator[Instance]:
        for instance, size in zip(draw(rng), sizes, strict=False):
            yield {**instance, "group_size": np.array([size])}

    return extended


def _signed(rng: random.Random) -> Fraction:
    return Fraction(rng.randint(-9, 9), 4)


POINTS: Mapping[str, Draw] = {
    "tabular": _tabular(),
    "tabular, binary": _tabular(binary=True),
    "tabular, direction": _with_vector(_tabular(), "direction", _signed),
    "tabular, centred direction": _with_vector(_tabular(), "direction", _signed, centred=True),
    "tabular, tilt": _with(_tabular(), eta=_signed),
    "tabular, groups": _groups(_tabular(sizes=(2, 3)), (3, 2)),
    "tabular, binary, groups": _groups(_tabular(binary=True, sizes=(2, 3)), (3, 2)),
    "softmax": _softmax(),
    "softmax, binary": _softmax(binary=True),
    "softmax, step": _with(_softmax(), step=_share),
    "softmax, two arms, step": _with(_softmax(sizes=(2, 2)), step=_share),
    "softmax, two arms, share": _with(_softmax(sizes=(2, 2)), share=_share),
    "softmax, two arms, step, group": _groups(_with(_softmax(sizes=(2, 2)), step=_share), (2, 2)),
    "softmax, two arms, binary, step, group": _groups(_with(_softmax(True, sizes=(2, 2)), step=_share), (2, 2)),
    "softmax, reference": _with(_with_vector(_softmax(), "reference", _share), temperature=_share),
    "scored": _scored(),
    "scored, step": _with(_scored(), curvature=_signed, smoothness=_share, share=_share),
    "scored, step, constant": _with(
        _scored(), curvature=_signed, smoothness=_share, share=_share, constant_share=_share
    ),
    "scored, binary": _scored(binary=True),
    "scored, baseline": _with(_scored(), baseline=_signed),
    "chains": _chains,
    "chains, distances": _distances,
    "chains, score": _scored_chains,
    "pool, mixture": _with(_pool, mixture=_share),
    "variances": _two_moments,
    "two states": _two_states,
    "tabular, clipping": _clipped,
    "rates": _rates((2, 3, 4)),
    "groups": _rates((2, 3, 5)),
    "groups, trace": _with(_rates((2, 3, 4)), trace=_share),
    "beta": _beta_prior,
}
"""Kinds of rational points by name."""


# --- examples -------------------------------------------------------------------------------------------------------


def _bound(instance: Instance) -> dict[str, str]:
    """Return the Rocq term of every variable of a point."""
    values = {name: np.asarray(array, dtype=object)[0] for name, array in instance.items()}
    if "features" in values:
        values["features"] = feature_score(instance["probs"], instance["features"])[0]
    if "logits" in values:
        del values["probs"]  # the softmax of the logits, in Rocq as well
    counts = [len(value) for value in values.values() if isinstance(value, np.ndarray)]
    terms = {"A": "nat", "X": "nat", "D": "nat"}
    if counts:
        terms |= {"K": f"{counts[0]}%nat", "arms": "seq 0 K"}
    return terms | {VARIABLES.get(name, name): _term(value) for name, value in values.items()}


def _words(text: str) -> set[str]:
    return set(re.findall(r"(?<![\w.'])[A-Za-z_][\w']*(?![\w.'])", text))


def _lets(term: str, bound: Mapping[str, str]) -> str:
    """Return the definitions of the variables that a term uses, directly or through others, in order."""
    needed, waiting = set(), _words(term) & set(bound)
    while waiting:
        name = waiting.pop()
        needed.add(name)
        waiting |= (_words(bound[name]) & set(bound)) - needed
    return "".join(f"  let {name} := {text} in\n" for name, text in bound.items() if name in needed)


def _arguments(side: Callable[..., Any], instance: Instance) -> Instance:
    """Return the arrays of a point that a side asks for: a point may have more than one claim needs."""
    names = inspect.signature(side).parameters
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in names.values()):
        return instance
    return {name: values for name, values in instance.items() if name in names}


def _flat(text: str) -> str:
    return " ".join(text.split())


def missing_quotes(claim: Claim, statements: Mapping[str, str]) -> list[str]:
    """Return the quoted sides of a claim that none of its theorems' printed statements contains.

    Args:
        claim: a claim with a formal theorem and quoted sides.
        statements: printed statement by theorem.
    """
    assert claim.formal is not None
    printed = " ".join(_flat(statements[name]) for name in claim.formal.theorems)
    return [side for side in (claim.formal.left, claim.formal.right) if _flat(side) not in printed]


def _evaluated(side: Callable[..., Any], instance: Instance) -> Any:
    """Return a side's value: a fraction where its arithmetic allows one, else 40 digits."""
    import mpmath

    def real(value: Any) -> Any:
        return mpmath.mpf(value.numerator) / value.denominator if isinstance(value, Fraction) else value

    arrays = _arguments(side, instance)
    with mpmath.workdps(_DIGITS):
        try:
            values = side(**arrays)
        except TypeError:  # a root inside it is no fraction, and does not mix with fractions
            values = side(
                **{
                    name: np.vectorize(real, otypes=[object])(array) if array.dtype == object else array
                    for name, array in arrays.items()
                }
            )
    return np.asarray(values, dtype=object).reshape(-1)[0]


def _examples(claim: Claim) -> Iterator[str]:
    import mpmath

    formal = claim.formal
    assert formal is not None
    if formal.points not in POINTS:
        raise UnknownNameError("kind of points", formal.points, POINTS)
    functions = [own or other for own, other in zip(formal.sides, (claim.left, claim.right), strict=True)]
    with mpmath.workdps(_DIGITS):
        instances = list(POINTS[formal.points](random.Random(claim.id)))
    for case, instance in enumerate(instances, 1):
        bound = _bound(instance)
        bound |= {name: term if isinstance(term, str) else term() for name, term in formal.where.items()}
        for name, term, side in zip(("left", "right"), (formal.left, formal.right), functions, strict=True):
            if not term:
                continue
            value = _evaluated(side, instance)
            fraction = isinstance(value, (int, Fraction))
            shown = Fraction(value) if fraction else Fraction(mpmath.nstr(value, _PLACES))
            lets = _lets(term, bound)
            head = f"Example {claim.id}_{name}_{case} :\n{lets}"
            if fraction and not _IRRATIONAL.search(lets + term):
                yield f"{head}  {term} = {number(shown)}.\nProof. equal_value. Qed.\n"
            else:
                near = Fraction(max(1, int(abs(shown))), 10**15)
                yield f"{head}  Rabs ({term}\n  - {number(shown)}) <= {number(near)}.\nProof. near_value. Qed.\n"


def bridge_text(claims: Iterable[Claim], modules: Iterable[str]) -> str:
    """Return the text of ``Bridge.v``.

    Args:
        claims: all claims; those whose theorem quotes no side are left out.
        modules: the proofs' modules.
    """
    parts = [
        f"(* {claim.id} *)\n" + "".join(_examples(claim))
        for claim in claims
        if claim.formal is not None and claim.formal.points
    ]
    requires = f"From Vas Require {' '.join(sorted(set(modules) - {'Bridge'}))}."
    return _HEADER.format(requires=requires) + "\n" + "\n".join(parts)
