"""Which files are mutated, and which tests ought to notice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.mutation.mutants import ROOT

__all__ = ["AREAS", "Area"]

_TESTS = "tests/vas_theory"
_REST = (f"{_TESTS}/claims", f"{_TESTS}/proofs", "-k", "not one_percent and not verdict_stands and not argument")
"""What runs where the narrow tests let a mutant live: every claim rests on these modules. What takes minutes is out."""


@dataclass(frozen=True)
class Area:
    """Files with one set of tests.

    Args:
        patterns: globs from the project's root.
        tests: arguments of pytest that are tried one after the other until one fails.
        without: globs of files that belong to another area.
    """

    patterns: tuple[str, ...]
    tests: tuple[tuple[str, ...], ...]
    without: tuple[str, ...] = ()

    def files(self) -> list[str]:
        """Return the area's files, sorted."""
        left_out = {path for pattern in self.without for path in ROOT.glob(pattern)}
        found = {path for pattern in self.patterns for path in ROOT.glob(pattern)} - left_out
        return sorted(path.relative_to(ROOT).as_posix() for path in found)

    def stages(self, file: str) -> Iterator[list[str]]:
        """Yield the arguments of pytest for a file's mutants, the narrowest first."""
        for arguments in self.tests:
            yield [word.format(claims=_claims(file)) for word in arguments]


def _claims(file: str) -> str:
    """Return the claims that a file states, as an expression of pytest's ``-k``; empty for other files."""
    ids = re.findall(r'\bid="(\w+)"', (ROOT / file).read_text(encoding="utf-8"))
    return " or ".join(dict.fromkeys(ids))


AREAS: Mapping[str, Area] = {
    "bounds": Area(
        ("vas_theory/bounds/*.py", "vas_theory/policy/curvature.py"),
        ((f"{_TESTS}/bounds",), _REST),
        without=("vas_theory/bounds/*improvement.py",),
    ),
    "improvement": Area(("vas_theory/bounds/*improvement.py",), ((f"{_TESTS}/bounds",), _REST)),
    "gradients": Area(
        ("vas_theory/policy/*.py",), ((f"{_TESTS}/policy",), _REST), without=("vas_theory/policy/curvature.py",)
    ),
    "groups": Area(("vas_theory/groups/*.py",), ((f"{_TESTS}/groups",), _REST)),
    "potentials": Area(("vas_theory/potentials.py",), ((f"{_TESTS}/test_potentials.py",), _REST)),
    "symbolic sums": Area(
        ("vas_theory/claims/lib/bridge/arm_sums.py",), ((f"{_TESTS}/claims/test_arm_sums.py",), _REST)
    ),
    "statements": Area(
        ("vas_theory/claims/[abcl][0-9][0-9]_*.py",),
        ((f"{_TESTS}/claims", "-k", "({claims} or statement) and not one_percent"), _REST),
    ),
}
