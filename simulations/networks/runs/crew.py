"""Several runs as plain sequential programs, whose requests to their networks are served together.

Each run is a thread that asks and waits. When every run that is still going has asked, the requests of one kind are
answered in one call for all. What a run is answered does not depend on timing: it is the same schedule every time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from queue import SimpleQueue
from typing import Any

__all__ = ["Ask", "Serve", "run_together"]

Ask = Callable[[str, Any], Any]
"""Sends a request of a kind and returns its answer."""

Serve = Callable[[Mapping[int, Any]], Mapping[int, Any]]
"""Answers the requests of one kind: number of the run -> request, to number of the run -> answer."""


class _Stopped(BaseException):
    """Ends a run because another one failed."""


def run_together(programs: Sequence[Callable[[Ask], Any]], servers: Mapping[str, Serve]) -> list[Any]:
    """Run the programs side by side and return what they return.

    Args:
        programs: each is called with an :data:`Ask` of its own, in its own thread, and one at a time.
        servers: kind of request -> who answers it, called in the caller's thread, kinds in this order.

    Raises:
        Exception: the first one that a program or a server raised; the other programs are stopped.
    """
    inbox: SimpleQueue[tuple[int, str, Any]] = SimpleQueue()
    outboxes: list[SimpleQueue[tuple[bool, Any]]] = [SimpleQueue() for _ in programs]

    def work(number: int) -> None:
        def ask(kind: str, request: Any) -> Any:
            inbox.put((number, kind, request))
            going, answer = outboxes[number].get()
            if not going:
                raise _Stopped
            return answer

        try:
            going, _ = outboxes[number].get()  # its turn to begin
            result = programs[number](ask) if going else None
            inbox.put((number, "returned", result))
        except _Stopped:
            inbox.put((number, "returned", None))
        except BaseException as error:
            inbox.put((number, "raised", error))

    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(len(programs))]
    results: list[Any] = [None] * len(programs)
    waiting: dict[int, tuple[str, Any]] = {}
    answers: dict[int, Any] = dict.fromkeys(range(len(programs)))
    failure: BaseException | None = None
    for thread in threads:
        thread.start()
    while answers:
        # one run at a time: they share one interpreter, and this way no lock of theirs is contended
        for number in sorted(answers):
            outboxes[number].put((failure is None, answers[number]))
            who, kind, value = inbox.get()
            if kind == "raised":
                failure = failure or value
            elif kind == "returned":
                results[who] = value
            else:
                waiting[who] = (kind, value)
        answers = {}
        if failure is None:
            try:
                for kind, serve in servers.items():
                    requests = {number: value for number, (asked, value) in sorted(waiting.items()) if asked == kind}
                    if requests:
                        answers.update(serve(requests))
            except BaseException as error:
                failure = error
        if failure is None and len(answers) != len(waiting):
            failure = AssertionError(f"nobody answers {sorted({kind for kind, _ in waiting.values()} - set(servers))}")
        if failure is not None:
            answers = dict.fromkeys(waiting)
        waiting.clear()
    for thread in threads:
        thread.join()
    if failure is not None:
        raise failure
    return results
