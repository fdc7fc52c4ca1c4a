"""The data behind the marks and captions of single figures."""

from __future__ import annotations

import numpy as np

from paper_figures.declaration import LoadedTable
from paper_figures.figures import get_figures
from paper_figures.render import draw_canvas
from paper_figures.style import COLUMN, SLIDE, Look, figure_style
from tests.paper_figures.small_tables import small_tables
from tests.paper_figures.tables.full_scale import probe, training_steps, validation
from tests.paper_figures.tables.full_scale.study_config import CONFIG
from tests.paper_figures.tables.simulations import bound_gallery


def test_bound_gallery_caption_counts_and_reports_violations() -> None:
    (figure,) = get_figures(["bound_gallery"])
    frame = bound_gallery.frame()
    frame.loc[[3, 5], "gradient_norm"] = 0.5 * frame.loc[[3, 5], "lower_bound"]
    frame.loc[7, "gradient_norm"] = 2 * frame.loc[7, "upper_bound"]
    caption = figure.caption(figure.numbers({"bandits": LoadedTable(frame, 3, {})}))
    assert f"{len(frame)} random softmax bandits" in caption
    assert "(seed 3)" in caption
    assert "2 lie below it and 1 above" in caption


def test_training_caption_gives_seeds_rollouts_and_accuracies() -> None:
    (figure,) = get_figures(["training_curves"])
    frame = training_steps.frame()
    caption = figure.caption(figure.numbers(small_tables(figure)))
    assert "2 seeds (0, 1) an arm" in caption
    assert f"{frame['rollouts'].max()} rollouts a run" in caption
    for arm, runs in frame.groupby("arm"):
        first = runs.loc[runs["step"] == 0, "held_out_accuracy"].mean()
        last = runs.loc[runs["step"] == 6, "held_out_accuracy"].mean()
        assert f"{arm} {first:.3f} to {last:.3f}" in caption


def test_gradient_caption_counts_the_verdicts() -> None:
    (figure,) = get_figures(["real_model_gradient"])
    verdicts = list(validation.frame().query("quantity == 'gradient_norm'")["verdict"])
    caption = figure.caption(figure.numbers(small_tables(figure)))
    held, failed, coarse = (verdicts.count(verdict) for verdict in ("held", "failed", "uninformative"))
    assert min(held, failed, coarse) > 0
    assert f"{held} predictions held, {failed} failed" in caption
    assert f"{coarse} were too coarse" in caption
    assert "16 prompts" in caption
    assert "32 rollouts each (seed 3); 2 drew only" in caption
    assert "90% intervals" in caption


def test_the_label_says_where_it_was_measured() -> None:
    (figure,) = get_figures(["training_curves"])
    on_gpu = LoadedTable(training_steps.frame(), 3, {**CONFIG, "model": {"name": "large", "device": "cuda"}})
    assert figure.label_text(figure.numbers(small_tables(figure))) == "measured on CPU"
    assert figure.label_text(figure.numbers({"steps": on_gpu})) == "measured on GPU"


def test_curves_show_every_seed_and_the_mean_over_rollouts() -> None:
    (figure,) = get_figures(["training_curves"])
    frame = training_steps.frame()
    look = Look(SLIDE)
    with figure_style(look):
        axis = draw_canvas(figure, small_tables(figure), look).axes[1]
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
    frame = probe.frame()
    look = Look(COLUMN)
    with figure_style(look):
        axis = draw_canvas(figure, small_tables(figure), look).axes[0]
    points = np.vstack([line.get_xydata() for line in axis.get_lines() if line.get_marker() in ("o", "s", "D")])
    wanted = frame[["predicted_gradient_norm", "gradient_norm"]].to_numpy()
    assert np.allclose(points[np.lexsort(points.T)], wanted[np.lexsort(wanted.T)])


def test_dots_of_the_bound_gallery_are_the_tables() -> None:
    (figure,) = get_figures(["bound_gallery"])
    frame = bound_gallery.frame()
    with figure_style(Look(COLUMN)):
        axis = draw_canvas(figure, small_tables(figure), Look(COLUMN)).axes[0]
    points = np.asarray(axis.collections[0].get_offsets())
    wanted = frame[["lower_bound", "gradient_norm"]].to_numpy()
    assert np.allclose(points[np.lexsort(points.T)], wanted[np.lexsort(wanted.T)])
