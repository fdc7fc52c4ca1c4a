"""A figure and its numbers come as objects, from the tables of any folder."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import paper_figures
import simulations
from tests.paper_figures.small_tables import PRESET
from vas_theory.foundation.errors import DataError, UnknownNameError


def test_a_figure_and_its_numbers_are_objects(built_once: Path) -> None:
    figure = paper_figures.figure("bound_gallery", preset=PRESET, root=built_once)
    assert figure.axes
    assert isinstance(paper_figures.numbers("bound_gallery", preset=PRESET, root=built_once), pd.DataFrame)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="no_such"):
        paper_figures.figure("no_such")
    with pytest.raises(DataError, match="bound_gallery"):
        paper_figures.numbers("bound_gallery", root=tmp_path)


def test_an_experiment_is_a_function_that_keeps_its_table_where_it_is_told(tmp_path: Path) -> None:
    first = simulations.run("bound_gallery", preset="smoke", folder=tmp_path)
    written = (tmp_path / "bound_gallery.parquet").stat().st_mtime_ns
    pd.testing.assert_frame_equal(first, simulations.run("bound_gallery", preset="smoke", folder=tmp_path))
    assert (tmp_path / "bound_gallery.parquet").stat().st_mtime_ns == written
    with pytest.raises(UnknownNameError, match="no_such_key"):
        simulations.run("bound_gallery", preset="smoke", no_such_key=1)
