"""What the explorer says of real training beside its recommendation: the study's figures, in words that follow them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from paper_figures.build.graph import build, stale_reasons
from paper_figures.build.nodes import explorer_node
from paper_figures.drawing.declaration import ROOT
from paper_figures.explorer.facts import TABLES, facts
from paper_figures.explorer.sentences import study_sentences
from paper_figures.study import STUDY
from tests.paper_figures.browser import Browser
from tests.paper_figures.small_tables import PRESET, write_tables
from vas_theory.foundation.errors import IntegrityError
from vas_theory.provenance.fingerprint import Key
from vas_theory.provenance.tables import read_table, write_table

RESULTS = Path("full_scale") / "results" / "paper"

KEY = Key("made by hand", (), {}, {})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with small tables for the page and the committed ones of the study."""
    write_tables(TABLES, tmp_path)
    (tmp_path / RESULTS).mkdir(parents=True)
    for table in STUDY:
        source = table.path(ROOT, PRESET)
        assert source.parent == ROOT / RESULTS
        for path in (source, source.with_name(f"{source.name}.meta.json")):
            shutil.copy(path, tmp_path / RESULTS)
    return tmp_path


def _figures(text: str) -> list[float]:
    return [float(number.replace("−", "-")) for number in re.findall(r"[+−]\d\.\d{3}", text)]


def test_its_figures_are_those_of_the_held_out_prompts(root: Path) -> None:
    """Counted again from every held-out prompt of every run: the mean paired gain with Student's interval."""
    prompts = read_table(ROOT / RESULTS / "evaluation_prompts.parquet")
    rates = (prompts["successes"] / prompts["rollouts"]).groupby([prompts["seed"], prompts["arm"]]).mean().unstack()
    rates = rates.drop(columns="start")  # the model before any training
    said = study_sentences(root, PRESET, [str(arm) for arm in rates.columns])
    assert set(said) == set(rates.columns) - {"uniform"}
    for arm, text in said.items():
        gain = (rates[arm] - rates["uniform"]).to_numpy()
        coverage = int(re.findall(r"(\d+)% interval", text)[0]) / 100
        low, high = stats.t.interval(coverage, len(gain) - 1, loc=gain.mean(), scale=stats.sem(gain))
        assert _figures(text)[1:] == pytest.approx([gain.mean(), low, high], abs=5.1e-4), arm
        assert f"{len(gain)} paired seeds" in text


def test_the_study_contradicts_the_index(root: Path) -> None:
    row = read_table(ROOT / RESULTS / "validation.parquet").set_index("id").loc["P5/accuracy/index"]
    text = study_sentences(root, PRESET, ["index"])["index"]
    assert _figures(text)[0] == pytest.approx(row["predicted"], abs=5.1e-4)
    assert row["measured_high"] < 0
    assert text.startswith("Real training contradicts this: on smollm2-135m (arithmetic, ")
    assert text.endswith(": below uniform sampling, and the prediction failed.")


@pytest.mark.parametrize(
    ("measured", "verdict", "stance", "end"),
    [
        ((0.05, 0.01, 0.09), "held", "agrees", "above uniform sampling, as predicted."),
        ((-0.05, -0.09, -0.01), "failed", "contradicts this", "below uniform sampling, and the prediction failed."),
        (
            (0.01, -0.03, 0.05), "uninformative", "does not bear this out",
            "above uniform sampling by no more than the seeds vary, which neither bears the prediction out nor refutes "
            "it.",
        ),
        (
            (-0.01, -0.05, 0.03), "failed", "does not bear this out",
            "below uniform sampling by no more than the seeds vary, and the prediction failed.",
        ),
    ],
)  # fmt: skip
def test_words_follow_the_interval(
    root: Path, measured: tuple[float, float, float], verdict: str, stance: str, end: str
) -> None:
    row = dict(zip(("measured", "measured_low", "measured_high"), measured, strict=True))
    frame = pd.DataFrame([{"quantity": "accuracy_gain", "arm": "mopps", "predicted": 0.02, "verdict": verdict, **row}])
    path = root / RESULTS / "validation.parquet"
    write_table(frame, path, config={}, seed=0, key=KEY, seconds=0.0)
    said = study_sentences(root, PRESET, ["uniform", "mopps", "vas"])
    assert said["mopps"].startswith(f"Real training {stance}: on ")
    assert said["mopps"].endswith(end)
    assert _figures(said["mopps"]) == [0.02, *measured]
    assert said["vas"] == "vas was not among the arms of this project's real training."
    assert "uniform" not in said


def test_an_arm_without_enough_runs_counts_as_not_tried(root: Path) -> None:
    frame = pd.DataFrame(
        [{"quantity": "accuracy_gain", "arm": "vas", "predicted": 0.1, "verdict": "uninformative", "measured": 0.2,
          "measured_low": np.nan, "measured_high": np.nan}]
    )  # fmt: skip
    path = root / RESULTS / "validation.parquet"
    write_table(frame, path, config={}, seed=0, key=KEY, seconds=0.0)
    assert "not among the arms" in study_sentences(root, PRESET, ["vas"])["vas"]


def test_without_a_table_nothing_is_said_and_an_altered_one_is_refused(root: Path) -> None:
    assert set(facts(root, PRESET)["study"]) == {"mopps", "vas", "vas-paper"}
    path = root / RESULTS / "validation.parquet"
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    with pytest.raises(IntegrityError, match=r"validation\.parquet"):
        facts(root, PRESET)
    path.unlink()
    assert facts(root, PRESET)["study"] == {}


def test_the_page_is_stale_when_the_study_changes(root: Path) -> None:
    build(explorer_node(root, PRESET))
    assert stale_reasons(explorer_node(root, PRESET)) == []
    (root / RESULTS / "validation.parquet").unlink()
    assert stale_reasons(explorer_node(root, PRESET)) == ["input validation.parquet changed"]


@pytest.mark.browser
def test_the_page_says_it_beside_the_recommendation(browser: Browser, root: Path) -> None:
    build(explorer_node(root, PRESET))
    page = browser.open(root / "paper_figures" / "output" / "explorer.html")
    page.fill("#pool", "mostly_hard")
    page.fill("#coupling", "interference")
    assert page.text("#arm") == "mopps"
    assert page.text("#study") == study_sentences(root, PRESET, ["mopps"])["mopps"]
    assert page.complaints() == []


@pytest.mark.browser
def test_the_page_says_nothing_where_there_is_no_study(browser: Browser, explorer_root: Path) -> None:
    page = browser.open(explorer_root / "paper_figures" / "output" / "explorer.html")
    assert page.text("#arm") in ("mopps", "vas")
    assert page.text("#study") == ""
