"""Do bandits, small networks and a real language model order the ways of choosing prompts alike?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from paper_figures.drawing.declaration import Figure, Label, Tables
from paper_figures.figures._names import draw_names
from paper_figures.laboratory import RANKING, REGIMES, ranking_of
from paper_figures.networks import AGREEMENT, NETWORKS, kind_of
from paper_figures.study import STUDY

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.drawing.style import Look

_PEERS = {**{f"bandits, {text}": regime for regime, text in REGIMES.items()}, "135M model": "study"}
"""What the networks are compared with -> a regime of the bandits, or the study of the real model."""

_CORRELATION = ("correlation", "correlation_low", "correlation_high")


def numbers(tables: Tables) -> pd.DataFrame:
    """Return each shared arm's gain over uniform sampling in points, in the networks and elsewhere."""
    networks = _networks(tables)
    parts = []
    for peer, regime in _PEERS.items():
        part = networks.merge(_study(tables) if regime == "study" else _bandits(tables, regime), on="arm")
        row = _agreed(tables, regime)
        correlation = {name: row[name] for name in _CORRELATION}
        parts.append(part.assign(ranked_arms=row["arms"], ranked_worlds=row["worlds"], peer=peer, **correlation))
    return pd.concat(parts, ignore_index=True)


def _agreed(tables: Tables, regime: str) -> pd.Series:
    """Return the row of a rank correlation over all worlds."""
    rows = tables["agreement"].frame
    if regime == "study":
        chosen = rows["with"] == "study"
    else:
        chosen = (rows["with"] == "bandits") & (rows["regime"] == regime) & (rows["bandit_world"] == "all")
    found = rows[chosen & (rows["world"] == "all")]
    if found.empty:  # a table that was made where the other side was not there
        return pd.Series({"arms": 0, "worlds": 0, **dict.fromkeys(_CORRELATION, np.nan)})
    return found.iloc[0]


def _networks(tables: Tables) -> pd.DataFrame:
    """Return the arms whose rollouts are all charged, uniform sampling among them."""
    rows = kind_of(tables["ranking"].frame, "overall")
    names = ("", "_low", "_high")
    table = rows.loc[rows["free"] == "", ["arm", "worlds"]].assign(
        **{f"network_points{end}": 100 * rows[f"difference{end}"] for end in names}
    )
    uniform = {"arm": "uniform", "worlds": rows["worlds"].max(), **{f"network_points{end}": 0.0 for end in names}}
    return pd.concat([pd.DataFrame([uniform]), table], ignore_index=True)


def _bandits(tables: Tables, regime: str) -> pd.DataFrame:
    rows = ranking_of(tables["bandits"].frame, regime).rename(columns={"strategy": "arm"})
    gains = {f"peer_points{end}": 100 * rows[f"gain{end}"] for end in ("", "_low", "_high")}
    return rows[["arm"]].assign(**gains)


def _study(tables: Tables) -> pd.DataFrame:
    rows = tables["validation"].frame
    rows = rows[(rows["quantity"] == "accuracy_gain") & rows["measured_low"].notna()]
    names = ("", "_low", "_high")
    gains = {f"peer_points{end}": 100 * rows[f"measured{end}"] for end in names}
    uniform = {"arm": "uniform", **{f"peer_points{end}": 0.0 for end in names}}
    return pd.concat([pd.DataFrame([uniform]), rows[["arm"]].assign(**gains)], ignore_index=True)


def _said(row: pd.Series) -> str:
    """Say a rank correlation with what it rests on."""
    arms = f"{row['ranked_arms']:.0f} arms"
    if row["correlation"] != row["correlation"]:
        return f"{row['peer']}: {arms}, too few to rank"
    interval = f"[{row['correlation_low']:+.2f}, {row['correlation_high']:+.2f}]"
    return f"{row['peer']}: {row['correlation']:+.2f} {interval} over {arms}"


def headline(numbers: pd.DataFrame) -> str:
    """Return the result in a few words."""
    rows = [rows.iloc[0] for _, rows in numbers.groupby("peer", sort=False)]
    return f"Rank correlation of the networks with {'; '.join(map(_said, rows))}"


