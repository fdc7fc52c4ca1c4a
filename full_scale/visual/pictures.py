"""Drawing and reading pictures of 112 x 112 pixels: a grid of cells that the patches of a vision tower line up with.

What is drawn is read back exactly by the functions beside it, so that a program can answer from the pixels alone.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from vas_theory.foundation.command_line import require
from vas_theory.foundation.errors import DataError

__all__ = [
    "CELL",
    "COLOURS",
    "SHAPES",
    "SIDE",
    "Shape",
    "decode",
    "draw_areas",
    "draw_bars",
    "draw_dots",
    "draw_shapes",
    "encode",
    "read_areas",
    "read_bars",
    "read_dots",
    "read_shapes",
]

Pixels = NDArray[np.uint8]

SIDE, CELL, UNIT = 112, 28, 14
"""Pixels of the picture, of a cell, and of one unit of a bar, which is one patch of the vision tower."""
COLOURS: Mapping[str, tuple[int, int, int]] = {
    "red": (220, 40, 40),
    "green": (30, 160, 60),
    "blue": (40, 80, 220),
    "yellow": (235, 200, 40),
    "black": (20, 20, 20),
}
SHAPES = ("square", "circle", "triangle")
_WHITE = 255


@dataclass(frozen=True)
class Shape:
    """A filled figure of one colour."""

    kind: str
    colour: str


def encode(pixels: Pixels) -> bytes:
    """Return pixels as a PNG file."""
    image = require("PIL.Image", "full-scale")
    stream = io.BytesIO()
    image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


@lru_cache(maxsize=16)
def decode(data: bytes) -> Pixels:
    """Return the pixels of an encoded picture, which must not be changed: the last few are kept.

    Raises:
        DataError: it is not a picture of this size.
    """
    image = require("PIL.Image", "full-scale")
    try:
        with image.open(io.BytesIO(data)) as opened:
            pixels = np.asarray(opened.convert("RGB"))
    except OSError as error:
        raise DataError(f"not a readable picture: {error}") from None
    if pixels.shape != (SIDE, SIDE, 3):
        raise DataError(f"a picture of {SIDE} x {SIDE} pixels is needed, not one of shape {pixels.shape}")
    return pixels


def _blank() -> Pixels:
    return np.full((SIDE, SIDE, 3), _WHITE, np.uint8)


def _colour_of(pixel: NDArray[np.uint8]) -> str | None:
    """Return the name of a pixel's colour, None for white."""
    found = tuple(int(value) for value in pixel)
    return next((name for name, value in COLOURS.items() if value == found), None)


def draw_bars(bars: Sequence[tuple[str, int]]) -> Pixels:
    """Draw up to four bars (colour, value from 1 to 8), one above each column of cells."""
    pixels = _blank()
    for place, (colour, value) in enumerate(bars):
        pixels[SIDE - UNIT * value :, CELL * place + 4 : CELL * (place + 1) - 4] = COLOURS[colour]
    return pixels


def read_bars(pixels: Pixels) -> dict[str, int]:
    """Return colour -> value of the bars in a picture, from left to right."""
    found = {}
    for place in range(SIDE // CELL):
        column = pixels[:, CELL * place + CELL // 2]
        colour = _colour_of(column[-1])
        if colour is not None:
            found[colour] = int((column == COLOURS[colour]).all(axis=1).sum()) // UNIT
    return found


def _mask(kind: str) -> NDArray[np.bool_]:
    size = CELL - 8
    row, column = np.mgrid[:size, :size] + 0.5 - size / 2
    if kind == "square":
        return np.ones((size, size), bool)
    if kind == "circle":
        return np.asarray(row**2 + column**2 <= (size / 2) ** 2)
    return np.asarray(np.abs(column) <= (row + size / 2) / 2)


def draw_shapes(cells: Mapping[tuple[int, int], Shape]) -> Pixels:
    """Draw shapes into cells (row, column) of the 4 x 4 grid."""
    pixels = _blank()
    for (row, column), shape in cells.items():
        inner = pixels[CELL * row + 4 : CELL * (row + 1) - 4, CELL * column + 4 : CELL * (column + 1) - 4]
        inner[_mask(shape.kind)] = COLOURS[shape.colour]
    return pixels


def read_shapes(pixels: Pixels) -> dict[tuple[int, int], Shape]:
    """Return the shapes in the cells of a picture."""
    found = {}
    for row in range(SIDE // CELL):
        for column in range(SIDE // CELL):
            inner = pixels[CELL * row + 4 : CELL * (row + 1) - 4, CELL * column + 4 : CELL * (column + 1) - 4]
            colour = _colour_of(inner[len(inner) // 2, len(inner) // 2])
            if colour is None:
                continue
            filled = (inner == COLOURS[colour]).all(axis=2)
            kind = next((name for name in SHAPES if np.array_equal(filled, _mask(name))), None)
            if kind is None:
                raise DataError(f"row {row + 1}, column {column + 1} holds no known shape")
            found[row, column] = Shape(kind, colour)
    return found


def draw_areas(sides: Sequence[tuple[str, int]]) -> Pixels:
    """Draw up to four squares (colour, side in pixels up to 52), one in the middle of each quarter."""
    pixels, half = _blank(), SIDE // 2
    for place, (colour, side) in enumerate(sides):
        top, left = (half * (place // 2) + (half - side) // 2, half * (place % 2) + (half - side) // 2)
        pixels[top : top + side, left : left + side] = COLOURS[colour]
    return pixels


def read_areas(pixels: Pixels) -> dict[str, int]:
    """Return colour -> side of the squares in a picture."""
    areas = {name: int((pixels == value).all(axis=2).sum()) for name, value in COLOURS.items()}
    return {name: round(area**0.5) for name, area in areas.items() if area}


def draw_dots(counts: Sequence[Sequence[int]], colour: str) -> Pixels:
    """Draw a 3 x 3 grid of cells with 0 to 4 dots each; a cell without dots is the missing one."""
    pixels, quarter = _blank(), CELL // 2
    for row, values in enumerate(counts):
        for column, count in enumerate(values):
            for dot in range(count):
                top, left = CELL * row + quarter * (dot // 2) + 3, CELL * column + quarter * (dot % 2) + 3
                pixels[top : top + 8, left : left + 8] = COLOURS[colour]
    return pixels


def read_dots(pixels: Pixels) -> list[list[int]]:
    """Return the dots in each cell of the 3 x 3 grid of a picture."""
    quarter = CELL // 2
    centres = pixels[7 : 3 * CELL : quarter, 7 : 3 * CELL : quarter]
    marked = (centres != _WHITE).any(axis=2).reshape(3, 2, 3, 2)
    counts: list[list[int]] = marked.sum(axis=(1, 3)).tolist()
    return counts
