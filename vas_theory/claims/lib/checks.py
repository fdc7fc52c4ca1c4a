"""The numeric half of a verification: stress, adversarial search, recheck at 50 digits, attained equality.

The exact half is the certificate. Float64 shows violations of relative size 1e-4 near saturated policies that
do not exist, so no verdict rests on float64: every instance whose float slack is small is evaluated again at
50 digits or more, where it must be non-negative. Where an effort caps that, an instance that it leaves out is counted
as undecided and as nothing else.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.base import Claim, Evidence, Instance, Relation, Verdict
from vas_theory.foundation.precision import DIGITS, floating, multiprecision

__all__ = ["DEEP", "DEFAULT", "Effort", "NumericCheck", "Report", "recheck", "stress", "verify"]

SMALL_SLACK = 1e-10
"""Instances with a relative float slack under this are rechecked at 50 digits."""
ROUNDING = 1e-25
"""Relative slack under this at 50 digits is rounding: a probability of 1e-12 cancels up to 24 of them."""
EQUALITY_TOLERANCE = 1e-12
EQUALITY_SIZES = (2, 3, 8, 64)
LIMIT_SIZES = (4, 16, 64, 256)


@dataclass(frozen=True)
class Effort:
    """How hard to look for a violation.

    Args:
        instances: random instances a family.
        search_width: instances a batch that the adversarial search moves.
        search_steps: steps of that search.
        rechecks: most array entries a batch that are evaluated at 50 digits, the worst instances first; ``None``
            for all. What is left out counts as undecided.
    """

    instances: int = 1200
    search_width: int = 16
    search_steps: int = 40
    rechecks: int | None = None


DEFAULT = Effort()
DEEP = Effort(instances=60_000, search_width=128, search_steps=1500)


@dataclass(frozen=True)
class NumericCheck:
    """What the stress found.

    Args:
        passed: no violation survived 50 digits (a refuted claim: its counterexample violates in float64 too).
        instances: how many instances were decided: by float64, or again at 50 digits.
        rechecked: how many of them at 50 digits.
        undecided: how many more have a small float slack and were not evaluated again; they count nowhere else.
        worst_slack: smallest relative slack, from 50 digits where rechecked.
        worst_instance: the instance that reached it, as lists.
        tightness: largest ratio of the smaller to the larger side that was met (1 = the bound is reached);
            for an equality 1 minus the largest relative distance; ``None`` for a refuted claim.
        violated_share: share of the sampled instances on which the relation fails (refuted claims).
        detail: one line.
    """

    passed: bool
    instances: int
    rechecked: int
    undecided: int
    worst_slack: float
    worst_instance: dict[str, Any]
    tightness: float | None
    violated_share: float
    detail: str


@dataclass(frozen=True)
class Report:
    """Verification of one claim: certificate, numeric check and seconds."""

    claim: Claim
    passed: bool
    evidence: Evidence
    numeric: NumericCheck
    seconds: float


def _relative(claim: Claim, instance: Instance) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the relative slack and the ratio smaller/larger side, one value an instance."""
    left, right = (np.asarray(side) for side in claim.sides(instance))
    left, right = np.broadcast_arrays(left, right)
    slack = claim.relation.slack(left, right)
    if left.dtype == object or right.dtype == object:
        pairs = list(zip(left.reshape(-1), right.reshape(-1), slack.reshape(-1), strict=True))
        relative = np.array([float(s / max(abs(a), abs(b))) if a or b else 0.0 for a, b, s in pairs])
        ratio = np.array([_object_ratio(claim.relation, a, b) for a, b, _ in pairs])
        return relative.reshape(slack.shape), ratio.reshape(slack.shape)
    scale = np.maximum(np.abs(left), np.abs(right))
    safe = np.where(scale > 0, scale, 1.0)
    bound, quantity = (right, left) if claim.relation is not Relation.AT_MOST else (left, right)
    ratio = np.divide(bound, quantity, out=np.ones_like(safe), where=quantity != 0)
    return np.where(scale > 0, slack / safe, 0.0), ratio


def _object_ratio(relation: Relation, left: Any, right: Any) -> float:
    bound, quantity = (right, left) if relation is not Relation.AT_MOST else (left, right)
    return float(bound / quantity) if quantity else 1.0


def _take(instance: Instance, rows: NDArray[Any]) -> Instance:
    return {name: np.asarray(values)[rows] for name, values in instance.items()}


