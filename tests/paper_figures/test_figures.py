"""Figures: equal bytes, the data behind the marks, captions, looks, and small reference images."""

from __future__ import annotations

import csv
import io
import os
import re
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.testing.compare import compare_images

from paper_figures.declaration import LoadedTable
from paper_figures.figures import get_figures
from paper_figures.render import draw_canvas, load_tables, output_names
from paper_figures.style import COLUMN, SLIDE, Look, Medium, figure_style
from tests.paper_figures.conftest import RunCommand
from tests.paper_figures.small_tables import (
    PRESET,
    STUDY_CONFIG,
    bandit_frame,
    probe_frame,
    steps_frame,
    validation_frame,
    write_small_tables,
)

NAMES = [figure.name for figure in get_figures()]
REFERENCE = Path(__file__).parent / "reference"
REFERENCE_LOOK = Look(Medium("reference", (2.4, 2.0), 2, 6.0, 60))
RMS_TOLERANCE = 2.0
"""Of 255 grey levels. Glyph edges differ by less between processors; a moved mark or axis gives far more."""

TABLES = {
    "bound_gallery": {"bandits": LoadedTable(bandit_frame(), 3, {})},
    "real_model_gradient": {
        "probe": LoadedTable(probe_frame(), 3, STUDY_CONFIG),
        "validation": LoadedTable(validation_frame(), 3, {}),
    },
    "training_curves": {"steps": LoadedTable(steps_frame(), 3, STUDY_CONFIG)},
}


def test_every_figure_has_a_test_table() -> None:
    assert sorted(TABLES) == sorted(NAMES)


@pytest.mark.slow
def test_a_process_of_its_own_draws_the_same_bytes(built: Path, tmp_path: Path, run_figures: RunCommand) -> None:
    write_small_tables(tmp_path)
    outcome = run_figures("make", "--root", tmp_path, "--preset", PRESET, PYTHONHASHSEED="4", TZ="Asia/Tokyo")
    assert outcome.returncode == 0, outcome.stderr
    for figure in get_figures():
        for name in output_names(figure):
            first = built / "paper_figures" / "output" / PRESET / name
            second = tmp_path / "paper_figures" / "output" / PRESET / name
            assert first.read_bytes() == second.read_bytes(), name


def test_files_carry_no_date_and_pdfs_are_vector_with_real_fonts(built: Path) -> None:
    for name in NAMES:
        pdf = (built / "paper_figures" / "output" / PRESET / f"{name}.column.pdf").read_bytes()
        assert b"CreationDate" not in pdf
        assert b"/FontFile2" in pdf
        png = (built / "paper_figures" / "output" / PRESET / f"{name}.column.png").read_bytes()
        assert b"tEXt" not in png


@pytest.mark.parametrize("name", NAMES)
def test_numbers_in_the_caption_are_numbers_of_the_stored_table(built: Path, name: str) -> None:
    (figure,) = get_figures([name])
    folder = built / "paper_figures" / "output" / PRESET
    numbers = figure.numbers(load_tables(figure, built, PRESET))
    text = (folder / f"{name}.txt").read_text().strip()
    assert text == f"{figure.label_text(numbers)}\n\n{figure.headline(numbers)}\n\n{figure.caption(numbers)}"
    with open(folder / f"{name}.csv", newline="") as stream:
        header, *rows = csv.reader(stream)
    assert header == list(numbers.columns)
    assert len(rows) == len(numbers)
    for column, stored in zip(header, zip(*rows, strict=True), strict=True):
        values = numbers[column]
        if values.dtype.kind in "iuf":
            assert np.allclose([float(cell or "nan") for cell in stored], values, rtol=1e-9, equal_nan=True)


def test_bound_gallery_caption_counts_and_reports_violations() -> None:
    (figure,) = get_figures(["bound_gallery"])
    frame = bandit_frame()
    frame.loc[[3, 5], "gradient_norm"] = 0.5 * frame.loc[[3, 5], "lower_bound"]
    frame.loc[7, "gradient_norm"] = 2 * frame.loc[7, "upper_bound"]
    caption = figure.caption(figure.numbers({"bandits": LoadedTable(frame, 3, {})}))
    assert f"{len(frame)} random softmax bandits" in caption
    assert "(seed 3)" in caption
    assert "2 lie below it and 1 above" in caption


def test_training_caption_gives_seeds_rollouts_and_accuracies() -> None:
    (figure,) = get_figures(["training_curves"])
    frame = steps_frame()
    caption = figure.caption(figure.numbers(TABLES["training_curves"]))
    assert "2 seeds (0, 1) an arm" in caption
    assert f"{frame['rollouts'].max()} rollouts a run" in caption
    for arm, runs in frame.groupby("arm"):
        first = runs.loc[runs["step"] == 0, "held_out_accuracy"].mean()
        last = runs.loc[runs["step"] == 6, "held_out_accuracy"].mean()
        assert f"{arm} {first:.3f} to {last:.3f}" in caption


def test_gradient_caption_counts_the_verdicts() -> None:
    (figure,) = get_figures(["real_model_gradient"])
    verdicts = list(validation_frame().query("quantity == 'gradient_norm'")["verdict"])
    caption = figure.caption(figure.numbers(TABLES["real_model_gradient"]))
    held, failed, coarse = (verdicts.count(verdict) for verdict in ("held", "failed", "uninformative"))
    assert min(held, failed, coarse) > 0
    assert f"{held} predictions held, {failed} failed" in caption
    assert f"{coarse} were too coarse" in caption
    assert "16 prompts" in caption
    assert "32 rollouts each (seed 3); 2 drew only" in caption
    assert "90% intervals" in caption


