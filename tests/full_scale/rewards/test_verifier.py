"""The processes that compare answers: verdicts, deadlines, memory, crashes, threads, and no code."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from full_scale.rewards import math_worker
from full_scale.rewards.checks import check_answers
from full_scale.rewards.verifier import LONGEST, MathVerifier
from full_scale.tasks import Prompt
from vas_theory.foundation.errors import ArgumentError, MissingExtraError

TOWER = "9^{9^{9^{9}}}"


@pytest.fixture(scope="module")
def verifier() -> Iterator[MathVerifier]:
    with MathVerifier(deadline=20.0) as shared:
        yield shared


EXACT_INSIDE = [
    # Numbers are compared exactly wherever they stand: in tuples, sets, intervals, equations, products, matrices.
    ("(1, 2^{-99})", "(1, 2^{-98})", "wrong"),
    ("(1, 2^{-99})", r"(1, \frac{1}{2^{99}})", "right"),
    ("x = 2^{-99}", "x = 2^{-98}", "wrong"),
    ("y = 2^{-99}x", "y = 2^{-98}x", "wrong"),
    (r"\{1, 2^{-99}\}", r"\{1, 2^{-98}\}", "wrong"),
    (r"\{\log(1 + 2^{-99})\}", r"\{\log(1 + 2^{-98})\}", "wrong"),
    (r"\{\log(1 + 2^{-99}), 2\}", r"\{2, \log(1 + 2^{-98})\}", "wrong"),
    (r"\{\log(1 + 2^{-99}), 2\}", r"\{2, \log(1 + 2^{-99})\}", "right"),
    (r"\{\frac{1}{3}, 0.3333334\}", r"\{0.3333333, 0.3333334\}", "right"),
    (r"\{1, 2\}", r"\{1, 2, 3\}", "wrong"),
    (r"[0,1] \cup [2, \log(8 + 2^{-99})]", r"[0,1] \cup [2, \log(8 + 2^{-98})]", "wrong"),
    (r"[0,1] \cup [2,3]", r"[2,3] \cup [0,1]", "right"),
    ("[0, 2^{-99})", "[0, 2^{-98})", "wrong"),
    ("x > 2^{-99}", "x > 2^{-98}", "wrong"),
    ("1 < x < 1 + 2^{-99}", "1 < x < 1 + 2^{-98}", "wrong"),
    (r"\pm 2^{-99}", r"\pm 2^{-98}", "wrong"),
    ("x + 2^{-99}", "x + 2^{-98}", "wrong"),
    (r"\sqrt{2}/2^{99}", r"\sqrt{2}/2^{98}", "wrong"),
    (r"\log(1+2^{-99})", r"\log(1+2^{-98})", "wrong"),
    (r"10^{30}\pi", r"10^{30}\pi + 1", "wrong"),
    (
        r"\begin{pmatrix} 1 & 2^{-99} \\ 0 & 1\end{pmatrix}",
        r"\begin{pmatrix} 1 & 2^{-98} \\ 0 & 1\end{pmatrix}",
        "wrong",
    ),
    (r"\begin{pmatrix} 1 & 0.5 \\ 0 & 1\end{pmatrix}", r"\begin{pmatrix} 1 & 1/2 \\ 0 & 1\end{pmatrix}", "right"),
    (r"(1, \frac{1}{2004!})", r"(1, \frac{1}{2006!})", "wrong"),
    (r"\sqrt{2} + \frac{1}{2004!}", r"\sqrt{2} + \frac{1}{2006!}", "wrong"),
    ("(1, 0.00000012)", "(1, 0.00000013)", "wrong"),
    ("(0, 0.00000012]", "(0, 0.00000013]", "wrong"),
    (r"0.00000012\%", r"0.00000013\%", "wrong"),
    (r"0.00000012\pi", r"0.00000013\pi", "wrong"),
    ("(1, 12345678901234567890.5)", "(1, 12345678901234567890.6)", "wrong"),
    ("0.5x + 0.25", r"\frac{x}{2} + \frac{1}{4}", "right"),
    ("0.5x + 0.25", "0.5x + 0.2500000001", "wrong"),
    ("(1/3, 2)", "(0.333333, 2)", "right"),
    ("(1/3, 2)", "(0.33, 2)", "wrong"),
    (r"\frac{\sqrt{2}}{2}", "0.70710678", "right"),
    (r"\frac{\sqrt{2}}{2}", "0.70710679", "wrong"),
    (r"\sqrt{3}", "1.732051", "right"),
    (r"\sqrt{3}", "1.73205", "wrong"),
    (r"33.333333\%", r"\frac{1}{3}", "right"),
    (r"\sqrt{3+2\sqrt{2}}", r"1+\sqrt{2}", "right"),
    (r"\cos(\pi/8)", r"\frac{\sqrt{2+\sqrt{2}}}{2}", "right"),
    (r"\sin^2 x+\cos^2 x", "1", "right"),
    (r"\sqrt{x^2}", "x", "wrong"),
    ("(x+1)^{2024}", "(x+1)^{2024}+1", "wrong"),
    (r"2\sqrt{2}i", r"\sqrt{-8}", "right"),
    (r"\{1,2\}", "(1,2)", "wrong"),
    ("(1,2)", r"\{1,2\}", "wrong"),
    ("(1,2)", "{1,2}", "wrong"),
    (r"\{1,2\}", "{2,1}", "right"),
]
PLAIN = [
    # Plain text: thousands, mixed numbers, scientific notation, repeating decimals, Unicode, functions.
    ("10000", r"10\,000", "right"),
    ("10,000", "10{,}000", "right"),
    ("10000", "10 000", "right"),
    ("0", "10 000", "wrong"),  # zero times ten by the grammar
    ("102", "2 100", "wrong"),
    (r"(0, 10\,000)", "(0, 10000)", "right"),
    ("3/2", "1 1/2", "right"),
    (r"1\frac{1}{2}", "1 1/2", "right"),
    ("11/2", "1 1/2", "wrong"),
    (r"10^{-7}x", "1e-7*x", "right"),
    ("(1, 10^{-7})", "(1, 1e-07)", "right"),
    ("2e-1", "-1 + 2e", "right"),  # Euler's number
    (r"3 \times 10^8", "3 x 10^8", "right"),
    ("1/3", r"0.\overline{3}", "right"),
    (r"0.1\overline{6}", "1/6", "right"),
    ("1/3", r"0.\overline{4}", "wrong"),
    ("1/2", "\u00bd", "right"),
    ("3/2", "1\u00bd", "right"),
    ("x^2+1", "x\u00b2+1", "right"),
    (r"\sqrt{2}", "\u221a2", "right"),
    (r"2\pi", "2\u03c0", "right"),
    (r"90^{\circ}", "90\u00b0", "right"),
    (r"\infty", "oo", "right"),
    ("infinity", r"\infty", "right"),
    (r"[1, \infty)", "[1, inf)", "right"),
    (r"(-\infty,-2)\cup(2,\infty)", "(-oo, -2) U (2, oo)", "right"),
    ("|x|", "abs(x)", "right"),
    (r"\sqrt[3]{2}", "cbrt(2)", "right"),
    (r"\arctan(2)", "atan(2)", "right"),
    ("120", "factorial(5)", "right"),
    ("6", "2(3)", "right"),
    ("5", "2(3)", "wrong"),  # two plus three by the grammar
    ("(5, 1)", "((2)(3), 1)", "wrong"),
    (r"12\pi", r"3(4)\pi", "right"),
    ("f_2(3)", "f_2(4)", "wrong"),
    (r"\log_2(8)", "3", "right"),
    (r"\frac{1}{3}\%", r"33\frac{1}{3}\%", "wrong"),
    ("1/3", r"33\frac{1}{3}\%", "right"),
    ("1234", "(1,234)", "wrong"),
    ("(1,234)", "(1, 234)", "right"),
    ("1234", r"\frac{2,468}{2}", "right"),
    (r"12\text{ cm}^2", "12 cm\u00b2", "right"),
    (r"\pm 3", "+/-3", "right"),
    (r"x \le 3", "x =< 3", "right"),
    (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", "[[1,2],[3,4]]", "right"),
    (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", "Matrix([[1, 2], [3, 5]])", "wrong"),
    (r"\frac{1}{2} + \frac{\sqrt{3}}{2}i", "1/2 + sqrt(3)/2*I", "right"),
    ("2+3i", "3j+2", "right"),
    ("3+4i", "3+4j", "right"),
    ("3+4i", "(3-4j)", "wrong"),
    (r"2\sqrt{3}i", "2*sqrt(3)*I", "right"),
    (r"\frac{\pi^2}{6}", "pi**2/6", "right"),
    (r"2^{n+1}", "2**(n+1)", "right"),
    (r"\frac{-1+\sqrt{5}}{2}", "(-1 + 5**0.5)/2", "right"),
]
CORPUS = [
    # reference, answer, verdict
    ("1/2", "0.5", "right"),
    (r"\frac{1}{2}", "1/2", "right"),
    ("1000", "1,000", "right"),
    (r"2\sqrt{2}", r"\sqrt{8}", "right"),
    ("x^2-1", "(x-1)(x+1)", "right"),
    (r"\{1,2\}", r"\{2,1\}", "right"),
    ("5", "x=5", "right"),
    ("Monday", r"\text{monday}", "right"),
    ("2", "3", "wrong"),
    ("1/3", "0.33", "wrong"),
    ("(1,2)", "[1,2]", "wrong"),
    ("(1,2)", "(2,1)", "wrong"),
    ("2", "2, 3", "wrong"),
    ("2", "2 or 3", "wrong"),
    (r"\pi", "3.14159", "wrong"),
    ("None", "x", "wrong"),
    ("cat", "act", "wrong"),  # products of letters, if words were mathematics
    ("silent", "listen", "wrong"),
    ("1", r"\begin{pmatrix}", "unreadable"),
    ("1", "", "unreadable"),
    ("1", "\ud800", "unreadable"),
    ("1", "1" * (LONGEST + 1), "too_long"),
    # The order matters: an inequality answers a reference that is one, and only then.
    ("x>3", r"(3,\infty)", "right"),
    (r"(3,\infty)", "x>3", "wrong"),
    # Known leniencies of the algebra system's comparison, pinned so that a change is seen.
    ("10", r"10\%", "right"),
    (r"10\%", "0.1", "right"),
    (r"5\text{ cm}", r"5\text{ m}", "right"),
    ("1/3", "0.333333", "right"),
    ("1:2", "1/2", "right"),
    # Numbers are compared exactly, however small or large.
    ("1/2004!", "1/2006!", "wrong"),
    ("2^-99", "2^-98", "wrong"),
    (r"\frac{1}{2^{99}}", "2^{-99}", "right"),
    ("(2^2005+1)/(3*2^2006)", "1/(3*2^2006)", "wrong"),
    ("10!", "3628800", "right"),
    ("2^3^2", "512", "right"),
    ("(-2)^3", "-8", "right"),
    ("-2^2", "-4", "right"),
    ("0.00000012", "0.00000013", "wrong"),
    ("1.2e-7", "1.3e-7", "wrong"),
    ("1e3", "1000", "right"),
    ("1.50", "1.5", "right"),
    # A decimal of six digits stands for the number that it rounds; a shorter or a wrongly rounded one does not.
    ("2/3", "0.666667", "right"),
    ("2/3", "0.666666", "wrong"),
    ("2/3", "0.67", "wrong"),
    ("0.333333", "0.3333333", "wrong"),
    # Constants without decimals are compared to forty digits, so that small ones are told apart.
    (r"2^{-99}\pi", r"2^{-98}\pi", "wrong"),
    (r"\sqrt{2}/10^{30}", r"\sqrt{2}/10^{31}", "wrong"),
    (r"\sqrt{8}/10^{30}", r"2\sqrt{2}/10^{30}", "right"),
    # Plain-text maths is read.
    (r"\frac{\pi}{2}", "pi/2", "right"),
    (r"-2\pi", "-2*pi", "right"),
    ("14-i", "14.0 + -1.0i", "right"),
    ("2i+1", "1+2i", "right"),
    ("x^2+1", "x**2+1", "right"),
    (r"2\sqrt{2}", "2*sqrt(2)", "right"),
    (r"\sin(x)", "sin(x)", "right"),
    (r"\ln 2", "ln(2)", "right"),
    ("e^2", "exp(2)", "right"),
    ("alpha", r"\alpha", "right"),
    (r"\frac{\pi}{2}", "pi/3", "wrong"),
    ("x^2+1", "x**3+1", "wrong"),
    *EXACT_INSIDE,
    *PLAIN,
]


@pytest.mark.parametrize(("gold", "answer", "verdict"), CORPUS)
def test_pinned_corpus(verifier: MathVerifier, gold: str, answer: str, verdict: str) -> None:
    assert verifier.verify(gold, answer) == verdict


def test_code_is_never_run(verifier: MathVerifier, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    for code in (
        f"__import__('os').system('touch {canary}')",
        f"open('{canary}','w')",
        f"\\text{{__import__('os').system('touch {canary}')}}",
        f"Integer(__import__('os').system('touch {canary}'))",
        f"1).__class__; open('{canary}', 'w'); (1",
        f"\\write18{{touch {canary}}}",
        f"\\input{{|touch {canary}}}",
    ):
        assert verifier.verify("1", code) in ("wrong", "unreadable")
        assert verifier.verify(code, "1") in ("wrong", "unreadable")
    assert not canary.exists()


def test_only_literals_reach_the_evaluation(monkeypatch: pytest.MonkeyPatch) -> None:
    from sympy.parsing import sympy_parser

    seen: list[str] = []
    monkeypatch.setattr(sympy_parser, "eval_expr", lambda code, *_: seen.append(code))
    math_worker._only_exact_literals()
    for code in ("Integer (12 )", "Symbol ('x' )", "E "):
        sympy_parser.eval_expr(code, {}, {})
    assert len(seen) == 3
    half = sympy_parser.eval_expr("Float ('0.5' )", {}, {})
    assert half.is_Rational
    assert half * 2 == 1
    for code in ("Integer (f(1))", "Symbol ('x').f()", "__import__('os')", "a.b", "Integer (1 )+Integer (2 )", b"1"):
        with pytest.raises(ValueError, match="not a literal"):
            sympy_parser.eval_expr(code, {}, {})
    assert len(seen) == 3


def test_threads_get_the_same_verdicts(verifier: MathVerifier) -> None:
    pairs = [(gold, answer) for gold, answer, _ in CORPUS[:12]] * 2
    found: dict[int, list[str]] = {}
    threads = [
        threading.Thread(target=lambda n=n: found.update({n: [verifier.verify(*p) for p in pairs]})) for n in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = [verdict for _, _, verdict in CORPUS[:12]] * 2
    assert [found[n] for n in range(3)] == [expected] * 3


def test_missing_package_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match="'full-scale'"):
        MathVerifier().verify("x", "y")


@pytest.mark.parametrize("settings", [{"workers": 0}, {"deadline": 0.0}, {"deadline": float("inf")}, {"memory_mib": 8}])
def test_impossible_settings_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ArgumentError, match=next(iter(settings))):
        MathVerifier(**settings)  # type: ignore[arg-type]


FORKING = """
import os
from full_scale.rewards.verifier import MathVerifier
verifier = MathVerifier(deadline=30.0)
verifier.verify("x", "y")
worker = verifier._idle[0].process.pid
child = os.fork()
if child == 0:
    right = verifier.verify("2x", "x+x") == "right" and verifier._idle[0].process.pid != worker
    verifier.close()
    os._exit(0 if right else 1)
assert os.waitpid(child, 0)[1] == 0
assert verifier.verify("2x", "x+x") == "right" and verifier._idle[0].process.pid == worker
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks are POSIX's")
def test_after_a_fork_each_process_has_workers_of_its_own() -> None:
    root = Path(__file__).resolve().parents[3]
    subprocess.run([sys.executable, "-c", FORKING], cwd=root, check=True, timeout=200)


def test_math_check_of_completions(verifier: MathVerifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("full_scale.rewards.checks.shared_verifier", lambda: verifier)
    prompt = Prompt("k", "?", "1/2", check="math")
    texts = [r"<think>\boxed{3}</think><answer>\boxed{0.5}</answer>", " 0.5", "So\nit is 0.5", "So\nnothing", ""]
    assert check_answers([prompt] * 5, texts) == [1.0, 1.0, 1.0, 0.0, 0.0]
