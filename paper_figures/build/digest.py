"""Ten claims in plain words: what a reader of the paper should know first, with the verdicts of the ledger."""

from __future__ import annotations

from vas_theory.claims.lib.base import Claim

__all__ = ["DIGEST", "digest_lines"]

DIGEST = {
    "A06": "a positive Fisher matrix makes the squared gradient at least a multiple of the reward variance",
    "A08": "Theorem 1, for a step along one sample's gradient: it gains in proportion to the reward variance",
    "A16": "more reward variance gives more improvement",
    "A14": "the published score (VPS) grows with the reward variance",
    "B02": "the gradient's norm is at least Var / ρ, the reward variance over the norm of the centred rewards",
    "B12": "a share λ drawn by variance V raises a batch's mean V by the factor 1 + λ (std V / mean V)²",
    "B13": "drawing by variance changes what training optimises",
    "C14": "drawing by variance never slows progress on held-out prompts",
    "C12": "a score pays by its correlation with what a prompt teaches, times the relative spreads of both",
    "C15": "a score that makes progress 1 + c times as large may cost the share c / (1 + c) of all rollouts",
}
"""Claim -> what it says, apart from whether it is true."""


def digest_lines(claims: dict[str, Claim]) -> list[str]:
    """Return a line in Markdown for each of the ten: verdict, statement, id.

    Args:
        claims: all claims by id.
    """
    return [f"- **{str(claims[name].verdict).capitalize()}**: {text} (`{name}`)." for name, text in DIGEST.items()]
