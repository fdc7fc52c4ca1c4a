"""A sampler in words and numbers for a notebook: what it holds, what it drew from, what came of it.

The methods are given to the class when it is asked for by its public name, and do not stand in its text: the text is
part of the name of every result that was computed with it (:mod:`vas_theory.provenance.fingerprint`), and how a sampler
is shown decides none of them.
"""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from vas_theory.selection.sampler.variance_aware import VarianceAwareSampler

__all__ = ["as_html", "describe", "summary"]

__neutral__ = "how samplers are shown"

_SHARES = ("predicted_mixed_share", "realised_mixed_share", "varying_share")


def summary(sampler: VarianceAwareSampler) -> pd.Series:
    """Return the numbers that tell whether a sampler does what it should.

    Args:
        sampler: at any step.

    Returns:
        ``prompts`` and ``batch_size``; ``step``; ``coverage`` (share of prompts drawn) and ``observed_share``;
        ``effective_sample_size`` in prompts; ``training_rollouts`` and ``scoring_rollouts``; the shares of mixed groups
        that were predicted and that came, and of groups whose rewards varied (NaN before the first); and ``weighted``,
        ``probe`` and ``uniform``, groups by what drew them.

    >>> from vas_theory.selection import VarianceAwareSampler
    >>> sampler = VarianceAwareSampler(100, batch_size=4, seed=0)
    >>> sampler.observe(sampler.draw(), [[0, 1], [1, 1], [0, 0], [1, 0]])
    >>> sampler.summary()[["prompts", "step", "coverage", "training_rollouts", "varying_share"]]
    prompts              100.00
    step                   1.00
    coverage               0.04
    training_rollouts      8.00
    varying_share          0.50
    Name: VarianceAwareSampler, dtype: float64
    """
    import pandas as pd

    known = sampler.metrics()
    found = {"prompts": len(sampler), "batch_size": sampler.config.batch_size, "step": known["step"]}
    names = ("coverage", "observed_share", "effective_sample_size", "training_rollouts", "scoring_rollouts", *_SHARES)
    found |= {name: known[name] for name in names}
    found |= {arm: known[f"{arm}/groups"] for arm in ("weighted", "probe", "uniform")}
    return pd.Series(found, name="VarianceAwareSampler", dtype=float)


def as_html(sampler: VarianceAwareSampler) -> str:
    """Return the settings and the summary as HTML."""
    rows = "".join(
        f"<tr><th style='text-align:left'>{html.escape(str(name).replace('_', ' '))}</th><td>{_shown(value)}</td></tr>"
        for name, value in summary(sampler).items()
    )
    return f"<p><code>{html.escape(repr(sampler))}</code></p><table>{rows}</table>"


def _shown(value: float) -> str:
    if math.isnan(value):
        return "–"
    return f"{value:,.0f}" if value == round(value) else f"{value:.3g}"


def describe(kind: type[VarianceAwareSampler]) -> None:
    """Give the class the methods ``summary`` and ``_repr_html_``."""
    kind.summary = summary  # type: ignore[attr-defined]
    kind._repr_html_ = as_html  # type: ignore[attr-defined]
