"""Who takes part in the tournament of the network laboratory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from simulations.networks.runs.arm import Arm
from vas_theory.foundation.errors import UnknownNameError
from vas_theory.provenance.tables import read_table
from vas_theory.selection.sampler.config import INFORMED

__all__ = ["ARMS", "committed_pairs", "get_arm", "stored_pairs"]

_COMMITTED = Path(__file__).resolve().parents[2] / "results" / "paper" / "network_ranking.parquet"
_SHARP = {**INFORMED, "posterior": "predicted_beta", "rest_steps": 9}
"""The settings with knowledge, for a sampler that has none but a prompt's own rollouts; the rest suits every pool."""
_COLUMN = "pass rates of all prompts before training, 8 rollouts each"
_TRUTH = "pass rates of all prompts, 16 rollouts each every 40 steps"

ARMS: dict[str, Arm] = {
    arm.name: arm
    for arm in (
        Arm("uniform", "uniform"),
        Arm("uniform-g4", "uniform", group_size=4),
        Arm("uniform-g16", "uniform", group_size=16),
        Arm("vas", "vas"),
        Arm("vas-weighted", "vas", {"mixture_ratio": 1.0}),
        Arm("vas-paper", "vas-paper", {"scoring_rollouts": 4, "update_interval": 10_000}),
        Arm("vas-paper-free", "scored-free", free="scoring rollouts of all prompts, 8 each every 35 steps"),
        Arm("dapo", "dapo"),
        Arm("mopps", "mopps"),
        Arm("arcus", "arcus"),
        Arm("insight", "insight"),
        Arm("index", "index"),
        Arm("index-ada", "index-ada"),
        Arm("reinforce-ada", "reinforce-ada"),
        Arm("speed", "speed"),
        Arm("greso", "greso"),
        Arm("oracle", "true-variance", free=_TRUTH),
        Arm("oracle-half", "true-variance", {"mixture_ratio": 0.5}, free=_TRUTH),
        Arm("predictor", "predictor"),
        Arm("vas-states", "vas-informed"),
        Arm("vas-states-g4", "vas-informed", group_size=4),
        Arm("vas-states-once", "vas-informed", {"refresh": 1_000_000}),
        Arm("vas-history", "vas", {"mixture_ratio": _SHARP.pop("mixture_ratio"), "options": _SHARP}),
        *(
            Arm(f"vas-{name}", "vas-informed", {"column": name, "states": False}, free=_COLUMN)
            for name in ("own", "reseeded", "otherwise", "shuffled", "reversed")
        ),
        Arm("vas-both", "vas-informed", {"column": "own"}, free=_COLUMN),
        Arm("vas-rescored", "vas-rescored"),
        Arm("vas-states-rescored", "vas-rescored", {"states": True}),
        Arm("index@2", "index", max_visits=2),
        Arm("top-variance", "top-variance"),
        Arm("informative-group", "informative-group"),
        Arm("bots", "bots"),
        Arm("prompt-gdro", "prompt-gdro"),
        Arm("maxrl", "maxrl"),
    )
}
"""All arms by name."""


def get_arm(name: str) -> Arm:
    """Return an arm, or the arm with a cap on visits: ``vas`` or ``vas@2`` for two steps a prompt at most.

    Raises:
        UnknownNameError: there is no such arm.
    """
    if name in ARMS:
        return ARMS[name]
    plain, _, cap = name.partition("@")
    if plain not in ARMS or not (cap.isdecimal() and int(cap) >= 1):
        raise UnknownNameError("arm", name, ARMS)
    return replace(ARMS[plain], name=name, max_visits=int(cap))


def committed_pairs() -> set[tuple[str, str]]:
    """Return the pairs of world and arm that are in the committed ranking; a wheel has it too."""
    ranking = read_table(_COMMITTED)
    pairs = ranking.loc[ranking["kind"].isin(["baseline", "world"]), ["world", "arm"]]
    return set(pairs.itertuples(index=False, name=None))


def stored_pairs(folder: Path) -> set[tuple[str, str]]:
    """Return the pairs of world and arm whose runs are in a folder."""
    pairs = (path.stem.removeprefix("network-").partition(".") for path in folder.glob("network-*.parquet"))
    return {(world, arm) for world, _, arm in pairs}
