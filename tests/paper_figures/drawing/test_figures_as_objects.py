"""A figure and its numbers come as objects, from the tables of any folder."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import paper_figures
import simulations
from paper_figures.drawing.render import load_tables
from paper_figures.figures import get_figures
from tests.paper_figures.small_tables import PRESET, write_tables
from vas_theory.foundation.errors import DataError, UnknownNameError


def test_a_figure_and_its_numbers_are_objects(tmp_path: Path) -> None:
    (declared,) = get_figures(["tds_value"])
    write_tables(declared.inputs.values(), tmp_path)
    figure = paper_figures.figure("tds_value", preset=PRESET, root=tmp_path)
    assert len(figure.axes) >= declared.panels
    numbers = paper_figures.numbers("tds_value", preset=PRESET, root=tmp_path)
    pd.testing.assert_frame_equal(numbers, declared.numbers(load_tables(declared, tmp_path, PRESET)))


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
