"""The summary of the small comparison on tree prompts."""

from __future__ import annotations

import pandas as pd

from simulations.analysis.credit import credit_summary
from tests.paper_figures.tables.simulations import step_credit


def frame() -> pd.DataFrame:
    return credit_summary(step_credit.frame(), resamples=200)
