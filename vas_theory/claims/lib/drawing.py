"""Claims plot themselves: the method is given to the class here and does not stand in its text.

The text of the class is part of the name of every table that was computed from claims, and a plot decides none of them.
"""

from __future__ import annotations

from typing import Any

from vas_theory.claims.lib.base import Claim
from vas_theory.foundation.plotting import plot

__all__ = ["plot_claim"]

__neutral__ = "how claims are drawn"


def plot_claim(claim: Claim, instances: int = 400, seed: int = 0) -> Any:
    """Draw both sides of a claim on random instances of each of its families, and where they would be equal.

    Args:
        claim: which is drawn; its method ``plot`` is this function.
        instances: of each family.
        seed: of the instances.

    Returns:
        A new ``matplotlib.figure.Figure``.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    return plot("claim", claim, instances=instances, seed=seed)


Claim.plot = plot_claim  # type: ignore[attr-defined]
