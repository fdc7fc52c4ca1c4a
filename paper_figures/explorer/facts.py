"""The measured facts that the explorer's page carries: pools to start from, the tournament's worlds, the study."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from paper_figures.drawing.declaration import Table
from paper_figures.explorer.sentences import study_sentences
from paper_figures.laboratory import RANKING, world_gains
from vas_theory.provenance.tables import read_metadata, read_table, sha256_file

__all__ = ["PILOT", "TABLES", "facts"]

PILOT = Table("full_scale", "pilot", "full_scale study --preset {preset}")
TABLES = (RANKING, PILOT)

_POOL_TEXTS = {
    "bimodal": "Bimodal: many hard, many easy",
    "uniform": "Uniform",
    "mostly_hard": "Mostly hard",
    "mostly_easy": "Mostly easy",
}
_DIGITS = 5


def _pools(root: Path, preset: str) -> list[dict[str, Any]]:
    from simulations.world.pool import DIFFICULTIES

    pilot, metadata = read_table(PILOT.path(root, preset)), read_metadata(PILOT.path(root, preset))
    rates = sorted(round(rate, _DIGITS) for rate in (pilot["successes"] / pilot["rollouts"]).tolist())
    model, task = metadata["config"]["model"]["name"], metadata["config"]["task"]["name"]
    measured = {
        "name": "measured",
        "text": f"Measured: {model} on {task}",
        "rates": rates,
        "rollouts": int(pilot["rollouts"].max()),
    }
    shapes = [
        {
            "name": name,
            "text": _POOL_TEXTS.get(name, name.replace("_", " ")),
            "components": [list(part) for part in mix],
        }
        for name, mix in DIFFICULTIES.items()
    ]
    return [*shapes, measured]


def _mean_and_variance(components: tuple[tuple[float, float, float], ...]) -> tuple[float, float]:
    """Return E p and E p(1-p) of a mixture of Beta distributions."""
    mean = sum(share * a / (a + b) for share, a, b in components)
    variance = sum(share * a * b / ((a + b) * (a + b + 1)) for share, a, b in components)
    return mean, variance


def _world(name: str, arms: list[dict[str, Any]]) -> dict[str, Any]:
    from simulations.running.bandit_worlds import world
    from simulations.world.pool import DIFFICULTIES

    place = world(name)
    pool: Any = place.pool
    mean, variance = _mean_and_variance(DIFFICULTIES[pool.difficulty])
    return {
        "name": name,
        "difficulty": _POOL_TEXTS.get(pool.difficulty, pool.difficulty).lower(),
        "passRate": round(mean, _DIGITS),
        "rewardVariance": round(variance, _DIGITS),
        "coupling": pool.coupling,
        "noisy": bool(pool.false_positive or pool.false_negative),
        "groupSize": place.group_size,
        "passes": round(place.budget / (pool.prompts * place.group_size), 2),
        "arms": arms,
    }


def _trainable(strategy: str) -> bool:
    """Say whether real training can run a strategy: what it needs, a language model's own samples must give."""
    from vas_theory.selection.strategies import strategy_class

    kind = strategy_class(strategy)
    return not kind.needs_truth and kind.sampling == "independent"


def facts(root: Path, preset: str) -> dict[str, Any]:
    """Return what the page embeds, as JSON-serialisable values.

    Raises:
        DataError: a table is missing or unreadable.
        IntegrityError: a table was altered or cut short.
    """
    path = RANKING.path(root, preset)
    gains = world_gains(read_table(path), "fixed")
    worlds = []
    for name, part in gains.groupby("world", sort=True):
        arms = [
            {
                "name": row["strategy"],
                **{key: round(row[key], _DIGITS) for key in ("gain", "gain_low", "gain_high")},
                "trainable": _trainable(row["strategy"]),
            }
            for row in part.to_dict("records")
        ]
        worlds.append(_world(str(name), arms))
    trainable = dict.fromkeys(arm["name"] for place in worlds for arm in place["arms"] if arm["trainable"])
    return {
        "pools": _pools(root, preset),
        "worlds": worlds,
        "study": study_sentences(root, preset, trainable),
        "seeds": int(gains["seeds"].max()),
        "tournament": {"command": RANKING.shown_command(preset), "sha256": sha256_file(path)},
    }
