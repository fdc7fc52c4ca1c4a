"""An endpoint: what is asked, faults of servers, and the account of what it took."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from typing import Any

import pytest

from full_scale.answering import AnsweringStopped, Endpoint, Ledger, Question
from full_scale.tasks.prompt import Prompt
from tests.full_scale.answering.servers import Server, chat, right
from vas_theory.foundation.errors import ArgumentError


def prompts(count: int) -> list[Prompt]:
    return [Prompt(f"p{k}", f"Question: {k}?\nAnswer:", "4", question=f"{k}?", check="math") for k in range(count)]


def endpoint(server: Server, **options: Any) -> tuple[Endpoint, list[float]]:
    waits: list[float] = []
    return Endpoint(server.url, "m", **{"timeout": 5.0, "sleep": waits.append, **options}), waits


def answered(found: Endpoint, count: int, each: int) -> tuple[dict[str, tuple[str, ...]], Ledger]:
    batches = list(found.ask([Question(prompt, each) for prompt in prompts(count)]))
    ledger = sum((batch.ledger for batch in batches), Ledger())
    return {reply.prompt.key: reply.texts for batch in batches for reply in batch.replies}, ledger


def test_one_request_a_prompt_with_all_its_answers_and_never_more_at_once_than_allowed(server: Server) -> None:
    def slow(path: str, body: dict[str, Any], number: int) -> tuple[int, Any]:
        time.sleep(0.02)
        return right(path, body, number)

    server.respond = slow
    found, _ = endpoint(server, concurrency=3)
    texts, ledger = answered(found, 12, 5)
    assert texts == {f"p{k}": (r"\boxed{4}",) * 5 for k in range(12)}
    assert ledger == Ledger(requests=12, answers=60, prompt_tokens=120, completion_tokens=180)
    assert 2 <= server.busiest <= 3
    assert {body["n"] for body in server.bodies} == {5}
    assert server.bodies[0]["model"] == "m"
    assert "seed" not in server.bodies[0], "a server would repeat its answers"


def test_the_question_is_put_as_the_style_says(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", "secret")
    answered(endpoint(server, key_variable="SOME_KEY")[0], 1, 1)
    assert [message["role"] for message in server.bodies[0]["messages"]] == ["system", "user"]
    assert server.bodies[0]["messages"][1]["content"] == "0?"
    assert server.headers[0]["Authorization"] == "Bearer secret"
    texts, ledger = answered(endpoint(server, style="completion", key_variable="NO_SUCH_KEY")[0], 1, 2)
    assert server.bodies[1]["prompt"] == "Question: 0?\nAnswer:"
    assert server.bodies[1]["stop"] == ["\n"]
    assert "Authorization" not in server.headers[1]
    assert texts == {"p0": (" 4", " 4")}
    assert ledger.uncounted_requests == 1, "this answer had no usage"


def test_images_are_sent_whole(server: Server, picture: Callable[[int], bytes]) -> None:
    image = picture(7)
    list(endpoint(server)[0].ask([Question(Prompt("k", "<image> what?", "4", images=(image,)), 1)]))
    parts = server.bodies[0]["messages"][1]["content"]
    assert [part["type"] for part in parts] == ["image_url", "text"]
    head, _, data = parts[0]["image_url"]["url"].partition(",")
    assert head == "data:image/png;base64"
    assert base64.b64decode(data) == image


def test_too_few_answers_are_asked_for_again_and_too_many_are_left_out(server: Server) -> None:
    server.respond = lambda path, body, number: chat("4")  # a server that ignores n
    texts, ledger = answered(endpoint(server)[0], 1, 3)
    assert texts["p0"] == ("4",) * 3
    assert [body["n"] for body in server.bodies] == [3, 2, 1]
    server.respond = lambda path, body, number: chat(*"12345")
    texts, ledger = answered(endpoint(server)[0], 1, 2)
    assert texts["p0"] == ("1", "2")
    assert (ledger.answers, ledger.surplus_answers, ledger.completion_tokens) == (2, 3, 15)


@pytest.mark.parametrize(
    "usage", [{"prompt_tokens": -(10**9), "completion_tokens": 3}, {"prompt_tokens": True}, {}, None]
)
def test_token_counts_that_cannot_be_true_are_said_to_be_unknown(server: Server, usage: Any) -> None:
    server.respond = lambda path, body, number: (200, {"choices": [{"text": "4"}, {"text": "4"}], "usage": usage})
    texts, ledger = answered(endpoint(server)[0], 1, 2)
    assert texts["p0"] == ("4", "4")
    assert ledger == Ledger(requests=1, answers=2, uncounted_requests=1)


def test_a_server_that_knows_one_answer_a_request(server: Server) -> None:
    texts, ledger = answered(endpoint(server, answers_per_request=1)[0], 2, 3)
    assert {body["n"] for body in server.bodies} == {1}
    assert ledger.requests == 6
    assert all(len(found) == 3 for found in texts.values())


@pytest.mark.parametrize(
    "fault",
    [
        (500, {"error": {"message": "out of luck"}}),
        (503, b"<html>"),
        (429, {"error": "slow down"}),
        (200, b"{cut"),
        (200, {"choices": []}),
        (200, {"choices": [{"text": 1, "message": None}]}),
        (200, []),
        (0, 0.4),
    ],
    ids=["500", "503", "429", "cut", "none", "form", "list", "time-out"],
)
def test_faults_that_pass_are_tried_again_and_counted(server: Server, fault: tuple[int, Any]) -> None:
    server.respond = lambda path, body, number: fault if number < 2 else right(path, body, number)
    found, waits = endpoint(server, timeout=0.2)
    texts, ledger = answered(found, 1, 2)
    assert texts["p0"] == (r"\boxed{4}",) * 2
    assert (ledger.requests, ledger.failed_requests) == (1, 2)
    assert len(waits) == 2
    if fault[0] == 429:
        assert waits == [7.0, 7.0], "the server said how long to wait"
    else:
        assert 0.5 <= waits[0] <= 1.0 <= waits[1] <= 2.0


def test_a_prompt_that_fails_for_good_is_passed_over(server: Server) -> None:
    def broken(path: str, body: dict[str, Any], number: int) -> tuple[int, Any]:
        return (500, {}) if body["messages"][1]["content"] == "2?" else right(path, body, number)

    server.respond = broken
    texts, ledger = answered(endpoint(server, retries=2, concurrency=2)[0], 5, 1)
    assert set(texts) == {"p0", "p1", "p3", "p4"}
    assert ledger.failed_requests == 3


def test_answers_before_a_failure_are_kept(server: Server) -> None:
    server.respond = lambda path, body, number: chat("4") if number < 2 else (500, {})
    texts, ledger = answered(endpoint(server, retries=0)[0], 1, 4)
    assert texts["p0"] == ("4", "4")
    assert (ledger.answers, ledger.failed_requests) == (2, 1)


@pytest.mark.parametrize(("status", "most"), [(401, 3), (404, 3), (400, 6)])
def test_a_refusal_stops_soon_and_says_what_the_server_said(server: Server, status: int, most: int) -> None:
    server.respond = lambda path, body, number: (status, {"error": {"message": "no such model"}})
    found, waits = endpoint(server, concurrency=2)
    with pytest.raises(AnsweringStopped, match=f"status {status}: no such model"):
        answered(found, 50, 1)
    assert len(server.bodies) <= most
    assert not waits


@pytest.mark.parametrize("status", [400, 413, 422])
def test_one_prompt_that_is_too_long_does_not_stop_the_others(server: Server, status: int) -> None:
    def too_long(path: str, body: dict[str, Any], number: int) -> tuple[int, Any]:
        return (status, {"error": "too long"}) if body["messages"][1]["content"] == "3?" else right(path, body, number)

    server.respond = too_long
    texts, ledger = answered(endpoint(server)[0], 6, 1)
    assert set(texts) == {"p0", "p1", "p2", "p4", "p5"}
    assert ledger.failed_requests == 1


def test_a_server_that_is_gone_stops_the_run_after_a_few_prompts(server: Server) -> None:
    server.respond = lambda path, body, number: (500, {"error": "gone"})
    with pytest.raises(AnsweringStopped, match="gone"):
        answered(endpoint(server, retries=0, concurrency=2)[0], 50, 1)
    assert len(server.bodies) <= 6
    nowhere = Endpoint("http://127.0.0.1:1/v1", "m", retries=0, concurrency=1, sleep=lambda _: None)
    with pytest.raises(AnsweringStopped, match="no connection"):
        answered(nowhere, 9, 1)


def test_what_was_under_way_at_a_refusal_is_not_lost(server: Server) -> None:
    def respond(path: str, body: dict[str, Any], number: int) -> tuple[int, Any]:
        if body["messages"][1]["content"] == "0?":
            return 401, {"error": "no"}
        time.sleep(0.1)
        return right(path, body, number)

    server.respond = respond
    asking = endpoint(server, concurrency=2)[0].ask([Question(prompt, 1) for prompt in prompts(9)])
    found: list[str] = []
    with pytest.raises(AnsweringStopped):
        found.extend(reply.prompt.key for batch in asking for reply in batch.replies)
    assert found == ["p1"]


def test_an_answer_that_ended_at_the_limit_is_counted_as_cut(server: Server) -> None:
    server.respond = lambda path, body, number: chat("", "4", reason="length")
    (batch,) = endpoint(server)[0].ask([Question(prompts(1)[0], 2)])
    assert batch.replies[0].cut == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"url": "host:8000"}, "URL"),
        ({"model": ""}, "model"),
        ({"concurrency": 0}, "concurrency"),
        ({"timeout": 0.0}, "timeout"),
        ({"temperature": float("nan")}, "temperature"),
        ({"answers_per_request": -1}, "answers_per_request"),
    ],
)
def test_bad_settings_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        Endpoint(**{"url": "http://x/v1", "model": "m", **options})


@pytest.mark.parametrize("key", ["sk-SECRET\xe9", "sk-SEC\nRET", "sk-SEC\x7fRET"])
def test_a_key_that_no_header_can_hold_is_refused_and_never_shown(
    key: str, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with pytest.raises(ArgumentError, match="OPENAI_API_KEY must hold printable ASCII") as raised:
        endpoint(server)
    assert "sk-" not in str(raised.value)


def test_white_space_around_a_key_is_left_out(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", " sk-1\r\n")
    answered(endpoint(server)[0], 1, 1)
    assert server.headers[-1]["Authorization"] == "Bearer sk-1"


def test_an_answer_in_parts_is_the_text_of_its_parts(server: Server) -> None:
    parts = [{"type": "thinking", "thinking": "x"}, {"type": "text", "text": "the "}, {"type": "text", "text": "4"}]
    server.respond = lambda path, body, number: (200, {"choices": [{"message": {"content": parts}}]})
    assert answered(endpoint(server)[0], 1, 1)[0]["p0"] == ("the 4",)
    for other in (4, {"text": "4"}, [4], [{"type": "text"}]):
        server.respond = lambda path, body, number, other=other: (200, {"choices": [{"message": {"content": other}}]})
        assert "p0" not in answered(endpoint(server, retries=0)[0], 1, 1)[0]
