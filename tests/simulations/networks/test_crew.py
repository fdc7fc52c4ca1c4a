"""Programs side by side: served together, in a fixed order, and none is left behind when one fails."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import pytest

from simulations.networks.runs.crew import Ask, run_together


def test_requests_of_one_kind_are_served_together() -> None:
    calls: list[tuple[str, list[int]]] = []

    def serve(kind: str) -> Any:
        def answer(requests: Mapping[int, Any]) -> dict[int, Any]:
            calls.append((kind, list(requests)))
            return {number: value * 10 for number, value in requests.items()}

        return answer

    def program(times: int) -> Any:
        def work(ask: Ask) -> list[int]:
            return [ask("even" if step % 2 == 0 else "odd", step) for step in range(times)]

        return work

    found = run_together([program(1), program(3), program(2)], {"even": serve("even"), "odd": serve("odd")})
    assert found == [[0], [0, 10, 20], [0, 10]]
    assert calls == [("even", [0, 1, 2]), ("odd", [1, 2]), ("even", [1])]


@pytest.mark.parametrize("where", ["program", "server", "nobody"])
def test_a_failure_is_raised_and_ends_the_others(where: str) -> None:
    def serve(requests: Mapping[int, Any]) -> dict[int, Any]:
        if where == "server":
            raise ValueError("broken server")
        return dict(requests)

    def endless(ask: Ask) -> None:
        while True:
            ask("kind", 1)

    def fails(ask: Ask) -> None:
        ask("kind", 1)
        if where == "program":
            raise ValueError("broken program")
        ask("unknown", 1)

    before = threading.active_count()
    with pytest.raises((ValueError, AssertionError), match=r"broken|nobody answers"):
        run_together([endless, fails, endless], {"kind": serve})
    assert threading.active_count() == before
