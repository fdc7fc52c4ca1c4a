"""A server that answers, for tests of what asks it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.full_scale.answering.servers import Server


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that always answers 4, unless the test says otherwise."""
    found = Server()
    yield found
    found.http.shutdown()
    found.http.server_close()
