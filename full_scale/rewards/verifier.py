"""Comparing mathematical answers: numbers exactly, everything else in child processes that can be killed.

Some answers keep a computer algebra system busy for ever or eat all memory. Each comparison therefore has a deadline
and an address-space limit; a child that breaks them is replaced, and the answer counts as wrong with its reason.
Works from any thread. The memory limit needs POSIX; where there is none the log says so once.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import logging
import os
import subprocess
import sys
import threading
import weakref
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

from full_scale.rewards.exact import compare_exactly
from full_scale.rewards.math_worker import REFUSED
from full_scale.rewards.plain import plain_to_latex
from vas_theory.foundation.errors import ArgumentError, MissingExtraError, VASError

__all__ = ["VERDICTS", "MathVerifier", "shared_verifier"]

__reads__ = ("math_worker.py",)

VERDICTS = ("right", "wrong", "unreadable", "too_long", "timeout", "memory", "refused", "crash")
"""Everything a comparison can come to; only the first is worth a reward."""
LONGEST = 2000
"""Characters beyond which an answer is not looked at."""
START_SECONDS = 120.0
_SCRIPT = Path(__file__).with_name("math_worker.py")

logger = logging.getLogger(__name__)


class _Worker:
    """One child process, used by one thread at a time."""

    def __init__(self, memory_mib: int, deadline: float) -> None:
        # -P: the script's own folder must not shadow other modules; -B: nothing is written, not even bytecode
        command = [sys.executable, "-P", "-B", str(_SCRIPT), str(memory_mib), str(deadline)]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="ascii",
            start_new_session=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        self.usable = True
        hello = self._exchange(None, START_SECONDS)
        if not isinstance(hello, dict):
            self.stop()
            raise VASError(f"the process that checks answers did not start ({hello})")
        self.memory_limited: bool = hello["memory_limited"]

    def _exchange(self, message: dict[str, str] | None, seconds: float) -> dict[str, Any] | str:
        """Send a message and return the reply, or why there is none."""
        expired = threading.Event()

        def expire() -> None:
            expired.set()
            self.process.kill()

        assert self.process.stdin is not None
        assert self.process.stdout is not None
        timer = threading.Timer(seconds, expire)
        timer.daemon = True
        timer.start()
        line = ""
        try:
            if message is not None:
                self.process.stdin.write(json.dumps(message) + "\n")
                self.process.stdin.flush()
            line = self.process.stdout.readline()
        except OSError:  # the child is gone
            pass
        finally:
            timer.cancel()
            self.usable = not expired.is_set() and line.endswith("\n")
        if line.endswith("\n"):
            reply: dict[str, Any] = json.loads(line)
            return reply
        if expired.is_set():
            return "timeout"
        return "refused" if self.process.wait() == REFUSED else "crash"

    def compare(self, question: dict[str, str], deadline: float) -> str:
        reply = self._exchange(question, deadline)
        if isinstance(reply, str):
            return reply
        verdict: str = reply["verdict"]
        self.usable = self.usable and verdict != "memory"
        return verdict

    def stop(self) -> None:
        """End the process and take its pipes and its entry in the process table away."""
        self.usable = False
        self.process.kill()
        self.let_go()
        self.process.wait()

    def let_go(self) -> None:
        """Close this end of the pipes."""
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


def _stop_all(workers: list[_Worker], owner: int) -> None:
    while workers and os.getpid() == owner:
        workers.pop().stop()


class MathVerifier:
    """Decides whether answers are mathematically equal to their references.

    Args:
        workers: child processes at most; they start when they are needed and are used again.
        deadline: seconds of wall time a comparison may take. A busy machine reaches it sooner.
        memory_mib: address space of a child, MiB.

    Attributes:
        counts: verdict -> comparisons that came to it.
        replaced: children that had to be replaced.
    """

    def __init__(self, workers: int = 1, *, deadline: float = 5.0, memory_mib: int = 1024) -> None:
        if workers < 1:
            raise ArgumentError("workers", "be at least 1", workers)
        if not 0 < deadline < float("inf"):
            raise ArgumentError("deadline", "be positive and finite", deadline)
        if memory_mib < 128:
            raise ArgumentError("memory_mib", "be at least 128, which the algebra system itself needs", memory_mib)
        self.workers, self.deadline, self.memory_mib = workers, deadline, memory_mib
        self.counts: Counter[str] = Counter()
        self.replaced = 0
        self._slots = threading.BoundedSemaphore(workers)
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._owner = os.getpid()
        self._warned = False
        self._finalizer = weakref.finalize(self, _stop_all, self._idle, self._owner)

    def verify(self, gold: str, answer: str) -> str:
        """Return one of :data:`VERDICTS` for an answer against its reference.

        Raises:
            MissingExtraError: math-verify is not installed.
            VASError: no child can be started.
        """
        if len(answer) > LONGEST:
            verdict = "too_long"
        else:
            latex = plain_to_latex(gold), plain_to_latex(answer)
            equal = compare_exactly(gold, answer)
            equal = compare_exactly(*latex) if equal is None else equal
            verdict = self._compare(gold, answer, *latex) if equal is None else "right" if equal else "wrong"
        with self._lock:
            self.counts[verdict] += 1
        return verdict

    def verify_many(self, pairs: Sequence[tuple[str, str]]) -> list[str]:
        """Return the verdict of each (reference, answer); equal pairs are compared once but counted each."""
        distinct = list(dict.fromkeys(pairs))
        if self.workers == 1 or len(distinct) == 1:
            found = [self.verify(*pair) for pair in distinct]
        else:
            with ThreadPoolExecutor(self.workers) as threads:
                found = list(threads.map(lambda pair: self.verify(*pair), distinct))
        verdicts = dict(zip(distinct, found, strict=True))
        repeats = Counter(pairs) - Counter(distinct)
        with self._lock:
            for pair, count in repeats.items():
                self.counts[verdicts[pair]] += count
        return [verdicts[pair] for pair in pairs]

    def close(self) -> None:
        """End all idle children; the next comparison starts new ones."""
        with self._lock:
            _stop_all(self._idle, self._owner)

    def __enter__(self) -> MathVerifier:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _compare(self, gold: str, answer: str, gold_latex: str, answer_latex: str) -> str:
        question = {"gold": gold, "answer": answer, "gold_latex": gold_latex, "answer_latex": answer_latex}
        with self._slots:
            worker = self._take()
            try:
                verdict = worker.compare(question, self.deadline)
            except BaseException:  # an interrupt: a late reply must not be taken for the next one's
                worker.stop()
                raise
            if worker.usable:
                with self._lock:
                    self._idle.append(worker)
            else:
                worker.stop()
                with self._lock:
                    self.replaced += 1
            return verdict

    def _take(self) -> _Worker:
        with self._lock:
            if os.getpid() != self._owner:  # after a fork the parent's children are not ours to talk to
                while self._idle:
                    self._idle.pop().let_go()
                self._owner = os.getpid()
            if self._idle:
                return self._idle.pop()
        if importlib.util.find_spec("math_verify") is None:
            raise MissingExtraError("math_verify", "full-scale")
        worker = _Worker(self.memory_mib, self.deadline)
        if not (worker.memory_limited or self._warned):
            self._warned = True
            logger.warning("this system cannot limit a process's memory: answers are checked with a deadline only")
        return worker


@cache
def shared_verifier() -> MathVerifier:
    """Return the verifier that all rewards of this process share."""
    return MathVerifier(max(1, min(4, (os.cpu_count() or 2) // 2)))
