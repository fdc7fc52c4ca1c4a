"""The README's generated parts are current and its code blocks run."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from paper_figures.build.readme import render_readme
from paper_figures.drawing.declaration import LoadedTable
from paper_figures.figures import get_figures
from paper_figures.laboratory import RANKING, TOURNAMENT, world_gains
from simulations.analysis.ranking import chosen_rates, rank_strategies, world_winners
from vas_theory.claims import all_claims
from vas_theory.claims.lib.ledger import read_record
from vas_theory.provenance.tables import read_table

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(bash|python)\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def test_generated_parts_are_current() -> None:
    assert render_readme(README) == README, "run: python -m paper_figures readme"


def test_the_headline_counts_the_predictions_of_the_paper_size() -> None:
    verdicts = read_table(ROOT / "full_scale" / "results" / "paper" / "validation.parquet")["verdict"].value_counts()
    words = (
        f"{verdicts['held']} of {verdicts.sum()} held, {verdicts['failed']} failed, "
        f"{verdicts['uninformative']} were uninformative."
    )
    first_screen = README[: README.index("## What is true")]
    assert words in " ".join(first_screen.split())
    assert first_screen.index(words) < first_screen.index("predictions held")


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


def _expect(words: str, table: str) -> None:
    """Fail with the words that a table asks for where the README has others."""
    assert words in " ".join(README.split()), f'by the committed table {table} the README should say: "{words}"'


def test_what_the_first_screen_says_of_real_training() -> None:
    """When the study's table changes, the sentences have to be read again."""
    table = read_table(ROOT / "full_scale" / "results" / "paper" / "validation.parquet").set_index("id")
    gains = table[table["quantity"] == "accuracy_gain"].set_index("arm")
    assert len(gains) == 7  # eight arms, uniform among them
    assert (gains["measured_low"] <= 0).all()
    assert (gains.loc[["vas-paper", "dapo"], "measured_high"] < 0).all()
    assert set(gains.loc[["vas-paper", "dapo"], "verdict"]) == {"held"}
    index = gains.loc["index"]
    assert index["verdict"] == "failed"
    assert index["predicted"] > 0
    assert -0.05 < index["measured"] < index["measured_high"] < 0  # a little less
    ratio = table.loc["P5/mixed-groups/index", "measured"]
    _expect(f"has {ratio:.1f} times the groups that carry a gradient and learns a little less", "validation")
    ada = gains.loc["index-ada"]
    assert ada["verdict"] == "failed"
    assert ada["predicted"] > 0.2  # by far
    assert ada["measured_low"] < 0 < ada["measured_high"]  # level
    ratio = table.loc["P5/gradient-norm/index-ada", "measured"]
    _expect(f"its gradients are {ratio:.0f} times as large as uniform's and it finishes no better", "validation")
    assert (
        table.loc[["P3/posterior-calibration/vas", "P3/posterior-calibration/vas-weighted"], "measured"] < 0.5
    ).all()


def _little(row: pd.Series) -> str:
    """Return in words what a gain over uniform sampling is, by its interval; under 3 points it is a little."""
    if row["gain_low"] <= 0 <= row["gain_high"]:
        return "neither gains nor loses"
    return ("gains" if row["gain"] > 0 else "loses") + (" a little" if abs(row["gain"]) < 0.03 else " much")


def _where(losses: int, cases: int) -> str:
    return "everywhere" if losses == cases else f"in {losses} of {cases} cases"


@pytest.fixture(scope="module")
def tournament() -> pd.DataFrame:
    return read_table(TOURNAMENT.path(ROOT, "paper"))


def test_what_the_first_screen_says_of_the_tournament(tournament: pd.DataFrame) -> None:
    final = tournament[tournament["phase"] == "final"]
    arms, worlds = final["strategy"].nunique(), final["world"].nunique()
    _expect(f"{arms} ways of choosing prompts in {worlds} simulated worlds at equal rollouts", "tournament")
    few = tournament[tournament["strategy"].isin(["uniform", "vas", "vas-paper"])]
    ranking = read_table(RANKING.path(ROOT, "paper"))
    gains = pd.concat([world_gains(ranking, regime) for regime in ("fixed", "tuned")])
    losses = gains.loc[gains["strategy"] == "vas-paper", "gain_high"] < 0
    where = _where(int(losses.sum()), len(losses))
    _expect(f"VAS as published pays for its scores and loses to uniform sampling {where};", "tournament")
    small, large = (
        _little(rank_strategies(few[few["regime"] == regime], resamples=1000).set_index("strategy").loc["vas"])
        for regime in ("fixed", "tuned")
    )
    said = f"VAS on scores from the training rollouts themselves {small} at small steps and {large} at large ones."
    _expect(said, "tournament")


def test_what_is_said_of_the_tournaments_learning_rates_and_winners(tournament: pd.DataFrame) -> None:
    chosen = chosen_rates(tournament)
    share = (chosen["end"] == "highest").mean()
    often = "nearly always" if 0.9 < share < 1 else f"in {share:.0%} of the choices"
    _expect(f"at one small learning rate and at tuned ({often} very large) ones", "tournament")
    every = "Nearly every" if 0.9 < share < 1 else f"{share:.0%} of the"
    _expect(f"{every} tuned learning rate there is the largest of the grid", "tournament")
    fixed = tournament[tournament["regime"] == "fixed"]
    (rate,), largest = set(fixed["learning_rate"]), tournament["learning_rate"].max()
    assert rate <= largest / 10, f"the one learning rate {rate:g} is not small beside the grid's {largest:g}"
    winners = {regime: set(world_winners(part)["winner"]) for regime, part in tournament.groupby("regime")}
    assert len(winners["fixed"]) == 1, "no strategy wins everywhere, so that the README's limits have to be read again"
    assert len(winners["tuned"]) > 1
    (best,) = winners["fixed"]
    _expect(f"At the one small rate `{best}` wins in every world", "tournament")
    _expect(f"the winner of the simulations (`{best}`)", "tournament")
    tuned = world_gains(read_table(RANKING.path(ROOT, "paper")), "tuned")
    errs = tuned[(tuned["strategy"] == best) & tuned["world"].str.contains("noisy")]
    assert (errs["gain_high"] < 0).all(), "errors of the verifier do not turn its pushes against it"


def test_what_the_first_screen_says_of_step_level_credit() -> None:
    (figure,) = get_figures(["step_credit"])
    tables = {name: LoadedTable(read_table(table.path(ROOT, "paper")), 0, {}) for name, table in figure.inputs.items()}
    numbers = figure.numbers(tables)
    effects = numbers[numbers["kind"] == "effect"].set_index(["effect", "regime"]).sort_index()
    for effect in ("both, treerpo", "both, tree-opo", "shared prefixes", "credit, treerpo", "credit, tree-opo"):
        rows = effects.loc[effect]
        assert (rows["gain_high"] < 0).all(), f"{effect}: {rows['gain'].to_dict()} does not lose at both rates"
    _expect(
        "On tree prompts the two step-level methods lose to uniform sampling too: rollouts that share prefixes are "
        "worth less, and step credit does not compensate.",
        "step_credit",
    )
    ahead = 100 * effects.loc["equal steps, treerpo", "gain"]
    assert (effects.loc["equal steps, treerpo", "gain_low"] > 0).all()
    assert (effects["largest_share"].dropna() < 1).all()  # trees cost less
    span = f"{ahead.min():.1f} to {ahead.max():.1f} points"
    _expect(f"counted in generated steps, treerpo is {span} ahead (`step_credit`).", "step_credit")
