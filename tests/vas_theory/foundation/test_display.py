"""Progress and tables: plain text in pipes, rich on terminals."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest

from vas_theory.foundation.display import Progress, print_list, print_table, text_table


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


ROWS = [("uniform", 0, "0.25"), ("vas", 10, "-1.5")]


def test_a_pipe_gets_aligned_text_without_control_characters() -> None:
    print_table(("arm", "seed", "gain"), ROWS, stream := io.StringIO())
    assert stream.getvalue() == "arm      seed  gain\nuniform     0  0.25\nvas        10  -1.5\n"
    assert text_table(("a", "b"), []) == "a  b"


def test_a_terminal_gets_every_cell_whole_and_its_markup_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    print_table(("id", "verdict", "text"), [("P1", "failed", "[red]a[/red]")], stream := Terminal())
    assert "[red]a[/red]" in stream.getvalue()
    assert "\x1b[31mfailed" in stream.getvalue()


def test_progress_counts_and_estimates_in_a_pipe() -> None:
    with Progress("demo", 3, stream := io.StringIO(), interval=0) as progress:
        progress._start -= 60
        progress.advance()
        progress.advance("a note")
    assert stream.getvalue() == "demo: 1/3 cells, 1:00, 2:00 left\n[2/3] a note\n"


def test_a_bar_shows_notes_and_leaves_the_terminal_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()

    def interrupted() -> None:
        with Progress("demo", 2, stream) as progress:
            progress.advance("a [note]")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    shown = stream.getvalue()
    assert "a [note]" in shown
    assert "1/2" in shown
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l"), "the cursor is shown again"


def test_rich_is_not_loaded_for_a_pipe() -> None:
    code = (
        "import sys; from vas_theory.foundation.display import print_table; print_table(('a',), [('b',)]); "
        "print('rich' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.splitlines() == ["a", "b", "False"]


def test_a_table_fits_a_narrow_terminal_and_breaks_long_texts_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")
    stream = Terminal()
    row = ("A01", "counterexample", "machine", "0.42", "a long title of many words, " * 4)
    print_table(("id", "certificate", "complete", "seconds", "title"), [row], stream=stream)
    lines = stream.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert any("counterexample" in line for line in lines)


def test_a_pipe_gets_eighty_columns_and_every_word_whole() -> None:
    long = "a long title of many words " * 4
    rows = [("A01", "counterexample", "machine", "0.42", long), ("A02", "short", "machine", "10.00", "another")]
    print_table(("id", "certificate", "complete", "seconds", "title"), rows, stream := io.StringIO())
    lines = stream.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["id", "certificate", "complete", "seconds", "title"]
    assert lines[1].startswith("A01  counterexample  machine      0.42  a long title")
    assert sorted(stream.getvalue().split()[5:]) == sorted(" ".join(map(" ".join, rows)).split())


def test_a_last_column_without_room_stands_below_its_row() -> None:
    row = ("x" * 30, "y" * 30, "words that find no room beside the other two columns of this table")
    lines = text_table(("name", "model", "arms"), [row], 80).splitlines()
    assert lines == [f"{'name':<30}  model", "    arms", f"{row[0]}  {row[1]}", f"    {row[2]}"]
    assert text_table(("a", "b"), [("1" * 90, "c d")], 80).splitlines()[2:] == ["1" * 90, "    c d"]


def test_a_list_is_a_table_or_json(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"name": "x", "arms": ["a", "b"], "free": ""}]
    print_list("things", rows)
    assert capsys.readouterr().out.splitlines() == ["name  arms  free", "x     a, b     –"]
    print_list("things", rows, as_json=True)
    assert json.loads(capsys.readouterr().out) == {"things": rows}


def test_a_table_without_a_standard_output_goes_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", None)
    print_table(["a"], [["b"]])
