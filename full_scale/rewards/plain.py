r"""Plain-text maths rewritten as LaTeX: ``x**2``, ``pi/2``, ``sqrt(2)``, ``1e-7*x``, ``3 x 10^8``, ``½``, ``10 000``.

LaTeX stays itself. Each rewriting is local and takes time at most quadratic in the length of the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

__all__ = ["plain_to_latex"]

_NAMES = (
    *("arccos", "arcsin", "arctan", "cos", "cosh", "cot", "csc", "exp", "ln", "log", "sec", "sin", "sinh", "tan"),
    *("tanh", "alpha", "beta", "gamma", "delta", "epsilon", "lambda", "mu", "omega", "phi", "pi", "rho", "sigma"),
    *("tau", "theta"),
)
_NAME = re.compile(rf"(?<![A-Za-z\\])({'|'.join(sorted(_NAMES, key=len, reverse=True))})(?![A-Za-z])")
_CALLS = {
    "sqrt": (r"\sqrt{", "}"),
    "cbrt": (r"\sqrt[3]{", "}"),
    "abs": (r"\left|", r"\right|"),
    "Abs": (r"\left|", r"\right|"),
    "factorial": ("(", ")!"),
}
_CALL = re.compile(rf"(?<![A-Za-z\\])({'|'.join(_CALLS)})\s*(?=\()")
_TEXT = re.compile(r"\\(?:text|textbf|mathrm|mathbf|operatorname|mbox)\s*\{[^{}]*\}")
_SUPERSCRIPTS = {ord(c): plain for c, plain in zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", "0123456789+-n", strict=True)}
_SIGNS = {"\u2212": "-", "√": "sqrt", "∞": r"\infty ", "°": r"^{\circ}", "π": r"\pi ", "∪": r"\cup ", "∩": r"\cap "}

_RULES: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    # thousands set apart by a space, a thin space or {,}: the grammar would multiply or add the groups
    (
        re.compile(r"(?<![\w.,}])\d{1,3}(?:(?:\{,\}|\\[,;:! ]|[ ~\u00a0\u2009\u202f])\d{3})+(?![\w,])"),
        lambda mark: re.sub(r"\D", "", mark.group()),
    ),
    # a mixed number: 1 1/2
    (re.compile(r"(?<![\w.,/^}])(\d+) +(\d+)/(\d+)(?![\w./^])"), r"\1\\frac{\2}{\3}"),
    # a mixed percentage, of which the grammar drops the whole part
    (
        re.compile(r"(?<![\w.^}])(\d{1,99})\s*\\[dt]?frac\{(\d{1,99})\}\{(\d{1,99})\}(?=\s*\\?%)"),
        lambda mark: rf"\frac{{{int(mark[1]) * int(mark[3]) + int(mark[2])}}}{{{mark[3]}}}",
    ),
    # 2(3) and (2)(3), which the grammar adds
    (re.compile(r"(?<![\w.^}])(\d+(?:\.\d+)?)\s*\((?=\s*[-+]?\s*[\d.])"), r"\1\\cdot ("),
    (re.compile(r"(?<![\w}])(\(\s*[-+]?\s*\d+(?:\.\d+)?\s*\))\s*(?=[\d(])"), r"\1\\cdot "),
    # repeating decimals
    (
        re.compile(r"(?<![\w.])(\d{0,99})\.(\d{0,99})\\(?:overline|bar|dot)\s*\{?(\d{1,99})\}?(?!\d)"),
        lambda mark: _repeating(*mark.groups()),
    ),
    (re.compile(r"(?<=\d)\s*[xX]\s*(?=10\s*(?:\^|\*\*))"), r"\\times "),
    (re.compile(r"√\s*(\d+(?:\.\d+)?|[A-Za-z])"), r"\\sqrt{\1}"),
    (re.compile(r"(?<=[\d)])\s*\*\s*I(?![A-Za-z])"), r"\\cdot i"),
    (re.compile(r"\+/-"), r"\\pm "),
    (re.compile(r"=<"), r"\\le "),
    (re.compile(r"(?<![A-Za-z\\])(?:oo|inf|infinity|Infinity)(?![A-Za-z])"), r"\\infty "),
    (re.compile(r"(?<![A-Za-z\\])a(sin|cos|tan)(?=\s*\()"), r"arc\1"),
    (re.compile(r"(?<![A-Za-z\\])log(2|10)(?=\s*\()"), r"\\log_{\1}"),
    (re.compile(r"(?<=[\])])\s*U\s*(?=[\[(])"), r"\\cup "),
)
_SCIENTIFIC = re.compile(r"(?<![\w.])(\d+\.\d*|\.\d+|\d+)[eE]([-+]?)(\d+)(?![\w.])")
_COMPLEX = re.compile(r"\(?\s*(?:[-+]?\s*[\d.]+\s*[-+]\s*)?[-+]?\s*[\d.]+\s*j(?:\s*[-+]\s*[\d.]+)?\s*\)?")
_ROWS = re.compile(r"(?:Matrix|np\.array|array)?\s*\(?\s*\[\s*((?:\[[^\[\]()]*\]\s*(?:,\s*)?)+)\]\s*\)?")


def _repeating(whole: str, fixed: str, period: str) -> str:
    over = int(whole + fixed + period) - int((whole + fixed) or "0")
    return rf"\frac{{{over}}}{{{'9' * len(period)}{'0' * len(fixed)}}}"


def _power_of_ten(mark: re.Match[str]) -> str:
    """Rewrite ``1e-7``; ``2e-1`` stays two times e minus one, as a mathematician writes it."""
    digits, sign, exponent = mark.groups()
    if sign and not ("." in digits or len(exponent) > 1 or digits == "1"):
        return mark.group()
    return rf"{digits}\cdot 10^{{{sign.strip('+')}{exponent}}}"


def _matrix(rows: str) -> str:
    r"""Write ``[1, 2], [3, 4]`` as a matrix."""
    lines = [row.replace(",", " & ") for row in re.findall(r"\[([^\[\]]*)\]", rows)]
    return r"\begin{pmatrix}" + r" \\ ".join(lines) + r"\end{pmatrix}"


def _vulgar(text: str) -> str:
    """Write ``½`` as a fraction and ``x²`` as a power."""
    text = "".join(
        r"\frac{{{}}}{{{}}}".format(*unicodedata.normalize("NFKC", letter).split("\u2044"))
        if unicodedata.decomposition(letter).startswith("<fraction>") and letter != "\u215f"
        else letter
        for letter in text
    )
    marks = "".join(map(chr, _SUPERSCRIPTS))

    def power(mark: re.Match[str]) -> str:
        exponent = mark.group().translate(_SUPERSCRIPTS)
        return f"^{exponent}" if len(exponent) == 1 else f"^{{{exponent}}}"  # units are known as cm^2 alone

    return re.sub(rf"[{marks}]+", power, text)


def _calls(text: str) -> str:
    """Write ``sqrt(x)`` as ``\\sqrt{x}`` and its like; one that is never closed stays as it is."""
    while mark := _CALL.search(text):
        depth, end = 0, None
        for place in range(mark.end(), len(text)):
            depth += {"(": 1, ")": -1}.get(text[place], 0)
            if depth == 0:
                end = place
                break
        if end is None:
            return text
        before, after = _CALLS[mark.group(1)]
        text = f"{text[: mark.start()]}{before}{text[mark.end() + 1 : end]}{after}{text[end + 1 :]}"
    return text


def _piece(text: str) -> str:
    text = _vulgar(text)
    for pattern, new in _RULES:
        text = pattern.sub(new, text)
    for sign, latex in _SIGNS.items():
        text = text.replace(sign, latex)
    text = _SCIENTIFIC.sub(_power_of_ten, text)
    text = re.sub(r"\*\*\s*\(([^()]*)\)", r"^{\1}", text)
    text = re.sub(r"\*\*\s*([-+]?[\w.]+)", r"^{\1}", text)
    text = re.sub(r"\^\(([^()]*)\)", r"^{\1}", text)
    text = _NAME.sub(r"\\\1", _calls(text))
    return re.sub(r"(?<=[\w)}])\s*\*\s*(?=[\w\\({-])", r" \\cdot ", text)


def plain_to_latex(text: str) -> str:
    r"""Rewrite plain-text maths as LaTeX, names inside ``\text{…}`` left alone.

    Read are matrices, powers, products and functions as programs write them, ``I`` and ``j`` for the imaginary unit,
    thousands set apart, mixed numbers, repeating decimals, scientific notation and the signs of Unicode.
    """
    if _COMPLEX.fullmatch(text.strip()):
        text = text.replace("j", "i")
    if rows := _ROWS.fullmatch(text.strip()):
        text = _matrix(rows.group(1))
    parts, place = [], 0
    for mark in [*_TEXT.finditer(text), None]:
        parts.append(_piece(text[place : mark.start() if mark else len(text)]) + (mark.group() if mark else ""))
        place = mark.end() if mark else len(text)
    return "".join(parts)
