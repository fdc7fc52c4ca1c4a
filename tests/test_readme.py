"""The README's generated parts are current and its code blocks run."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from paper_figures.readme import render_readme
from vas_theory.claims import all_claims
from vas_theory.claims.ledger import read_record

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(bash|python)\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def test_generated_parts_are_current() -> None:
    assert render_readme(README) == README, "run: python -m paper_figures readme"


def test_the_record_covers_every_claim_and_nothing_else() -> None:
    record = read_record()
    claims = all_claims()
    assert set(record) == set(claims), "run: python -m vas_theory verify --record"
    for name, claim in claims.items():
        assert record[name]["verdict"] == claim.verdict.value
        assert record[name]["certificate"] == claim.certificate.kind.value


def test_there_are_blocks_to_run() -> None:
    assert {language for language, _ in BLOCKS} == {"bash", "python"}


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_code_blocks_run(number: int, tmp_path: Path) -> None:
    language, text = BLOCKS[number]
    if language == "python":
        command = [sys.executable, "-c", text]
    else:
        script = re.sub(r"^python ", f"{shlex.quote(sys.executable)} ", text, flags=re.MULTILINE)
        command = ["bash", "-euo", "pipefail", "-c", script]
    answer = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert answer.returncode == 0, answer.stderr
