"""Ten claims in plain words: what a reader of the paper should know first, with the verdicts of the ledger."""

from __future__ import annotations

from vas_theory.claims.lib.base import Claim

__all__ = ["DIGEST", "digest_lines"]

DIGEST = {
    "A06": "where the Fisher matrix is positive, the squared gradient is at least c times the reward variance",
    "A08": "Theorem 1 for a sampled step: progress of at least η c Var / 4",
    "A16": "more reward variance gives more improvement",
    "A14": "the published score (VPS) grows with the reward variance",
    "B02": "reward variance implies a gradient: its norm is at least Var / ρ",
    "B12": "drawing by variance raises a batch's mean variance by the factor 1 + λ CV²",
    "B13": "drawing by variance changes what training optimises",
    "C14": "drawing by variance never slows progress on held-out prompts",
    "C12": "a score with error is worth its correlation with the transfer, times both relative spreads",
    "C15": "paying for a score breaks even at the share c / (1 + c) of the budget",
}
"""Claim -> what it says, apart from whether it is true."""


def digest_lines(claims: dict[str, Claim]) -> list[str]:
    """Return a line in Markdown for each of the ten: verdict, statement, id.

    Args:
        claims: all claims by id.
    """
    return [f"- **{str(claims[name].verdict).capitalize()}**: {text} (`{name}`)." for name, text in DIGEST.items()]
