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
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

__all__ = ["REFUSED", "judge", "seal"]

REFUSED = 77
"""Exit status after an attempt to do what a comparison never needs."""
_LITERAL = re.compile(r"\s*(?:(?:Integer|Float|Symbol|Rational)\s*\(\s*'?[\w.+-]*'?\s*\)|[A-Za-z]\w*)\s*")
_FLOAT = re.compile(r"\s*Float\s*\(\s*'([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,4})?)'\s*\)\s*")
_WORDS = re.compile(r"[A-Za-z][a-z]+(?:[ -][A-Za-z]+)*")
_TEXT = re.compile(r"\\(?:text|textbf|mathrm|mathbf)\s*\{([^{}]*)\}")
DIGITS = 6
"""Significant digits and decimal places from which on a decimal stands for the exact number that it rounds."""
MOST_DIGITS = 15_000
"""Digits at most to which two values that seem equal are compared; the factorial of 2,006 has 5,755."""
_POINTS = ((13, 7), (-17, 11), (5, 23), (-3, 31))
_units: dict[Fraction, Fraction] = {}
"""Absolute value of a decimal read for the present comparison -> the unit of its last digit."""
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


def _decimal(text: str) -> Any:
    """Return a decimal number as the exact fraction it denotes, and remember the unit of its last digit."""
    from sympy import Rational

    digits, _, exponent = text.lower().partition("e")
    whole, _, decimals = digits.lstrip("+-").partition(".")
    places = len(decimals) - int(exponent or 0)
    value = Fraction(text)
    if len((whole + decimals).lstrip("0")) >= DIGITS and places >= DIGITS:
        _units[abs(value)] = Fraction(1, 10**places)
    return Rational(value.numerator, value.denominator)


def _unit(value: Any) -> Fraction | None:
    """Return the unit of the last digit if a value was written as a decimal of ``DIGITS`` places, else None."""
    bare = _bare(value)
    if not getattr(bare, "is_Rational", False):
        return None
    unit = _units.get(abs(Fraction(bare.p, bare.q)))
    return unit if unit is None or bare == value else unit / 100


def _bare(value: Any) -> Any:
    """Return the number before a percent sign, else the value itself."""
    from sympy import Mul, Rational, UnevaluatedExpr

    hundredth = UnevaluatedExpr(Rational(1, 100))
    if isinstance(value, Mul) and hundredth in value.args:
        return Mul(*(part for part in value.args if part != hundredth))
    return value


def _value(term: Any, digits: int, points: dict[Any, Any]) -> Any:
    """Return a term's value to some digits; zero where all digits cancel, None where it has no finite value."""
    from sympy import Float

    value = term.evalf(digits, subs=points, maxn=2 * digits)
    if not (value.is_number and value.is_finite):
        return None
    return 0 if any(part._prec < 16 for part in value.atoms(Float)) else value


