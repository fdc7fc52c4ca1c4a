"""Every bound beside the exact quantity, for a bandit of the user's own.

The instance is a TOML file::

    probs = [0.7, 0.2, 0.1]     # or: logits = [1.0, 0.0, -1.0]
    rewards = [1.0, 0.0, 0.0]
    group_size = 8              # optional, 2 to 1000
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np

from vas_theory.claims import all_claims
from vas_theory.claims.lib.base import Claim, Instance, Verdict
from vas_theory.claims.lib.checks import recheck
from vas_theory.foundation.errors import ArgumentError, DataError
from vas_theory.policy.softmax import softmax

__all__ = ["audit", "audit_file", "audit_text", "read_instance"]

_LEAST = 1e-150
"""Sides below this may rest on squares that float64 rounds to 0."""

_LARGEST_GROUP = 1000
"""Binomial coefficients of larger groups overflow float64."""

_KEYS = {"probs", "logits", "rewards", "group_size"}


def _vector(table: dict[str, Any], name: str) -> np.ndarray:
    values = table[name]
    if not isinstance(values, list) or not all(type(v) in (int, float) for v in values) or len(values) < 2:
        raise ArgumentError(name, "be a list of at least two numbers", values)
    try:
        array = np.array(values, dtype=float)
    except OverflowError:
        array = np.array([np.inf])
    if not np.isfinite(array).all():
        raise ArgumentError(name, "be finite", values)
    return array


def read_instance(path: Path | str) -> Instance:
    """Read a bandit from TOML.

    Returns:
        ``probs`` and ``rewards`` (1, K); ``group_size`` (1,) and, for rewards in {0, 1}, ``pass_rate`` (1,).

    Raises:
        DataError: the file is missing or not TOML.
        ArgumentError: a key is unknown, missing or has a value that is not allowed.
    """
    path = Path(path)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"instance {path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"instance {path} is not valid TOML: {error}") from None
    unknown = sorted(set(table) - _KEYS)
    if unknown:
        raise ArgumentError(f"key {unknown[0]!r}", f"be one of {sorted(_KEYS)}", table[unknown[0]])
    if ("probs" in table) == ("logits" in table):
        raise ArgumentError("probs or logits", "be given, one of the two", sorted(table))
    if "rewards" not in table:
        raise ArgumentError("rewards", "be given", sorted(table))
    rewards = _vector(table, "rewards")
    if "logits" in table:
        probs = softmax(_vector(table, "logits"))
    else:
        probs = _vector(table, "probs")
        if (probs < 0).any() or abs(probs.sum() - 1.0) > 1e-9:
            raise ArgumentError("probs", "be non-negative and sum to 1 within 1e-9", table["probs"])
    if probs.shape != rewards.shape:
        raise ArgumentError("rewards", f"have as many entries as there are arms ({probs.size})", table["rewards"])
    group_size = table.get("group_size", 8)
    if type(group_size) is not int or not 2 <= group_size <= _LARGEST_GROUP:
        raise ArgumentError("group_size", f"be an integer in [2, {_LARGEST_GROUP}]", group_size)
    instance = {"probs": probs[None], "rewards": rewards[None], "group_size": np.array([group_size])}
    if np.isin(rewards, (0.0, 1.0)).all():
        instance["pass_rate"] = (probs * rewards).sum(keepdims=True)
    return instance


def audit(instance: Instance) -> list[dict[str, Any]]:
    """Evaluate both sides of every claim that applies to a bandit.

    Args:
        instance: what :func:`read_instance` returns.

    Returns:
        One row a claim: id, title, verdict, relation, left, right, ratio, holds (``None`` where float64 cannot tell).
        Refuted claims are listed too, with whether they happen to hold here. A claim whose assumptions on the rewards
        or the policy are not met is left out.
    """
    rows = []
    for claim in all_claims().values():
        names = claim.domain.inputs
        if not names or any(name not in instance for name in names):
            continue
        chosen = {name: instance[name] for name in names}
        if not claim.domain.admits(chosen):
            continue
        with np.errstate(all="ignore"):
            left, right = (float(np.ravel(side)[0]) for side in claim.sides(chosen))
        rows.append(
            {
                "id": claim.id,
                "title": claim.title,
                "verdict": claim.verdict.value,
                "relation": claim.relation.value,
                "left": left,
                "right": right,
                "ratio": right / left if left else None,
                "holds": _holds(claim, chosen, left, right),
            }
        )
    return rows


def _holds(claim: Claim, instance: Instance, left: float, right: float) -> bool | None:
    """Say whether a claim holds; nothing where float64 cannot tell.

    What underflows or overflows fails in float64 alone: a certified claim is then evaluated at 50 digits or more.
    """
    if claim.relation.slack(left, right) >= -1e-9 * max(abs(left), abs(right)):
        return True
    if claim.verdict is not Verdict.REFUTED and claim.float_tolerance == 0:
        try:
            return bool(recheck(claim, instance)[0][0] >= -1e-9)
        except ZeroDivisionError:  # an arm whose probability float64 rounds to 0
            return None
    told = np.isfinite([left, right]).all() and max(abs(left), abs(right)) >= _LEAST
    return False if told else None


def audit_file(path: Path | str) -> list[dict[str, Any]]:
    """Audit the bandit in a TOML file; see :func:`read_instance` and :func:`audit`."""
    return audit(read_instance(path))


def audit_text(rows: list[dict[str, Any]]) -> str:
    """Return audit rows as a fixed-width table."""
    lines = [f"{'id':4} {'verdict':13} {'left':>13}    {'right':>13} {'right/left':>10}  claim"]
    for row in rows:
        ratio = "–" if row["ratio"] is None else f"{row['ratio']:.4f}"
        note = "" if row["holds"] else "   (fails here)"
        if row["holds"] is None:
            note = "   (float64 cannot tell)"
        elif not row["holds"] and row["verdict"] in (Verdict.PROVED, Verdict.CONDITIONAL):
            note = "   (FAILS here although certified: please report)"
        lines.append(
            f"{row['id']:4} {row['verdict']:13} {row['left']:13.6g} {row['relation']:>2} {row['right']:13.6g} "
            f"{ratio:>10}  {row['title']}{note}"
        )
    return "\n".join(lines)
