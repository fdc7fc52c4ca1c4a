"""Staleness by real edits of real files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from paper_figures.build.graph import Node, build, fingerprint, in_order, stale_nodes, stale_reasons
from vas_theory.foundation.errors import DataError


def make_nodes(folder: Path, setting: str = "1") -> list[Node]:
    """Return ``upper`` (copies table.txt in capitals) and ``page`` (quotes upper's output), in the wrong order."""
    table, source = folder / "table.txt", folder / "source.py"
    for path, text in ((table, "rows"), (source, "code")):
        if not path.exists():
            path.write_text(text)
    upper_out, page_out = folder / "upper.txt", folder / "page.txt"
    upper = Node(
        "upper", {"source.py": source}, [table], [upper_out], folder / "upper.json",
        lambda: upper_out.write_text(table.read_text().upper()) and None, {"version": setting}, {table: "make table"},
    )  # fmt: skip
    page = Node(
        "page", {"source.py": source}, [upper_out], [page_out], folder / "page.json",
        lambda: page_out.write_text(f"<{upper_out.read_text()}>") and None,
    )  # fmt: skip
    return [page, upper]


@pytest.fixture
def nodes(tmp_path: Path) -> list[Node]:
    nodes = make_nodes(tmp_path)
    for node in in_order(nodes):
        build(node)
    return nodes


def test_order_follows_the_files(nodes: list[Node]) -> None:
    assert [node.name for node in in_order(nodes)] == ["upper", "page"]


def test_nothing_is_stale_after_a_build_and_everything_before(tmp_path: Path, nodes: list[Node]) -> None:
    assert stale_nodes(nodes) == {}
    (tmp_path / "other").mkdir()
    assert set(stale_nodes(make_nodes(tmp_path / "other"))) == {"upper", "page"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("table.txt", {"upper": r"input .*table\.txt changed", "page": "builds on upper"}),
        ("source.py", {"upper": r"source .*source\.py changed", "page": r"source .*source\.py changed"}),
        ("upper.txt", {"upper": r"output .*upper\.txt was altered", "page": r"input .*upper\.txt changed"}),
        ("page.txt", {"page": r"output .*page\.txt was altered"}),
        ("page.json", {"page": "record is missing or damaged"}),
    ],
)
def test_an_edit_makes_stale_exactly_what_depends_on_it(
    tmp_path: Path, nodes: list[Node], name: str, expected: dict[str, str]
) -> None:
    with open(tmp_path / name, "a") as stream:
        stream.write("x")
    stale = stale_nodes(nodes)
    assert set(stale) == set(expected)
    for node, pattern in expected.items():
        assert re.search(pattern, "; ".join(stale[node]))


def test_undoing_an_edit_makes_it_current_again(tmp_path: Path, nodes: list[Node]) -> None:
    (tmp_path / "table.txt").write_text("other")
    assert stale_nodes(nodes)
    (tmp_path / "table.txt").write_text("rows")
    assert not stale_nodes(nodes)


@pytest.mark.parametrize("name", ["upper.txt", "page.txt", "source.py", "table.txt"])
def test_a_deleted_file_is_named(tmp_path: Path, nodes: list[Node], name: str) -> None:
    (tmp_path / name).unlink()
    stale = stale_nodes(nodes)
    assert stale
    assert name in str(stale) or "not built yet" in str(stale)


def test_a_setting_that_changed_is_named(tmp_path: Path, nodes: list[Node]) -> None:
    upper = make_nodes(tmp_path, setting="2")[1]
    assert stale_reasons(upper) == ["setting version changed"]


def test_a_missing_input_says_how_to_make_it(tmp_path: Path, nodes: list[Node]) -> None:
    (tmp_path / "table.txt").unlink()
    with pytest.raises(DataError, match=r"upper needs .*table\.txt.*make table"):
        build(nodes[1])
    assert "make table" in stale_reasons(nodes[1])[0]


def test_a_build_that_raises_leaves_the_node_stale(tmp_path: Path, nodes: list[Node]) -> None:
    (tmp_path / "table.txt").write_text("new")

    def fail() -> None:
        (tmp_path / "upper.txt").write_text("half")
        raise RuntimeError

    upper = nodes[1]
    with pytest.raises(RuntimeError):
        build(Node(**{**vars(upper), "build": fail}))
    assert "output" in "; ".join(stale_reasons(upper))


def test_an_output_that_was_not_written_is_an_error(tmp_path: Path) -> None:
    node = Node("empty", {}, [], [tmp_path / "never.txt"], tmp_path / "empty.json", lambda: None)
    with pytest.raises(DataError, match=r"did not write .*never\.txt"):
        build(node)


def test_the_fingerprint_covers_inputs_and_outputs_but_not_time(tmp_path: Path, nodes: list[Node]) -> None:
    before = fingerprint(nodes[1])
    build(nodes[1])
    assert fingerprint(nodes[1]) == before
    (tmp_path / "table.txt").write_text("new")
    build(nodes[1])
    assert fingerprint(nodes[1]) != before
