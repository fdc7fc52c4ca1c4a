"""The child process that compares mathematical answers, started by :mod:`full_scale.rewards.verifier`.

One JSON line in, one out. It answers until its input ends; the parent kills it when a comparison takes too long.
Answers are parsed by a LaTeX grammar. Of what sympy would hand to Python's ``eval`` only the literals of numbers and
names that the grammar produced may pass, and after warming up the process may not write, connect or start anything.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import sys
from typing import Any

__all__ = ["REFUSED", "judge", "seal"]

REFUSED = 77
"""Exit status after an attempt to do what a comparison never needs."""
_LITERAL = re.compile(r"\s*(?:(?:Integer|Float|Symbol|Rational)\s*\(\s*'?[\w.+-]*'?\s*\)|[A-Za-z]\w*)\s*")
_WORDS = re.compile(r"[A-Za-z][a-z]+(?:[ -][A-Za-z]+)*")
_TEXT = re.compile(r"\\(?:text|textbf|mathrm|mathbf)\s*\{([^{}]*)\}")
_FORBIDDEN = ("os.", "subprocess.", "socket.", "shutil.", "ctypes.", "urllib.")
_ALLOWED = frozenset({"os.listdir", "os.scandir", "os.walk", "os.fwalk", "os.listdrives"})
"""What imports need of the first of these families."""


def _plain(text: str) -> str:
    return " ".join(_TEXT.sub(r"\1", text).replace("$", "").split()).rstrip(".")


def _parse(text: str) -> Any:
    from math_verify import LatexExtractionConfig, parse

    config = [LatexExtractionConfig(boxed_match_priority=0)]
    found = parse(rf"\boxed{{{text}}}", extraction_config=config, fallback_mode="no_fallback", parsing_timeout=None)
    return found or None


def _apart(wanted: Any, found: Any) -> bool:
    """Return whether two exact constants differ, which the comparison's tolerance would overlook for small ones."""
    from sympy import Expr, Float

    pair = wanted[0], found[0]
    if not all(isinstance(value, Expr) and value.is_number and value.is_finite for value in pair):
        return False
    if any(value.has(Float) for value in pair):
        return False
    sizes = [abs(value.evalf(60)) for value in pair]
    difference = abs((pair[0] - pair[1]).evalf(60, strict=False))
    return bool(difference > max(sizes) * 1e-40)


def judge(gold: str, answer: str, gold_latex: str = "", answer_latex: str = "") -> str:
    """Return ``right``, ``wrong`` or ``unreadable`` for an answer; the reference comes first, the order matters.

    Equal texts are right, and a reference that is words is compared as text alone: as mathematics, words are products
    of letters, so that ``cat`` would equal ``act``. The texts as LaTeX are what is parsed, where they are given.
    """
    from math_verify import verify

    reference, candidate = _plain(gold), _plain(answer)
    if not candidate:
        return "unreadable"
    if reference == candidate:
        return "right"
    if _WORDS.fullmatch(reference):
        texts = {candidate.casefold(), candidate.removeprefix("\\").casefold()}  # \alpha is the word alpha
        return "right" if reference.casefold() in texts else "wrong"
    wanted = _parse(gold_latex or gold)
    if wanted is None:
        return "wrong"
    found = _parse(answer_latex or answer)
    if found is None:
        return "unreadable"
    percent = "%" in gold or "%" in answer
    if not percent and _apart(wanted, found):
        return "wrong"
    return "right" if verify(wanted, found, timeout_seconds=None) else "wrong"


def _only_literals() -> None:
    """Let sympy evaluate literals alone: anything else that a text could smuggle in is an error."""
    from sympy.parsing import sympy_parser

    evaluate = sympy_parser.eval_expr

    def guarded(code: Any, local_dict: Any, global_dict: Any) -> Any:
        if not isinstance(code, str) or not _LITERAL.fullmatch(code):
            raise ValueError("not a literal")
        return evaluate(code, local_dict, global_dict)

    sympy_parser.eval_expr = guarded


def seal() -> None:
    """End this process at once if anything in it writes a file, opens a connection or starts a process."""

    def refuse(event: str, arguments: Any) -> None:
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if writes or (event.startswith(_FORBIDDEN) and event not in _ALLOWED):
            os._exit(REFUSED)

    sys.addaudithook(refuse)


def _limit_memory(mebibytes: int) -> bool:
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (mebibytes << 20, mebibytes << 20))
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, OSError, ValueError):
        return False
    return True


def _peak_mebibytes() -> float:
    """Return the largest address space so far; 0 where /proc does not tell."""
    with contextlib.suppress(OSError), open("/proc/self/status", encoding="ascii", errors="replace") as status:
        for line in status:
            if line.startswith("VmPeak:"):
                return int(line.split()[1]) / 1024
    return 0.0


def _die_alone(seconds: float) -> None:
    """Let the system end this process if it is still busy then, in case its parent is gone; 0 cancels that."""
    with contextlib.suppress(ImportError, AttributeError):
        import signal

        signal.setitimer(signal.ITIMER_REAL, seconds)


def main(memory_mib: int, deadline: float) -> None:
    """Serve comparisons until the input ends."""
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="ascii")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing a library prints is an answer

    def say(**message: Any) -> None:
        channel.write(json.dumps(message) + "\n")
        channel.flush()

    limited = _limit_memory(memory_mib)
    logging.disable(logging.CRITICAL)
    _only_literals()
    for gold, answer in (
        (r"\frac{1}{2}", "0.5"),
        ("x^2-1", "(x-1)(x+1)"),
        (r"\pi", "3.14"),
        ("(1,2)", "[1,2)"),
        (r"2\pi", r"3\pi"),
    ):
        judge(gold, answer)
    seal()
    say(ready=True, memory_limited=limited)
    for line in sys.stdin:
        question = json.loads(line)
        _die_alone(deadline + 5.0)
        try:
            verdict = judge(**question)
        except MemoryError:
            verdict = "memory"
        except (Exception, RecursionError):
            verdict = "unreadable"
        _die_alone(0.0)
        # libraries on the way catch MemoryError: a refused allocation shows in the peak
        if limited and verdict != "right" and _peak_mebibytes() > 0.9 * memory_mib:
            verdict = "memory"
        say(verdict=verdict)
        if verdict == "memory":
            return


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
