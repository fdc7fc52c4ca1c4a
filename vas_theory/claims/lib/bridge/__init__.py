"""The tie between a claim's two functions and the theorem that Rocq checked: equal values at rational points.

A claim's :class:`~vas_theory.claims.lib.completeness.Formal` quotes both sides as the theorem's printed statement has
them. Here each side is evaluated by the claim's own function in exact arithmetic, and written as an ``Example`` that
Rocq has to prove for the quoted term at the same point. The file ``vas_theory/proofs/Bridge.v`` holds them all: a
changed function changes that file, which a test notices without Rocq; a changed definition or statement breaks its
proofs.

:mod:`.points` draws the points, :mod:`.terms` writes them as Rocq reads them, :mod:`.examples` compares.
"""

from vas_theory.claims.lib.bridge.examples import bridge_text, missing_quotes
from vas_theory.claims.lib.bridge.points import POINTS
from vas_theory.claims.lib.bridge.terms import VARIABLES

__all__ = ["POINTS", "VARIABLES", "bridge_text", "missing_quotes"]
