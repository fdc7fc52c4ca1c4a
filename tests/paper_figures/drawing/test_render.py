"""Every figure's files: equal bytes, vector documents, and captions whose numbers are the stored table's."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from paper_figures.build.graph import build
from paper_figures.build.nodes import figure_node
from paper_figures.drawing.declaration import Figure, published_folder
from paper_figures.drawing.render import draw_canvas, output_names, published_names, with_palette
from paper_figures.drawing.style import SLIDE, Look, figure_style
from paper_figures.figures import figure_names, get_figures
from tests.paper_figures.conftest import DRAWN, RunCommand
from tests.paper_figures.small_tables import PRESET, small_tables, write_small_tables

NAMES = figure_names()


def stored(built: Path, figure: Figure, kind: str) -> str:
    return (built / "paper_figures" / "output" / PRESET / f"{figure.name}.{kind}").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_two_processes_draw_every_figure_with_the_same_bytes(tmp_path: Path, run_figures: RunCommand) -> None:
    for place, settings in (("one", {}), ("other", {"PYTHONHASHSEED": "4", "TZ": "Asia/Tokyo"})):
        write_small_tables(tmp_path / place)
        outcome = run_figures("make", "--root", tmp_path / place, "--preset", PRESET, **settings)
        assert outcome.returncode == 0, outcome.stderr
    for figure in get_figures():
        for name in output_names(figure):
            first, second = (
                tmp_path / place / "paper_figures" / "output" / PRESET / name for place in ("one", "other")
            )
            assert first.read_bytes() == second.read_bytes(), name


def test_files_carry_no_date_and_pdfs_are_vector_with_real_fonts(built_once: Path) -> None:
    folder = built_once / "paper_figures" / "output" / PRESET
    for size in ("column", "slide"):
        pdf = (folder / f"{DRAWN}.{size}.pdf").read_bytes()
        assert b"CreationDate" not in pdf
        assert b"/FontFile2" in pdf
        for theme in ("", "-dark"):
            assert b"tEXt" not in (folder / f"{DRAWN}.{size}{theme}.png").read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_caption_and_headline_come_from_the_stored_table_alone(built_once: Path, name: str) -> None:
    """Read the CSV back and write both again: a number that is not the table's cannot come out the same."""
    (figure,) = get_figures([name])
    numbers = figure.numbers(small_tables(figure))
    read = pd.read_csv(io.StringIO(stored(built_once, figure, "csv")), keep_default_na=False, na_values=[""])
    assert list(read.columns) == list(numbers.columns)
    assert len(read) == len(numbers) > 0
    for column in numbers:
        if numbers[column].dtype.kind in "iuf":
            assert np.allclose(read[column].astype(float), numbers[column], rtol=1e-9, equal_nan=True)
    label, headline, caption = stored(built_once, figure, "txt").strip().split("\n\n")
    assert figure.headline(read) == headline
    assert figure.caption(read) == caption
    assert figure.label_text(read) == label


@pytest.mark.parametrize("name", NAMES)
def test_a_caption_follows_its_numbers(name: str) -> None:
    """Other numbers in some column must give another caption."""
    (figure,) = get_figures([name])
    numbers = figure.numbers(small_tables(figure))
    text = figure.headline(numbers) + figure.caption(numbers)
    heard = set()
    for column in numbers:
        kind = numbers[column].dtype.kind
        if kind in "iuf":
            changed = numbers.assign(**{column: numbers[column] + 1 if kind in "iu" else 0.37 * numbers[column]})
            with contextlib.suppress(IndexError, KeyError, ValueError):  # a column that rows are found by
                if figure.headline(changed) + figure.caption(changed) != text:
                    heard.add(column)
    assert heard


@pytest.mark.parametrize("name", NAMES)
def test_caption_and_headline_are_whole_sentences_with_closed_formulas(name: str) -> None:
    (figure,) = get_figures([name])
    numbers = figure.numbers(small_tables(figure))
    headline, caption = figure.headline(numbers), figure.caption(numbers)
    for text in (headline, caption):
        assert text.count("$") % 2 == 0
        assert "\n" not in text
        assert "nan" not in re.sub(r"[A-Za-z]nan|nan[A-Za-z]", "", text)
    assert caption.endswith(".")
    assert re.search(r"\b(interval|No interval|exact|bars|bands?|error|shaded)", caption, re.IGNORECASE)


@pytest.mark.usefixtures("sketches")
def test_paper_size_figures_leave_a_committed_copy(built_once: Path, tmp_path: Path) -> None:
    (figure,) = get_figures(["bound_gallery"])
    for table in figure.inputs.values():
        for suffix in (".parquet", ".parquet.meta.json"):
            source = table.path(built_once, PRESET).with_suffix(suffix)
            target = table.path(tmp_path, "paper").with_suffix(suffix)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    node = figure_node(figure, tmp_path, "paper")
    build(node)
    folder = published_folder(tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == sorted(published_names(figure))
    for name in published_names(figure):
        assert folder / name in node.outputs
        assert (folder / name).read_bytes() == (node.record.parent / name).read_bytes()


def test_a_palette_changes_nothing_that_the_eye_can_see() -> None:
    (figure,) = get_figures(["training_curves"])
    stream = io.BytesIO()
    with figure_style(Look(SLIDE)):
        draw_canvas(figure, small_tables(figure), Look(SLIDE)).savefig(stream, format="png", dpi=SLIDE.dots_per_inch)
    small = with_palette(stream.getvalue())
    assert len(small) < 0.6 * len(stream.getvalue())
    first, second = (np.asarray(Image.open(data).convert("RGB"), dtype=float) for data in (stream, io.BytesIO(small)))
    assert first.shape == second.shape
    assert np.abs(first - second).mean() < 1  # of 255
    # single pixels where thin lines cross may differ; over the width of a pixel no place does (16 colours give over 40)
    assert np.abs(gaussian_filter(first - second, (1.0, 1.0, 0.0))).max() < 24