def test_the_label_says_where_it_was_measured() -> None:
    (figure,) = get_figures(["training_curves"])
    on_gpu = LoadedTable(steps_frame(), 3, {**STUDY_CONFIG, "model": {"name": "large", "device": "cuda"}})
    assert figure.label_text(figure.numbers(TABLES["training_curves"])) == "measured on CPU"
    assert figure.label_text(figure.numbers({"steps": on_gpu})) == "measured on GPU"


def test_curves_show_every_seed_and_the_mean_over_rollouts() -> None:
    (figure,) = get_figures(["training_curves"])
    frame = steps_frame()
    look = Look(SLIDE)
    with figure_style(look):
        axis = draw_canvas(figure, TABLES["training_curves"], look).axes[1]
    drawn = [np.asarray(line.get_ydata()) for line in axis.get_lines()]
    assert len(drawn) == 2 * (2 + 1)
    assert axis.get_xlabel() == "rollouts spent"
    for arm in ("uniform", "vas"):
        rewards = frame[(frame["arm"] == arm) & (frame["step"] > 0)].pivot(
            index="step", columns="seed", values="mean_reward"
        )
        runs = [rewards[seed].to_numpy() for seed in (0, 1)]
        for wanted in [*runs, (runs[0] + runs[1]) / 2]:
            assert any(np.allclose(line, wanted) for line in drawn)


def test_points_of_the_gradient_figure_are_the_tables() -> None:
    (figure,) = get_figures(["real_model_gradient"])
    frame = probe_frame()
    look = Look(COLUMN)
    with figure_style(look):
        axis = draw_canvas(figure, TABLES["real_model_gradient"], look).axes[0]
    points = np.vstack([line.get_xydata() for line in axis.get_lines() if line.get_marker() in ("o", "s", "D")])
    wanted = frame[["predicted_gradient_norm", "gradient_norm"]].to_numpy()
    assert np.allclose(points[np.lexsort(points.T)], wanted[np.lexsort(wanted.T)])


def test_dots_of_the_bound_gallery_are_the_tables() -> None:
    (figure,) = get_figures(["bound_gallery"])
    frame = bandit_frame()
    with figure_style(Look(COLUMN)):
        axis = draw_canvas(figure, TABLES["bound_gallery"], Look(COLUMN)).axes[0]
    points = np.asarray(axis.collections[0].get_offsets())
    wanted = frame[["lower_bound", "gradient_norm"]].to_numpy()
    assert np.allclose(points[np.lexsort(points.T)], wanted[np.lexsort(wanted.T)])


@pytest.mark.parametrize("name", NAMES)
def test_image_equals_its_reference(name: str, tmp_path: Path) -> None:
    """Set VAS_WRITE_REFERENCE=1 to accept a new look, then look at the images before committing them."""
    (figure,) = get_figures([name])
    drawn = tmp_path / f"{name}.png"
    with figure_style(REFERENCE_LOOK):
        draw_canvas(figure, TABLES[name], REFERENCE_LOOK).savefig(
            drawn, dpi=REFERENCE_LOOK.medium.dots_per_inch, metadata={"Software": None}
        )
    reference = REFERENCE / drawn.name
    if os.environ.get("VAS_WRITE_REFERENCE"):
        reference.parent.mkdir(exist_ok=True)
        reference.write_bytes(drawn.read_bytes())
    assert compare_images(str(reference), str(drawn), RMS_TOLERANCE) is None


def test_style_leaves_no_trace_and_ignores_the_users_settings() -> None:
    (figure,) = get_figures(["training_curves"])

    def image() -> bytes:
        stream = io.BytesIO()
        with figure_style(REFERENCE_LOOK):
            draw_canvas(figure, TABLES["training_curves"], REFERENCE_LOOK).savefig(stream, format="png")
        return stream.getvalue()

    first = image()
    with matplotlib.rc_context({"font.size": 33, "axes.facecolor": "red", "figure.dpi": 13}):
        before = dict(matplotlib.rcParams)
        assert image() == first
        assert dict(matplotlib.rcParams) == before


def test_series_differ_without_colour() -> None:
    look = Look(COLUMN)
    series = [look.series(index) for index in range(6)]
    assert len({str(style["linestyle"]) for style in series}) == len({style["marker"] for style in series}) == 6
    arms = [look.arm("uniform"), look.arm("vas")]
    assert arms[0]["linestyle"] != arms[1]["linestyle"]
    luminance = [_luminance(style["color"]) for style in arms]
    assert abs(luminance[0] - luminance[1]) > 0.1


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_marks_stand_out_from_the_paper(theme: str) -> None:
    look = Look(COLUMN, theme)  # type: ignore[arg-type]
    assert _contrast(look.ink, look.paper) > 7
    for index in range(6):
        assert _contrast(look.series(index)["color"], look.paper) > 2


def _luminance(colour: str) -> float:
    assert re.fullmatch(r"#[0-9a-fA-F]{6}", colour)
    channels = np.array([int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def _contrast(first: str, second: str) -> float:
    darker, lighter = sorted((_luminance(first), _luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)
