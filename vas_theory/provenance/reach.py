"""Everything that an entry point can reach, and one hash for it that does not say where the code lies.

Reaching is read from the syntax trees and never misses: a class is taken with all its methods, because the object of a
call may not be known; a module that is used as a value is taken whole; what runs when a module is loaded counts for
everything that loads it; classes that an annotation names come in with the arguments.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vas_theory.foundation.errors import DataError
from vas_theory.provenance.modules import EFFECT
from vas_theory.provenance.project import WHOLE, Place, Project, file_digest
from vas_theory.provenance.syntax import Origin, Reference

__all__ = ["NONE", "Reach", "reach"]

__neutral__ = "how results are named"


NONE = ""
"""The name that says of a package whose modules are found by names that none of them decides the result."""


VERSION = "__kernel_version__"


@dataclass
class Reach:
    """The definitions that entries reach.

    Args:
        project: whose definitions.
        edges: definition -> what its normal form refers to, in order, with the attributes read from there.
        files: SHA-256 of each file that reached modules say they read.
        loaded: modules that are loaded on the way.
        entries: where it began.
        within: the package whose definitions count; all if empty.
    """

    project: Project
    edges: dict[Place, list[tuple[Place, tuple[str, ...]]]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    loaded: set[str] = field(default_factory=set)
    entries: tuple[Place, ...] = ()
    within: str = ""

    def counts(self, module: str) -> bool:
        """Say whether the definitions of a module count."""
        inside = not self.within or f"{module}.".startswith(f"{self.within}.")
        return inside and not self.project.is_neutral(module)

    def text(self, place: Place) -> str:
        """Return the hash of a definition's own text."""
        return WHOLE if place.name == WHOLE else self.project.definition(place).text

    def colours(self) -> dict[Place, str]:
        """Return one hash a definition: of its text and, in turn, of everything that it refers to.

        Hashes of what a definition refers to are mixed into its own again and again until no more definitions are told
        apart (colour refinement), so that definitions which refer to each other, in circles too, get one as well.
        """
        current = {place: self.text(place) for place in self.edges}
        apart = 0
        while len(set(current.values())) > apart:
            apart = len(set(current.values()))
            current = {place: self._mix(place, current) for place in self.edges}
        return current

    def _mix(self, place: Place, known: Mapping[Place, str]) -> str:
        parts = [
            ".".join((known.get(target, f"outside {target.name}"), *attributes))
            for target, attributes in self.edges[place]
        ]
        ordered = sorted(parts) if place.name == WHOLE else parts
        return hashlib.sha256("\n".join((known[place], *ordered)).encode()).hexdigest()


def reach(project: Project, entries: Iterable[Place], *, within: str = "") -> Reach:
    """Follow every reference from the entries.

    Args:
        project: whose code is followed.
        entries: functions, classes or constants, or whole modules; a member of a package that finds its modules by
            names says that of this package only the named members are used, and the package with :data:`NONE` that
            none decides the result.
        within: a package; what lies outside of it counts by name alone.

    Raises:
        DataError: an entry does not exist, or code finds modules or files by names and its module does not say which.
    """
    return _Walk(Reach(project, entries=tuple(dict.fromkeys(entries)), within=within)).run()


class _Walk:
    def __init__(self, out: Reach) -> None:
        self.project, self.out = out.project, out
        self.waiting = [entry for entry in out.entries if entry.name != NONE]
        for entry in self.waiting:
            if entry.name != WHOLE and entry.name not in self.project.admit(entry.module).definitions:
                raise DataError(f"{entry.module} defines no {entry.name}, which was to name what a result depends on")

    def run(self) -> Reach:
        while self.waiting:
            place = self.waiting.pop()
            if place.module and place not in self.out.edges:
                self.out.edges[place] = []
                self._visit(place)
        return self.out

    def _visit(self, place: Place) -> None:
        module = self.project.admit(place.module)
        self._load(place.module)
        for file, path in self.project.files(place.module).items():
            self._read(file, path)
        if module.declared.get(VERSION, 1) != 1:
            self.waiting.append(Place(place.module, VERSION))
        if place.name == WHOLE:
            places = [Place(place.module, name) for name in module.definitions]
            imported = [self._target(Reference(origin), place.module) for origin in module.bindings.values()]
            self.out.edges[place] = [*((found, ()) for found in places), *imported]
        else:
            found = self.project.definition(place)
            self.out.edges[place] = [self._target(reference, place.module) for reference in found.references]
            for origin in found.loads:
                self._load(*self.project.loaded(origin, place.module))
            for reference in found.annotated:
                self._take_in(self._target(reference, place.module)[0], frozenset())
            if found.dynamic:
                self._find_by_name(place, found.dynamic)
        self.waiting.extend(target for target, _ in self.out.edges[place])

    def _target(self, reference: Reference, module: str) -> tuple[Place, tuple[str, ...]]:
        place, attributes = self.project.follow(reference, module)
        return (place if not place.module or self.out.counts(place.module) else Place("", place.name)), attributes

    def _load(self, *names: str) -> None:
        """Note that modules are loaded, with all that they load; what runs in them counts."""
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name in self.out.loaded or not self.out.counts(name):
                continue
            self.out.loaded.add(name)
            module = self.project.admit(name)
            if EFFECT in module.definitions:
                self.waiting.append(Place(name, EFFECT))
            package = name.rpartition(".")[0]
            if package and self.project.module(package) is not None:
                waiting.append(package)
            waiting.extend(found for origin in module.loads for found in self.project.loaded(origin, name))

    def _read(self, name: str, path: Path) -> None:
        if path.suffix == ".py":
            place = self.project.place_of(path)
            self._load(place.module)
            self.waiting.append(place)
        else:
            self.out.files[name] = file_digest(path)

    def _take_in(self, place: Place, seen: frozenset[Place]) -> None:
        """Take in the class that an annotation names, directly or through an alias; nothing else of it."""
        if not place.module or place.name == WHOLE or place in seen:
            return
        found = self.project.definition(place)
        if found.kind == "class":
            self.waiting.append(place)
        elif found.kind == "other":
            for reference in found.references:
                self._take_in(self._target(reference, place.module)[0], seen | {place})

    def _find_by_name(self, place: Place, how: Sequence[str]) -> None:
        """Add what a definition finds by names in data: the members of its package that the entries name, or all."""
        module = self.project.admit(place.module)
        declared = module.declared
        if place.name == "__getattr__" and module.homes:
            targets = [self._target(Reference(Origin(0, place.module, name)), place.module)[0] for name in module.homes]
            self.waiting.extend(targets)
        elif "__dispatch__" in declared:
            members = self.project.members(place.module)
            said = {entry.module for entry in self.out.entries}
            named = [member for member in members if member.module in said]
            none = Place(place.module, NONE) in self.out.entries
            self.waiting.extend(named if named or none else members)
        elif "__reads__" not in declared:
            raise DataError(
                f"{place} uses {', '.join(how)}: what it finds cannot be read from its imports; say it in its module "
                "with __dispatch__ or __reads__ (see vas_theory.provenance.project)"
            )
