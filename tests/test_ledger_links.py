"""Every claim names an experiment and a figure that exist."""

from __future__ import annotations

import pytest

from paper_figures.figures import figure_names
from simulations.experiments import experiment_names
from vas_theory.claims import all_claims
from vas_theory.claims.lib.base import Claim


@pytest.mark.parametrize("claim", all_claims().values(), ids=lambda claim: claim.id)
def test_experiment_and_figure_exist(claim: Claim) -> None:
    assert claim.experiment in experiment_names()
    assert claim.figure in figure_names()
