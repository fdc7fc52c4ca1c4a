"""The data behind the marks and captions of single figures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from paper_figures.docs.generated import listings
from paper_figures.drawing.declaration import LoadedTable
from paper_figures.drawing.render import draw_canvas
from paper_figures.drawing.style import COLUMN, SLIDE, Look, figure_style
from paper_figures.figures import get_figures
from tests.paper_figures.small_tables import small_tables
from tests.paper_figures.tables.full_scale import probe, training_prompts, training_steps, validation
from tests.paper_figures.tables.full_scale.study_config import CONFIG
from tests.paper_figures.tables.simulations import bound_gallery
from vas_theory.foundation.intervals import student


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


def _axes(name: str, tables: dict[str, LoadedTable]) -> list[Axes]:
    (figure,) = get_figures([name])
    with figure_style(Look(SLIDE)):
        return list(draw_canvas(figure, tables, Look(SLIDE)).axes)


def _is_drawn(axis: Axes, x: np.ndarray, y: np.ndarray) -> bool:
    return any(
        len(line.get_xdata()) == len(x) and np.allclose(line.get_xydata(), np.column_stack([x, y]))
        for line in axis.get_lines()
    )


def test_curves_show_every_seed_and_the_mean_over_rollouts_side_by_side_by_arm() -> None:
    frame = training_steps.frame()
    axis = _axes("training_curves", {"steps": LoadedTable(frame, 3, CONFIG)})[1]
    assert (
        len(axis.get_lines()) == 2 * (2 + 1) + 1 + 1
    )  # runs and means, uniform sampling again, and what parts the arms
    assert axis.get_xlabel() == "rollouts spent, 0 to 384 for each arm"
    assert [label.get_text() for label in axis.get_xticklabels()] == ["uniform", "vas"]
    means = {}
    for place, arm in enumerate(("uniform", "vas")):
        rewards = frame[(frame["arm"] == arm) & (frame["step"] > 0)].pivot(
            index="step", columns="seed", values="mean_reward"
        )
        runs = [rewards[seed].to_numpy() for seed in (0, 1)]
        means[arm] = (runs[0] + runs[1]) / 2
        x = place + 64 * np.arange(1, 7) / (1.08 * 384)
        for wanted in [*runs, means[arm]]:
            assert _is_drawn(axis, x, wanted)
    assert _is_drawn(axis, 1 + 64 * np.arange(1, 7) / (1.08 * 384), means["uniform"])


def many_runs() -> pd.DataFrame:
    """Seven arms, five seeds and forty steps, of which one arm makes half as many at twice the cost."""
    rng = np.random.default_rng(4)
    rows = [
        {
            "arm": arm, "seed": seed, "step": step, "rollouts": step * (128 if arm == "dapo" else 64),
            "mixed_groups": int(rng.integers(0, 9)), "mean_reward": rng.random() if step else np.nan,
            "gradient_norm": rng.random() if step else np.nan, "groups": 8 if step else 0,
            "clip_fraction": rng.random() if step else np.nan,
            "held_out_accuracy": rng.random() if step % 5 == 0 else np.nan, "seconds": 1.0,
        }
        for arm in ("dapo", "index", "mopps", "uniform", "vas", "vas-paper", "vas-weighted")
        for seed in range(5)
        for step in range(21 if arm == "dapo" else 41)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_many_arms_keep_a_place_of_their_own_and_long_runs_are_averaged_over_parts() -> None:
    frame = many_runs()
    for axis in _axes("training_curves", {"steps": LoadedTable(frame, 3, CONFIG)}):
        names = [label.get_text() for label in axis.get_xticklabels()]
        assert names == ["uniform", "dapo", "index", "mopps", "vas", "vas-paper", "vas-weighted"]
        drawn = [line for line in axis.get_lines() if len(line.get_xdata()) > 2]
        assert len(drawn) == 7 * (5 + 1) + 6
        for line in drawn:
            places = np.asarray(line.get_xdata())
            assert np.floor(places.min()) == np.floor(places.max())  # no arm reaches into the next one's place
    reward = _axes("training_curves", {"steps": LoadedTable(frame, 3, CONFIG)})[1]
    run = frame[(frame["arm"] == "vas-paper") & (frame["seed"] == 3) & (frame["step"] > 0)]["mean_reward"]
    assert _is_drawn(reward, 5 + 320 * np.arange(1, 9) / (1.08 * 2560), run.to_numpy().reshape(8, 5).mean(axis=1))


def test_clipping_is_drawn_run_by_run_too() -> None:
    tables = {"steps": LoadedTable(many_runs(), 3, CONFIG), "groups": LoadedTable(training_prompts.frame(), 3, CONFIG)}
    axis = _axes("real_dynamics", tables)[0]
    assert len([line for line in axis.get_lines() if len(line.get_xdata()) > 2]) == 7 * (5 + 1) + 6


def test_with_one_pass_a_batch_groups_with_a_gradient_take_the_place_of_clipping() -> None:
    once = {**CONFIG, "objective": {**CONFIG["objective"], "epochs": 1}}
    frame = many_runs().assign(clip_fraction=np.nan)
    tables = {"steps": LoadedTable(frame, 3, once), "groups": LoadedTable(training_prompts.frame(), 3, CONFIG)}
    axis = _axes("real_dynamics", tables)[0]
    assert axis.get_title(loc="left") == "(a) Groups with a gradient"
    assert len([line for line in axis.get_lines() if len(line.get_xdata()) > 2]) == 7 * (5 + 1) + 6
    (figure,) = get_figures(["real_dynamics"])
    assert "one pass a batch clips nothing" in figure.caption(figure.numbers(tables))


def test_dynamics_say_how_many_revisits_kept_their_outcome_or_that_there_were_none() -> None:
    (figure,) = get_figures(["real_dynamics"])
    tables = small_tables(figure)
    row = figure.numbers(tables).set_index("arm").loc["uniform"]
    assert 0 < row["kept_outcome"] < row["revisits"]
    assert f"{row['kept_outcome']} of {row['revisits']} revisits under uniform" in figure.headline(
        figure.numbers(tables)
    )
    frame = training_prompts.frame()
    once = frame.drop_duplicates(["arm", "seed", "prompt_key"])
    numbers = figure.numbers({**tables, "groups": LoadedTable(once, 3, CONFIG)})
    assert figure.headline(numbers) == "No prompt was visited twice under uniform sampling in so short a run"
    assert "revisits: uniform 0 and vas 0" in figure.caption(numbers)


def test_what_a_sampler_with_knowledge_gains_is_told_in_points_over_uniform_run_by_run() -> None:
    (figure,) = get_figures(["real_knowledge"])
    tables = small_tables(figure)
    numbers = figure.numbers(tables)
    gains = numbers.set_index(["arm", "seed"])["pass_at_1_points"]
    assert gains.to_dict() == pytest.approx({("uniform", 0): 10, ("uniform", 1): 11, ("vas", 0): 15, ("vas", 1): 17})
    found = student(np.array([5.0, 6.0]), 0.95)
    assert f"vas +5.5 [{found.low:+.1f}, {found.high:+.1f}]" in figure.headline(numbers)
    assert "which gains 10.5" in figure.headline(numbers)
    assert numbers["sampler_share"].to_numpy() == pytest.approx(0.1)
    steps = tables["steps"].frame
    share = steps[steps["step"] > 0].groupby(["arm", "seed"])["mixed_groups"].sum() / (6 * 8)
    assert numbers.set_index(["arm", "seed"])["mixed_share"].to_dict() == pytest.approx(share.to_dict())
    runs, groups = _axes("real_knowledge", tables)
    assert _is_drawn(runs, np.zeros(2), np.array([10.0, 11.0]))
    assert _is_drawn(runs, np.ones(2), np.array([15.0, 17.0]))
    assert groups.get_lines()
    assert "not charged" not in figure.caption(numbers)
    knows = {**CONFIG, "knows": {"vas": {"column": "start"}}}
    told = figure.numbers({**tables, "steps": LoadedTable(steps, 3, knows)})
    assert "Rollouts behind the pass rates of vas are not charged" in figure.caption(told)


def test_verdicts_of_predictions_differ_by_marker_and_fill() -> None:
    (figure,) = get_figures(["real_predictions"])
    axes = _axes("real_predictions", dict(small_tables(figure)))
    looks = {
        line.get_label(): (line.get_marker(), line.get_fillstyle())
        for line in axes[3].get_lines()
        if not str(line.get_label()).startswith("_")
    }
    looks.pop("no effect")  # a line
    assert set(looks) == {"held", "uninformative", "failed"}
    assert len({marker for marker, _ in looks.values()}) == 3
    assert looks["uninformative"][1] == "none" != looks["held"][1]


def test_a_prediction_without_a_measurement_says_so_beside_the_line_of_no_effect() -> None:
    (figure,) = get_figures(["real_predictions"])
    tables = dict(small_tables(figure))
    frame = tables["validation"].frame.copy()
    frame.loc[frame["id"] == "P5/gain", ["measured", "measured_low", "measured_high", "no_effect"]] = [np.nan] * 3 + [
        0.2
    ]
    axes = _axes("real_predictions", {**tables, "validation": LoadedTable(frame, 3, CONFIG)})
    (text,) = [text for axis in axes for text in axis.texts if text.get_text() == "not measured"]
    assert text.get_position()[0] < 0  # no effect is predicted to lie on the right


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


def test_the_documentation_lists_what_arms_with_knowledge_gained(monkeypatch: pytest.MonkeyPatch) -> None:
    (figure,) = get_figures(["real_knowledge"])
    gains = figure.numbers(small_tables(figure))
    monkeypatch.setattr(listings, "knowledge_gains", lambda root: gains)
    found = student(np.array([5.0, 6.0]), 0.95)
    over = f"{found.value:+.1f} [{found.low:+.1f}, {found.high:+.1f}]"
    *_, uniform, vas = listings.knowledge(Path()).splitlines()
    assert uniform.startswith("| `uniform` | +10.5 | – | – | 0.")
    assert vas.startswith(f"| `vas` | +16.0 | {over} | {over} | 0.")
    assert vas.endswith("| yes |")
