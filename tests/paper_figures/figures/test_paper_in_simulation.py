"""Figures of the paper's settings and dynamics: their numbers against sums done another way."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

from paper_figures.drawing.declaration import Figure, LoadedTable, Tables
from paper_figures.drawing.render import draw_canvas
from paper_figures.drawing.style import SLIDE, Look, figure_style
from paper_figures.figures import get_figures


def figure(name: str) -> Figure:
    (found,) = get_figures([name])
    return found


def known_tables(shown: Figure) -> Tables:
    """Return tables made by hand, of which the tests know what is in them."""
    modules = {
        key: importlib.import_module(f"tests.paper_figures.tables.{table.room}.{table.name}")
        for key, table in shown.inputs.items()
    }
    return {key: LoadedTable(module.frame(), 3, getattr(module, "CONFIG", {})) for key, module in modules.items()}


def test_settings_change_against_the_base_of_their_own_seed() -> None:
    shown = figure("settings_sweep")
    tables = known_tables(shown)
    numbers = shown.numbers(tables)
    frame = tables["runs"].frame
    rates = {
        (row.world, row.seed, row.scoring, row.update_interval): row.pass_rate
        for row in frame.itertuples()
        if (row.mixture_ratio, row.scoring_rollouts, row.alpha) == (0.5, 8, 0.5)
    }
    each = [
        100 * np.mean([rates[w, s, "charged", 4] - rates[w, s, "charged", 28] for w in ("easy", "hard")])
        for s in range(3)
    ]
    row = numbers[(numbers["world"] == "all") & (numbers["factor"] == "update_interval") & (numbers["setting"] == "4")]
    charged = row[row["scoring"] == "charged"].iloc[0]
    assert charged["change"] == pytest.approx(np.mean(each))
    # t with two degrees of freedom
    assert charged["change_high"] - charged["change"] == pytest.approx(
        4.302653 * np.std(each, ddof=1) / 3**0.5, rel=1e-6
    )
    assert charged["published_change"] == pytest.approx(51.2 - 51.7)
    at_base = numbers[(numbers["setting"] == "28") & (numbers["world"] == "all")]
    assert (at_base["change"] == 0).all()


def test_settings_caption_and_headline_say_the_tables_numbers() -> None:
    shown = figure("settings_sweep")
    numbers = shown.numbers(known_tables(shown))
    uniform = numbers[(numbers["world"] == "all") & (numbers["setting"] == "uniform")].set_index("scoring")
    caption = shown.caption(numbers)
    for scoring in ("free", "charged"):
        assert f"{uniform.loc[scoring, 'change']:+.1f} [" in caption
    assert "2 worlds, 3 paired seeds (base seed 3)" in caption
    assert "and 0.5 in the published table" in caption  # 51.2 to 51.7, by hand
    assert f"{-uniform.loc['free', 'change']:.1f} points ahead with scoring free" in shown.headline(numbers)
    assert f"{uniform.loc['charged', 'change']:.1f} points behind with scoring charged" in shown.headline(numbers)


def test_cost_map_subtracts_uniform_sampling_and_counts_who_is_ahead() -> None:
    shown = figure("scoring_cost_map")
    tables = known_tables(shown)
    numbers = shown.numbers(tables)
    assert len(numbers) == 2 * 2 * 2 * 3
    frame = tables["runs"].frame
    theirs = frame[(frame["strategy"] == "uniform") & (frame["scoring"] == "charged")]["pass_rate"].mean()
    for alpha, beta in ((0.5, 0.5), (1.0, 0.0)):
        runs = frame[(frame["scoring_rollouts"] == 8) & (frame["alpha"] == alpha) & (frame["scoring"] == "charged")]
        mine = runs[(runs["mixture_ratio"] == 1) & (runs["update_interval"] == 4)]["pass_rate"].mean()
        charged = numbers[(numbers["scoring"] == "charged") & (numbers["alpha"] == alpha)]
        cell = charged[(charged["mixture_ratio"] == 1) & (charged["update_interval"] == 4)]
        assert cell["gain"].tolist() == pytest.approx([100 * (mine - theirs)])
        assert cell["scoring_share"].tolist() == pytest.approx([200 / 2400])
        ahead = sum(low > 0 for low in charged["gain_low"])
        assert 0 < ahead < len(charged)
        assert f"{ahead} of {len(charged)} with coefficients {alpha:g}:{beta:g}" in shown.headline(numbers)
        words = f"{alpha:g}:{beta:g} with scoring charged, ahead {ahead} of {len(charged)} settings"
        assert words in shown.caption(numbers)
    assert "N = 8 scoring rollouts a prompt" in shown.caption(numbers)


def test_coefficients_tried_at_one_ratio_have_no_map() -> None:
    shown = figure("scoring_cost_map")
    numbers = shown.numbers(known_tables(shown))
    assert set(zip(numbers["alpha"], numbers["beta"], strict=True)) == {(0.5, 0.5), (1.0, 0.0)}  # and not (0, 1)


def test_map_writes_every_gain() -> None:
    shown = figure("scoring_cost_map")
    tables = known_tables(shown)
    look = Look(SLIDE)
    with figure_style(look):
        axes = draw_canvas(shown, tables, look).axes
    table = shown.numbers(tables)
    panels = [(alpha, scoring) for alpha in (0.5, 1.0) for scoring in ("free", "charged")]
    for axis, (alpha, scoring) in zip(axes[:4], panels, strict=True):  # the colour bars come after
        numbers = table[(table["scoring"] == scoring) & (table["alpha"] == alpha)]
        assert sorted(text.get_text() for text in axis.texts) == sorted(f"{gain:+.1f}" for gain in numbers["gain"])
        assert [label.get_text() for label in axis.get_xticklabels()] == ["4", "28", "once"]
        assert axis.get_title(loc="left").endswith(f"{alpha:g}:{1 - alpha:g}, scoring {scoring}")


def test_training_curves_are_compared_at_equal_cost_by_both_accounts() -> None:
    shown = figure("training_dynamics")
    tables = known_tables(shown)
    numbers = shown.numbers(tables).set_index("arm")
    frame = tables["steps"].frame
    assert (numbers["free_rollouts"] == 640).all()
    assert (numbers["charged_rollouts"] == 960).all()
    ends = {
        (arm, account): np.mean(
            [run[run[column] <= limit]["held_out_pass_rate"].iloc[-1] for _, run in part.groupby("seed")]
        )
        for arm, part in frame.groupby("arm")
        for account, column, limit in (("free", "training_rollouts", 640), ("charged", "rollouts", 960))
    }
    for arm in numbers.index:
        for account in ("free", "charged"):
            gain = ends[arm, account] - ends["uniform", account]
            assert numbers.loc[arm, f"accuracy_{account}_gain"] == pytest.approx(gain)
    assert numbers.loc["vas-paper-1", "accuracy_free_gain"] > 0 > numbers.loc["vas-paper-1", "accuracy_charged_gain"]
    row = numbers.loc["vas-paper-0.5"]
    caption, headline = shown.caption(numbers.reset_index()), shown.headline(numbers.reset_index())
    assert f"{100 * row['accuracy_free_gain']:+.1f} points with scoring free" in headline
    assert f"gradient norm {row['gradient_norm_gain']:+.3f} [" in caption
    assert "(640, 10 updates of every arm)" in caption
    assert "of the 960 that VAS needs, uniform sampling makes 15 updates" in caption


def test_score_movements_by_hand() -> None:
    shown = figure("vps_dynamics")
    tables = known_tables(shown)
    numbers = shown.numbers(tables)
    frame = tables["moves"].frame
    kept, near = [], []
    for _, run in frame[frame["kind"] == "scored"].groupby("seed"):
        moves = [run_ for _, run_ in run.groupby("from_step")]
        pairs = [[(r.from_bin, r.to_bin) for r in move.itertuples() for _ in range(r.prompts)] for move in moves]
        kept.append(np.mean([np.mean([a == b for a, b in each]) for each in pairs]))
        near.append(np.mean([np.mean([abs(a - b) <= 1 for a, b in each]) for each in pairs]))
    overall = numbers[(numbers["kind"] == "scored") & (numbers["from_step"] == -1)].iloc[0]
    assert overall["same"] == pytest.approx(np.mean(kept))
    assert overall["near"] == pytest.approx(np.mean(near))
    assert f"{100 * (1 - overall['same']):.0f}% of the scores change bin" in shown.headline(numbers)
    assert f"{100 * overall['near']:.1f}% within one" in shown.caption(numbers)
    assert "200 prompts from 8 rollouts each, in 4 bins" in shown.caption(numbers)


def test_histograms_hold_every_prompt() -> None:
    shown = figure("vps_dynamics")
    look = Look(SLIDE)
    with figure_style(look):
        axis = draw_canvas(shown, known_tables(shown), look).axes[0]
    heights = [patch.get_data().values for patch in axis.patches]
    assert len(heights) == 3
    assert [float(values.sum()) for values in heights] == pytest.approx([1, 1, 1])


def test_heat_map_shares_and_cells_are_the_tables() -> None:
    shown = figure("sampled_heat_map")
    tables = known_tables(shown)
    numbers = shown.numbers(tables).set_index("strategy")
    run = tables["counts"].frame.query("strategy == 'vas'")
    hard = sum(row.rolled for row in run.itertuples() if row.pass_rate < 0.1) / run["rolled"].sum()
    assert numbers.loc["vas", "hard_share"] == pytest.approx(hard)
    assert numbers.loc["dapo", "groups_trained"] < numbers.loc["dapo", "groups_rolled"] / 2
    assert f"Our sampler {100 * hard:.0f}%" in shown.headline(numbers.reset_index())
    text = f"{numbers.loc['dapo', 'groups_trained']:,} of {numbers.loc['dapo', 'groups_rolled']:,} groups trained on"
    assert text in shown.caption(numbers.reset_index())
    with figure_style(Look(SLIDE)):
        mesh = draw_canvas(shown, tables, Look(SLIDE)).axes[1].collections[0]
    cells = run.sort_values(["prompt_bin", "step_bin"])["rolled"].to_numpy()
    assert np.allclose(np.ravel(mesh.get_array()), cells / cells.mean())


def test_a_figure_without_one_of_the_arms_still_draws() -> None:
    shown = figure("training_dynamics")
    table = known_tables(shown)["steps"]
    fewer = LoadedTable(table.frame[table.frame["arm"] != "vas"], table.seed, table.config)
    assert "our sampler" not in shown.caption(shown.numbers({"steps": fewer}))
    with figure_style(Look(SLIDE)):
        draw_canvas(shown, {"steps": fewer}, Look(SLIDE))
