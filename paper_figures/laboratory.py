"""What the tournament says about each arm in each world: gains over uniform with intervals, and VAS's own record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from paper_figures.declaration import Table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["REGIME", "TOURNAMENT", "sampler_record", "world_gains", "world_rows"]

TOURNAMENT = Table("simulations", "tournament", "simulations run tournament --preset {preset}")
REGIME = "tuned"
"""Each arm at the learning rate that suits it in a world, so that none wins by taking larger steps."""

_RESAMPLES = 1000


def world_gains(table: pd.DataFrame) -> pd.DataFrame:
    """Return the mean gain in final pass rate over uniform, arm by arm and world by world.

    Args:
        table: the tournament's table.

    Returns:
        One row a world and arm, best first in each world: world, strategy, gain, gain_low, gain_high (95%, bootstrap
        over paired seeds), seeds. Uniform's own row has gain 0.
    """
    import pandas as pd

    from simulations.ranking import BASELINE, final_scores
    from simulations.statistics import bootstrap_interval

    part = table[table["regime"] == REGIME]
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


def sampler_record(gains: pd.DataFrame) -> list[str]:
    """Say, for each form of VAS in the tournament, in which worlds it wins, is level with uniform, and loses.

    Args:
        gains: what :func:`world_gains` returns.
    """
    sentences = []
    for name, title in (("vas", "This project's sampler"), ("vas-paper", "VAS as published")):
        arm = gains[gains["strategy"] == name]
        if arm.empty:
            continue
        groups = {
            "beats uniform sampling": arm["gain_low"] > 0,
            "cannot be told from it": (arm["gain_low"] <= 0) & (arm["gain_high"] >= 0),
            "loses to it": arm["gain_high"] < 0,
        }
        parts = []
        for verb, chosen in groups.items():
            worlds = list(arm.loc[chosen, "world"])
            parts.append(f"{verb} in {len(worlds)}" + (f" ({', '.join(worlds)})" if worlds else ""))
        sentences.append(f"{title} ({name}), in {len(arm)} worlds of the tournament: {'; '.join(parts)}.")
    return sentences


def world_rows(gains: pd.DataFrame) -> list[dict[str, Any]]:
    """Return, for each world, the gains of VAS in both forms and the best arm that does not know the truth.

    Args:
        gains: what :func:`world_gains` returns.

    Returns:
        One record a world: ``world`` and, under ``vas``, ``vas-paper`` and ``best``, the arm's row or None.
    """
    from simulations.ranking import REFERENCE

    rows = []
    for world, part in gains.groupby("world", sort=True):
        arms = {str(row["strategy"]): row for row in part.to_dict("records")}
        best = next(row for name, row in arms.items() if name != REFERENCE)
        rows.append({"world": world, "best": best, **{name: arms.get(name) for name in ("vas", "vas-paper")}})
    return rows
