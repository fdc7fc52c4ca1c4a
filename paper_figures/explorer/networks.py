"""What small trained networks say of the arms that the tournament of bandits may recommend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from paper_figures.drawing.declaration import Table
from paper_figures.networks import clear_sign, described, kind_of
from vas_theory.provenance.tables import read_table

__all__ = ["TABLE", "network_rows", "network_sentences"]

TABLE = Table("simulations", "network_ranking", "simulations networks tournament --preset {preset}", ("paper",))
"""The committed table, the same for every size of the page."""

_PLACES = {
    1: "above uniform sampling",
    -1: "below uniform sampling",
    0: "not clearly different from uniform sampling",
}


def network_rows(root: Path, preset: str) -> dict[str, dict[str, Any]]:
    """Return each arm's row over all worlds of networks that are committed; none where the table is not there.

    Returns:
        Arm -> a row of :func:`~simulations.networks.tournament.analysis.overall`, as the table has it.

    Raises:
        IntegrityError: the table was altered or cut short.
    """
    path = TABLE.path(root, preset)
    if not path.is_file():
        return {}
    rows = kind_of(read_table(path), "overall").to_dict("records")
    return {str(row["arm"]): {str(key): value for key, value in row.items()} for row in rows}


def network_sentences(rows: Mapping[str, Mapping[str, Any]], arms: Iterable[str]) -> dict[str, str]:
    """Return a sentence for each arm that the networks trained.

    Args:
        rows: of :func:`network_rows`.
        arms: names.
    """
    return {arm: _sentence(arm, rows[arm]) for arm in arms if arm in rows}


def _sentence(arm: str, row: Mapping[str, Any]) -> str:
    worlds = f"{row['worlds']:.0f} world{'s' if row['worlds'] > 1 else ''}"
    low, high = _signed(row["difference_low"]), _signed(row["difference_high"])
    unclear = row["worlds"] - row["worlds_above"] - row["worlds_below"]
    price = f" Not counted: {row['free']}." if row["free"] else ""
    return (
        f"{described(arm).replace('`', '')}. {_signed(row['difference'])} points of held-out pass rate over uniform "
        f"sampling's (95% interval {low} to {high}), learning {row['learning']:.2f} times uniform sampling's "
        f"({row['learning_low']:.2f} to {row['learning_high']:.2f}): {_PLACES[clear_sign(row)]} in the mean of "
        f"{worlds} of small trained networks; above in {row['worlds_above']:.0f} of them, below in "
        f"{row['worlds_below']:.0f}, not clearly different in {unclear:.0f}.{price}"
    )


def _signed(value: float) -> str:
    return f"{100 * value + 0.0:+.2f}".replace("-", "−")
