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
from vas_theory.storage import read_table

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


def test_what_the_first_screen_says_of_real_training() -> None:
    """When the study's table changes, the sentences have to be read again."""
    path = Path(__file__).resolve().parents[1] / "full_scale" / "results" / "paper" / "validation.parquet"
    table = read_table(path).set_index("id")
    gains = table[table["quantity"] == "accuracy_gain"].set_index("arm")
    assert len(gains) == 6  # seven arms, uniform among them
    assert (gains["measured_low"] <= 0).all()
    assert (gains.loc[["vas-paper", "dapo"], "measured_high"] < 0).all()
    assert set(gains.loc[["vas-paper", "dapo"], "verdict"]) == {"held"}
    assert gains.loc["index", "verdict"] == "failed"
    assert 1.75 < table.loc["P5/mixed-groups/index", "measured"] < 2
    assert (
        table.loc[["P3/posterior-calibration/vas", "P3/posterior-calibration/vas-weighted"], "measured"] < 0.5
    ).all()
