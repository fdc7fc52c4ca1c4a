"""What counts as the answer of a completion, and the rules one by one."""

from __future__ import annotations

import pytest

from full_scale.benchmarks.examples import Example
from full_scale.benchmarks.scoring import RULES, extract, relaxed_equal, score


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("<think>\\boxed{1}</think><answer>It is \\boxed{2}</answer>", "2"),
        ("First \\boxed{3}, then \\boxed{\\text{red}}.", "red"),
        ("The area is large.\nThe answer is 12 cm.", "12 cm"),
        ("Answer: **B**\n\n", "B"),
        ("one\ntwo", "two"),
        ("<think>endless", "<think>endless"),
        ("  \n ", None),
        ("<think>done</think>", None),
    ],
)
def test_extraction(text: str, answer: str | None) -> None:
    assert extract(text) == answer


def example(rule: str, answer: str, choices: tuple[str, ...] = (), precision: int | None = None) -> Example:
    return Example("1", "?", answer, rule, choices, precision)


CASES = [
    (example("letter", "B"), "B", True),
    (example("letter", "B"), "(A)", False),
    (example("letter", "B", ("7", "8")), "8", True),
    (example("letter", "B", ("7", "8")), "9", None),
    (example("letter", "A", ("7", "7")), "7", None),
    (example("letter", "B"), "so it is (B), not more", True),
    (example("letter", "B"), "(A) or (B)", False),
    (example("letters", "AB"), "B, A", True),
    (example("letters", "AB"), "BA", True),
    (example("letters", "AB"), "A", False),
    (example("letters", "AB"), "none", None),
    (example("integer", "3"), "3.9", True),
    (example("integer", "3"), "about 4 cats", False),
    (example("integer", "3"), "many", None),
    (example("integer", "1200"), "1,200", True),
    (example("rounded", "0.33", precision=2), "1/3 = 0.3333", True),
    (example("rounded", "0.3", precision=1), "0.36", False),
    (example("int_cast", "3"), "3", True),
    (example("int_cast", "3"), "3.0", None),
    (example("float_cast", "2.50"), "2.5", True),
    (example("float_cast", "2.5"), "two", None),
    (example("text", "Los Angeles"), "los  angeles.", True),
    (example("text", "[1, 2]"), "[2, 1]", False),
    (example("latex", "\\frac{1}{2}"), "0.5", True),
    (example("latex", "7"), "8", False),
    (example("relaxed", "100"), "95", True),
    (example("relaxed", "100"), "94.9", False),
]


@pytest.mark.parametrize(("case", "answer", "right"), CASES)
def test_rules(case: Example, answer: str, right: bool | None) -> None:
    assert RULES[case.rule](case, answer) is right


def test_every_rule_is_tried() -> None:
    assert {case.rule for case, _, _ in CASES} == RULES.keys()


def test_relaxed_equality_by_hand() -> None:
    assert relaxed_equal("-105", "-100")
    assert relaxed_equal("5%", "0.05")
    assert not relaxed_equal("0.01", "0")  # nothing is near zero
    assert relaxed_equal("0", "0")
    assert relaxed_equal("yes", "Yes")
    assert not relaxed_equal("yes", "3")


def test_a_blank_completion_is_wrong_and_not_unread() -> None:
    assert score(example("latex", "7"), "") == (None, False)
