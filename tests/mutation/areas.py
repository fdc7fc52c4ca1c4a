"""Which files are mutated, and which tests ought to notice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.mutation.mutants import ROOT

__all__ = ["GROUPS", "Area"]

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


_THEORY: Mapping[str, Area] = {
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

_CHOOSING = f"{_TESTS}/selection"
_STEPS = tuple(
    f"{_CHOOSING}/test_{name}.py"
    for name in (
        *("sampler", "sampler_feedback", "sampler_renewal", "sampler_draws", "sampler_golden_draws", "sampler_state"),
        *("sampler_knowledge", "sampler_metrics", "rescoring"),
        *("sampler_refusals", "sampler_released", "prompt_keys", "describing", "graded_rewards", "selection_driver"),
    )
)
_SELECTION: Mapping[str, Area] = {
    "scores": Area(
        ("vas_theory/selection/*.py",),
        ((f"{_CHOOSING}/test_scores.py", f"{_CHOOSING}/test_pass_rates.py", *_STEPS),),
    ),
    "sampler": Area(
        ("vas_theory/selection/sampler/*.py", "vas_theory/selection/contract/*.py"), (_STEPS, (_CHOOSING,))
    ),
    "posteriors": Area(
        ("vas_theory/selection/posteriors/*.py",),
        (
            tuple(f"{_CHOOSING}/test_{name}.py" for name in ("pass_rates", "posterior_fit", "graded_rewards")),
            (_CHOOSING,),
        ),
    ),
    "priors": Area(("vas_theory/selection/prediction/*.py",), ((f"{_CHOOSING}/prediction",), (_CHOOSING,))),
    "drawing": Area(
        ("vas_theory/selection/drawing/*.py",),
        ((f"{_CHOOSING}/test_weighted_index.py", f"{_CHOOSING}/test_sampler_draws.py"), (_CHOOSING,)),
    ),
    "certificates": Area(
        ("vas_theory/claims/lib/certificates.py", "vas_theory/claims/lib/balls.py", "vas_theory/claims/lib/checks.py"),
        ((f"{_TESTS}/claims/test_checks.py",), _REST),
    ),
}

_TRL, _PLUGINS = "tests/full_scale/trl_adapter", "tests/full_scale/plugins"


def _trl(source: str, *names: str) -> Area:
    tests = tuple(f"{_TRL}/test_trl_{name}.py" for name in names)
    return Area((f"full_scale/trl_adapter/{source}",), (tests,))


_ADAPTERS: Mapping[str, Area] = {
    "checkpoints": _trl("checkpoints/*.py", "checkpoints", "run"),
    "knowledge": _trl("knowledge/*.py", "knowledge"),
    "presets": _trl("presets/*.py", "models", "knowledge", "run", "rewards"),
    "scoring": _trl("scoring/*.py", "scoring"),
    "trainer": Area(
        ("full_scale/trl_adapter/*.py",),
        (
            tuple(f"{_TRL}/test_trl_{name}.py" for name in ("prompts_and_rewards", "front_door", "strategies", "pins")),
            tuple(f"{_TRL}/test_trl_{name}.py" for name in ("trainer", "checkpoints", "models")),
        ),
    ),
    "plug-ins": Area(
        ("full_scale/plugins/*.py",),
        ((_PLUGINS, "--ignore", f"{_PLUGINS}/test_verl.py"),),
        without=("full_scale/plugins/*verl*.py",),  # verl has an environment of its own
    ),
}

GROUPS: Mapping[str, Mapping[str, Area]] = {"theory": _THEORY, "selection": _SELECTION, "adapters": _ADAPTERS}
"""Areas that share a sample and a report."""
