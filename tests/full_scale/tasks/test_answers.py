"""Finding answers in completions, also in hostile ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from full_scale.rewards.shape import follows_format, length_penalty
from full_scale.tasks.answers import (
    answer_block,
    choice_letter,
    final_answer,
    last_boxed,
    last_number,
    short_answer,
)
from vas_theory.foundation.errors import ArgumentError

PIECES = [
    r"\boxed{",
    r"\fbox{",
    r"{",
    r"}",
    r"\{",
    r"\}",
    r"\\",
    r"\boxed",
    r"<answer>",
    r"</answer>",
    r"<think>",
    r"</think>",
    r"1",
    r"-2.5",
    r"x",
    r"B",
    r"(C)",
    r"\text{",
    r"$",
    r"½",
    r"９",
    r"is",
]
pieces = st.lists(st.sampled_from([*PIECES, "\n", " ", "answer ", "\ud800"]), max_size=40).map("".join)
balanced = st.recursive(
    st.text("xy1 +^", max_size=5),
    lambda inner: st.tuples(inner, inner).map(lambda pair: f"{pair[0]}{{{pair[1]}}}"),
    max_leaves=12,
)


@given(pieces)
def test_any_text_is_survived_and_answers_are_pieces_of_it(text: str) -> None:
    for find in (last_boxed, answer_block, final_answer):
        found = find(text)
        assert found is None or found in text
    for find in (last_number, short_answer, choice_letter):
        assert find(text) is None or isinstance(find(text), str)
    assert follows_format(text) in (True, False)


@given(balanced, pieces.filter(lambda text: "boxed" not in text and "fbox" not in text))
def test_a_closed_box_is_found_whatever_braces_it_holds(inside: str, before: str) -> None:
    before = before.rstrip("\\")  # an odd backslash would take the box's own one
    assert last_boxed(f"{before} \\boxed{{{inside}}} so {{") == inside.strip()


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (r"\boxed{1} then \boxed{2}", "2"),
        (r"\boxed{1} then \boxed{2", "1"),
        (r"\boxed{\frac{1}{2}}", r"\frac{1}{2}"),
        (r"\boxed {\{1,2\}}", r"\{1,2\}"),
        (r"\boxed{\boxed{5}}", "5"),
        (r"a } \fbox{x^{2}} {", "x^{2}"),
        (r"\\boxed{1}", None),  # a line break, then letters
        (r"\boxed{1\}", None),
        ("boxed{1}", None),
    ],
)
def test_boxes(text: str, answer: str | None) -> None:
    assert last_boxed(text) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (r"<think>\boxed{9}</think><answer>it is \boxed{3}</answer>", "3"),
        ("<think>9</think><answer> 3 </answer>", "3"),
        (r"<think>\boxed{9}</think> nothing", None),
        (r"<answer>1</answer><answer>2</answer>", "2"),
        (r"<answer>\boxed{1}</answer> \boxed{2}", "1"),
        (r"</answer>\boxed{2}<answer>", "2"),
        (r"\boxed{ }", None),
        ("plain 7", None),
    ],
)
def test_marked_answers(text: str, answer: str | None) -> None:
    assert final_answer(text) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (" 7", "7"),
        ("x^2 + 1", "x^2 + 1"),
        ("First 3.\nThen 1,234.50 in all.", "1234.50"),
        ("so\nthe share is 3/4", "3/4"),
        ("so\nit is \u22125%", "-5%"),
        ("no\nnumber", None),
        ("v2.0\nx3", None),
        ("", None),
    ],
)
def test_unmarked_answers(text: str, answer: str | None) -> None:
    assert short_answer(text) == answer


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("B", "B"),
        ("(B) 12 cm", "B"),
        ("B. twelve", "B"),
        (r"\boxed{\text{C}}", "C"),
        (r"\boxed{(D)}", "D"),
        ("The answer is (A).", "A"),
        ("Option B is wrong; answer: C", "C"),
        ("**E**", "E"),
        ("A cat sat here", None),
        ("Because", None),
        ("twelve", None),
        ("b", None),
    ],
)
def test_choices(text: str, letter: str | None) -> None:
    assert choice_letter(text) == letter


GOOD = r"<think>2 + 2</think> <answer>It is \boxed{4}.</answer>"


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        (GOOD, True),
        (f"\n{GOOD}\n", True),
        (GOOD.replace("2 + 2", " "), False),
        (GOOD.replace(r"\boxed{4}", "4"), False),
        (GOOD.replace(r"\boxed{4}", r"\boxed{4"), False),
        (GOOD.replace(r"\boxed{4}", r"\boxed{}"), False),
        (f"Well. {GOOD}", False),
        (f"{GOOD} Done.", False),
        (GOOD.replace("</think> ", "</think> so "), False),
        (GOOD + GOOD, False),
        (GOOD.replace("<think>", "<think><think>"), False),
        (r"<answer>\boxed{4}</answer><think>x</think>", False),
        (r"<think>\boxed{4}</think><answer>4</answer>", False),
        ("", False),
    ],
)
def test_format(text: str, fits: bool) -> None:
    assert follows_format(text) is fits


def test_long_hostile_texts_take_linear_time() -> None:
    """Each would take hours by backtracking or by nested searches; the suite's timeout would end it."""
    for unit in ("\\boxed{", "}", "{", "\\boxed ", "<answer>", "</answer>", "1,", "9.", "<think>", "\\text{", "A "):
        text = unit * 40_000
        for find in (final_answer, last_number, short_answer, choice_letter, follows_format):
            find(text)


def test_length_penalty_is_linear_between_its_bounds() -> None:
    assert [length_penalty("x" * n, 10, 20) for n in (0, 10, 15, 20, 99)] == [0.0, 0.0, -0.5, -1.0, -1.0]
    with pytest.raises(ArgumentError, match="hard must be greater than soft"):
        length_penalty("x", 5, 5)
