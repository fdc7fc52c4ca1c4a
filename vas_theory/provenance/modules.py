"""What a file of Python defines, what its imports bind, and what runs when it is loaded."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from vas_theory.provenance.syntax import Definition, Origin, describe, import_origins, is_remark, loaded_modules

__all__ = ["EFFECT", "SCRIPT", "Module", "read_module"]

__neutral__ = "how results are named"

EFFECT = "<module>"
"""The name of the statements that run when a module is loaded and define nothing."""

SCRIPT = "<script>"
"""The name of what runs when a file is started as a program, which loading it as a module does not run."""

_DECLARATIONS = ("__dispatch__", "__reads__", "__neutral__", "__kernel_version__")


@dataclass(frozen=True)
class Module:
    """One file, as a function of its text alone.

    Args:
        definitions: by name; :data:`EFFECT` and :data:`SCRIPT` are among them where something runs that defines
            nothing.
        bindings: name -> what an import binds it to.
        stars: modules from which all names are imported.
        loads: what is loaded with it.
        homes: name -> module, of every dictionary of texts: where names live that are loaded at first use.
        declared: what the module says of itself, see :mod:`vas_theory.provenance.project`.
    """

    definitions: Mapping[str, Definition]
    bindings: Mapping[str, Origin]
    stars: tuple[Origin, ...]
    loads: tuple[Origin, ...]
    homes: Mapping[str, str]
    declared: Mapping[str, object]


@lru_cache(maxsize=4096)
def read_module(text: str) -> Module:
    """Take a file of Python apart. The answer for a text is kept."""
    reader = _Reader()
    reader.read(ast.parse(text).body)
    return reader.module()


@dataclass
class _Reader:
    statements: dict[str, list[ast.stmt]] = field(default_factory=dict)
    effects: list[ast.stmt] = field(default_factory=list)
    bindings: dict[str, Origin] = field(default_factory=dict)
    types: dict[str, Origin] = field(default_factory=dict)
    stars: list[Origin] = field(default_factory=list)
    loads: list[Origin] = field(default_factory=list)
    homes: dict[str, str] = field(default_factory=dict)
    declared: dict[str, object] = field(default_factory=dict)

    def read(self, body: Sequence[ast.stmt]) -> None:
        for statement in body:
            if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                self.statements.setdefault(statement.name, []).append(statement)
            elif isinstance(statement, (ast.Import, ast.ImportFrom)):
                self._import(statement)
            elif isinstance(statement, ast.If) and _is_type_checking(statement.test):
                self._types_only(statement.body)
                self.read(statement.orelse)
            elif isinstance(statement, ast.If) and _is_script(statement.test):
                self.statements.setdefault(SCRIPT, []).append(statement)
            elif not is_remark(statement) and not isinstance(statement, ast.Pass):
                self._assign_or_run(statement)

    def _assign_or_run(self, statement: ast.stmt) -> None:
        names = _assigned(statement)
        if names is None:
            self.effects.append(statement)
            for node in ast.walk(statement):
                if isinstance(node, (ast.Import, ast.ImportFrom)):
                    self._import(node)
                elif isinstance(node, (ast.FunctionDef, ast.ClassDef)) or (
                    isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
                ):  # what an effect binds is the effect's
                    name = node.id if isinstance(node, ast.Name) else node.name
                    self.statements.setdefault(name, []).append(statement)
            return
        assert isinstance(statement, (ast.Assign, ast.AnnAssign))
        for name in names:
            self.statements.setdefault(name, []).append(statement)
            if name in _DECLARATIONS and statement.value is not None:
                self.declared[name] = ast.literal_eval(statement.value)
        if isinstance(statement.value, ast.Dict):
            self.homes.update(_texts(statement.value))

    def _import(self, statement: ast.Import | ast.ImportFrom) -> None:
        self.loads.extend(loaded_modules(statement))
        for name, origin in import_origins(statement):
            if name == "*":
                self.stars.append(origin)
            else:
                self.bindings[name] = origin

    def _types_only(self, body: Iterable[ast.stmt]) -> None:
        for statement in body:
            if isinstance(statement, (ast.Import, ast.ImportFrom)):
                self.types.update(import_origins(statement))

    def module(self) -> Module:
        names: dict[str, Origin | str] = {**self.types, **self.bindings, **{name: name for name in self.statements}}
        effects = set(map(id, self.effects))
        definitions = {
            name: describe(name, body, names, at_head=any(id(statement) in effects for statement in body))
            for name, body in self.statements.items()
        }
        if self.effects:
            definitions[EFFECT] = describe(EFFECT, self.effects, names, at_head=True)
        return Module(
            definitions, self.bindings, tuple(self.stars), tuple(dict.fromkeys(self.loads)), self.homes, self.declared
        )


def _is_type_checking(test: ast.expr) -> bool:
    return getattr(test, "id", getattr(test, "attr", "")) == "TYPE_CHECKING"


def _is_script(test: ast.expr) -> bool:
    return ast.unparse(test) == "__name__ == '__main__'"


def _assigned(statement: ast.stmt) -> list[str] | None:
    """Return the names that an assignment binds; None for what does more, or something else."""
    targets: list[ast.expr]
    if isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    elif isinstance(statement, ast.Assign):
        targets = [
            element
            for target in statement.targets
            for element in (target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target])
        ]
    else:
        return None
    names = [target.id for target in targets if isinstance(target, ast.Name)]
    return None if len(names) < len(targets) or names == ["_"] else names


def _texts(value: ast.Dict) -> Iterator[tuple[str, str]]:
    for key, home in zip(value.keys, value.values, strict=True):
        if isinstance(key, ast.Constant) and isinstance(home, ast.Constant) and isinstance(home.value, str):
            yield str(key.value), home.value
