"""Questions, their split and their rewards."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import full_scale
from full_scale.config.task import ArithmeticConfig
from full_scale.rewards import exact_match, score_groups
from full_scale.tasks import Prompt, load_task
from full_scale.tasks.arithmetic import SHOTS
from vas_theory.foundation.errors import ArgumentError, UnknownNameError, VASError


def operands(key: str) -> tuple[int, int]:
    expression = key.removeprefix("arithmetic/")
    mark = next(mark for mark in "+-*" if mark in expression)
    left, right = expression.split(mark)
    low, high = sorted((int(left), int(right)))
    return low, high


@given(fraction=st.floats(0.05, 0.6), largest=st.integers(3, 12))
def test_split_never_leaks(fraction: float, largest: int) -> None:
    try:
        task = load_task(ArithmeticConfig(held_out_fraction=fraction, largest_operand=largest))
    except ArgumentError:
        return  # a small pool may leave a side empty, which is refused
    training, held_out = ({operands(prompt.key) for prompt in side} for side in (task.training, task.held_out))
    assert not training & held_out
    assert not {tuple(sorted((a, b))) for a, _, b in SHOTS} & held_out
    keys = [prompt.key for prompt in (*task.training, *task.held_out)]
    assert len(set(keys)) == len(keys) == 3 * (largest + 1) ** 2


def test_three_hundred_questions_with_right_answers() -> None:
    task = load_task(ArithmeticConfig())
    prompts = [*task.training, *task.held_out]
    assert len(prompts) == 300
    assert 30 <= len(task.held_out) <= 90
    for prompt in prompts:
        *shots, question = prompt.text.split("\n")
        assert len(shots) == 4
        for line in [*shots, f"{question} {prompt.answer}"]:
            left, right = line.split(" = ")
            a, mark, b = left.split(" ")
            # the answer is checked by the inverse operation, or by repeated addition
            if mark == "+":
                assert int(right) - int(b) == int(a)
            elif mark == "-":
                assert int(right) + int(b) == int(a)
            else:
                assert int(right) == sum(int(a) for _ in range(int(b)))


@pytest.mark.parametrize("change", [{"operations": ()}, {"held_out_fraction": 0.0}])
def test_an_empty_side_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ArgumentError, match="at least one"):
        load_task(ArithmeticConfig(**change))  # type: ignore[arg-type]


def test_unknown_task_is_named() -> None:
    with pytest.raises(UnknownNameError, match="arithmetic"):
        load_task(ArithmeticConfig.model_construct(name="arithmetics"))


def test_answers_are_never_evaluated(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    code = f"__import__('pathlib').Path({str(canary)!r}).touch() or 2"
    prompt = Prompt("p", "1 + 1 =", "2")
    assert [exact_match(prompt, text) for text in (code, "1+1", "2.0", " 2 ", "2")] == [0, 0, 0, 1, 1]
    assert exact_match(Prompt("p", "1 + 1 =", code), "2") == 0
    assert not canary.exists()
    for source in Path(full_scale.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in {"eval", "exec", "compile", "literal_eval", "sympify"}, source


def test_unscorable_rollouts_are_excluded_and_counted() -> None:
    prompt = Prompt("p", "?", "2")
    rewards = iter([1.0, None, float("nan"), 0.0, float("inf"), 0.0, 1.0, 1.0])
    scored = score_groups([prompt, prompt], ["x"] * 8, 4, lambda *_: next(rewards))
    np.testing.assert_array_equal(scored.valid_PG, [[True, False, False, True], [False] * 4])
    assert scored.excluded == 6
    assert scored.mean == 0.5
    assert scored.successes_P.tolist() == [1, 0]
    with pytest.raises(VASError, match="75%"):
        score_groups([prompt], ["x"] * 4, 4, lambda *_: None if True else 1.0, largest_excluded_share=0.75)
