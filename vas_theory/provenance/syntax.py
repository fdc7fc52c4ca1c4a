"""A definition as text that ignores how it is written, and the names that it refers to.

Two definitions have one text if and only if their syntax trees are alike without documentation, comments, the
annotations that carry no meaning, and calls that only refuse input (:data:`REFUSALS`). Names that lead elsewhere are
numbered, so that the text does not say where a module lies; where they lead is for
:mod:`vas_theory.provenance.project` to find.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["REFUSALS", "Definition", "Origin", "Reference", "describe", "import_origins", "is_remark", "loaded_modules"]

__neutral__ = "how results are named"

_SILENT = frozenset(
    ("property", "cached_property", "setter", "staticmethod", "classmethod", "abstractmethod", "overload", "override",
     "final", "cache", "lru_cache", "contextmanager", "wraps", "total_ordering", "njit", "jit")
)  # fmt: skip
"""Decorators that do not read the annotations of a function; what any other decorator sees, keeps them."""

_NAMES = frozenset(("__import__", "eval", "exec", "globals", "__path__", "__file__", "import_module", "iter_modules"))
REFUSALS = "refusals"
"""The name of modules whose functions raise an error or change nothing that a result depends on: a call of one, as a
statement of its own, is not written. Its arguments may be names, attributes and constants alone."""

_ATTRIBUTES = frozenset(("__path__", "__file__", "import_module", "iter_modules"))
"""Names and attributes by which code finds modules and files that no import statement shows."""


@dataclass(frozen=True)
class Origin:
    """What an import binds a name to: an attribute of a module, or the module itself."""

    level: int
    module: str
    attribute: str | None


@dataclass(frozen=True)
class Reference:
    """A name that a definition reads, with the attributes that it reads from it.

    Args:
        origin: where the name comes from; a text names a definition of the same file.
        attributes: read from it, in order; empty for a definition of the same file.
    """

    origin: Origin | str
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Definition:
    """A function, a class, a constant, or what else runs when a module is loaded.

    Args:
        name: its name in the module.
        kind: ``class``, ``function`` or ``other``.
        text: SHA-256 of its normal form.
        references: what the numbers in it stand for, in order.
        annotated: what the dropped annotations name: objects of these classes come in from outside.
        loads: what it imports when it runs.
        dynamic: names it uses to find modules or files that no import shows.
    """

    name: str
    kind: str
    text: str
    references: tuple[Reference, ...]
    annotated: tuple[Reference, ...]
    loads: tuple[Origin, ...]
    dynamic: tuple[str, ...]


def is_remark(statement: ast.stmt) -> bool:
    """Say whether a statement is a text that no code reads: documentation."""
    value = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def import_origins(statement: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, Origin]]:
    """Yield name and origin of everything that an import binds."""
    if isinstance(statement, ast.ImportFrom):
        for alias in statement.names:
            yield alias.asname or alias.name, Origin(statement.level, statement.module or "", alias.name)
    else:
        for alias in statement.names:
            root = alias.name.split(".")[0]
            yield alias.asname or root, Origin(0, alias.name if alias.asname else root, None)


def loaded_modules(statement: ast.Import | ast.ImportFrom) -> Iterator[Origin]:
    """Yield what an import loads; an attribute is loaded too where it is a module."""
    if isinstance(statement, ast.ImportFrom):
        if statement.module != "__future__":
            yield from (Origin(statement.level, statement.module or "", alias.name) for alias in statement.names)
    else:
        yield from (Origin(0, alias.name, None) for alias in statement.names)


def describe(
    name: str, body: Sequence[ast.stmt], names: Mapping[str, Origin | str], *, at_head: bool = False
) -> Definition:
    """Return a definition's normal form.

    Args:
        name: its name.
        body: the statements that make it.
        names: what the file binds: its own definitions to themselves, imported names to their origins.
        at_head: whether these are statements at the head of a file that define nothing, such as ``try: import ...``.
    """
    writer = _Writer(dict(names), at_head)
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                writer.names.update(import_origins(node))
                writer.loads.extend(loaded_modules(node))
    writer.body(body)
    return Definition(
        name,
        _kind(body),
        hashlib.sha256("\0".join([name, *writer.parts]).encode()).hexdigest(),
        tuple(writer.references),
        tuple(dict.fromkeys(writer.annotated)),
        tuple(dict.fromkeys(writer.loads)),
        tuple(sorted(writer.dynamic)),
    )


def _kind(body: Sequence[ast.stmt]) -> str:
    if any(isinstance(statement, ast.ClassDef) for statement in body):
        return "class"
    return (
        "function"
        if all(isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)) for statement in body)
        else "other"
    )


class _Writer:
    """Writes syntax trees as a flat list of texts."""

    def __init__(self, names: dict[str, Origin | str], at_head: bool) -> None:
        self.names = names
        self.parts: list[str] = []
        self.references: dict[Reference, int] = {}
        self.annotated: list[Reference] = []
        self.loads: list[Origin] = []
        self.dynamic: set[str] = set()
        self.at_head = at_head
        self.silent = False

    def body(self, statements: Sequence[ast.stmt], *, of_class: bool = False) -> None:
        self.parts.append("{")
        for statement in statements:
            if isinstance(statement, ast.Pass) or is_remark(statement) or self._only_refuses(statement):
                continue
            if isinstance(statement, ast.AnnAssign) and not of_class:
                self._assignment(statement)
            else:
                self.write(statement)
        self.parts.append("}")

    def write(self, node: ast.AST) -> None:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            self._import(node)
        elif isinstance(node, ast.arg) and self.silent:
            self._annotation(node.annotation)
            self._fields(node, frozenset(("annotation",)))
        elif isinstance(node, ast.Name):
            self._name(node)
        elif isinstance(node, ast.Attribute):
            self._attribute(node)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            self._function(node)
        else:
            self._fields(node)

    def _only_refuses(self, statement: ast.stmt) -> bool:
        call = statement.value if isinstance(statement, ast.Expr) else None
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            return False
        origin = self.names.get(call.func.id)
        if not isinstance(origin, Origin) or origin.module.rpartition(".")[2] != REFUSALS:
            return False
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        plain = (ast.Name, ast.Attribute, ast.Constant, ast.expr_context)
        return all(isinstance(node, plain) for part in given for node in ast.walk(part))

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        """What an import brings is written where it is used; the head of a file hands it on to other files."""
        if self.at_head:
            for name, origin in import_origins(node):
                self.parts.append(f"import {name}")
                self._number(Reference(origin))

    def _fields(self, node: ast.AST, leave_out: frozenset[str] = frozenset()) -> None:
        self.parts.append(type(node).__name__)
        for field in node._fields:
            value = getattr(node, field, None)
            if value is None and not isinstance(node, ast.Constant):
                continue
            if (
                field in ("ctx", "kind", "type_comment")
                or field in leave_out
                or (isinstance(value, list) and not value)
            ):
                continue
            self.parts.append(field)
            self._value(node, field, value)
        self.parts.append(";")

    def _value(self, node: ast.AST, field: str, value: object) -> None:
        if isinstance(value, list):
            if value and isinstance(value[0], ast.stmt):
                self.body(value, of_class=isinstance(node, ast.ClassDef))
                return
            self.parts.append("[")
            for item in value:
                self._value(node, field, item)
            self.parts.append("]")
        elif isinstance(value, ast.AST):
            self.write(value)
        else:
            self.parts.append(repr(value))

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        if any(_last_name(decorator) not in _SILENT for decorator in node.decorator_list):
            outer, self.silent = self.silent, False
            self._fields(node)
            self.silent = outer
            return
        self._annotation(node.returns)
        outer, self.silent = self.silent, True
        self._fields(node, frozenset(("returns",)))
        self.silent = outer

    def _assignment(self, node: ast.AnnAssign) -> None:
        """Write an annotated assignment like one without annotation; a mere declaration is nothing."""
        self._annotation(node.annotation)
        if node.value is not None:
            self.write(ast.Assign(targets=[node.target], value=node.value))

    def _annotation(self, annotation: ast.expr | None) -> None:
        if annotation is None:
            return
        for node in ast.walk(annotation):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                try:
                    self._annotation(ast.parse(node.value, mode="eval").body)
                except SyntaxError:
                    continue
            elif isinstance(node, (ast.Name, ast.Attribute)):
                found = self._reference(node)
                if found is not None:
                    self.annotated.append(found[0])

    def _reference(self, node: ast.expr) -> tuple[Reference, tuple[str, ...]] | None:
        """Return what a name with attributes leads to, and the attributes that a definition of this file keeps."""
        attributes: list[str] = []
        while isinstance(node, ast.Attribute):
            attributes.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id not in self.names:
            return None
        origin, chain = self.names[node.id], tuple(reversed(attributes))
        return (Reference(origin), chain) if isinstance(origin, str) else (Reference(origin, chain), ())

    def _number(self, reference: Reference) -> None:
        self.parts.append(f"#{self.references.setdefault(reference, len(self.references))}")

    def _name(self, node: ast.Name) -> None:
        if node.id in _NAMES:
            self.dynamic.add(node.id)
        found = self._reference(node) if isinstance(node.ctx, ast.Load) else None
        if found is None:
            self.parts.append(f"name {node.id}")
        else:
            self._number(found[0])

    def _attribute(self, node: ast.Attribute) -> None:
        self.dynamic.update({node.attr} & _ATTRIBUTES)
        found = self._reference(node)
        if found is None or isinstance(found[0].origin, str):
            self._fields(node)
        else:
            self._number(found[0])
            inner = node.value
            while isinstance(inner, ast.Attribute):
                self.dynamic.update({inner.attr} & _ATTRIBUTES)
                inner = inner.value


def _last_name(decorator: ast.expr) -> str:
    while isinstance(decorator, ast.Call):
        decorator = decorator.func
    return decorator.attr if isinstance(decorator, ast.Attribute) else getattr(decorator, "id", "")
