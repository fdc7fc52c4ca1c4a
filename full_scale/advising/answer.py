"""What the networks of the laboratory say of a pool of prompts, in one call: text, numbers and a plot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from full_scale.advising.advice import LIMIT, Advice, advise, leave_one_out
from full_scale.advising.describe import Description, FeatureWorth, describe, feature_worth
from full_scale.advising.evidence import MeasuredWorld, read_evidence
from full_scale.advising.page import page
from full_scale.advising.reading import Source, read_source
from vas_theory.foundation.plotting import plot

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["Answer", "ask"]


@dataclass(frozen=True)
class Answer:
    """The answer of :func:`ask`.

    Attributes:
        described: the pool.
        advice: the verdict on choosing prompts at all, and on each way.
        worlds: what it rests on.
        calibration: each world foreseen from the others.
        features: what features of the prompts are worth; None without.
    """

    described: Description
    advice: Advice
    worlds: Sequence[MeasuredWorld]
    calibration: pd.DataFrame
    features: FeatureWorth | None = None

    def text(self) -> str:
        """Return the page that ``python -m full_scale advise`` prints."""
        return page(self.described, self.advice, self.worlds, self.calibration, self.features)

    def as_dict(self) -> dict[str, Any]:
        """Return the numbers by name, as ``--json`` prints them."""
        return {
            "pool": self.described.as_dict(),
            "features": None if self.features is None else vars(self.features),
            "advice": self.advice.as_dict(),
            "limit": LIMIT,
            "calibration": self.calibration.to_dict("records"),
        }

    def plot(self) -> Any:
        """Draw what each way of choosing prompts is expected to learn relative to uniform sampling.

        Returns:
            A new ``matplotlib.figure.Figure``.

        Raises:
            MissingExtraError: matplotlib is not installed.
        """
        return plot("advice", self.advice)


def ask(
    source: Source | Path | str,
    *,
    group_size: int | None = None,
    visits: float | None = None,
    features: NDArray[np.float64] | None = None,
    evidence: Path | None = None,
) -> Answer:
    """Say from a log or a column of pass rates whether choosing prompts is expected to help, and how much.

    Args:
        source: a run of any trainer (file or folder), a trace of pass rates, a table with a column ``pass_rate``, or
            what :func:`~full_scale.advising.reading.read_source` returns, which takes other columns and rewards.
        group_size: rollouts of a group; a log of metrics does not tell it.
        visits: groups that each prompt gets in the run; by default as in the log.
        features: of the prompts, one row each.
        evidence: another table of networks than the committed one, or its folder.

    Raises:
        DataError: the source cannot be read, or does not tell what is needed; the message says what is missing.
        ArgumentError: a value is out of range.
    """
    found = source if isinstance(source, Source) else read_source(source)
    described = describe(found, group_size=group_size, visits=visits)
    worth = None if features is None else feature_worth(found, features)
    worlds = read_evidence(evidence)
    return Answer(described, advise(described, worlds, worth), worlds, leave_one_out(worlds), worth)
