"""The paper's table of settings: simulated with scoring free and charged, beside the published averages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from paper_figures.drawing.declaration import Figure, Label, Table, Tables
from paper_figures.figures._intervals import INTERVAL, means_over_seeds

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.drawing.style import Look

_SETTINGS = ["mixture_ratio", "update_interval", "scoring_rollouts", "alpha", "beta"]
_FACTORS = {
    "mixture_ratio": "mixture ratio $\\lambda$",
    "update_interval": "steps between refreshes $T$",
    "scoring_rollouts": "scoring rollouts $N$",
    "alpha, beta": "coefficients $\\alpha:\\beta$",
}
_SCORING = {"free": "simulated, scoring free", "charged": "simulated, scoring charged"}


def _base(frame: pd.DataFrame) -> pd.Series:
    """Return the setting that the others differ from: it has a published average and the most neighbours that do."""
    published = frame[frame["published_average"].notna()]
    return published[_SETTINGS].mode().iloc[0]


def _text(factor: str, row: pd.Series) -> str:
    return ":".join(f"{row[name]:g}" for name in factor.split(", "))


def _changes(frame: pd.DataFrame, base: pd.Series) -> pd.DataFrame:
    """Add each run's difference to base setting and uniform sampling of its world, seed and account, in points."""
    is_base = (frame[_SETTINGS] == base).all(axis=1)
    key = ["world", "scoring", "seed"]
    reference = frame[is_base].set_index(key)["pass_rate"].rename("base_rate")
    uniform = frame[frame["strategy"] == "uniform"].groupby(key)["pass_rate"].mean().rename("uniform_rate")
    joined = frame.join(reference, on=key).join(uniform, on=key)
    return joined.assign(
        change=100 * (joined["pass_rate"] - joined["base_rate"]),
        gain=100 * (joined["pass_rate"] - joined["uniform_rate"]),
    )


def numbers(tables: Tables) -> pd.DataFrame:
    """Return the change against the base setting by factor, setting and account, over all worlds and in each."""
    frame = tables["runs"].frame
    base = _base(frame)
    runs = _changes(frame, base)
    published_base = runs.loc[(runs[_SETTINGS] == base).all(axis=1), "published_average"].iloc[0]
    parts = []
    for world, here in [("all", runs), *runs.groupby("world", sort=False)]:
        for factor in _FACTORS:
            others = [name for name in _SETTINGS if name not in factor.split(", ")]
            line = here[(here[others] == base[others]).all(axis=1)]
            line = line.sort_values(factor.split(", "), kind="stable")
            text = line.apply(lambda row, factor=factor: _text(factor, row), axis=1)
            part = means_over_seeds(
                line.assign(setting=text), ["setting", "scoring"], ["change", "gain", "updates", "published_average"]
            )
            parts.append(part.assign(world=world, factor=factor))
        for strategy, line in here[here["strategy"] != "vas-paper"].groupby("strategy", sort=False):
            part = means_over_seeds(
                line.assign(setting=strategy),
                ["setting", "scoring"],
                ["change", "gain", "updates", "published_average"],
            )
            parts.append(part.assign(world=world, factor="reference"))
    table = pd.concat(parts, ignore_index=True)
    table["published_change"] = table["published_average"] - published_base
    table["worlds"] = frame["world"].nunique()
    table["seed"] = tables["runs"].seed
    table["learning_rate"] = frame["learning_rate"].iloc[0]
    table["budget"] = frame["budget"].max()
    columns = [
        "world", "factor", "setting", "scoring", "change", "change_low", "change_high", "gain", "gain_low",
        "gain_high", "published_average",
        "published_change", "updates", "seeds", "worlds", "seed", "learning_rate", "budget",
    ]  # fmt: skip
    return table[columns]


def _row(numbers: pd.DataFrame, factor: str, setting: str, scoring: str) -> pd.Series:
    chosen = numbers[(numbers["world"] == "all") & (numbers["factor"] == factor)]
    return chosen[(chosen["setting"] == setting) & (chosen["scoring"] == scoring)].iloc[0]


def headline(numbers: pd.DataFrame) -> str:
    """Return the result in a few words."""
    free, charged = (_row(numbers, "reference", "uniform", scoring)["change"] for scoring in _SCORING)
    return (
        f"Against uniform sampling the paper's base setting is {_points(-free)} with scoring free and "
        f"{_points(-charged)} with scoring charged"
    )


def _points(change: float) -> str:
    return f"{abs(change):.1f} points {'ahead' if change >= 0 else 'behind'}"


