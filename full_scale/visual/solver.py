r"""A program that answers the questions from the pixels and writes down its steps, with slips.

It stands in for the strong model that a curation asks. Every number that it reads is off by one with a given
probability, so longer questions are answered rightly less often; its steps are consistent with what it read.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from full_scale.visual import pictures
from vas_theory.foundation.errors import DataError

__all__ = ["solve"]

Reader = Callable[[int], int]


def solve(question: str, image: bytes, slip: float, generator: np.random.Generator) -> str:
    r"""Return a completion ``<think>steps</think><answer>\boxed{result}</answer>``.

    Args:
        question: as :mod:`full_scale.visual.puzzles` asks it, with or without the image mark.
        image: the encoded picture.
        slip: probability that a number which is read comes out one too large or one too small.
        generator: of the slips.

    Raises:
        DataError: the question is none of those, or the picture is not of its kind.
    """

    def read(value: int) -> int:
        """Return a number as it was read."""
        return value + int(generator.choice((-1, 1))) if generator.random() < slip else value

    asked = question.replace("<image>", "").strip()
    pixels = pictures.decode(image)
    if found := re.fullmatch(r"What is the (value|difference|sum) of ([a-z ]+)\?", asked):
        steps, result = _bars(found[1], found[2].split(" and "), pixels, read)
    elif found := re.fullmatch(r"How many ([a-z]+) ([a-z]+)s are there\?", asked):
        steps, result = _count(found[1], found[2], pixels, read)
    elif found := re.fullmatch(r"Which square is the (largest|smallest)\?", asked):
        steps, result = _compare(found[1], pixels, read)
    elif asked == "How many dots are missing?":
        steps, result = _grid(pixels, read)
    else:
        raise DataError(f"a question about a picture is needed, not {asked[:80]!r}")
    return f"<think>{steps}</think><answer>\\boxed{{{result}}}</answer>"


def _bars(operation: str, colours: list[str], pixels: pictures.Pixels, read: Reader) -> tuple[str, str]:
    heights = pictures.read_bars(pixels)
    if missing := [name for name in colours if name not in heights]:
        raise DataError(f"the picture has no bar {', '.join(missing)}")
    seen = {name: read(value) for name, value in heights.items()}  # the whole chart, from left to right
    steps = [" ".join(f"{name}={value}" for name, value in seen.items())]
    total = seen[colours[0]]
    for value in (seen[name] for name in colours[1:]):
        sign, result = ("-", total - value) if operation == "difference" else ("+", total + value)
        steps.append(f"{total}{sign}{value}={result}")
        total = result
    return ";".join(steps), str(total)


def _count(colour: str, kind: str, pixels: pictures.Pixels, read: Reader) -> tuple[str, str]:
    cells = pictures.read_shapes(pixels)
    rows = [0] * 4
    for (row, _), shape in cells.items():
        rows[row] += shape.colour == colour and kind in ("shape", shape.kind)
    seen = [max(0, read(count)) for count in rows]
    return "+".join(map(str, seen)) + f"={sum(seen)}", str(sum(seen))


def _compare(which: str, pixels: pictures.Pixels, read: Reader) -> tuple[str, str]:
    sides = {name: read(side // 4) for name, side in pictures.read_areas(pixels).items()}
    if not sides:
        raise DataError("the picture has no square")
    pick = max if which == "largest" else min
    steps = " ".join(f"{name}={side}" for name, side in sides.items())
    return steps, pick(sides, key=lambda name: sides[name])


def _grid(pixels: pictures.Pixels, read: Reader) -> tuple[str, str]:
    rows = [[read(count) if count else 0 for count in row] for row in pictures.read_dots(pixels)]
    first, last = rows[0], rows[2][:2]
    if first[0] == first[1]:
        result = last[0]
    elif all(row[1] - row[0] == row[2] - row[1] == 1 for row in rows[:2]):
        result = last[1] + 1
    else:
        rest = list(first)
        for value in last:
            if value in rest:
                rest.remove(value)
        result = rest[0] if rest else last[0]
    return ";".join(",".join(map(str, values)) for values in (*rows[:2], [*last, result])), str(result)