def _search(claim: Claim, rng: np.random.Generator, start: Instance, effort: Effort) -> Instance:
    """Move instances downhill in relative slack by random perturbations of shrinking size."""
    perturb = claim.domain.perturb
    assert perturb is not None
    relative, _ = _relative(claim, start)
    rows = np.argsort(relative)[: effort.search_width]
    best, value = _take(start, rows), relative[rows]
    for step in range(effort.search_steps):
        scale = 10.0 ** (-2.5 * step / effort.search_steps)
        trial = perturb(rng, best, scale)
        trial_value, _ = _relative(claim, trial)
        better = trial_value < value
        best = {
            name: np.where(better.reshape(-1, *[1] * (np.asarray(old).ndim - 1)), trial[name], old)
            for name, old in best.items()
        }
        value = np.where(better, trial_value, value)
    return best


def _batches(claim: Claim, rng: np.random.Generator, effort: Effort) -> Iterator[tuple[str, Instance]]:
    for name, family in claim.domain.families.items():
        for instance in family(rng, effort.instances):
            yield name, instance
            if claim.domain.perturb is not None and effort.search_steps:
                yield f"{name}, searched", _search(claim, rng, instance, effort)


def _as_lists(instance: Instance, row: int) -> dict[str, Any]:
    return {name: np.asarray(values)[row].tolist() for name, values in instance.items()}


def _digits(instance: Instance) -> int:
    """Return the digits at which an instance is rechecked: 50, and four more for every decade of its smallest entry.

    A slack is of the order of the second to fourth power of the rarest probability, beside terms of order one; with
    fixed digits nothing of it is left at probabilities near 1e-20.
    """
    floats = [np.abs(values[values != 0]) for values in map(np.asarray, instance.values()) if values.dtype.kind == "f"]
    least = min((float(values.min()) for values in floats if values.size), default=1.0)
    return DIGITS + 4 * max(0, math.ceil(-math.log10(least)))


