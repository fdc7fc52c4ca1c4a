"""The README's generated parts are current and its code blocks run; what pages say in words is what tables say."""

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
from paper_figures.networks import AGREEMENT, NETWORKS, leading
from simulations.analysis.ranking import chosen_rates, rank_strategies, world_winners
from tests.test_wheel import ELSEWHERE, TRIED, WITH
from vas_theory.claims import all_claims
from vas_theory.claims.lib.ledger import read_record
from vas_theory.provenance.tables import read_table

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TRUE = (ROOT / "paper_figures" / "docs" / "what_is_true.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(bash|python)\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def test_generated_parts_are_current() -> None:
    assert render_readme(README) == README, "run: python -m paper_figures readme"


def test_the_readme_is_short_and_has_one_figure() -> None:
    assert len(README.splitlines()) <= 150
    assert re.findall(r"!\[.*?\]\((.*?)\)", README) == ["paper_figures/results/paper/network_learning.slide.png"]
    assert not [path for path in re.findall(r"\]\((?!https?:)([^)#]+)", README) if not (ROOT / path).exists()]


def test_every_command_is_tried_from_the_wheel_or_says_why_not() -> None:
    named = {line.partition("  #")[0].strip() for line in re.findall(r"^python -m .*", README, re.MULTILINE)}
    assert named <= TRIED | {command for some in WITH.values() for command in some} | set(ELSEWHERE)


def test_the_predictions_counted_are_those_of_the_paper_size() -> None:
    verdicts = read_table(ROOT / "full_scale" / "results" / "paper" / "validation.parquet")["verdict"].value_counts()
    words = (
        f"Of {verdicts.sum()} predictions about training a 135M model, written before it, {verdicts['held']} "
        f"held, {verdicts['failed']} failed, {verdicts['uninformative']} were uninformative"
    )
    assert words in " ".join(README.split())


def test_the_short_table_has_every_arm_that_leads() -> None:
    ranking = read_table(NETWORKS.path(ROOT, "paper"))
    shown = re.findall(r"^\| `([^`]+)`", README, re.MULTILINE)
    overall = ranking[ranking["kind"] == "overall"].set_index("arm")["learning"].sort_values(ascending=False)
    assert shown == [arm for arm in overall.index if arm in shown]
    charged = ranking[(ranking["kind"] == "overall") & (ranking["free"] == "")].sort_values("learning")["arm"]
    assert set(charged.tail(3)) <= set(shown)
    better = pd.DataFrame({"kind": ["overall"], "arm": ["new"], "free": [""], "learning": [9.0]})
    assert leading(pd.concat([ranking, better]))["arm"][0] == "new"


def test_what_is_said_of_samplers_in_networks() -> None:
    """When an arm or a world is added, the sentences beside the table have to be read again."""
    ranking = read_table(NETWORKS.path(ROOT, "paper"))
    rows = ranking[ranking["kind"] == "world"].set_index(["arm", "world"])
    overall = ranking[ranking["kind"] == "overall"].set_index("arm")
    for world in ("chains-few", "navigation-smooth"):
        assert rows.loc[("vas-states", world), "learning_low"] < 1, (
            f"the README's limits say that {world} gains nothing"
        )
    assert overall.loc["vas", "learning_high"] < 1, "what a prompt's own rollouts show is not enough"
    assert (rows.loc["vas-paper", "learning_high"] < 1).all(), "the published method learns less in every world"
    for arm in ("vas-states", "vas-own"):
        assert rows.loc[arm]["pass_at_32_difference"].mean() < 0, "gains cost pass@32 in the mean"
    assert (overall.loc[["oracle", "vas-own", "vas-states", "uniform-g4"], "learning_low"] > 1).all()
    means = overall["learning"]
    assert means["vas-states-g4"] == means[overall["free"] == ""].max(), "hidden states and small groups gain most"
    assert means["uniform-g16"] < 1 < means["uniform-g4"] < means["vas-states"] < means["vas-states-g4"]


def test_how_networks_agree_with_bandits_and_with_a_real_model() -> None:
    table = read_table(AGREEMENT.path(ROOT, "paper"))
    rows = table[(table["world"] == "all") & (table["bandit_world"].isna() | (table["bandit_world"] == "all"))]
    told = {}
    for row in rows[rows["with"] != "mixed_groups"].to_dict("records"):
        ends = f"[{row['correlation_low']:+.2f}, {row['correlation_high']:+.2f}]"
        told[row["regime"] if row["with"] == "bandits" else "study"] = (
            f"{row['correlation']:+.2f} {ends}",
            row["arms"],
        )
    text = " ".join(TRUE.split())
    assert f"Over {told['fixed'][1]} arms the rank correlation with bandits is {told['fixed'][0]} at the one" in text
    assert f"and {told['tuned'][0]} at tuned rates" in text
    assert f"over {told['study'][1]} arms, it is {told['study'][0]}" in text


def test_the_record_covers_every_claim_and_nothing_else() -> None:
    record = read_record()
    claims = all_claims()
    assert set(record) == set(claims), "run: python -m vas_theory verify --record"
    for name, claim in claims.items():
        assert record[name]["verdict"] == claim.verdict.value
        assert record[name]["certificate"] == claim.certificate.kind.value


def test_there_are_blocks_to_run() -> None:
    assert {language for language, _ in BLOCKS} == {"bash", "python"}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_code_blocks_run_as_written_one_after_the_other(tmp_path: Path) -> None:
    """The door of those who train scores a column in one block and trains on it in the next."""
    for language, text in BLOCKS:
        if language == "python":
            command = [sys.executable, "-c", text]
        else:
            script = re.sub(r"^python ", f"{shlex.quote(sys.executable)} ", text, flags=re.MULTILINE)
            script = script.replace(" paper ", f" paper --root {ROOT} ")
            command = ["bash", "-euo", "pipefail", "-c", script]
        answer = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
        assert answer.returncode == 0, f"{text}\n{answer.stderr[-4000:]}"


def _expect(words: str, table: str, page: str = TRUE) -> None:
    """Fail with the words that a table asks for where the page has others."""
    said = f'by the committed table {table} the page should say: "{words}"'
    assert words in " ".join(page.split()), said


def test_what_the_page_says_of_real_training() -> None:
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


def test_what_the_page_says_of_the_tournament(tournament: pd.DataFrame) -> None:
    final = tournament[tournament["phase"] == "final"]
    _expect(f"ways of choosing prompts in {final['world'].nunique()} simulated worlds", "tournament")
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
    assert len(winners["fixed"]) == 1, "no strategy wins everywhere, so that the page has to be read again"
    assert len(winners["tuned"]) > 1
    (best,) = winners["fixed"]
    _expect(f"At the one small rate `{best}` wins in every world", "tournament")
    assert f"winner of the simulations (`{best}`)" in " ".join(TRUE.split())
    tuned = world_gains(read_table(RANKING.path(ROOT, "paper")), "tuned")
    errs = tuned[(tuned["strategy"] == best) & tuned["world"].str.contains("noisy")]
    assert (errs["gain_high"] < 0).all(), "errors of the verifier do not hurt it"


def test_what_the_page_says_of_step_level_credit() -> None:
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
