"""Mutants of the code: one constant or one sign is changed, in memory, and nothing else.

A constant becomes the next whole number (a float a tenth larger, 0.0 one); plus and minus change places and a leading
minus goes. In a claim the mutants are those of its statement in LaTeX (each number, each sign, each direction of an
inequality) and of the functions that are its two sides. The libraries for this change the files of a tree and know
neither samples of a seed nor statements, so this module is our own; it changes no file.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ROOT", "Mutant", "compiled", "mutants"]

ROOT = Path(__file__).parents[2]
_CLAIM = re.compile(r"vas_theory/claims/[abcl]\d\d_\w+\.py")
_IN_LATEX = re.compile(r"\d+|[+-]|\\[gl]e(?![a-z])|[<>]")
_TURNED = {"+": "-", "-": "+", r"\ge": r"\le", r"\le": r"\ge", "<": ">", ">": "<"}


@dataclass(frozen=True)
class Mutant:
    """One change of one file.

    Args:
        file: path from the project's root.
        line: the line of the change.
        site: which of the file's changes it is, in order.
        change: what becomes what.
    """

    file: str
    line: int
    site: int
    change: str


@dataclass(frozen=True)
class _Site:
    line: int
    change: str
    apply: Callable[[], None]


def _set(node: ast.AST, name: str, value: object) -> Callable[[], None]:
    return lambda: setattr(node, name, value)


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes below one that compute: no annotations, no docstrings."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns"):
            continue
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, ast.AST) and not (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant)):
                yield part


def _code_sites(node: ast.AST) -> Iterator[_Site]:
    line = getattr(node, "lineno", 0)
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        value = node.value
        new = value + 1 if isinstance(value, int) else value * 1.1 or 1.0
        yield _Site(line, f"{value} → {new}", _set(node, "value", new))
    elif isinstance(node, (ast.BinOp, ast.AugAssign)) and isinstance(node.op, (ast.Add, ast.Sub)):
        new_op = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
        old, new_sign = "+-" if isinstance(node.op, ast.Add) else "-+"
        text = ast.unparse(node)
        yield _Site(line, f"{old} → {new_sign} in {text[:60]}", _set(node, "op", new_op))
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield _Site(line, f"- → + before {ast.unparse(node.operand)[:60]}", _set(node, "op", ast.UAdd()))
    for part in _parts(node):
        yield from _code_sites(part)


def _latex_sites(node: ast.AST) -> Iterator[_Site]:
    for part in ast.walk(node):
        if not (isinstance(part, ast.Constant) and isinstance(part.value, str)):
            continue
        text = part.value
        for found in _IN_LATEX.finditer(text):
            old = found[0]
            new = _TURNED.get(old) or str(int(old) + 1)
            around = f"{text[max(0, found.start() - 12) : found.start()]}⟨{old} → {new}⟩{text[found.end() :][:12]}"
            change = text[: found.start()] + new + text[found.end() :]
            yield _Site(part.lineno, around, _set(part, "value", change))


def _claim_sites(tree: ast.Module) -> Iterator[_Site]:
    """Yield the changes of the statements and of the functions that the two sides are made of."""
    defined = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    texts = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    waiting: list[str] = []
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Claim":
            for keyword in call.keywords:
                value = keyword.value
                if keyword.arg == "statement":
                    yield from _latex_sites(texts[value.id] if isinstance(value, ast.Name) else value)
                elif keyword.arg in ("left", "right"):
                    waiting += [node.id for node in ast.walk(value) if isinstance(node, ast.Name)]
    done: set[str] = set()
    while waiting:
        name = waiting.pop(0)
        if name in defined and name not in done:
            done.add(name)
            yield from _code_sites(defined[name])
            waiting += [node.id for node in ast.walk(defined[name]) if isinstance(node, ast.Name)]


def _sites(file: str, tree: ast.Module) -> list[_Site]:
    return list(_claim_sites(tree) if _CLAIM.fullmatch(file) else _code_sites(tree))


def mutants(file: str, root: Path = ROOT) -> list[Mutant]:
    """Return every mutant of a file."""
    tree = ast.parse((root / file).read_text(encoding="utf-8"))
    return [Mutant(file, site.line, number, site.change) for number, site in enumerate(_sites(file, tree))]


def compiled(mutant: Mutant, root: Path = ROOT) -> object:
    """Return the code of a mutant's module."""
    path = root / mutant.file
    tree = ast.parse(path.read_text(encoding="utf-8"))
    _sites(mutant.file, tree)[mutant.site].apply()
    return compile(tree, str(path), "exec")
