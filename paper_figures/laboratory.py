"""What the tournament says about each arm in each world: gains over uniform with intervals, and VAS's own record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from paper_figures.drawing.declaration import Table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["REGIMES", "TOURNAMENT", "sampler_record", "world_gains", "world_rows"]

TOURNAMENT = Table(
    "simulations", "tournament", "simulations run tournament --preset {preset}", presets=("smoke", "paper")
)
REGIMES = {"fixed": "at one learning rate", "tuned": "each arm at its tuned learning rate"}
"""Small steps, alike for all arms, and the rate of the grid that suits an arm in a world, which is nearly always the
largest: a bandit has nothing that a large step can break. Language models are nearer to the first."""

_RESAMPLES = 1000


def world_gains(table: pd.DataFrame, regime: str) -> pd.DataFrame:
    """Return the mean gain in final pass rate over uniform, arm by arm and world by world.

    Args:
        table: the tournament's table.
        regime: one of :data:`REGIMES`.

    Returns:
        One row a world and arm, best first in each world: world, strategy, gain, gain_low, gain_high (95%, bootstrap
        over paired seeds), seeds. Uniform's own row has gain 0.
    """
    import pandas as pd

    from simulations.analysis.ranking import BASELINE, final_scores
    from simulations.analysis.statistics import bootstrap_interval

    part = table[table["regime"] == regime]
    scores = final_scores(part)
    rows: list[dict[str, Any]] = []
    for position, world in enumerate(sorted(part["world"].unique())):
        for name, score in scores.items():
            difference = score[[position]] - scores[BASELINE][[position]]
            gain = bootstrap_interval(
                lambda values: values.mean(axis=(-2, -1)), difference, seed=0, resamples=_RESAMPLES, vectorized=True
            )
            rows.append(
                {
                    "world": str(world), "strategy": name, "gain": gain.estimate, "gain_low": gain.low,
                    "gain_high": gain.high, "seeds": difference.shape[1],
                }
            )  # fmt: skip
    frame = pd.DataFrame(rows)
    return frame.sort_values(["world", "gain"], ascending=[True, False], kind="stable", ignore_index=True)


def sampler_record(gains: pd.DataFrame) -> list[dict[str, Any]]:
    """Return, for each form of VAS in the tournament, the worlds in which it beats uniform sampling, is level, loses.

    Args:
        gains: what :func:`world_gains` returns.

    Returns:
        One record a form: ``title``, ``worlds`` (how many) and the names under ``beats``, ``level`` and ``loses``; a
        world counts as level where the interval of the gain holds 0.
    """
    records: list[dict[str, Any]] = []
    for name, title in (("vas", "VAS, this project's sampler"), ("vas-paper", "VAS as published")):
        arm = gains[gains["strategy"] == name]
        if len(arm):
            beats, loses = arm["gain_low"] > 0, arm["gain_high"] < 0
            chosen = {"beats": beats, "level": ~beats & ~loses, "loses": loses}
            names = {verdict: list(arm.loc[worlds, "world"]) for verdict, worlds in chosen.items()}
            records.append({"title": title, "worlds": len(arm), **names})
    return records


def world_rows(gains: pd.DataFrame) -> list[dict[str, Any]]:
    """Return, for each world, the gains of VAS in both forms and the best arm that does not know the truth.

    Args:
        gains: what :func:`world_gains` returns.

    Returns:
        One record a world: ``world`` and, under ``vas``, ``vas-paper`` and ``best``, the arm's row or None.
    """
    from simulations.analysis.ranking import REFERENCE

    rows = []
    for world, part in gains.groupby("world", sort=True):
        arms = {str(row["strategy"]): row for row in part.to_dict("records")}
        best = next(row for name, row in arms.items() if name != REFERENCE)
        rows.append({"world": world, "best": best, **{name: arms.get(name) for name in ("vas", "vas-paper")}})
    return rows
