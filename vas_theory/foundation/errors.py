"""The errors of all four packages.

Every error a caller can provoke derives from :class:`VASError` (itself a ``ValueError``), so one
``except`` clause is enough, and the command lines turn any of them into one line and exit code 2.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

from vas_theory.foundation.installation import install_command

__all__ = [
    "ArgumentError",
    "DataError",
    "IntegrityError",
    "MissingExtraError",
    "StateMismatchError",
    "UnknownNameError",
    "VASError",
]

__neutral__ = "how refused input is told"


class VASError(ValueError):
    """Base of every error raised on purpose by this package."""


class ArgumentError(VASError):
    """An argument has a value that is not allowed.

    Args:
        argument: name of the argument as the caller wrote it.
        requirement: what the value has to be, as a phrase that follows "must".
        received: the value that came (shown with ``repr``, shortened).
    """

    def __init__(self, argument: str, requirement: str, received: object) -> None:
        self.argument = argument
        self.requirement = requirement
        self.received = received
        shown = " ".join(repr(received).split())  # arrays and data sets show themselves on several lines
        if len(shown) > 200:
            shown = shown[:197] + "..."
        super().__init__(f"{argument} must {requirement}; received {shown}")


class DataError(VASError):
    """A file or a data set cannot be used; the message names the file and the row or column."""


class IntegrityError(DataError):
    """A stored artefact does not match the checksum written with it."""


class MissingExtraError(VASError):
    """An optional dependency is not installed.

    Args:
        module: the module that could not be imported.
        extra: the extra of this project that brings it.
    """

    def __init__(self, module: str, extra: str) -> None:
        super().__init__(
            f"this needs the package {module!r}, which is not installed; "
            f"install the extra {extra!r}: {install_command(extra)}"
        )


class StateMismatchError(VASError):
    """A saved state or configuration does not fit the object it is loaded into.

    Args:
        what: what was being loaded.
        differences: name -> (expected by the receiver, found in the state).
    """

    def __init__(self, what: str, differences: Mapping[str, tuple[object, object]]) -> None:
        self.differences = dict(differences)
        lines = "; ".join(
            f"{name}: expected {expected!r}, found {found!r}"
            for name, (expected, found) in sorted(self.differences.items())
        )
        super().__init__(f"{what} does not match: {lines}")


class UnknownNameError(VASError):
    """A name is not in a registry; the message offers the nearest known names."""

    def __init__(self, kind: str, name: object, known: Iterable[str]) -> None:
        known = sorted(known)
        lowered = {item.lower(): item for item in known}
        near = [lowered[hit] for hit in difflib.get_close_matches(str(name).lower(), lowered, n=3)]
        hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known)}"
        super().__init__(f"unknown {kind} {name!r}; {hint}")
