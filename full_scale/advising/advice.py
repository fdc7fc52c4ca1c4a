"""Yes, no, or cannot tell: what each way of choosing prompts is expected to do in a pool, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from full_scale.advising.describe import Description, FeatureWorth
from full_scale.advising.evidence import MeasuredWorld
from full_scale.advising.forecast import Forecast, beyond, predict_arm

__all__ = ["COLUMN_ROLLOUTS", "LIMIT", "WAYS", "Advice", "Way", "WayAdvice", "advise", "break_even", "leave_one_out"]

_WORTH_HAVING = 1.05
"""Expected learning below which a way of choosing prompts is not worth the change."""
_LEAST_HEADROOM = 1.1
"""Where even perfect knowledge would draw fewer groups with a gradient than this, relative to uniform, it is a no."""


COLUMN_ROLLOUTS = 8
"""Rollouts a prompt behind the column of the laboratory, which it does not charge."""


LIMIT = "from small networks; on the one language model tried (135M, short answers) no way has beaten uniform sampling"
"""What every forecast is told with."""


@dataclass(frozen=True)
class Way:
    """A way of choosing prompts: the laboratory's name for it, what it knows, and how a user gets it.

    Attributes:
        column: whether it needs a column of pass rates, whose rollouts the laboratory did not charge.
        halved: whether it also halves the groups (4 rollouts instead of 8 were measured) for twice as many prompts a
            batch. What smaller groups bring is not counted as a gain of choosing.
    """

    arm: str
    knows: str
    settings: str
    column: bool = False
    halved: bool = False


WAYS = (
    Way("vas-states", "the policy's own states of each prompt", 'VASConfig(features="hidden_states")'),
    Way(
        "vas-own",
        "a column of pass rates, measured before training by the start model",
        'VASConfig(pass_rate_column="pass_rate", pass_rate_trials="pass_rate_trials")',
        column=True,
    ),
    Way(
        "vas-both",
        "the states and the column",
        'VASConfig(features="hidden_states", pass_rate_column="pass_rate", pass_rate_trials="pass_rate_trials")',
        column=True,
    ),
    Way("vas", "each prompt's own past groups", "VASConfig()"),
    Way(
        "uniform-g4",
        "nothing: uniform sampling in groups of half the size",
        "GRPOConfig: halve num_generations, keep the rollouts of a batch; no VASConfig",
        halved=True,
    ),
    Way(
        "vas-states-g4",
        "the states, in groups of half the size",
        'VASConfig(features="hidden_states"); GRPOConfig: halve num_generations, keep the rollouts of a batch',
        halved=True,
    ),
)


@dataclass(frozen=True)
class WayAdvice:
    """The verdict on one way: ``yes``, ``no`` or ``cannot tell``, and what it rests on.

    Attributes:
        forecast: learning relative to uniform sampling at equal training rollouts; None if no world measured it.
        charge: what the learning is worth beside uniform sampling that gets the column's rollouts too, as a factor of
            it; 1 where there is none to pay. At least so much, as learning slows down.
    """

    way: Way
    verdict: str
    forecast: Forecast | None
    reason: str
    charge: float = 1.0


@dataclass(frozen=True)
class Advice:
    """The verdict on choosing prompts at all, and on each way.

    Attributes:
        verdict: ``yes`` if it is that for one way, ``no`` if for none and every way is told, else ``cannot tell``.
        reasons: why, in sentences.
        ways: by expected learning, the best first.
    """

    verdict: str
    reasons: tuple[str, ...]
    ways: tuple[WayAdvice, ...]

    def as_dict(self) -> dict[str, Any]:
        """Everything, JSON-serialisable."""
        return asdict(self)


def advise(described: Description, worlds: Sequence[MeasuredWorld], features: FeatureWorth | None = None) -> Advice:
    """Return what is expected of every way of choosing prompts in a pool.

    Args:
        described: the pool.
        worlds: that were measured.
        features: what the user's features foresee, if they were given.
    """
    shape = described.shape
    outside = beyond(shape, worlds)
    little = shape.headroom < _LEAST_HEADROOM
    ways = []
    for way in WAYS:
        forecast = predict_arm(worlds, way.arm, shape)
        if forecast is None:
            ways.append(WayAdvice(way, "no" if little else "cannot tell", None, "not measured yet"))
            continue
        charge = 1.0
        if way.column and described.kind != "column":  # one that is there has been paid
            charge = 1.0 / (1.0 + COLUMN_ROLLOUTS / (shape.group_size * shape.visits))
        verdict, reason = _verdict(forecast, charge)
        if little:
            verdict, reason = "no", "there is nothing to choose"
        elif outside:
            verdict, reason = "cannot tell", "the pool lies outside what was measured"
        elif verdict == "yes" and "states" in way.knows and _say_nothing(features):
            verdict, reason = "cannot tell", "these features foresee nothing"
        ways.append(WayAdvice(way, verdict, forecast, reason, charge))
    ways.sort(key=lambda found: -(found.forecast.middle * found.charge if found.forecast else -1.0))
    verdicts = {found.verdict for found in ways if found.forecast and not found.way.halved}
    if little:
        overall = "no"
        reasons = [
            f"even perfect knowledge of all pass rates would draw only {shape.headroom:.2f} times as many groups with "
            f"a gradient as uniform sampling does ({shape.mixed:.0%} of all groups)"
        ]
    elif outside:
        overall, reasons = "cannot tell", [f"outside what was measured: {words}" for words in outside]
    else:
        overall = "yes" if "yes" in verdicts else "no" if verdicts == {"no"} else "cannot tell"
        reasons = [_sentence(ways, overall)]
    return Advice(overall, tuple(reasons), tuple(ways))


def _verdict(forecast: Forecast, charge: float) -> tuple[str, str]:
    if forecast.low * charge > 1.0:
        return "yes", "the whole interval lies above uniform sampling"
    if forecast.low > 1.0:
        return "cannot tell", "the column's own rollouts may cost more than it brings in a run of this length"
    if forecast.high < _WORTH_HAVING:
        return "no", f"the whole interval lies below {_WORTH_HAVING:g}"
    return "cannot tell", "the interval holds both a loss and a gain"


def _say_nothing(features: FeatureWorth | None) -> bool:
    return features is not None and features.mixed <= features.uniform + features.error


def _sentence(ways: Sequence[WayAdvice], verdict: str) -> str:
    told = [found for found in ways if found.forecast and not found.way.halved]
    if not told:
        return "no way of choosing prompts has been measured"
    best = next((found for found in told if found.verdict == verdict), told[0])
    assert best.forecast is not None
    text = (
        f"{best.way.arm}, which knows {best.way.knows}, is expected to learn {best.forecast.text()} times as much as "
        "uniform sampling at equal training rollouts"
    )
    charged = f", {best.forecast.text(best.charge)} with the column charged" if best.charge < 1 else ""
    return f"{text}{charged}: {best.reason}"


def break_even(rollouts: float, learning: float) -> float:
    """Return the training rollouts b from which on a column pays: b = C / (L - 1), infinite where L <= 1.

    A run of b rollouts that chooses by the column learns L times as much as uniform sampling with b. Uniform sampling
    with the b + C rollouts that were really spent learns at most (b + C) / b times as much, as learning slows down;
    the column pays where L is larger. It may pay earlier.

    Args:
        rollouts: C, spent on the column.
        learning: L.
    """
    return rollouts / (learning - 1.0) if learning > 1.0 else float("inf")


def leave_one_out(worlds: Sequence[MeasuredWorld], arms: Sequence[str] | None = None) -> pd.DataFrame:
    """Foresee every world from the others, as if it had not been measured.

    Args:
        worlds: that were measured.
        arms: which; all by default.

    Returns:
        One row a world and arm that another world has too: ``world``, ``arm``, ``value`` (its learning), ``low``,
        ``high`` (of the foreseen interval, with the value's own error over seeds), ``inside``, ``worlds`` (how many
        the forecast rests on).
    """
    rows = []
    for left in worlds:
        others = [world for world in worlds if world is not left]
        for arm, measured in left.arms.items():
            if arms is not None and arm not in arms:
                continue
            forecast = predict_arm(others, arm, left.shape, extra=measured.learning[1])
            if forecast is not None:
                value = measured.learning[0]
                rows.append(
                    {
                        "world": left.name,
                        "arm": arm,
                        "value": value,
                        "low": forecast.low,
                        "high": forecast.high,
                        "inside": forecast.low <= value <= forecast.high,
                        "worlds": forecast.worlds,
                    }
                )
    columns = ["world", "arm", "value", "low", "high", "inside", "worlds"]
    return pd.DataFrame(rows, columns=columns)
