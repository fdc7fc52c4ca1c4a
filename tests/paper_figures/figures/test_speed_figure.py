"""The figure of speed ratios: the worst shape and every missed floor are shown."""

from __future__ import annotations

from paper_figures.drawing.declaration import LoadedTable, Tables
from paper_figures.drawing.render import draw_canvas
from paper_figures.drawing.style import SLIDE, Look, figure_style
from paper_figures.figures import get_figures
from tests.paper_figures.tables.vas_theory import speed_ratios

(SHOWN,) = get_figures(["speed_ratios"])
TABLES: Tables = {"ratios": LoadedTable(speed_ratios.frame(), None, {})}


def test_speed_figure_shows_the_worst_shape_and_every_missed_floor() -> None:
    numbers = SHOWN.numbers(TABLES).set_index(["what", "peer"])
    nltk = numbers.loc[("self_bleu", "nltk sentence_bleu")]
    assert (nltk["lowest_ratio"], nltk["highest_ratio"], nltk["comparisons"]) == (700.0, 900.0, 2)
    assert not numbers.loc[("sampler draw + observe", "its budget of 1 ms"), "met"]
    assert SHOWN.headline(numbers.reset_index()) == "4 of 5 speed floors hold"
    assert "narrowest margin is sampler draw + observe against its budget of 1 ms, 0.8" in SHOWN.caption(
        numbers.reset_index()
    )
    assert SHOWN.label_text(numbers.reset_index()) == "measured on CPU"


def test_speed_axes_are_logarithmic_with_ratio_and_floor() -> None:
    with figure_style(Look(SLIDE)):
        axes = draw_canvas(SHOWN, TABLES, Look(SLIDE)).axes
    assert {axis.get_xscale() for axis in axes} == {"log"}
    drawn = {
        (line.get_marker(), float(line.get_xdata()[0])) for axis in axes for line in axis.lines if len(line.get_xdata())
    }
    for row in SHOWN.numbers(TABLES).itertuples():
        assert ("o", row.lowest_ratio) in drawn
        assert ("|", row.floor) in drawn
