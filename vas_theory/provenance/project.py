"""Where the names of a project's code lead: from a definition to the definitions that it refers to.

A module may say some things of itself, as literals at its head:

``__dispatch__ = "STRATEGY"``
    The modules of this package are found by names in data; what is loaded of one is its definition of this name. A
    key takes in the members that it is told, or all of them.
``__reads__ = ("data.json", "worker.py")``
    Files beside the module that its code reads or starts. ``()``: it looks for files, but none decides a result.
``__neutral__ = "how results are stored"``
    It decides how work is done or told, never what comes out; the text says why.
``__kernel_version__ = 2``
    What numba makes of its loops gives other numbers than before, though the loops may look the same, so that golden
    values had to be renewed; any number above 1 enters keys.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from vas_theory.foundation.errors import DataError
from vas_theory.provenance.modules import Module, read_module
from vas_theory.provenance.syntax import Definition, Origin, Reference

__all__ = ["PACKAGES", "WHOLE", "Place", "Project", "file_digest", "this_project"]

__neutral__ = "how results are named"

PACKAGES = ("vas_theory", "simulations", "full_scale", "paper_figures", "tests")
"""The packages of this project, whose definitions keys are made of."""

WHOLE = "*"
"""The name that stands for all definitions of a module."""


@dataclass(frozen=True, order=True)
class Place:
    """A definition of a module, :data:`WHOLE` for all of them, or an outside name, whose ``module`` is empty."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}:{self.name}"


