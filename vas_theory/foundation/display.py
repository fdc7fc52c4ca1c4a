"""Progress and tables for people: with rich on a terminal, plain lines everywhere else.

Nothing is imported before something is shown, and what goes into a pipe or a file holds no control characters.
"""

from __future__ import annotations

import json
import sys
import textwrap
import time
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from types import TracebackType
from typing import Any, TextIO

__all__ = ["Progress", "print_list", "print_table", "text_table"]

__neutral__ = "how progress and tables are shown"

_COLOURS = {"held": "green", "ok": "green", "proved": "green", "failed": "red", "FAILED": "red", "refuted": "red"}
"""Words that are coloured on a terminal; they are words everywhere, so that nothing is told by colour alone."""


_SHORT = 14
"""Cells up to this length stay on one line where a terminal is narrow."""
_READABLE = 30
"""Width below which a last column of words is not read with ease beside the others."""
_INDENT = "    "


class Progress:
    """Says how far some work is and how long it may take: a bar on a terminal, else a line now and then.

    Use it as a context manager, so that an interrupted bar leaves the terminal as it was.

    Args:
        name: what is running.
        total: pieces of work.
        stream: where to write, standard error by default.
        interval: seconds between lines where the stream is no terminal.
        unit: what the pieces are called.
    """

    def __init__(
        self, name: str, total: int, stream: TextIO | None = None, interval: float = 10.0, unit: str = "cells"
    ) -> None:
        self._name, self._total, self._interval, self._unit = name, total, interval, unit
        self._stream = sys.stderr if stream is None else stream
        self._done = 0
        self._start = self._last = time.monotonic()
        self._bar: Any = None

    def __enter__(self) -> Progress:
        if self._total and self._stream.isatty():
            from rich import progress
            from rich.console import Console

            columns = (
                progress.TextColumn("{task.description}"),
                progress.BarColumn(),
                progress.MofNCompleteColumn(),
                progress.TextColumn(self._unit),
                progress.TimeElapsedColumn(),
                progress.TimeRemainingColumn(compact=True),
            )
            self._bar = progress.Progress(*columns, console=Console(file=self._stream))
            self._bar.add_task(self._name, total=self._total)
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def advance(self, note: str = "") -> None:
        """Count one finished piece; a note is shown above the bar, or as a line of its own."""
        self._done += 1
        if self._bar is not None:
            if note:
                self._bar.console.print(note, markup=False, highlight=False)
            self._bar.advance(self._bar.task_ids[0])
            return
        now = time.monotonic()
        if note:
            self._write(f"[{self._done}/{self._total}] {note}")
        elif now - self._last >= self._interval or self._done == self._total:
            self._last = now
            elapsed = now - self._start
            left = elapsed / self._done * (self._total - self._done)
            counted = f"{self._done}/{self._total} {self._unit}"
            self._write(f"{self._name}: {counted}, {_duration(elapsed)}, {_duration(left)} left")

    def _write(self, line: str) -> None:
        self._stream.write(f"{line}\n")
        self._stream.flush()


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


def _is_number(text: str) -> bool:
    return text[:1].isdigit() or (text[:1] in "+-−.–" and (len(text) == 1 or text[1:2].isdigit()))


def _numeric(rows: Sequence[Sequence[str]], columns: int) -> list[bool]:
    """Return which columns hold numbers alone; those are aligned on the right."""
    return [all(_is_number(row[place]) for row in rows if row[place]) for place in range(columns)]


def _wrap(text: str, width: int, indent: str = "") -> list[str]:
    """Return the lines of a text; words stay whole."""
    return textwrap.wrap(
        text, width, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _widths(columns: Sequence[str], cells: Sequence[Sequence[str]], width: int) -> tuple[list[int], bool]:
    """Return how wide each column is within a width, and whether the last one has to stand below its row.

    Only cells of several words are broken, the widest column first and never within a word.
    """
    everything = [list(columns), *cells]
    widths = [max(map(len, column)) for column in zip(*everything, strict=True)]
    words = [
        max(len(word) for cell in column for word in cell.split() or [""]) for column in zip(*everything, strict=True)
    ]
    total = sum(widths) + 2 * (len(widths) - 1)
    last = width - (total - widths[-1])
    below = total > width and last < widths[-1] and last < max(_READABLE, words[-1])
    shown = len(widths) - below
    while (excess := sum(widths[:shown]) + 2 * (shown - 1) - width) > 0:
        spare = [widths[place] - words[place] for place in range(shown)]
        place = max((place for place in range(shown) if spare[place]), key=lambda n: widths[n], default=None)
        if place is None:
            break
        widths[place] -= min(excess, spare[place])
    return widths, below


def text_table(columns: Sequence[str], rows: Iterable[Sequence[object]], width: int | None = None) -> str:
    """Return a table as aligned text.

    Args:
        columns: headings.
        rows: cells, one for each heading.
        width: characters of a line at most, as far as words and columns allow: long cells go on in further lines, and
            a last column for which too little is left stands below its row. None for one line a row.
    """
    cells = [[str(cell) for cell in row] for row in rows]
    right = _numeric(cells, len(columns))
    widths, below = _widths(columns, cells, sys.maxsize if width is None else width)
    lines = []
    for row in [list(columns), *cells]:
        parts = (
            [_wrap(cell, size) or [""] for cell, size in zip(row, widths, strict=True)] if width else [[c] for c in row]
        )
        beside = parts[: len(parts) - below]
        for line in zip_longest(*beside, fillvalue=""):
            aligned = (
                cell.rjust(size) if number else cell.ljust(size)
                for cell, size, number in zip(line, widths, right, strict=False)
            )
            lines.append("  ".join(aligned).rstrip())
        if below and width:
            lines += _wrap(row[-1], width, _INDENT)
    return "\n".join(lines)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], stream: TextIO | None = None) -> None:
    """Print a table of at most 80 columns where its words allow: with rich on a terminal of its width.

    Args:
        columns: headings.
        rows: cells, one for each heading.
        stream: where to, standard output by default.
    """
    stream = sys.stdout if stream is None else stream
    cells = [[str(cell) for cell in row] for row in rows]
    if stream is None or not stream.isatty():  # None where the standard output is closed
        print(text_table(columns, cells, 80), file=stream)
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for place, number in enumerate(_numeric(cells, len(columns))):
        # words are broken in long texts alone
        whole = max((len(row[place]) for row in cells), default=0) <= _SHORT
        table.add_column(columns[place], justify="right" if number else "left", overflow="fold", no_wrap=whole)
    for row in cells:
        table.add_row(*(Text(cell, style=_COLOURS.get(cell, "")) for cell in row))
    Console(file=stream).print(table)


def print_list(name: str, rows: Sequence[Mapping[str, Any]], *, as_json: bool = False) -> None:
    """Print what there is: as a table, or as JSON for programs.

    Args:
        name: what the rows are, the one key of the JSON object.
        rows: at least one; all with the same keys, which are the headings. Lists are joined by commas in the table.
        as_json: print JSON alone.
    """
    if as_json:
        print(json.dumps({name: [dict(row) for row in rows]}, indent=2))
        return
    cells = [[", ".join(map(str, cell)) if isinstance(cell, list) else cell for cell in row.values()] for row in rows]
    print_table(list(rows[0]), [["–" if cell in (None, "") else cell for cell in row] for row in cells])
