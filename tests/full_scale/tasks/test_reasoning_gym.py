"""Generated questions: levels, keys, split, and scorers that run no code."""

from __future__ import annotations

import ast
import inspect
import json
import textwrap

import pytest

from full_scale.config.task import ReasoningGymConfig
from full_scale.rewards import check_answers
from full_scale.tasks import Prompt, load_task, reasoning_gym
from full_scale.tasks.reasoning_gym import LEVELS, LONGEST, entries, score
from full_scale.tasks.splitting import content_key, is_held_out
from vas_theory.foundation.errors import ArgumentError, MissingExtraError, UnknownNameError

gym = pytest.importorskip("reasoning_gym")


@pytest.fixture(scope="module")
def prompts() -> list[Prompt]:
    task = load_task(ReasoningGymConfig(generators=tuple(LEVELS), per_level=12))
    return [*task.training, *task.held_out]


def test_reference_answers_get_full_marks_and_others_none(prompts: list[Prompt]) -> None:
    assert {prompt.stratum for prompt in prompts} == set(LEVELS)
    assert set(check_answers(prompts, [f" {prompt.answer}" for prompt in prompts])) == {1.0}
    boxed = [f"<think>so</think><answer>\\boxed{{{prompt.answer}}}</answer>" for prompt in prompts]
    assert set(check_answers(prompts, boxed)) == {1.0}
    for wrong in ("", "-98765.4321", "zzz", "x" * (LONGEST + 1), "1e999999999", "\ud800", "{", "9" * 1900):
        assert set(check_answers(prompts, [wrong] * len(prompts))) == {0.0}, wrong


@pytest.mark.parametrize("generator", sorted(LEVELS))
def test_no_offered_scorer_evaluates(generator: str) -> None:
    """Some generators hand the answer to an expression parser that runs it; none of those is offered."""
    from reasoning_gym.factory import DATASETS

    tree = ast.parse(textwrap.dedent(inspect.getsource(DATASETS[generator][0].score_answer)))
    called = {ast.unparse(node.func).split(".")[-1] for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert not called & {"eval", "exec", "compile", "literal_eval", "parse_expr", "sympify", "loads"}


@pytest.mark.parametrize("generator", sorted(LEVELS))
def test_levels_differ_and_are_the_same_every_time(generator: str) -> None:
    assert len(LEVELS[generator]) == 4
    once, again = (
        [[entry["question"] for entry in entries(generator, level, 3, 8)] for level in range(4)] for _ in range(2)
    )
    assert once == again
    lengths = [sum(map(len, questions)) for questions in once]
    assert len(set(map(tuple, once))) == 4
    assert lengths[0] < lengths[3] or generator in {"number_sequence", "spell_backward", "gcd"}


def test_split_and_keys_do_not_depend_on_what_else_is_asked_for() -> None:
    few = load_task(ReasoningGymConfig(generators=("gcd",), levels=(1,), per_level=20))
    many = load_task(ReasoningGymConfig(generators=("lcm", "gcd"), levels=(1, 2), per_level=40))
    for side, wider in ((few.training, many.training), (few.held_out, many.held_out)):
        known = {prompt.key: prompt for prompt in wider}
        for prompt in side:
            assert known[prompt.key] == prompt
    assert not {p.question for p in many.training} & {p.question for p in many.held_out}
    keys = [prompt.key for prompt in (*many.training, *many.held_out)]
    assert len(set(keys)) == len(keys)
    assert few.fingerprint != many.fingerprint
    assert (
        load_task(ReasoningGymConfig(generators=("gcd",), levels=(1,), per_level=20, seed=1)).training != few.training
    )


def test_shots_are_solved_lines_that_are_never_asked() -> None:
    task = load_task(ReasoningGymConfig(generators=("products",), levels=(0,), shots=3, per_level=200))
    asked = [*task.training, *task.held_out]
    *shots, question = asked[0].text.split("Question: ")[1:]
    assert len(shots) == 3
    assert question == f"{asked[0].question}\nAnswer:"
    for shot in shots:
        text, _, answer = shot.strip().rpartition("\nAnswer: ")
        assert text not in {prompt.question for prompt in asked}
        left, right = text.split(": ")[1].split(".")[0].split(" * ")
        assert int(answer) == sum(int(left) for _ in range(int(right)))
    bare = load_task(ReasoningGymConfig(generators=("products",), levels=(0,), shots=0)).training[0]
    assert bare.text == f"Question: {bare.question}\nAnswer:"


def test_partial_credit_is_the_scorers_own_value() -> None:
    binary, partial = (
        load_task(ReasoningGymConfig(generators=("spell_backward",), levels=(2,), partial_credit=credit)).training[0]
        for credit in (False, True)
    )
    nearly = binary.answer[:-1] + "#"
    assert score(binary, nearly) == 0.0
    assert score(partial, nearly) == pytest.approx(0.8)
    assert json.loads(partial.entry)["metadata"]["word"]


def test_unknown_names_and_levels() -> None:
    with pytest.raises(UnknownNameError, match="did you mean lcm"):
        load_task(ReasoningGymConfig(generators=("lcmm",)))
    with pytest.raises(ArgumentError, match=r"task\.levels must lie in 0 to 3 for lcm; received 4"):
        load_task(ReasoningGymConfig(generators=("lcm",), levels=(4,)))


def test_missing_package_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "reasoning_gym", None)
    reasoning_gym._scorer.cache_clear()
    with pytest.raises(MissingExtraError, match="install the extra 'tasks'"):
        load_task(ReasoningGymConfig())


def test_hashes_are_pinned() -> None:
    """Saved sampler states and split tables hold them."""
    assert content_key("1 + 1 = ?") == content_key("1 + 1 = ?", ())
    assert content_key("1 + 1 = ?") != content_key("1 + 1 = ?", (b"image",))
    shares = [is_held_out(f"question {n}", 0.2) for n in range(2000)]
    assert abs(sum(shares) / 2000 - 0.2) < 4 * (0.2 * 0.8 / 2000) ** 0.5
    assert not any(is_held_out(f"question {n}", 0.1) and not shares[n] for n in range(2000))  # nested in the fraction
    assert not is_held_out("x", 0.0)
    assert is_held_out("x", 1.0)
