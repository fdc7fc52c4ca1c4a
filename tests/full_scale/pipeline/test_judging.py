"""Who decides whether an answer is right: the rules, or a judge where they cannot read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from full_scale.benchmarks.examples import Example
from full_scale.pipeline.config import load_pipeline
from full_scale.pipeline.evaluation import _judge, judged_answers
from full_scale.tasks.prompt import Prompt
from tests.full_scale.answering.servers import Server, chat

WHOLE = Example("1", "How many?", "14", "int_cast")
IN_PICTURE = Example("2", "What the picture asks.", "3", "int_cast", row={"question_for_eval": "How long is AB?"})


def test_a_judge_is_asked_what_the_rules_cannot_read() -> None:
    asked: list[Prompt] = []

    def judge(prompts: list[Prompt]) -> list[bool]:
        asked.extend(prompts)
        return ["fourteen" in (prompt.question or "") for prompt in prompts]

    texts = [("\\boxed{14}", "\\boxed{fourteen}", ""), ("\\boxed{4}", "\\boxed{three cm}", "\\boxed{3}")]
    first, second = judged_answers([WHOLE, IN_PICTURE], texts, judge)
    assert (first.right, first.by) == ((True, True, False), ("rules", "judge", "rules"))
    assert (second.right, second.by) == ((False, False, True), ("rules", "judge", "rules"))
    assert [("How many?" in p.question, "How long is AB?" in p.question) for p in asked if p.question] == [
        *((True, False), (False, True)),
    ]
    alone, _ = judged_answers([WHOLE, IN_PICTURE], texts, None)
    assert (alone.right, alone.by) == ((True, False, False), ("rules", "unread", "rules"))


def test_a_judge_s_verdicts_are_kept(tmp_path: Path, server: Server) -> None:
    def respond(path: str, body: dict[str, Any], number: int) -> tuple[int, Any]:
        assert body["temperature"] == 0
        agreed = "Other answer: fourteen" in body["messages"][-1]["content"]
        return chat(*["\\boxed{yes}" if agreed else "\\boxed{no}"] * body["n"])

    server.respond = respond
    changes = ["evaluate.judge=strong", f"evaluate.judge_url={server.url}"]
    judge = _judge(load_pipeline("vlm-smoke", changes).evaluate, tmp_path / "judge.jsonl")
    assert judge is not None
    for _ in range(2):
        (item,) = judged_answers([WHOLE], [("fourteen", "none")], judge)
        assert item.right == (True, False)
    assert len(server.bodies) == 2
    assert _judge(load_pipeline("vlm-smoke").evaluate, tmp_path / "none.jsonl") is None