class Project:
    """The code under one folder, which is read and never run.

    Args:
        root: the folder of the packages; a checkout of another version will do.
        declared: module -> declarations to take for its own, for versions that do not make them yet.
    """

    def __init__(self, root: Path, declared: Mapping[str, Mapping[str, object]] | None = None) -> None:
        self.root = root
        self._declared = declared or {}
        self._modules: dict[str, Module | None] = {}
        self._files: dict[str, Path | None] = {}

    def file(self, name: str) -> Path | None:
        """Return the file of one of the project's modules, or of a module of the user's; None for a package's."""
        if name not in self._files:
            self._files[name] = self._file(name) if name.split(".")[0] in PACKAGES else self._users_file(name)
        return self._files[name]

    def _file(self, name: str) -> Path | None:
        base = os.path.join(self.root, *name.split("."))  # thousands of names are tried, most of which are no module
        candidates = [os.path.join(base, "__init__.py"), *([f"{base}.py"] if "." in name else [])]
        return next((Path(path) for path in candidates if os.path.isfile(path)), None)

    def _users_file(self, name: str) -> Path | None:
        """Return the file of a module that was handed in by an entry: not of an installed package."""
        loaded = sys.modules.get(name)
        origin = getattr(loaded, "__file__", None)
        if loaded is None:
            try:
                spec = importlib.util.find_spec(name)
            except (ImportError, ValueError):
                spec = None
            origin = None if spec is None else spec.origin
        path = None if origin is None else Path(origin)
        return path if path is not None and path.suffix == ".py" and path.is_file() else None

    def module(self, name: str) -> Module | None:
        """Return what a module defines; None where there is no such module, or it is a package's own."""
        if name not in self._modules:
            path = self.file(name) if name.split(".")[0] in PACKAGES else None
            self._modules[name] = None if path is None else self._read(name, path)
        return self._modules[name]

    def _read(self, name: str, path: Path) -> Module:
        found = read_module(path.read_text(encoding="utf-8"))
        more = self._declared.get(name)
        return found if more is None else replace(found, declared={**found.declared, **more})

    def admit(self, name: str) -> Module:
        """Return what a module defines, also one of the user's own.

        Raises:
            DataError: it has no file to read.
        """
        found = self.module(name)
        if found is None:
            path = self.file(name)
            if path is None:
                raise DataError(f"module {name} has no source file: what it defines cannot be named in a key")
            found = self._modules[name] = self._read(name, path)
        return found

    def is_package(self, name: str) -> bool:
        """Say whether a module is a package."""
        path = self.file(name)
        return path is not None and path.name == "__init__.py"

    def is_neutral(self, name: str) -> bool:
        """Say whether a module decides no result."""
        found = self.module(name)
        return found is not None and "__neutral__" in found.declared

    def definition(self, place: Place) -> Definition:
        """Return a definition by its place."""
        return self.admit(place.module).definitions[place.name]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Import paths of all modules of the project."""
        return tuple(
            ".".join((path.parent if path.name == "__init__.py" else path.with_suffix("")).relative_to(self.root).parts)
            for package in PACKAGES
            for path in sorted((self.root / package).rglob("*.py"))
        )

    def members(self, package: str) -> list[Place]:
        """Return what a package that finds its modules by names may load."""
        wanted, home = self.admit(package).declared.get("__dispatch__"), self.file(package)
        assert home is not None
        names = sorted(f"{package}.{path.stem}" for path in home.parent.iterdir() if path.name != "__init__.py")
        return [
            Place(name, str(wanted))
            for name in names
            if (found := self.module(name)) is not None and wanted in found.definitions
        ]

    def files(self, module: str) -> dict[str, Path]:
        """Return the files beside a module that it says it reads, by name."""
        names = self.admit(module).declared.get("__reads__", ())
        if not names or not isinstance(names, tuple):
            return {}
        path = self.file(module)
        assert path is not None
        return {str(name): path.with_name(str(name)) for name in names}

    def place_of(self, path: Path) -> Place:
        """Return all of the module that a file of the project holds.

        Raises:
            DataError: the file is not there, or not one of the project's.
        """
        if not path.is_file() or not path.is_relative_to(self.root):
            raise DataError(f"{path}, which a module says it reads (__reads__), is no file of the project")
        return Place(".".join(path.relative_to(self.root).with_suffix("").parts), WHOLE)

    def absolute(self, origin: Origin, module: str) -> str:
        """Return the import path of the module that an import names."""
        if origin.level == 0:
            return origin.module
        package = module if self.is_package(module) else module.rpartition(".")[0]
        for _ in range(origin.level - 1):
            package = package.rpartition(".")[0]
        return f"{package}.{origin.module}".rstrip(".")

    def loaded(self, origin: Origin, module: str) -> Iterator[str]:
        """Yield the modules of the project that an import loads, with the packages they lie in."""
        name = self.absolute(origin, module)
        if origin.attribute is not None and self.module(f"{name}.{origin.attribute}") is not None:
            name = f"{name}.{origin.attribute}"
        parts = name.split(".")
        for count in range(1, len(parts) + 1):
            if self.module(".".join(parts[:count])) is not None:
                yield ".".join(parts[:count])

    def follow(self, reference: Reference, module: str) -> tuple[Place, tuple[str, ...]]:
        """Return where a reference leads, and the attributes that are read from there."""
        if isinstance(reference.origin, str):
            return Place(module, reference.origin), reference.attributes
        origin = reference.origin
        name, attributes = self.absolute(origin, module), reference.attributes
        if origin.attribute is not None:
            attributes = (origin.attribute, *attributes)
        return self._walk(name, attributes, frozenset())

    def _walk(
        self, module: str, attributes: tuple[str, ...], seen: frozenset[tuple[str, str]]
    ) -> tuple[Place, tuple[str, ...]]:
        """Read attributes from a module until a definition, or something outside of the project, is reached."""
        found = self.module(module)
        if found is None:
            return Place("", ".".join((module, *attributes))), ()
        if not attributes:
            return Place(module, WHOLE), ()
        first, *rest = attributes
        if first.startswith("__") and first.endswith("__") and first not in found.definitions:
            return Place("", first), tuple(rest)
        if (module, first) in seen:
            return Place(module, WHOLE), ()
        seen = seen | {(module, first)}
        if first in found.definitions:
            return Place(module, first), tuple(rest)
        if first in found.bindings:
            origin = found.bindings[first]
            further = () if origin.attribute is None else (origin.attribute,)
            return self._walk(self.absolute(origin, module), (*further, *rest), seen)
        if self.module(f"{module}.{first}") is not None:
            return self._walk(f"{module}.{first}", tuple(rest), seen)
        return self._late(module, found, first, tuple(rest), seen)

    def _late(
        self, module: str, found: Module, first: str, rest: tuple[str, ...], seen: frozenset[tuple[str, str]]
    ) -> tuple[Place, tuple[str, ...]]:
        """Find a name that a module loads at first use or takes over with a star; else all of the module."""
        homes: list[str] = []
        if first in found.homes:
            home = found.homes[first]
            homes = [f"{module}.{home}", f"{module.rpartition('.')[0]}.{home}", home]
        if "__getattr__" in found.definitions:
            for origin in found.definitions["__getattr__"].loads:
                homes += list(self.loaded(origin, module))[-1:]
        homes += [self.absolute(star, module) for star in found.stars]
        for home in homes:
            if self.module(home) is not None:
                place, left = self._walk(home, (first, *rest), seen)
                if place.name != WHOLE:
                    return place, left
        return Place(module, WHOLE), ()


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes.

    Raises:
        DataError: there is no such file.
    """
    if not path.is_file():
        raise DataError(f"{path}, which a module says it reads (__reads__), does not exist")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def this_project() -> Project:
    """Return the project that is running, read from its files anew."""
    return Project(Path(__file__).resolve().parents[2])
