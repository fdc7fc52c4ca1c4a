"""What a claim is: a statement, both of its sides as functions, a certificate and a verdict.

A claim compares two functions of the same named arrays (an *instance batch*: the leading axis runs over
instances). Both sides accept float64 arrays and object arrays (see :mod:`vas_theory.foundation.precision`), so the
numeric check, the recheck at 50 digits and the exact certificate all evaluate the same transcription.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.completeness import Completeness, Formal, Machine, Method
from vas_theory.claims.lib.predictions import NetworkPrediction
from vas_theory.foundation.errors import ArgumentError

__all__ = [
    "Certificate",
    "CertificateKind",
    "Claim",
    "Domain",
    "Evidence",
    "Instance",
    "Limit",
    "Relation",
    "Verdict",
]

Instance = Mapping[str, NDArray[Any]]
Side = Callable[..., Any]


class Verdict(StrEnum):
    """What is known about a statement as written."""

    PROVED = "proved"
    CONDITIONAL = "conditional"
    REFUTED = "refuted"
    SAMPLED_ONLY = "sampled-only"
    NOT_CONFIRMED = "not-confirmed"


class CertificateKind(StrEnum):
    """How a verdict can be checked again, from exact to merely sampled."""

    IDENTITY = "identity"
    SUM_OF_SQUARES = "sum-of-squares"
    FIXED_SIZES = "fixed-sizes"
    """An identity or a sum of squares, checked at some sizes and argued for the others."""
    COUNTEREXAMPLE = "counterexample"
    POLYNOMIAL_SIGN = "polynomial-sign"
    ENCLOSURE = "enclosure"
    PROOF_STEPS = "proof-steps"
    SAMPLED = "sampled"


class Relation(StrEnum):
    """How the left side stands to the right side."""

    AT_LEAST = ">="
    AT_MOST = "<="
    EQUAL = "="

    def slack(self, left: Any, right: Any) -> Any:
        """Return what is negative exactly where the relation fails (for ``=``: minus the distance)."""
        if self is Relation.AT_LEAST:
            return left - right
        if self is Relation.AT_MOST:
            return right - left
        return -abs(left - right)


@dataclass(frozen=True)
class Evidence:
    """The outcome of a certificate's check.

    Args:
        passed: whether every step held.
        detail: the numbers or identities that were checked, in one or a few lines.
    """

    passed: bool
    detail: str


@dataclass(frozen=True)
class Certificate:
    """A way to check a verdict that does not rest on sampling (unless its kind says so).

    Args:
        kind: what the check consists of.
        summary: one line for the ledger.
        check: runs the exact check; an ``AssertionError`` inside it counts as a failure.
        bridge: given the claim and an instance, returns two arrays that must agree: one made from the
            claim's own sides, one from the expression that was certified. It ties what was proved to what
            is evaluated.
        machine: what the check decides: each statement with its sizes and its method.
        remains: what only the argument in words carries; empty where the check decides the whole verdict.
    """

    kind: CertificateKind
    summary: str
    check: Callable[[], Evidence]
    bridge: Callable[[Claim, Instance], tuple[Any, Any]] | None = None
    machine: tuple[Machine, ...] = ()
    remains: str = ""


@dataclass(frozen=True)
class Domain:
    """Where the instances of a claim come from.

    Args:
        families: name -> generator of instance batches, each family a different region: random, near
            vertices, ties, extreme values. Called with a generator and the number of instances wanted.
        perturb: returns instances near the given ones (scale in (0, 1]); the adversarial search uses it.
            ``None`` where there is nothing to search.
        inputs: names of the arrays of an instance, for ``audit``; empty where a user's bandit cannot supply them.
        admits: whether a user's instance satisfies the claim's assumptions on the rewards.
    """

    families: Mapping[str, Callable[[np.random.Generator, int], Iterator[Instance]]]
    perturb: Callable[[np.random.Generator, Instance, float], Instance] | None = None
    inputs: tuple[str, ...] = ()
    admits: Callable[[Instance], bool] = lambda instance: True


@dataclass(frozen=True)
class Limit:
    """A family that approaches a bound nobody attains.

    Args:
        member: size (such as K) -> instance.
        gap: the proved relative gap ``1 - ratio`` at a size, as a function of the size.
        text: the limit in words.
    """

    member: Callable[[int], Instance]
    gap: Callable[[int], float]
    text: str


@dataclass(frozen=True)
class Claim:
    """One statement with everything needed to check it.

    Args:
        id: ``A..`` (the paper's statements), ``B..`` (sharp statements), ``C..`` (noise, budgets and
            transfer: what later work asks), ``L..`` (literature bounds).
        title: a few words.
        source: paper and equation, or the prior work it improves.
        statement: LaTeX.
        assumptions: what the statement needs, one item an assumption.
        relation: how ``left`` stands to ``right``.
        left: function of the instance's arrays, one value an instance.
        right: likewise.
        domain: the instances it is stressed on.
        certificate: how its verdict can be checked exactly.
        verdict: what is known; data, never prose.
        formal: the theorem that Rocq has checked, where there is one.
        part: which part of the statement the two sides compare, where it says more than they do.
        not_computed: part of the statement whose numbers nothing computes -> why; ``whole statement`` for all of it.
            Every other number of the statement is held against the code by a test.
        equality: size -> instance where both sides agree to 1e-12 (the bound is attained).
        limit: the family that approaches the bound where it is not attained.
        sharp: the constant cannot be improved; then scaling a side by 1 % must break a check.
        counterexample: exact instance that violates a refuted statement.
        lacked: the assumption a refuted statement lacked.
        corrected_by: ids of the statements that replace it.
        float_tolerance: relative error allowed in float64 where a side needs linear algebra that has no
            multiprecision path; 0 means that every small slack is rechecked at 50 digits instead.
        experiment: name of the experiment that shows it; by default the one that stresses the whole ledger.
        figure: name of the figure that shows it; by default the picture of the ledger.
        predicts: what it expects of networks that are trained.
        notes: what a reader should know besides (what was tried, limits of the check).
    """

    id: str
    title: str
    source: str
    statement: str
    assumptions: tuple[str, ...]
    relation: Relation
    left: Side
    right: Side
    domain: Domain
    certificate: Certificate
    verdict: Verdict
    formal: Formal | None = None
    part: str = ""
    not_computed: Mapping[str, str] = field(default_factory=dict)
    equality: Callable[[int], Instance] | None = None
    limit: Limit | None = None
    sharp: bool = False
    counterexample: Instance | None = None
    lacked: str = ""
    corrected_by: tuple[str, ...] = ()
    float_tolerance: float = 0.0
    experiment: str = "claim_stress"
    figure: str = "ledger"
    predicts: tuple[NetworkPrediction, ...] = ()
    notes: str = ""

    def __post_init__(self) -> None:
        if self.verdict in (Verdict.PROVED, Verdict.CONDITIONAL) and self.certificate.kind is CertificateKind.SAMPLED:
            raise ArgumentError("verdict", "not be 'proved' or 'conditional' on a sampled certificate", self.id)
        if self.verdict is Verdict.REFUTED and (self.counterexample is None or not self.lacked):
            raise ArgumentError("counterexample, lacked", "be given for a refuted claim", self.id)
        if self.sharp and self.equality is None and self.limit is None:
            raise ArgumentError("equality or limit", "be given for a sharp claim", self.id)

    @property
    def machine(self) -> tuple[Machine, ...]:
        """What a machine has checked: the formal theorems first, then the certificate's own part."""
        if self.formal is None:
            return self.certificate.machine
        theorems = (Machine(name, Method.ROCQ, self.formal.sizes, name) for name in self.formal.theorems)
        return (*theorems, *self.certificate.machine)

    @property
    def remains(self) -> str:
        """What of the statement rests on an argument in words; empty where nothing does."""
        return self.certificate.remains if self.formal is None else self.formal.remains

    @property
    def complete(self) -> Completeness:
        """How much of the statement a machine has checked."""
        if self.certificate.kind is CertificateKind.SAMPLED and self.formal is None:
            return Completeness.NONE
        if not self.machine:
            return Completeness.ARGUED
        return Completeness.PARTLY if self.remains else Completeness.MACHINE

    def sides(self, instance: Instance) -> tuple[Any, Any]:
        """Return both sides on an instance batch."""
        return self.left(**instance), self.right(**instance)

    def slack(self, instance: Instance) -> Any:
        """Return the slack, negative exactly where the relation fails."""
        return self.relation.slack(*self.sides(instance))

    def scaled(self, factor: float) -> Claim:
        """Return the claim with its right side multiplied by ``factor`` (a mutation that a sharp claim must notice)."""
        right = self.right
        return replace(self, right=lambda **instance: factor * right(**instance))
