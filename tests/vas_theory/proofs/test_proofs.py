"""The formal proofs: what the claims name is recorded, sound, tied to their sides; Rocq, where it is, agrees."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from vas_theory.__main__ import main
from vas_theory.claims import all_claims, get_claims
from vas_theory.claims.lib.base import Claim, Verdict
from vas_theory.claims.lib.bridge import bridge_text, missing_quotes
from vas_theory.claims.lib.completeness import Completeness, Formal
from vas_theory.claims.lib.ledger import completeness_row
from vas_theory.foundation.errors import DataError
from vas_theory.proofs import record, rocq

RECORDED = record.read()
FORMAL = [claim for claim in all_claims().values() if claim.formal is not None]
TIED = [claim for claim in FORMAL if claim.formal is not None and claim.formal.points]
needs_rocq = pytest.mark.skipif(bool(rocq.missing_packages()), reason="Rocq or a library of it is not installed")


@pytest.mark.parametrize("claim", FORMAL, ids=lambda claim: claim.id)
def test_every_named_theorem_is_recorded(claim: Claim) -> None:
    assert claim.formal is not None
    for name in claim.formal.theorems:
        assert name in RECORDED.theorems
    assert claim.formal.sizes


@pytest.mark.parametrize("claim", TIED, ids=lambda claim: claim.id)
def test_the_quoted_sides_stand_in_the_printed_statement(claim: Claim) -> None:
    statements = {name: theorem.statement for name, theorem in RECORDED.theorems.items()}
    assert missing_quotes(claim, statements) == []
    assert claim.formal is not None
    other = dataclasses.replace(claim, formal=dataclasses.replace(claim.formal, left="Tabular.Var arms r p"))
    assert missing_quotes(other, statements) == ["Tabular.Var arms r p"]


def test_every_side_of_a_proved_claim_is_tied_or_says_why_not() -> None:
    for claim in all_claims().values():
        if claim.verdict in (Verdict.PROVED, Verdict.CONDITIONAL):
            formal = claim.formal or Formal("", sizes="")
            quoted = {"left": formal.left, "right": formal.right}
            loose = {name for name, term in quoted.items() if not (formal.points and term)}
            assert loose == set(formal.untied), claim.id
            assert all(formal.untied.values())


def test_a_side_that_is_not_tied_is_shown_with_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "C03"]) == 0
    said = "not compared with the theorem: the right side, the least of the left side"
    assert said in " ".join(capsys.readouterr().out.split())
    assert main(["list", "--json"]) == 0
    rows = {row["id"]: row for row in json.loads(capsys.readouterr().out)["claims"]}
    assert set(rows["L03"]["untied"]) == {"left"}
    assert rows["B02"]["untied"] == {}


def test_the_record_is_of_these_sources() -> None:
    assert RECORDED.sources == record.source_hashes(rocq.sources())


def test_the_bridge_is_what_the_claims_functions_give() -> None:
    same = rocq.sources()["Bridge"] == bridge_text(all_claims().values(), rocq.sources())
    assert same, "a claim's functions changed; with Rocq installed run: python -m vas_theory proofs --record"


def test_a_changed_function_changes_the_bridge() -> None:
    (claim,) = get_claims(["B02"])
    before = bridge_text([claim], ["Tabular"])
    assert bridge_text([claim.scaled(2)], ["Tabular"]) != before
    assert bridge_text([dataclasses.replace(claim, left=claim.right)], ["Tabular"]) != before


def test_no_proof_is_left_out() -> None:
    assert record.unsound(RECORDED, rocq.sources()) == []
    texts = {"A": "Lemma x : True. Admitted. (* Axiom (* in *) a comment *)", "B": "Axiom y : False."}
    assert record.unsound(RECORDED, texts) == ["A.v: has the command Admitted", "B.v: has the command Axiom"]
    (line,) = record.unsound(dataclasses.replace(RECORDED, axioms=(*RECORDED.axioms, "Tabular.wish")), {})
    assert "Tabular.wish" in line
    assert set(RECORDED.axioms) == record.ALLOWED_AXIOMS


class TestTheRecord:
    def test_a_round_trip(self, tmp_path: Path) -> None:
        record.write(RECORDED, tmp_path / "record.txt")
        assert record.read(tmp_path / "record.txt") == RECORDED

    def test_a_statement_or_definition_changed_by_hand_is_refused(self, tmp_path: Path) -> None:
        text = record.RECORD.read_text(encoding="utf-8")
        changed = tmp_path / "record.txt"
        for old, new in (
            ("Tabular.fisher arms p u <= / 2 *", "Tabular.fisher arms p u <= / 3 *"),
            ("| a :: t => f a + sum_over f t", "| a :: t => f a - sum_over f t"),
        ):
            assert old in text
            changed.write_text(text.replace(old, new), encoding="utf-8")
            with pytest.raises(DataError, match="does not fit its statement"):
                record.read(changed)
        with pytest.raises(DataError, match="missing"):
            record.read(tmp_path / "none.txt")

    def test_every_difference_is_named(self) -> None:
        (name, theorem), *rest = RECORDED.theorems.items()
        other = dataclasses.replace(
            RECORDED,
            version="0",
            sources={**RECORDED.sources, "Tabular": "0"},
            theorems={name: dataclasses.replace(theorem, hash="0"), **dict(rest[1:])},
        )
        lines = record.differences(RECORDED, other)
        assert len(lines) == 4
        for needle in ("Tabular.v", "asked Rocq 0", f"{name}: the statement", f"{rest[0][0]}: recorded, but no longer"):
            assert any(needle in line for line in lines)
        (line,) = record.differences(RECORDED, dataclasses.replace(RECORDED, axioms=("classic",)))
        assert "rest on classic" in line
        assert record.differences(RECORDED, RECORDED) == []


class TestCompleteness:
    def test_a_theorem_that_is_not_recorded_does_not_count(self) -> None:
        (claim,) = get_claims(["B07"])
        assert completeness_row(claim)["complete"] == "machine"
        unknown = dataclasses.replace(claim, formal=Formal("Hessian.no_such_theorem", sizes="all K"))
        assert completeness_row(unknown)["complete"] == "partly"

    def test_what_remains_makes_it_partly(self) -> None:
        (claim,) = get_claims(["B02"])
        assert claim.formal is not None
        rest = dataclasses.replace(claim, formal=dataclasses.replace(claim.formal, remains="the other half"))
        assert rest.complete is Completeness.PARTLY
        assert completeness_row(rest)["remains"] == "the other half"

    def test_some_sizes_are_not_called_an_identity(self) -> None:
        for claim in all_claims().values():
            kind, machine = claim.certificate.kind.value, claim.certificate.machine
            if kind in ("identity", "sum-of-squares"):
                assert all(part.sizes.startswith("all") for part in machine)


def test_without_rocq_the_ledger_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert main(["proofs"]) == 2
    error = capsys.readouterr().err
    assert (
        error
        == "error: the formal proofs need Debian packages that are missing: coq libcoq-coquelicot libcoq-interval\n"
    )
    assert main(["list"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert f"as recorded with Rocq {RECORDED.version} (not installed here" in said


def test_the_proofs_command_needs_no_package() -> None:
    code = "import sys; from vas_theory.proofs import record, rocq; print('numpy' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"


PAGE = (Path(rocq.SOURCES).parents[1] / "paper_figures" / "docs" / "proofs.md").read_text(encoding="utf-8")


def test_the_page_says_how_many_theorems_are_recorded() -> None:
    assert f"{len(RECORDED.theorems)} theorems, checked by Rocq {RECORDED.version}" in " ".join(PAGE.split())


@needs_rocq
@pytest.mark.slow
class TestWithRocq:
    def test_the_steps_of_the_page_replay_one_proof_and_refuse_another_constant(self, tmp_path: Path) -> None:
        (steps,) = [block for block in PAGE.split("```\n")[1::2] if block.startswith("mkdir ../replay")]
        (tmp_path / "project" / "vas_theory").mkdir(parents=True)
        (tmp_path / "project" / "vas_theory" / "proofs").symlink_to(rocq.SOURCES)
        answer = subprocess.run(
            ["bash", "-e", "-c", steps], cwd=tmp_path / "project", capture_output=True, text=True, check=True
        ).stdout
        assert "((hi - lo) / (3 * sqrt 3))" in answer
        assert set(re.findall(r"^(\w+\.\w+)\s*:", answer.split("Axioms:")[1], re.M)) <= record.ALLOWED_AXIOMS
        text = (tmp_path / "replay" / "Hessian.v").read_text(encoding="utf-8")
        theorem, proof = text.split("Theorem hessian_at_most_range")
        assert proof.count("3 * sqrt 3") >= 1
        wrong = f"{theorem}Theorem hessian_at_most_range{proof.replace('3 * sqrt 3', '4 * sqrt 3', 1)}"
        (tmp_path / "replay" / "Hessian.v").write_text(wrong, encoding="utf-8")
        again = ["coqc", "-w", "none", "-Q", ".", "Vas", "Hessian.v"]
        assert subprocess.run(again, cwd=tmp_path / "replay", capture_output=True).returncode == 1

    @pytest.mark.timeout(1200)
    def test_every_proof_compiles_and_is_as_recorded(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["proofs"]) == 0
        assert "as recorded" in capsys.readouterr().out

    @pytest.mark.timeout(1200)
    @pytest.mark.parametrize(
        ("module", "old", "new"),
        [
            ("Bridge", "(652604103746366965919/", "(652604203746366965919/"),  # a digit of a side
            ("Tabular", "fisher u <= / 2 * norm2 u", "fisher u <= / 3 * norm2 u"),  # a constant of a statement
            ("Tabular", "Definition grad a := p a * (r a - V)", "Definition grad a := p a * (r a + V)"),  # a sign
        ],
    )
    def test_a_mutant_does_not_compile(
        self, module: str, old: str, new: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sources = tmp_path / "proofs"
        shutil.copytree(rocq.SOURCES, sources)
        text = (sources / f"{module}.v").read_text(encoding="utf-8")
        assert old in text
        (sources / f"{module}.v").write_text(text.replace(old, new), encoding="utf-8")
        monkeypatch.setattr(rocq, "SOURCES", sources)
        with pytest.raises(DataError, match=f'File "./{module}.v"'):
            rocq.build(tmp_path / "build")
