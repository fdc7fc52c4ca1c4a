"""Pictures: what is drawn is read back, questions have their answers, and the program answers them from the pixels."""

from __future__ import annotations

import numpy as np
import pytest

from full_scale.rewards.shape import follows_format
from full_scale.tasks.answers import final_answer
from full_scale.visual import pictures
from full_scale.visual.puzzles import LEVELS, TYPES, make_puzzle, puzzles
from full_scale.visual.solver import solve
from vas_theory.foundation.errors import ArgumentError, DataError, UnknownNameError

SORTS = [(kind, level) for kind in LEVELS for level in range(LEVELS[kind])]


def test_what_is_drawn_is_read_back() -> None:
    bars = [("red", 3), ("blue", 8), ("black", 1)]
    assert pictures.read_bars(pictures.draw_bars(bars)) == dict(bars)
    cells = {(0, 1): pictures.Shape("circle", "red"), (3, 3): pictures.Shape("triangle", "black")}
    assert pictures.read_shapes(pictures.draw_shapes(cells)) == cells
    areas = [("green", 12), ("yellow", 48)]
    assert pictures.read_areas(pictures.draw_areas(areas)) == dict(areas)
    dots = [[1, 2, 3], [4, 1, 2], [3, 4, 0]]
    assert pictures.read_dots(pictures.draw_dots(dots, "red")) == dots


@pytest.mark.parametrize(("kind", "level"), SORTS)
def test_the_program_without_slips_is_always_right(kind: str, level: int) -> None:
    generator = np.random.default_rng(0)
    for number in range(15):
        puzzle = make_puzzle(kind, level, 5, number)
        text = solve(puzzle.question, puzzle.image, 0.0, generator)
        assert final_answer(text) == puzzle.answer, (puzzle.question, text)
        assert follows_format(text)


def test_the_program_reads_the_whole_chart_before_it_computes() -> None:
    picture = pictures.encode(pictures.draw_bars([("red", 3), ("blue", 8), ("black", 1), ("green", 5)]))
    text = solve("<image>What is the sum of black and red?", picture, 0.0, np.random.default_rng(0))
    assert text == "<think>red=3 blue=8 black=1 green=5;1+3=4</think><answer>\\boxed{4}</answer>"


def test_slips_make_longer_questions_harder() -> None:
    generator = np.random.default_rng(1)

    def share(level: int) -> float:
        asked = [make_puzzle("bars", level, 0, number) for number in range(60)]
        return float(np.mean([final_answer(solve(p.question, p.image, 0.2, generator)) == p.answer for p in asked]))

    assert 0.65 < share(0) < 0.95  # one number is read: 0.8 expected
    assert share(4) < share(0) - 0.1  # four of them


def test_a_question_is_its_address_and_others_differ() -> None:
    first, again, other = (make_puzzle("bars", 2, 0, number) for number in (3, 3, 4))
    assert first == again
    assert first.image != other.image or first.question != other.question
    assert make_puzzle("bars", 2, 1, 3).image != first.image


def test_questions_go_round_kinds_and_levels() -> None:
    found = list(puzzles(["compare", "grid"], 8, 0))
    assert [(p.kind, p.level) for p in found[:6]] == [(k, level) for k in ("compare", "grid") for level in range(3)]
    assert len({p.key for p in found}) == 8
    assert set(TYPES) == set(LEVELS)
    assert all(p.question.count("<image>") == 1 for p in found)


def test_bad_input_is_named() -> None:
    with pytest.raises(UnknownNameError, match="did you mean bars"):
        make_puzzle("bar", 0, 0, 0)
    with pytest.raises(ArgumentError, match="from 0 to 2 for grid"):
        make_puzzle("grid", 3, 0, 0)
    generator = np.random.default_rng(0)
    picture = make_puzzle("bars", 0, 0, 0).image
    with pytest.raises(DataError, match="a question about a picture"):
        solve("Why?", picture, 0.0, generator)
    with pytest.raises(DataError, match="not a readable picture"):
        solve("Which square is the largest?", b"no picture", 0.0, generator)
    with pytest.raises(DataError, match="no bar purple"):
        solve("What is the value of purple?", picture, 0.0, generator)
