"""The key of a result: one hash of all the code that it depends on, whatever files the code lies in.

Two keys are equal if and only if the entry points reach the same definitions: the same normal forms
(:mod:`vas_theory.provenance.syntax`), which refer to each other in the same way. So a moved file, a new comment, a
reworded docstring or a call that only refuses input leaves a key as it is; a changed formula, default value or constant
anywhere on the way does not.
"""

from __future__ import annotations

import hashlib
import inspect
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from vas_theory.foundation.errors import ArgumentError
from vas_theory.provenance.project import WHOLE, Place, Project, this_project
from vas_theory.provenance.reach import NONE, Reach, reach

__all__ = ["Entry", "Key", "differing_modules", "key_of", "place"]

__neutral__ = "how results are named"

Entry = Callable[..., Any] | type | str
"""An entry point: a function or class of a module, or its place as ``"package.module:name"``.

``"package.module:*"`` is all of a module; ``"package:"`` says of a package that finds its modules by names that none of
them decides the result, though the code names the package, as where a config is checked.
"""


@dataclass(frozen=True)
class Key:
    """What a result was computed by.

    Args:
        digest: SHA-256 over everything that the entries reach; the key itself.
        entries: the places of the entry points, for people and to find them again.
        modules: module -> SHA-256 of what is reached in it, to say what differs where two keys do.
        files: file -> SHA-256, of the files that reached modules say they read.
        within: the package that counts, where the rest does not: of a timing, how it was measured.
    """

    digest: str
    entries: tuple[str, ...]
    modules: Mapping[str, str]
    files: Mapping[str, str]
    within: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the key as it stands beside a table."""
        parts: dict[str, Any] = {"key": self.digest, "entries": list(self.entries), "modules": dict(self.modules)}
        more = {"files": dict(self.files), "within": self.within}
        return parts | {name: value for name, value in more.items() if value}


def place(entry: Entry) -> Place:
    """Return the place of an entry point.

    Raises:
        ArgumentError: it is no function or class at the head of a module.
    """
    if isinstance(entry, str):
        module, separator, name = entry.partition(":")
        if not separator or not module:
            raise ArgumentError("entry", "have the form package.module:name", entry)
        return Place(module, name)
    found = inspect.unwrap(entry) if callable(entry) else entry
    home, called = getattr(found, "__module__", None), getattr(found, "__qualname__", None)
    if not home or not called or not called.isidentifier():
        raise ArgumentError("entry", "be a function or class at the head of a module", entry)
    return Place(home, called)


def key_of(*entries: Entry, project: Project | None = None, within: str = "") -> Key:
    """Return the key of what the entries compute.

    Args:
        entries: where the computation begins; with them, the members it uses of packages that find their modules by
            names, such as ``"vas_theory.selection.strategies.vas:STRATEGY"``. Where none of a package is named, all of
            its members count.
        project: whose code; of this process's project if not given.
        within: a package; what lies outside of it counts by name alone.

    Raises:
        ArgumentError: an entry is no function or class at the head of a module.
        DataError: an entry does not exist, or code finds modules by names and its module does not say which.
    """
    return _key(reach(project or this_project(), map(place, entries), within=within))


def _key(found: Reach) -> Key:
    colours = found.colours()
    parts = (
        sorted({colours[entry] for entry in found.entries if entry.name != NONE}),
        sorted(set(colours.values())),
        sorted(found.files.items()),
    )
    texts: dict[str, list[str]] = defaultdict(list)
    for where in found.edges:
        if where.name != WHOLE:
            texts[where.module].append(found.text(where))
    return Key(
        hashlib.sha256(repr(parts).encode()).hexdigest(),
        tuple(map(str, found.entries)),
        {module: _digest(texts[module]) for module in sorted(texts)},
        dict(sorted(found.files.items())),
        found.within,
    )


def _digest(texts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(texts)).encode()).hexdigest()[:16]


def differing_modules(recorded: Mapping[str, Any], present: Key) -> list[str]:
    """Return the modules and files in which a key reaches other code than a recorded one; a move is no difference.

    Args:
        recorded: a key as :meth:`Key.as_json` gives it.
        present: the key of today.
    """
    changed: list[str] = []
    gone: list[str] = []
    for kind, now in (("modules", present.modules), ("files", present.files)):
        before: Mapping[str, str] = recorded.get(kind, {})
        changed += [name for name, digest in now.items() if digest not in before.values()]
        gone += [name for name, digest in before.items() if digest not in now.values()]
    return sorted(changed) or sorted(gone) or ["how its definitions refer to each other"]