def _vanishes(difference: Any) -> bool | None:
    """Return whether an expression is zero, exactly where it is a fraction; None where it has no value to tell by.

    Variables take the values of ``_POINTS``. What seems zero is summed again with fifty digits more than all integers
    in it have together, so that a small term beside a large one is seen.
    """
    from sympy import Add, Rational, expand

    if difference.is_Rational:
        return bool(difference == 0)
    symbols = sorted(difference.free_symbols, key=str)
    expanded, digits = difference, 50
    for _ in range(2):
        for shift in range(len(_POINTS) if symbols else 1):
            points = {symbol: Rational(*_POINTS[(n + shift) % len(_POINTS)]) for n, symbol in enumerate(symbols)}
            values = [_value(term, digits, points) for term in Add.make_args(expanded)]
            if None in values:
                return None
            if abs(Add(*values)) > max(abs(value) for value in values) * Rational(1, 10 ** (digits - 15)):
                return False
        expanded = expand(difference)
        if expanded.is_Rational:
            return bool(expanded == 0)
        bits = sum(int(n.p).bit_length() + int(n.q).bit_length() for n in expanded.atoms(Rational))
        digits = 50 + min(bits * 3 // 10, MOST_DIGITS)
    return True


def _equal(gold: Any, answer: Any) -> bool | None:
    """Return whether two expressions or matrices are equal, None where only transformations could tell.

    A decimal is the fraction it denotes; only one of ``DIGITS`` digits and places also equals an exact number that it
    rounds. As in the library, ``10%`` equals both ``10`` and ``1/10``.
    """
    from sympy import Expr, I, Integer, MatrixBase, nan, oo, zoo

    gold_bare, answer_bare = _bare(gold), _bare(answer)
    if isinstance(gold_bare, Integer) and gold_bare == answer_bare:
        return True
    units = [_unit(value) for value in (gold, answer)]
    gold, answer = (value.doit() for value in (gold, answer))
    if isinstance(gold, MatrixBase) and isinstance(answer, MatrixBase):
        if gold.shape != answer.shape:
            return False
        found = [_equal(*pair) for pair in zip(gold.flat(), answer.flat(), strict=True)]
        return False if False in found else None if None in found else True
    if not (isinstance(gold, Expr) and isinstance(answer, Expr)) or gold.has(oo, -oo, zoo, nan):
        return bool(gold == answer)
    gold, answer = (
        value.xreplace({name: I for name in value.free_symbols if name.name == "i"}) for value in (gold, answer)
    )
    difference = gold - answer
    if (units[0] is None) != (units[1] is None) and not difference.free_symbols:
        unit = units[0] or units[1]
        assert unit is not None
        return bool(abs(difference.evalf(50)) * 2 * unit.denominator <= unit.numerator)
    return _vanishes(difference)


def _compare_values() -> None:
    """Put :func:`_equal` in the place of the library's numeric comparison, and before its transformations.

    That one rounds to six decimals or fifteen digits, wherever in a tuple, set, interval, equation or matrix a number
    stands; and what sympy knows of ``log(1 + 2**-99) - log(1 + 2**-98)`` is that it were zero. For the same reason
    finite sets and unions are compared part by part, not by sympy's difference of sets.
    """
    from math_verify import grader
    from sympy import FiniteSet, Union

    if not (hasattr(grader, "sympy_numeric_eq") and hasattr(grader, "sympy_compare_sets")):
        raise ImportError("this release of math-verify compares numbers elsewhere")
    transformed, compared = grader.sympy_symbolic_eq, grader.sympy_compare_sets

    def sets(gold: Any, answer: Any, *precision: int) -> bool:
        if any(isinstance(gold, kind) and isinstance(answer, kind) for kind in (FiniteSet, Union)):
            return _matched(gold.args, answer.args, lambda a, b: grader.sympy_expr_eq(a, b, *precision))
        return bool(compared(gold, answer, *precision))

    grader.sympy_numeric_eq = lambda gold, answer, *_, **__: _equal(gold, answer) is True
    grader.sympy_symbolic_eq = lambda gold, answer: _equal(gold, answer) is None and transformed(gold, answer)
    grader.sympy_compare_sets = sets


def _matched(gold: Sequence[Any], answer: Sequence[Any], equal: Callable[[Any, Any], bool]) -> bool:
    """Return whether each part of one collection equals a part of its own of the other, in any order.

    Equality is not transitive, since a decimal equals all numbers that it rounds: parts are matched by augmenting
    paths.
    """
    if len(gold) != len(answer):
        return False
    partner: dict[int, int] = {}

    def find(part: int, seen: set[int]) -> bool:
        for other in (*range(part, len(answer)), *range(part)):
            if other in seen or not equal(gold[part], answer[other]):
                continue
            seen.add(other)
            if other not in partner or find(partner[other], seen):
                partner[other] = part
                return True
        return False

    return all(find(part, set()) for part in range(len(gold)))


def _set_and_tuple(*texts: str) -> bool:
    r"""Return whether one text is a set in braces and the other a tuple or interval; the library takes them for one."""
    texts = tuple(text.replace(r"\left", "").replace(r"\right", "").strip() for text in texts)
    sets = [text.startswith(("{", r"\{")) and text.endswith("}") and "," in text for text in texts]
    tuples = [text[:1] in ("(", "[") and text[-1:] in (")", "]") and "," in text for text in texts]
    return (sets[0] and tuples[1]) or (sets[1] and tuples[0])


def judge(gold: str, answer: str, gold_latex: str = "", answer_latex: str = "") -> str:
    """Return ``right``, ``wrong`` or ``unreadable`` for an answer; the reference comes first, the order matters.

    Equal texts are right, and a reference that is words is compared as text alone: as mathematics, words are products
    of letters, so that ``cat`` would equal ``act``. The texts as LaTeX are what is parsed, where they are given.
    """
    from math_verify import parser, verify

    _units.clear()
    parser.parse_latex_cached.cache_clear()  # what it holds was read when other units were known
    parser.extract_latex.cache_clear()
    reference, candidate = _plain(gold), _plain(answer)
    if not candidate:
        return "unreadable"
    if reference == candidate or "" != _plain(gold_latex) == _plain(answer_latex):
        return "right"
    if _set_and_tuple(reference, candidate):
        return "wrong"
    if _WORDS.fullmatch(reference) and r"\infty" not in gold_latex:
        texts = {candidate.casefold(), candidate.removeprefix("\\").casefold()}  # \alpha is the word alpha
        return "right" if reference.casefold() in texts else "wrong"
    wanted = _parse(gold_latex or gold)
    if wanted is None:
        return "wrong"
    found = _parse(answer_latex or answer)
    if found is None:
        return "unreadable"
    return "right" if verify(wanted, found, timeout_seconds=None) else "wrong"


def _only_exact_literals() -> None:
    """Let sympy evaluate literals alone, decimals as fractions: anything else a text could smuggle in is an error."""
    from sympy.parsing import sympy_parser

    evaluate = sympy_parser.eval_expr

    def guarded(code: Any, local_dict: Any, global_dict: Any) -> Any:
        if not isinstance(code, str) or not _LITERAL.fullmatch(code):
            raise ValueError("not a literal")
        if decimal := _FLOAT.fullmatch(code):
            return _decimal(decimal.group(1))
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
    _only_exact_literals()
    _compare_values()
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
