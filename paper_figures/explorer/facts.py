"""The measured facts that the explorer's page carries: pools to start from, the tournament's worlds, the study."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from paper_figures.drawing.declaration import Table
from paper_figures.explorer.networks import network_rows, network_sentences
from paper_figures.explorer.sentences import contradicted_arms, knowledge_sentence, study_sentences
from paper_figures.laboratory import RANKING, world_gains
from paper_figures.networks import clear_sign
from paper_figures.study import STUDY, accuracy_gains
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
_FIRST = ("vas", "vas-paper", "vas-states", "vas-own", "uniform-g4", "vas-states-g4")
"""Arms of the networks of which the page says first what they learned: both forms of VAS, VAS that knows more, and
smaller groups without and with it."""
_DIGITS = 5
_UNTRAINED = "no model was trained with it here, and trained networks order arms otherwise than bandits do"
"""Why an arm is not recommended that nothing but the bandits knows."""


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


def _tuned(tuned: Mapping[tuple[str, str], Mapping[Any, Any]], world: str, strategy: str) -> dict[str, float] | None:
    """Return an arm's gain where every arm has the learning rate that suits it; None where that was not run."""
    row = tuned.get((world, strategy))
    return None if row is None else {key: round(row[key], _DIGITS) for key in ("gain", "gain_low", "gain_high")}


def _seconds_per_rollout(root: Path, preset: str) -> float | None:
    """Return what a rollout cost in the committed real training, its gradient step included; None without its table."""
    path = next(table for table in STUDY if table.name == "training_steps").path(root, preset)
    if not path.is_file():
        return None
    steps, seconds = read_table(path), read_metadata(path).get("seconds")
    spent = steps.groupby(["arm", "seed"])["rollouts"].max().sum()
    return None if seconds is None else round(seconds / float(spent), _DIGITS)


def facts(root: Path, preset: str) -> dict[str, Any]:
    """Return what the page embeds, as JSON-serialisable values.

    Raises:
        DataError: a table is missing or unreadable.
        IntegrityError: a table was altered or cut short.
    """
    from vas_theory.selection.strategies import one_round_strategies

    path = RANKING.path(root, preset)
    ranking = read_table(path)
    gains = world_gains(ranking, "fixed")
    tuned = {(row["world"], row["strategy"]): row for row in world_gains(ranking, "tuned").to_dict("records")}
    networks, study = network_rows(root, preset), accuracy_gains(root, preset)
    one_round = one_round_strategies()
    trainable = [arm for arm in dict.fromkeys(gains["strategy"]) if _trainable(arm)]
    untrained = [arm for arm in trainable if study and networks and arm not in ("uniform", *study.rows, *networks)]
    spoken_against = contradicted_arms(root, preset, networks) | dict.fromkeys(untrained, _UNTRAINED)
    worlds = []
    for name, part in gains.groupby("world", sort=True):
        arms = [
            {
                "name": row["strategy"],
                **{key: round(row[key], _DIGITS) for key in ("gain", "gain_low", "gain_high")},
                "tuned": _tuned(tuned, str(name), row["strategy"]),
                "trainable": _trainable(row["strategy"]),
                "contradicted": spoken_against.get(row["strategy"], ""),
                "trl": row["strategy"] in one_round,  # TRL rolls one batch of whole groups a step
            }
            for row in part.to_dict("records")
        ]
        worlds.append(_world(str(name), arms))
    return {
        "pools": _pools(root, preset),
        "worlds": worlds,
        "study": study_sentences(root, preset, trainable),
        "networks": network_sentences(networks, trainable),
        "untrained": untrained,
        "trained": network_sentences(networks, _FIRST),
        "knowledge": knowledge_sentence(root),
        "helped": [arm for arm in _FIRST if arm in networks and clear_sign(networks[arm]) > 0],
        "secondsPerRollout": _seconds_per_rollout(root, preset),
        "seeds": int(gains["seeds"].max()),
        "tournament": {"command": RANKING.shown_command(preset), "sha256": sha256_file(path)},
    }
