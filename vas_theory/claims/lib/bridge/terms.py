"""Numbers, arrays and whole points as Rocq reads them.

Every array of a point is a variable of the quoted sides: ``K`` and ``arms`` (the numbers 0 .. K-1), ``p`` and ``r``
(functions of the arm), ``g`` (the centred features, scores), and so on: :data:`VARIABLES`. Where a claim is about
logits, they are the rational numbers (``th``) and the probabilities that Python is given are their softmax.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from vas_theory.claims.lib.base import Instance
from vas_theory.policy.softmax import feature_score

__all__ = ["VARIABLES", "bound_terms", "lets", "number"]

VARIABLES: Mapping[str, str] = {
    "probs": "p",
    "rewards": "r",
    "logits": "th",
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
    "inverse_beta": "slope",
    "outcome": "r",
    "form": "f",
    "noise": "a",
    "score": "s",
    "transfer": "t",
    "values": "u",
    "rare_share": "rare",
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


def bound_terms(instance: Instance) -> dict[str, str]:
    """Return the Rocq term of every variable of a point."""
    values = {name: np.asarray(array, dtype=object)[0] for name, array in instance.items()}
    if "features" in values and "probs" in values:  # of the arms of a policy: centred, they are its scores
        scores = feature_score(instance["probs"], instance["features"])[0]
        values = {
            "g" if name == "features" else name: scores if name == "features" else values[name] for name in values
        }
    if "logits" in values:
        del values["probs"]  # the softmax of the logits, in Rocq as well
    counts = [len(value) for value in values.values() if isinstance(value, np.ndarray)]
    terms = {"A": "nat", "X": "nat", "D": "nat"}
    if counts:
        terms |= {"K": f"{counts[0]}%nat", "arms": "seq 0 K"}
    return terms | {VARIABLES.get(name, name): _term(value) for name, value in values.items()}


def _words(text: str) -> set[str]:
    return set(re.findall(r"(?<![\w.'])[A-Za-z_][\w']*(?![\w.'])", text))


def lets(term: str, bound: Mapping[str, str]) -> str:
    """Return the definitions of the variables that a term uses, directly or through others, in order."""
    needed, waiting = set(), _words(term) & set(bound)
    while waiting:
        name = waiting.pop()
        needed.add(name)
        waiting |= (_words(bound[name]) & set(bound)) - needed
    return "".join(f"  let {name} := {text} in\n" for name, text in bound.items() if name in needed)
