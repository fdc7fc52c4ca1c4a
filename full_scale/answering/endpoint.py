"""Answers of an OpenAI-compatible endpoint: bounded concurrency, retries, and an account of what it took."""

from __future__ import annotations

import base64
import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

from full_scale.answering.records import AnsweringStopped, Batch, Ledger, Question, Reply, usual_tokens
from full_scale.tasks.prompt import Prompt
from vas_theory.foundation.command_line import require
from vas_theory.foundation.errors import ArgumentError

if TYPE_CHECKING:
    from full_scale.tasks.templates import Style

__all__ = ["Endpoint"]

_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
"""Answers of a server that may be better the next time."""
_REFUSED = frozenset({401, 402, 403, 404, 405})
"""Answers that every further prompt would get too; others may be due to one prompt, such as one that is too long."""
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 60.0


class _FailedError(Exception):
    """A request that was given up after so many tries; ``fatal`` where another would fare no better."""

    def __init__(self, reason: str, tries: int, *, fatal: bool = False) -> None:
        super().__init__(reason)
        self.tries, self.fatal = tries, fatal


class Endpoint:
    """Asks a server that speaks the OpenAI protocol, such as vLLM, SGLang, llama.cpp or a hosted one.

    A request asks for several answers to one prompt. Where fewer come the rest is asked for again; where more come the
    first count. Time-outs, broken connections and errors of the server are tried again after growing waits, or after
    the time that the server names. A prompt that fails for good is passed over; when several in a row do, or the server
    refuses (a wrong key, an unknown model), asking stops.

    Args:
        url: up to and with the version, such as ``http://localhost:8000/v1``.
        model: what the server calls it.
        style: how questions are put, see :mod:`full_scale.tasks.templates`: ``completion`` asks ``/completions`` up to
            a newline, the others ``/chat/completions``.
        temperature: of sampling, >= 0.
        max_new_tokens: an answer is cut here; by default 64 tokens of a plain completion, 2,048 of a conversation.
        concurrency: requests under way at once, at most.
        timeout: seconds without a sign of the server after which a request failed.
        retries: further tries of a request.
        answers_per_request: at most so many; all that are wanted of a prompt by default. Some servers know 1 alone.
        key_variable: environment variable that holds the key; where it is not set none is sent. White space around it
            is left out.
        sleep: how to wait, for tests.

    Raises:
        ArgumentError: a value is out of range.
    """

    def __init__(
        self,
        url: str,
        model: str,
        *,
        style: Style = "evaluation",
        temperature: float = 1.0,
        max_new_tokens: int | None = None,
        concurrency: int = 8,
        timeout: float = 120.0,
        retries: int = 5,
        answers_per_request: int | None = None,
        key_variable: str = "OPENAI_API_KEY",
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if not url.startswith(("http://", "https://")):
            raise ArgumentError("endpoint", "be a URL such as http://localhost:8000/v1", url)
        if not model:
            raise ArgumentError("model", "be the name that the endpoint gives it", model)
        for name, value, least in (
            ("max_new_tokens", usual_tokens(style) if max_new_tokens is None else max_new_tokens, 1),
            ("concurrency", concurrency, 1),
            ("retries", retries, 0),
            ("answers_per_request", answers_per_request or 1, 1),
        ):
            if value < least:
                raise ArgumentError(name, f"be at least {least}", value)
        for name, number in (("temperature", temperature), ("timeout", timeout)):
            if not (0 if name == "temperature" else 1e-3) <= number < float("inf"):
                raise ArgumentError(name, "be positive and finite", number)
        self.url, self.model, self.style = url.rstrip("/"), model, style
        self._temperature, self._tokens = temperature, max_new_tokens or usual_tokens(style)
        self._concurrency, self._timeout, self._retries = concurrency, timeout, retries
        self._most, self._sleep = answers_per_request, sleep
        self._key = _key(key_variable)
        self._requests = require("requests", "full-scale")
        self._local = threading.local()
        self._opened: list[Any] = []
        self._stopped = threading.Event()

    @property
    def settings(self) -> dict[str, Any]:
        """What the answers depend on; the address is not among it, as the same model may move."""
        return {
            "endpoint_model": self.model,
            "style": self.style,
            "temperature": self._temperature,
            "max_new_tokens": self._tokens,
        }

    def ask(self, questions: Sequence[Question]) -> Iterator[Batch]:
        """Yield the answers to each prompt as they come, one batch a prompt.

        Raises:
            AnsweringStopped: the server refuses, or several prompts in a row failed for good.
        """
        waiting, in_a_row = iter(questions), 0
        problem: _FailedError | None = None
        self._stopped.clear()
        with self._closing(), ThreadPoolExecutor(self._concurrency) as threads:
            running: set[Future[tuple[Batch, _FailedError | None]]] = set()
            try:
                while True:
                    room = 0 if problem else self._concurrency - len(running)
                    running |= {threads.submit(self._one, question) for question in islice(waiting, room)}
                    if not running:
                        break
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    for batch, error in (future.result() for future in done):
                        yield batch
                        in_a_row = in_a_row + 1 if error else 0
                        if error and problem is None and (error.fatal or in_a_row > self._concurrency):
                            problem = error
                            self._stopped.set()  # those under way count, and are not tried again
            finally:
                self._stopped.set()
        if problem is not None:
            many = "" if problem.fatal else f", and so did {self._concurrency} prompts before"
            raise AnsweringStopped(f"endpoint {self.url} cannot go on: {problem}{many}")

    def _one(self, question: Question) -> tuple[Batch, _FailedError | None]:
        """Answer one prompt; what came before a failure counts."""
        texts: list[str] = []
        cut, ledger = 0, Ledger()
        problem: _FailedError | None = None
        try:
            while len(texts) < question.count:
                wanted = min(question.count - len(texts), self._most or question.count)
                choices, usage, failures = self._request(question.prompt, wanted)
                used = choices[:wanted]
                texts += [text for text, _ in used]
                cut += sum(reason == "length" for _, reason in used)
                counted = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")]
                tokens = [count for count in counted if type(count) is int and count >= 0]
                known = len(tokens) == len(counted)
                ledger += Ledger(
                    requests=1,
                    failed_requests=failures,
                    answers=len(used),
                    surplus_answers=len(choices) - len(used),
                    prompt_tokens=tokens[0] if known else 0,
                    completion_tokens=tokens[1] if known else 0,
                    uncounted_requests=int(not known),
                )
        except _FailedError as error:
            problem = error
            ledger += Ledger(failed_requests=error.tries)
        replies = (Reply(question.prompt, tuple(texts), cut),) if texts else ()
        return Batch(replies, ledger), problem

    def _request(self, prompt: Prompt, count: int) -> tuple[list[tuple[str, str]], dict[str, Any], int]:
        """Return (text, why it ended) of each answer, what the server says of tokens, and how many tries failed."""
        reason, tries = "", 0
        for attempt in range(self._retries + 1):
            if self._stopped.is_set() and attempt:
                break
            tries += 1
            pause = min(_LONGEST_WAIT, _FIRST_WAIT * 2**attempt) * random.uniform(0.5, 1.0)
            try:
                answer = self._session().post(
                    self.url + ("/completions" if self.style == "completion" else "/chat/completions"),
                    json=self._body(prompt, count),
                    timeout=self._timeout,
                )
            except self._requests.Timeout:
                reason = f"no answer within {self._timeout:g} s"
            except self._requests.RequestException as error:
                reason = f"no connection ({_short(error)})"
            else:
                if answer.status_code == 200:
                    found = _choices(answer)
                    if isinstance(found, tuple):
                        return (*found, attempt)
                    reason = found
                else:
                    reason = f"status {answer.status_code}: {_message(answer)}"
                    if answer.status_code not in _AGAIN:
                        raise _FailedError(reason, tries, fatal=answer.status_code in _REFUSED)
                    pause = _asked_wait(answer) or pause
            if attempt < self._retries:
                self._sleep(pause)
        raise _FailedError(reason, tries)

    @contextmanager
    def _closing(self) -> Iterator[None]:
        """Close the connections of all threads, which have ended then."""
        try:
            yield
        finally:
            while self._opened:
                self._opened.pop().close()

    def _session(self) -> Any:
        if not hasattr(self._local, "session"):
            self._local.session = self._requests.Session()
            self._opened.append(self._local.session)
            if self._key:
                self._local.session.headers["Authorization"] = f"Bearer {self._key}"
        return self._local.session

    def _body(self, prompt: Prompt, count: int) -> dict[str, Any]:
        # no seed is sent: a server would give a prompt that is asked again the answers that it gave before
        body = {"model": self.model, "n": count, "temperature": self._temperature, "max_tokens": self._tokens}
        if self.style == "completion":
            return {**body, "prompt": prompt.text, "stop": ["\n"]}
        return {**body, "messages": _conversation(prompt, self.style)}


def _key(variable: str) -> str:
    """Return the key, or nothing where none is set; an error never shows it."""
    key = os.environ.get(variable, "").strip()
    if not (key.isascii() and key.isprintable()):
        raise ArgumentError(variable, "hold printable ASCII characters", "a key with others")
    return key


def _conversation(prompt: Prompt, style: Style) -> list[dict[str, Any]]:
    """Return the messages of a prompt; its images come before its text."""
    from full_scale.tasks.templates import messages

    *above, question = messages(prompt, style)
    if not prompt.images:
        return [*above, question]
    images = [{"type": "image_url", "image_url": {"url": _data_url(image)}} for image in prompt.images]
    return [*above, {"role": "user", "content": [*images, {"type": "text", "text": question["content"]}]}]


def _data_url(image: bytes) -> str:
    import io

    picture = require("PIL.Image", "full-scale")
    with picture.open(io.BytesIO(image)) as opened:
        kind = (opened.format or "png").lower()
    return f"data:image/{kind};base64,{base64.b64encode(image).decode('ascii')}"


def _choices(answer: Any) -> tuple[list[tuple[str, str]], dict[str, Any]] | str:
    """Return the answers and the usage that a server sent, or what is wrong with them."""
    try:
        content = answer.json()
        found = []
        for choice in content["choices"]:
            text = choice["message"]["content"] if "message" in choice else choice["text"]
            found.append((_text(text), str(choice.get("finish_reason", ""))))
        usage = content.get("usage") or {}
        if not isinstance(usage, dict):
            raise TypeError("usage")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return f"an answer of another form ({type(error).__name__}: {_short(error)})"
    return (found, usage) if found else "an answer without choices"


def _text(content: Any) -> str:
    """Return the text of an answer: itself, or that of its parts; a model that thought to the end gives none."""
    if isinstance(content, list):
        return "".join(part["text"] for part in content if part.get("type", "text") == "text")
    if not isinstance(content, (str, type(None))):
        raise TypeError("content")
    return content or ""


def _asked_wait(answer: Any) -> float | None:
    try:
        return min(_LONGEST_WAIT, max(0.0, float(answer.headers.get("Retry-After", ""))))
    except ValueError:
        return None


def _message(answer: Any) -> str:
    try:
        error = answer.json()["error"]
        return _short(error["message"] if isinstance(error, dict) else error)
    except (ValueError, KeyError, TypeError):
        return _short(answer.text)


def _short(value: object) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 200 else text[:197] + "..."