def recheck(claim: Claim, instance: Instance) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the relative slack and the ratio of the sides at 50 digits or more; a slack under rounding is zero."""
    import mpmath

    relative, ratio = [], []
    digits = [_digits(_take(instance, np.array([row]))) for row in range(len(next(iter(instance.values()))))]
    for count in sorted(set(digits)):  # rows that need the same digits together
        rows = np.flatnonzero(np.array(digits) == count)
        with mpmath.workdps(count):
            slack, share = _relative(claim, multiprecision(_take(instance, rows)))
        relative.append((rows, np.where(np.abs(slack) < ROUNDING, 0.0, slack)))
        ratio.append((rows, share))
    return _gathered(relative, len(digits)), _gathered(ratio, len(digits))


def _gathered(parts: list[tuple[NDArray[Any], NDArray[Any]]], count: int) -> NDArray[Any]:
    whole = np.empty(count)
    for rows, values in parts:
        whole[rows] = values
    return whole


def stress(claim: Claim, rng: np.random.Generator, effort: Effort = DEFAULT) -> NumericCheck:
    """Look for violations of a claim over its domain.

    Args:
        claim: the claim.
        rng: source of the instances.
        effort: how hard to look.

    Returns:
        What was found; see :class:`NumericCheck`.
    """
    total = rechecked = undecided = violated = 0
    worst, worst_instance, worst_family = np.inf, {}, ""
    tightness = 0.0
    for family, instance in _batches(claim, rng, effort):
        relative, ratio = _relative(claim, instance)
        if not np.isfinite(relative).all():
            row = int(np.flatnonzero(~np.isfinite(relative))[0])
            lists = _as_lists(instance, row)
            return NumericCheck(False, total, rechecked, undecided, np.nan, lists, None, 0.0, f"not finite ({family})")
        rows = np.arange(relative.size)
        flagged = np.flatnonzero(relative < SMALL_SLACK)
        if claim.verdict is not Verdict.REFUTED and claim.float_tolerance == 0 and flagged.size:
            left_out = flagged[:0]
            if effort.rechecks is not None:
                # a row costs in proportion to its size, and the worst rows come first
                row_size = max(np.asarray(values)[0].size for values in instance.values())
                flagged = flagged[np.argsort(relative[flagged])]
                flagged, left_out = np.split(flagged, [max(3, effort.rechecks // row_size)])
            relative[flagged], ratio[flagged] = recheck(claim, _take(instance, flagged))
            rechecked += flagged.size
            undecided += left_out.size
            rows = np.setdiff1d(rows, left_out)
            relative, ratio = relative[rows], ratio[rows]
        total += relative.size
        violated += int((relative < -claim.float_tolerance).sum())
        lowest = int(np.argmin(relative))
        if relative[lowest] < worst:
            worst, worst_family = float(relative[lowest]), family
            worst_instance = _as_lists(instance, int(rows[lowest]))
        # instances where both sides vanish say nothing about the constant
        if claim.relation is Relation.EQUAL:
            tightness = 1.0 + min(worst, 0.0)
        else:
            tightness = max(tightness, float(np.minimum(ratio, 1.0).max()))
    passed = worst >= -claim.float_tolerance
    detail = f"worst relative slack {worst:.3g} in family '{worst_family}'"
    share = violated / max(total, 1)
    return NumericCheck(passed, total, rechecked, undecided, worst, worst_instance, tightness, share, detail)


def _attained(claim: Claim) -> tuple[Evidence, float]:
    """Check the equality constructor or the limit family of a claim, and return the largest ratio they reach."""
    if claim.equality is not None:
        gaps = []
        for size in EQUALITY_SIZES:
            left, right = claim.sides(claim.equality(size))
            gaps.append(float(np.max(np.abs(left - right) / np.maximum(np.abs(left), np.abs(right)))))
        reached = max(gaps) <= EQUALITY_TOLERANCE
        return Evidence(reached, f"equality reached within {max(gaps):.1e}"), 1.0 if reached else 1.0 - min(gaps)
    if claim.limit is not None:
        lines, passed, best = [], True, 0.0
        for size in LIMIT_SIZES:
            _, ratio = _relative(claim, claim.limit.member(size))
            measured, proved = 1.0 - float(np.max(ratio)), claim.limit.gap(size)
            passed &= abs(measured - proved) <= 1e-9 + 1e-6 * abs(proved)
            lines.append(f"{size}: {measured:.3g}")
            best = max(best, 1.0 - measured)
        passed &= claim.limit.gap(LIMIT_SIZES[-1]) < claim.limit.gap(LIMIT_SIZES[0])
        return Evidence(passed, f"gap by size {', '.join(lines)} ({claim.limit.text})"), best
    return Evidence(True, ""), 0.0


def _certify(claim: Claim) -> Evidence:
    try:
        return claim.certificate.check()
    except Exception as error:  # a certificate that cannot run certifies nothing; the other claims go on
        return Evidence(False, f"the check raised {error!r}")


def _violates(claim: Claim) -> Evidence:
    """Check that the counterexample of a refuted claim violates it in float64 as well."""
    assert claim.counterexample is not None
    instance = {name: floating(values) for name, values in claim.counterexample.items()}
    slack = np.asarray(claim.slack(instance))
    return Evidence(bool((slack < 0).all()), f"float slack at the counterexample {np.ravel(slack)}")


def verify(claim: Claim, *, seed: int = 0, effort: Effort = DEFAULT) -> Report:
    """Run everything that supports a claim's verdict.

    Args:
        claim: the claim.
        seed: seed of the numeric check.
        effort: how hard the numeric check looks.

    Returns:
        The report; ``passed`` means that the verdict stands: the certificate's check holds, and no
        violation was found (refuted: the counterexample violates in float64 too).
    """
    started = time.perf_counter()
    evidence = _certify(claim)
    numeric = stress(claim, np.random.default_rng(seed), effort)
    if claim.verdict is Verdict.REFUTED:
        extra = _violates(claim)
        share = f"{extra.detail}; violated on {numeric.violated_share:.1%} of sampled instances"
        numeric = replace(numeric, passed=extra.passed, tightness=None, detail=share)
    else:
        extra, reached = _attained(claim)
        if numeric.tightness is not None and claim.relation is not Relation.EQUAL:
            numeric = replace(numeric, tightness=max(numeric.tightness, reached))
    passed = evidence.passed and numeric.passed and extra.passed
    detail = "\n".join(part for part in (evidence.detail, extra.detail if extra is not evidence else "") if part)
    return Report(
        claim, passed, Evidence(evidence.passed and extra.passed, detail), numeric, time.perf_counter() - started
    )