def _spread(numbers: pd.DataFrame, scoring: str, column: str = "change") -> float:
    """Return the largest difference between two settings of one factor."""
    part = numbers[(numbers["world"] == "all") & (numbers["scoring"] == scoring) & (numbers["factor"] != "reference")]
    ends = part.dropna(subset=[column, "published_change"]).groupby("factor")[column].agg(["min", "max"])
    return float((ends["max"] - ends["min"]).max())


def caption(numbers: pd.DataFrame) -> str:
    """Return the caption."""
    row = numbers.iloc[0]
    lines = []
    for scoring in _SCORING:
        uniform = _row(numbers, "reference", "uniform", scoring)
        lines.append(
            f"{uniform['change']:+.1f} [{uniform['change_low']:+.1f}, {uniform['change_high']:+.1f}] with scoring "
            f"{scoring}"
        )
    return (
        "Final mean pass rate over uniform sampling's, in points, when one setting of variance-aware sampling is moved "
        "from the base of the paper's ablations, which is shaded ($\\lambda$ = 0.5, T = 28, N = 8, "
        "$\\alpha:\\beta$ = 0.5:0.5). "
        "Circles: scoring rollouts are free, as the paper counts; squares: they are charged to the same budget; "
        "diamonds: averages over five benchmarks in table 4 of arXiv 2509.21268, one run each, "
        "shifted so that their base lies on our base with free scoring. Simulated: mean over "
        f"{row['worlds']} world{'s' if row['worlds'] > 1 else ''}, {row['seeds']} paired seeds (base seed "
        f"{row['seed']}), {INTERVAL}, budget {row['budget']:,} rollouts, learning rate {row['learning_rate']:g} "
        f"for all. Uniform sampling over the base: {' and '.join(lines)}. Between two published settings of one factor "
        f"the mean changes by at most {_spread(numbers, 'free'):.1f} points with scoring free, "
        f"{_spread(numbers, 'charged'):.1f} with scoring charged, and "
        f"{_spread(numbers, 'free', 'published_change'):.1f} in the published table."
    )


def draw(axes: Sequence[Axes], tables: Tables, look: Look) -> None:
    """Draw one panel a factor."""
    table = numbers(tables)
    shown = table[table["world"] == "all"]
    setting = _base(tables["runs"].frame)
    bases = {factor: _text(factor, setting) for factor in _FACTORS}
    styles = {"free": look.series(0), "charged": look.series(3)}
    for index, (axis, (factor, text)) in enumerate(zip(axes, _FACTORS.items(), strict=True)):
        part = shown[shown["factor"] == factor]
        settings = list(dict.fromkeys(part["setting"]))
        places = {setting: place for place, setting in enumerate(settings)}
        for shift, (scoring, label) in zip((-0.12, 0.12), _SCORING.items(), strict=True):
            line = part[part["scoring"] == scoring]
            x = line["setting"].map(places) + shift
            style = styles[scoring] | {"marker": "o" if scoring == "free" else "s"}
            reach = [line["gain"] - line["gain_low"], line["gain_high"] - line["gain"]]
            axis.errorbar(x, line["gain"], yerr=reach, label=label, capsize=look.medium.font_size / 4, **style)
        axis.axhline(0, color=look.ink, linewidth=look.medium.font_size / 10, label="uniform sampling")
        base = bases[factor]
        if base in places:
            axis.axvspan(
                places[base] - 0.35, places[base] + 0.35, color=look.muted, alpha=0.2, linewidth=0, label="base"
            )
        published = part[part["scoring"] == "free"].dropna(subset=["published_change"])
        offset = _row(table, "reference", "uniform", "free")["change"]
        axis.plot(
            published["setting"].map(places), published["published_change"] - offset, color=look.ink,
            linestyle=(0, (1, 2)), marker="D", fillstyle="none", label="published, shifted",
        )  # fmt: skip
        names = ["once" if factor == "update_interval" and setting == "300" else setting for setting in settings]
        axis.set_xticks(range(len(settings)), names)
        axis.set(xlabel=text, xlim=(-0.4, len(settings) - 0.6), ylabel="points over uniform sampling")
        axis.set_title(f"({'abcd'[index]}) {text.split(' $')[0].capitalize()}")
        if index == 2:
            low, high = axis.get_ylim()
            axis.set_ylim(low - 0.6 * (high - low), high)  # room for the legend below the lines
            axis.legend(loc="lower left", fontsize=0.72 * look.medium.font_size, ncols=1)


FIGURE = Figure(
    name="settings_sweep",
    title="Which settings matter, and what scoring costs",
    order=8,
    label=Label.SIMULATED,
    inputs={"runs": Table("simulations", "settings_sweep", "simulations run settings_sweep --preset {preset}")},
    panels=4,
    numbers=numbers,
    headline=headline,
    caption=caption,
    draw=draw,
)
