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


def test_bound_gallery_counts_and_reports_violations() -> None:
    (figure,) = get_figures(["bound_gallery"])
    frame = bound_gallery.frame()
    frame.loc[[3, 5], "lower_B02"] = 1.01
    frame.loc[[7, 9, 11], "upper_B17"] = 0.99
    frame.loc[[0, 2], "equal_B03"] = [1.01, 0.99]
    numbers = figure.numbers({"bandits": LoadedTable(frame, 3, {})})
    violations = numbers.set_index("claim")["violations"].drop("best").to_dict()
    refuted = int((frame["refuted_A06"] > 1).sum())
    assert refuted > 250
    assert violations == {"B02": 2, "B17": 3, "B03": 2, "B20": 0, "B18": 0, "B19": 0, "A06": refuted}
    assert "6 proved statements about the gradient norm, 7 violations in 300" in figure.headline(numbers)
    caption = figure.caption(numbers)
    assert "300 random softmax bandits with 3 to 10 arms and rewards in [0, 1] (seed 3)" in caption
    assert "6 proved statements are violated 7 times" in caption
    assert f"violated by {refuted} of 300" in caption
    assert "4 bandits at which a float64 value" in caption


def test_bound_gallery_says_where_a_bound_is_tight_and_which_bounds_make_the_band() -> None:
    (figure,) = get_figures(["bound_gallery"])
    frame = bound_gallery.frame()
    numbers = figure.numbers({"bandits": LoadedTable(frame, 3, {})})
    rows = numbers[numbers["claim"] != "best"].set_index("claim")
    medians = {family: part["lower_B20"].median() for family, part in frame.groupby("family")}
    assert rows.loc["B20", "tightest_family"] == max(medians, key=lambda family: medians[family])
    assert rows.loc["B20", "loosest_family"] == min(medians, key=lambda family: medians[family])
    assert rows.loc["B18", "bandits"] == 150
    best = [max(row.lower_B02, row.lower_B20) for row in frame.itertuples()]
    assert rows.loc["B20", "best_share"] == np.mean(np.isclose(best, frame["lower_B20"], rtol=1e-12, atol=0))
    ends = [np.nanmin([row.upper_B17, row.upper_B18]) for row in frame.itertuples()]
    assert np.isclose(numbers["median_band"].iloc[0], np.median(np.divide(ends, best)))
    assert f"a factor {np.median(np.divide(ends, best)):.2f} apart in the median" in figure.caption(numbers)


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
        band, tightness, families, _ = draw_canvas(figure, small_tables(figure), Look(COLUMN)).axes
    norm = frame["gradient_norm"]
    for dots, ends in zip(band.collections, (["lower_B02", "lower_B20"], ["upper_B18", "upper_B17"]), strict=True):
        best = frame[ends].max(axis=1) if "lower_B02" in ends else frame[ends].min(axis=1)
        assert np.allclose(np.asarray(dots.get_offsets()), np.column_stack([norm, best * norm]))
    names = [label.get_text().split("  ")[1].split()[0] for label in tightness.get_yticklabels()]
    medians = {column.split("_")[-1]: frame[column].median() for column in frame.columns[5:-1]}
    points = [line.get_xdata()[0] for line in tightness.get_lines() if line.get_marker() in ("o", "s", "^", "X")]
    assert dict(zip(names, points, strict=True)) == medians
    groups = frame.groupby("family", sort=False)
    shown = [text.get_text() for text in families.texts]
    wanted = [
        10 ** np.log10(part[column]).abs().median()
        for name in names
        for column in frame.columns[5:-1]
        if column.endswith(name)
        for _, part in groups
    ]
    assert [float(text) for text in shown] == [float(f"{factor:.3g}") for factor in wanted]