def caption(numbers: pd.DataFrame) -> str:
    """Return the caption."""
    parts = []
    for peer, rows in numbers.groupby("peer", sort=False):
        each = ", ".join(
            f"{row['arm']} {row['peer_points']:+.1f} there and {row['network_points']:+.1f} here"
            for _, row in rows[rows["arm"] != "uniform"].iterrows()
        )
        parts.append(f"{peer}: {each or 'no arm in common yet'}.")
    row = numbers.iloc[0]
    return (
        "Gain over uniform sampling at equal rollouts in points, of arms whose rollouts are all charged: networks "
        "(held-out pass rate, mean over an arm's worlds) against bandits (interquartile mean over worlds and seeds; "
        "filled at one learning rate, open at tuned ones) and against sampled held-out accuracy of a real 135M model. "
        "Lines are 95% intervals. Rank correlations: mean over "
        f"{row['ranked_worlds']:.0f} worlds of the networks and the arms that are in all of them, uniform sampling "
        f"among them; their intervals are over the networks' seeds. {' '.join(parts)}"
    )


def _draw(axis: Axes, rows: pd.DataFrame, look: Look, *, filled: bool, colour: str) -> None:
    size, shade = look.medium.font_size, look.colour(colour)
    spans = [
        [rows[name] - rows[f"{name}_low"], rows[f"{name}_high"] - rows[name]]
        for name in ("peer_points", "network_points")
    ]
    axis.errorbar(
        rows["peer_points"], rows["network_points"], xerr=spans[0], yerr=spans[1], fmt="o" if filled else "s",
        color=shade, markerfacecolor=shade if filled else look.paper, markersize=size / 2.2, linewidth=size / 12,
        label=rows["peer"].iloc[0].removeprefix("bandits, "),
    )  # fmt: skip


def _covered(rows: pd.DataFrame) -> NDArray[np.float64]:
    """Return points along the intervals, which no name should cover."""
    shares = np.linspace(0, 1, 25)
    parts = []
    for across, along in (("peer_points", "network_points"), ("network_points", "peer_points")):
        low, high = rows[f"{along}_low"].to_numpy(), rows[f"{along}_high"].to_numpy()
        line = low[:, None] + shares * (high - low)[:, None]
        other = np.broadcast_to(rows[across].to_numpy()[:, None], line.shape)
        pair = (other, line) if along == "network_points" else (line, other)
        parts.append(np.stack([side.ravel() for side in pair], axis=1))
    found: NDArray[np.float64] = np.concatenate(parts)
    return found[~np.isnan(found).any(axis=1)]


def draw(axes: Sequence[Axes], tables: Tables, look: Look) -> None:
    """Draw networks against bandits, and against the real model."""
    table = numbers(tables)
    peers = list(_PEERS)
    for axis, letter, shown, title, xlabel in (
        (axes[0], "a", peers[:2], "Networks against bandits", "bandits, points over uniform"),
        (axes[1], "b", peers[2:], "Networks against a 135M model", "135M model, points over uniform"),
    ):
        axis.axhline(0, color=look.muted, linewidth=1.0, linestyle="--", zorder=0)
        axis.axvline(0, color=look.muted, linewidth=1.0, linestyle="--", zorder=0)
        for place, peer in enumerate(shown):
            _draw(axis, table[table["peer"] == peer], look, filled=not place, colour=("blue", "orange")[place])
        rows = table[table["peer"] == shown[0]]
        places = rows[["peer_points", "network_points"]].to_numpy()
        draw_names(axis, list(rows["arm"]), places, look, crowd=_covered(table[table["peer"].isin(shown)]))
        axis.set(xlabel=xlabel, ylabel="networks, points over uniform")
        axis.set_title(f"({letter}) {title}")
    axes[0].legend(loc="best", fontsize=0.75 * look.medium.font_size)


FIGURE = Figure(
    name="network_agreement",
    title="Bandits, networks and a real model",
    order=26,
    label=Label.SIMULATED,
    inputs={"ranking": NETWORKS, "agreement": AGREEMENT, "bandits": RANKING, "validation": STUDY[0]},
    panels=2,
    numbers=numbers,
    headline=headline,
    caption=caption,
    draw=draw,
)
