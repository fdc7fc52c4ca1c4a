"""The server of the answering engine's tests, for those of the pipeline."""

from __future__ import annotations

from tests.full_scale.answering.conftest import server

__all__ = ["server"]
