"""Questions about procedural pictures: reading bars, counting shapes, comparing sizes, completing grids.

Each kind has levels of difficulty. A question is a function of (kind, level, seed, number) alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from full_scale.visual import pictures
from vas_theory.foundation.errors import ArgumentError, UnknownNameError
from vas_theory.foundation.streams import stream

__all__ = ["LEVELS", "TYPES", "Puzzle", "make_puzzle", "puzzles"]

LARGEST = pictures.SIDE // pictures.UNIT
"""Value of the tallest bar."""
LEVELS: Mapping[str, int] = {"bars": 5, "count": 3, "compare": 3, "grid": 3}
"""Kind -> number of levels, from 0 upwards."""
TYPES: Mapping[str, str] = {
    "bars": "statistics",
    "count": "counting",
    "compare": "plane geometry",
    "grid": "logic",
}
"""Kind -> the paper's type of mathematics."""


@dataclass(frozen=True)
class Puzzle:
    """One question about one picture.

    Args:
        key: names it by what made it.
        kind: a name of :data:`LEVELS`.
        level: difficulty; larger is meant to be harder.
        question: as it is asked, with one mark ``<image>``.
        answer: a whole number, or a colour's name.
        image: the picture as a PNG file.
    """

    key: str
    kind: str
    level: int
    question: str
    answer: str
    image: bytes


def _some(draw: np.random.Generator, count: int) -> list[str]:
    names = list(pictures.COLOURS)
    return [names[place] for place in draw.permutation(len(names))[:count]]


def _bars(draw: np.random.Generator, level: int) -> tuple[str, str, pictures.Pixels]:
    colours = _some(draw, 4)
    values = [int(value) for value in draw.integers(1, LARGEST + 1, size=4)]
    height = dict(zip(colours, values, strict=True))
    asked = [colours[place] for place in draw.permutation(4)[: (1, 2, 2, 3, 4)[level]]]
    if level == 0:
        question, answer = f"What is the value of {asked[0]}?", height[asked[0]]
    elif level == 1:
        asked.sort(key=lambda name: -height[name])
        question = f"What is the difference of {asked[0]} and {asked[1]}?"
        answer = height[asked[0]] - height[asked[1]]
    else:
        question = f"What is the sum of {' and '.join(asked)}?"
        answer = sum(height[name] for name in asked)
    return question, str(answer), pictures.draw_bars(list(height.items()))


def _count(draw: np.random.Generator, level: int) -> tuple[str, str, pictures.Pixels]:
    filled = (4, 8, 12)[level]
    places = draw.permutation(16)[:filled]
    colours = _some(draw, 2 + (level > 0))
    kinds = pictures.SHAPES[: 1 if level == 0 else 2 if level == 1 else 3]
    cells = {
        (int(place) // 4, int(place) % 4): pictures.Shape(
            kinds[int(draw.integers(len(kinds)))], colours[int(draw.integers(len(colours)))]
        )
        for place in places
    }
    colour, kind = colours[0], kinds[0]
    what = f"{colour} shapes" if level < 2 else f"{colour} {kind}s"
    count = sum(shape.colour == colour and (level < 2 or shape.kind == kind) for shape in cells.values())
    return f"How many {what} are there?", str(count), pictures.draw_shapes(cells)


def _compare(draw: np.random.Generator, level: int) -> tuple[str, str, pictures.Pixels]:
    colours = _some(draw, 2 + level)
    step = (12, 8, 4)[level]
    sides = [12 + step * int(place) for place in draw.permutation(len(colours) + 1)[: len(colours)]]
    which = ("largest", "smallest")[int(draw.integers(2))]
    pick = max if which == "largest" else min
    answer = pick(zip(sides, colours, strict=True))[1]
    return f"Which square is the {which}?", answer, pictures.draw_areas(list(zip(colours, sides, strict=True)))


def _grid(draw: np.random.Generator, level: int) -> tuple[str, str, pictures.Pixels]:
    if level == 0:  # the same number along a row
        rows = [[int(value)] * 3 for value in draw.permutation(4)[:3] + 1]
    elif level == 1:  # one more at each step
        rows = [[int(value) + place for place in range(3)] for value in draw.integers(1, 3, size=3)]
    else:  # the same three numbers in each row, in another order
        numbers, shifts = draw.permutation(4)[:3] + 1, draw.permutation(3)
        rows = [[int(value) for value in np.roll(numbers, shift)] for shift in shifts]
    answer, rows[2][2] = rows[2][2], 0
    return "How many dots are missing?", str(answer), pictures.draw_dots(rows, _some(draw, 1)[0])


_MAKERS: Mapping[str, Callable[[np.random.Generator, int], tuple[str, str, pictures.Pixels]]] = {
    "bars": _bars,
    "count": _count,
    "compare": _compare,
    "grid": _grid,
}


def make_puzzle(kind: str, level: int, seed: int, number: int) -> Puzzle:
    """Return one question.

    Raises:
        UnknownNameError: there is no such kind.
        ArgumentError: the kind has no such level.
    """
    if kind not in LEVELS:
        raise UnknownNameError("kind of picture", kind, LEVELS)
    if not 0 <= level < LEVELS[kind]:
        raise ArgumentError("level", f"be from 0 to {LEVELS[kind] - 1} for {kind}", level)
    question, answer, pixels = _MAKERS[kind](stream(seed, f"picture {kind}", level, number), level)
    key = f"{kind}-{level}-{seed}-{number}"
    return Puzzle(key, kind, level, f"<image>{question}", answer, pictures.encode(pixels))


def puzzles(kinds: Sequence[str], count: int, seed: int) -> Iterator[Puzzle]:
    """Yield ``count`` questions that go round the levels of the kinds in turn."""
    sorts = [(kind, level) for kind in kinds for level in range(LEVELS.get(kind, 1))]
    for number in range(count):
        kind, level = sorts[number % len(sorts)]
        yield make_puzzle(kind, level, seed, number // len(sorts))
