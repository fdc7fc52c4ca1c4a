"""The file that answers are written to as they come: one JSON line a batch, synced before the next one counts.

The first line says what the answers depend on. A kill leaves at most one line cut short, which is dropped when the
journal is opened again.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from full_scale.answering.records import Answers, Ledger, Reply
from full_scale.tasks.prompt import Prompt
from vas_theory.foundation.errors import DataError, StateMismatchError

__all__ = ["Journal", "prompt_digest"]

logger = logging.getLogger(__name__)

_KIND, _VERSION = "verified answers", 1


def prompt_digest(prompt: Prompt) -> str:
    """Return 64 bits of BLAKE2b over everything a prompt says, as hex: a prompt that is changed is another prompt."""
    fields = [value for name, value in sorted(vars(prompt).items()) if name not in ("images", "key")]
    images = [hashlib.sha256(image).hexdigest() for image in prompt.images]
    text = json.dumps([fields, images], ensure_ascii=False)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


class Journal:
    """Answers of one model under one setting. Use it as a context manager; one process at a time may write it.

    Args:
        path: of the file, which is made if it is not there.
        settings: of the answerer; a journal of others is refused.
        keep_texts: whether the answers themselves are kept besides their values.

    Attributes:
        ledger: what all the answers in the journal cost.

    Raises:
        StateMismatchError: the file holds answers under other settings.
        DataError: it is no journal, is damaged before its last line, or another process writes it.
    """

    def __init__(self, path: Path | str, settings: Mapping[str, Any], *, keep_texts: bool = False) -> None:
        self.path, self.keep_texts = Path(path), keep_texts
        self.ledger = Ledger()
        self._settings = json.loads(json.dumps({**settings, "keep_texts": keep_texts}, sort_keys=True))
        self._found: dict[str, Answers] = {}
        self._stream: IO[bytes] | None = None

    def __enter__(self) -> Journal:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._stream = open(self.path, "a+b")
        try:
            self._lock(self._stream)
            self._read(self._stream)
        except BaseException:
            self._stream.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def answers(self, prompt: Prompt) -> Answers:
        """Return what there is of a prompt."""
        return self._found.get(prompt_digest(prompt), Answers())

    def add(self, replies: Sequence[Reply], values: Sequence[Sequence[float]], ledger: Ledger) -> None:
        """Write a batch down, with the values of its answers and what it cost, and sync it to disk."""
        rows = []
        for reply, scores in zip(replies, values, strict=True):
            row: dict[str, Any] = {"prompt": prompt_digest(reply.prompt), "key": reply.prompt.key}
            row |= {"values": list(scores), "cut": reply.cut}
            rows.append({**row, "texts": list(reply.texts)} if self.keep_texts else row)
        entry = {"replies": rows, "ledger": {name: count for name, count in ledger.as_dict().items() if count}}
        self._write(entry)
        self._take(entry)

    def _lock(self, stream: IO[bytes]) -> None:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise DataError(f"another process is writing {self.path}; wait for it, or take another file") from None

    def _read(self, stream: IO[bytes]) -> None:
        stream.seek(0)
        content = stream.read()
        end = content.rfind(b"\n") + 1
        if end < len(content):
            logger.warning("%s: the last line was cut short when its run ended, and is dropped", self.path)
            os.ftruncate(stream.fileno(), end)
        lines = content[:end].splitlines()
        if not lines:
            self._write({"kind": _KIND, "version": _VERSION, "settings": self._settings})
            return
        head, *entries = [self._entry(number, line) for number, line in enumerate(lines, 1)]
        if head.get("kind") != _KIND or head.get("version") != _VERSION:
            raise DataError(f"{self.path} is not a journal of answers of this version")
        found = head.get("settings")
        if not isinstance(found, dict):
            raise DataError(f"{self.path}, line 1: a journal's settings are missing")
        if found != self._settings:
            names = {**self._settings, **found}
            pairs = {name: (self._settings.get(name), found.get(name)) for name in names}
            differing = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
            raise StateMismatchError(f"the journal {self.path} (remove it to start anew)", differing)
        for entry in entries:
            self._take(entry)

    def _entry(self, number: int, line: bytes) -> dict[str, Any]:
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{self.path}, line {number}: not JSON ({error})") from None
        if not isinstance(entry, dict):
            raise DataError(f"{self.path}, line {number}: not an object")
        return entry

    def _write(self, entry: Mapping[str, Any]) -> None:
        if self._stream is None:
            raise DataError(f"the journal {self.path} is not open")
        self._stream.write(json.dumps(entry, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n")
        self._stream.flush()
        os.fsync(self._stream.fileno())

    def _take(self, entry: Mapping[str, Any]) -> None:
        try:
            for row in entry["replies"]:
                new = Answers(tuple(row["values"]), tuple(row.get("texts", ())), row["cut"])
                if not all(isinstance(value, (int, float)) and 0 <= value <= 1 for value in new.values):
                    raise TypeError(f"values {list(new.values)}")
                self._found[row["prompt"]] = self._found.get(row["prompt"], Answers()) + new
            self.ledger += Ledger(**entry["ledger"])
        except (KeyError, TypeError) as error:
            raise DataError(f"{self.path} holds an entry of another kind ({error!r})") from None
