"""What claims predict of networks, beside what the committed runs of the network tournament measured."""

from __future__ import annotations

from pathlib import Path

from paper_figures.docs.generated.tables import find_table, markdown, with_interval
from vas_theory.provenance.tables import read_table

__all__ = ["claim_predictions"]


def claim_predictions(root: Path) -> str:
    """Return every prediction with the measured difference in points of the held-out pass rate."""
    from simulations.analysis.claim_predictions import measured_signs
    from vas_theory.claims import all_claims

    path = find_table("network_tournament", root)
    if path is None:
        return "*Not computed in this copy; run `python -m simulations networks tournament --preset quick`.*"
    rows = []
    for row in measured_signs(all_claims().values(), read_table(path)).to_dict("records"):
        measured = with_interval(row, "difference") if row["pairs"] else "–"
        verdict = row["verdict"] + (", written after the runs" if row["seen"] and row["pairs"] else "")
        arms = f"`{row['arm']}` against `{row['against']}`"
        claim = f"[{row['claim']}](theory.md#{row['claim'].lower()})"
        rows.append([claim, row["world"], arms, f"{row['predicted']:+d}", measured, verdict])
    note = (
        "Held-out pass rate at equal rollouts, in points with 95% intervals from a bootstrap over paired seeds. "
        "*Open*: the interval holds 0."
    )
    header = ["claim", "world", "arms", "predicted", "measured", "the prediction"]
    return f"{markdown(header, rows)}\n\n{note}"
