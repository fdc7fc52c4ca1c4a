"""What is mutated, what is not, and that a test that notices is named."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.mutation.__main__ import REPORTS, explanations, place, report, sample
from tests.mutation.areas import GROUPS
from tests.mutation.mutants import ROOT, Mutant, compiled, mutants
from tests.mutation.running import first_failure

CODE = '''"""Two 2."""

def f(x: "7" = 3) -> "8":
    """One 1."""
    y = x - 2.0
    y += 0.0
    return -y
'''
CLAIM = """
def _left(x):
    return 2 * _part(x)

def _part(x):
    return x + 1

def _family(x):
    return x + 5

_TEXT = r"a\\ge 2"
CLAIMS = (Claim(id="B99", statement=_TEXT, title="3", left=_left, domain=_family),
          Claim(id="B98", statement=r"\\left(a-b\\right)^{10}\\le c", left=lambda x: _part(x), right=_left))
"""


def _written(folder: Path, file: str, text: str) -> str:
    path = folder / file
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    return file


def _value(mutant: Mutant, root: Path) -> float:
    names: dict[str, object] = {}
    exec(compiled(mutant, root), names)
    return float(names["f"](5.0))  # type: ignore[operator]


def test_every_constant_and_sign_of_code_is_one_mutant(tmp_path: Path) -> None:
    file = _written(tmp_path, "vas_theory/some.py", CODE)
    found = mutants(file, tmp_path)
    assert [(m.line, m.change) for m in found] == [
        (3, "3 → 4"),
        (5, "- → + in x - 2.0"),
        (5, "2.0 → 2.2"),
        (6, "+ → - in y += 0.0"),
        (6, "0.0 → 1.0"),
        (7, "- → + before y"),
    ]
    assert [_value(m, tmp_path) for m in found] == pytest.approx([-3.0, -7.0, -2.8, -3.0, -4.0, 3.0])


def test_of_a_claim_the_statement_and_the_sides_are_mutated(tmp_path: Path) -> None:
    file = _written(tmp_path, "vas_theory/claims/b99_words.py", CLAIM)
    assert [m.change for m in mutants(file, tmp_path)] == [
        r"a⟨\ge → \le⟩ 2",
        r"a\ge ⟨2 → 3⟩",
        r"\left(a⟨- → +⟩b\right)^{10",
        r"a-b\right)^{⟨10 → 11⟩}\le c",
        r"\right)^{10}⟨\le → \ge⟩ c",
        "2 → 3",
        "+ → - in x + 1",
        "1 → 2",
    ]


def test_a_sample_is_of_its_seed_and_of_every_area_alike() -> None:
    areas = GROUPS["theory"]
    chosen = sample(20, 3)
    assert chosen == sample(20, 3) != sample(20, 4)
    assert [area for area, _ in chosen] == [name for name in areas for _ in range(2 if name == "symbolic sums" else 3)]
    counts = Counter(area for area, _ in sample(100, 3))
    few = len(mutants("vas_theory/claims/lib/bridge/arm_sums.py"))
    assert counts.total() == 100
    assert counts["symbolic sums"] == few < 14  # all that it has
    assert max(counts.values()) - min(counts[name] for name in areas if name != "symbolic sums") <= 1
    for group in GROUPS.values():
        assert all(area.files() for area in group.values())
        for area, mutant in sample(2 * len(group), 3, group):
            for stage in group[area].stages(mutant.file):
                assert all((ROOT / word).exists() for word in stage if word.startswith("tests/"))


def test_the_test_that_notices_is_named(tmp_path: Path) -> None:
    checks = tmp_path / "test_kernel.py"
    checks.write_text(
        "from vas_theory.bounds.sharper_improvement import _kernel\n"
        "def test_other(): pass\n"
        "def test_limit(): assert abs(_kernel(0.0) - 0.5) < 1e-15\n",
        encoding="utf-8",
    )
    file = "vas_theory/bounds/sharper_improvement.py"
    (mutant,) = [m for m in mutants(file) if m.change == "2 → 3" and m.line < 30][:1]
    assert first_failure(None, [str(checks)]) == ""
    assert first_failure(mutant, [str(checks)]).endswith("test_limit")
    with pytest.raises(RuntimeError, match="ended with status"):
        first_failure(None, [str(tmp_path / "none.py")])


def test_a_mutant_that_lives_is_said_and_explained() -> None:
    file = "vas_theory/bounds/sharper_improvement.py"
    mutant = next(m for m in mutants(file) if m.change == "2 → 3")
    text = report([("bounds", mutant, "tests/t.py::test"), ("bounds", mutant, "")], 0)
    assert "of 2 random mutants 1 are noticed by a test (50%), 0 of the 1 others" in text
    assert "nothing: not explained" in text
    for (file, line, change), why in explanations().items():
        assert why
        same, *_ = [m for m in mutants(file) if place(m) == (file, line, change)]
        assert f"nothing: {why}" in report([("bounds", same, "")], 0)


@pytest.mark.parametrize("path", sorted(REPORTS.glob("*.md")), ids=lambda path: path.stem)
def test_a_report_is_of_a_sample_of_this_code_and_names_tests_that_exist(path: Path) -> None:
    """No line is unexplained; 95 of 100 mutants of the theory are noticed, 90% of those of the slower groups."""
    rows = [line.split(" | ") for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("| ")][2:]
    noticed = [row[4].strip("| `") for row in rows]
    least, share = (100, 0.95) if path.stem.startswith("theory") else (40, 0.9)
    assert len(rows) >= least
    assert sum(not test.startswith("nothing") for test in noticed) >= share * len(rows)
    for test in noticed:
        assert "not explained" not in test
        if test.startswith("tests/"):
            file, _, name = test.removesuffix(" (loading)").partition("::")
            if not name:  # the file of tests could not even be loaded
                assert (ROOT / file).exists()
                continue
            assert f"def {name.partition('[')[0].split('::')[-1]}(" in (ROOT / file).read_text(encoding="utf-8")


def test_what_is_compiled_is_compiled_anew_for_a_mutant(tmp_path: Path) -> None:
    """The cache of numba is found by a function's instructions, and another constant leaves these as they are."""
    checks = tmp_path / "test_cache.py"
    checks.write_text("import numba\ndef test_elsewhere(): assert numba.config.CACHE_DIR\n", encoding="utf-8")
    kernel, other = (
        mutants(f"vas_theory/selection/{name}.py")[0] for name in ("drawing/_weighted_index_kernel", "scores")
    )
    assert first_failure(kernel, [str(checks)]) == ""
    assert first_failure(other, [str(checks)]).endswith("test_elsewhere")
