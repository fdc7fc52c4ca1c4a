"""What the explorer says of real training beside its recommendation: the study's figures, in words that follow them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from full_scale.trl_adapter.config import VASConfig
from paper_figures.build.graph import build, stale_reasons
from paper_figures.build.nodes import explorer_node
from paper_figures.drawing.declaration import ROOT
from paper_figures.explorer.facts import TABLES, facts
from paper_figures.explorer.networks import network_rows, network_sentences
from paper_figures.explorer.sentences import contradicted_arms, knowledge_sentence, study_sentences
from paper_figures.knowledge import KNOWLEDGE
from paper_figures.laboratory import RANKING, world_gains
from paper_figures.networks import FRESH
from paper_figures.study import STUDY
from tests.browser import Browser
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
    return [float(number.replace("−", "-")) for number in re.findall(r"[+−]\d+\.\d\b", text)]


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
        assert _figures(text)[1:] == pytest.approx([100 * gain.mean(), 100 * low, 100 * high], abs=0.051), arm
        assert f"{len(gain)} paired seeds" in text


def test_the_study_contradicts_the_index(root: Path) -> None:
    row = read_table(ROOT / RESULTS / "validation.parquet").set_index("id").loc["P5/accuracy/index"]
    text = study_sentences(root, PRESET, ["index"])["index"]
    assert _figures(text)[0] == pytest.approx(100 * row["predicted"], abs=0.051)
    assert row["measured_high"] < 0
    assert text.startswith("Real training contradicts this: on smollm2-135m (arithmetic, ")
    assert text.endswith(": below uniform sampling, and the prediction failed.")


@pytest.mark.parametrize(
    ("measured", "verdict", "stance", "end"),
    [
        ((0.05, 0.01, 0.09), "held", "agrees", "above uniform sampling, as predicted."),
        ((-0.05, -0.09, -0.01), "failed", "contradicts this", "below uniform sampling, and the prediction failed."),
        (
            (0.01, -0.03, 0.05), "uninformative", "does not confirm this",
            "above uniform sampling by no more than the seeds vary, which neither confirms nor refutes the prediction.",
        ),
        (
            (-0.01, -0.05, 0.03), "failed", "does not confirm this",
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
    assert _figures(said["mopps"]) == pytest.approx([2.0, *(100 * value for value in measured)], abs=0.051)
    assert said["vas"] == "vas was not among the arms of this project's real training."
    assert "uniform" not in said


def test_real_training_speaks_against_losers_and_failed_winners(root: Path) -> None:
    """By the committed study: index loses, index-ada does not gain what was predicted, vas-paper and dapo lose."""
    real, missed = "real training contradicts it", "the gain that was predicted for real training did not appear"
    losers = {"index": real, "index-ada": missed, "vas-paper": real, "dapo": real}
    assert contradicted_arms(root, PRESET, {}) == losers
    small = {
        arm: {"learning": high - 0.1, "learning_low": high - 0.2, "learning_high": high}
        for arm, high in (("index", 0.9), ("index-ada", 0.9), ("mopps", 0.99), ("vas", 1.01))
    }
    networks = "training of small networks contradicts it"
    assert contradicted_arms(root, PRESET, small) == {
        **losers,
        "index": "training of a language model and of small networks contradicts it",
        "index-ada": f"{missed}, and {networks}",
        "mopps": networks,
    }
    (root / RESULTS / "validation.parquet").unlink()
    assert contradicted_arms(root, PRESET, {}) == {}


def test_the_explorer_says_of_networks_what_their_table_says(root: Path) -> None:
    assert network_rows(root, PRESET) == {}, "it is not in this folder"
    rows = network_rows(ROOT, PRESET)
    table = read_table(ROOT / "simulations" / "results" / "paper" / "network_tournament.parquet")
    final = table[table["phase"] == "final"].pivot(index=["world", "seed"], columns="arm", values="held_out_pass_rate")
    final = final.drop(index=list(FRESH), level="world")
    for arm, text in network_sentences(rows, [*rows, "no-such-arm"]).items():
        # the mean of the worlds' means, without the worlds that were added later
        wanted = (final[arm] - final["uniform"]).dropna().groupby("world").mean().mean()
        number = re.findall(r"[+−]\d\.\d\d", text)[0]
        assert float(number.replace("−", "-")) == pytest.approx(100 * wanted, abs=5.1e-3), arm
    assert "no-such-arm" not in network_sentences(rows, ["no-such-arm"])
    known = facts(ROOT, "paper")
    losers = {arm for arm, row in rows.items() if row["learning_high"] < 1}
    told = {
        arm["name"] for place in known["worlds"] for arm in place["arms"] if "small networks" in arm["contradicted"]
    }
    assert told == losers & {arm["name"] for place in known["worlds"] for arm in place["arms"]}
    assert known["networks"]["vas"].startswith("vas: VAS on what")
    assert known["helped"] == [arm for arm in known["trained"] if rows[arm]["learning_low"] > 1]
    assert "Not counted: pass rates of all prompts before training, 8 rollouts each." in known["trained"]["vas-own"]
    assert "Not counted" not in known["trained"]["vas-states"]
    assert "(0.96 to 1.05): not clearly different from uniform sampling" in known["networks"]["mopps"]
    assert "above in 3 of them, below in 3, not clearly different in 0." in known["networks"]["mopps"]
    assert "asr" in known["untrained"]
    assert not {"uniform", *rows, "index-ada"} & set(known["untrained"])


ADVICE = """
const vm = require("node:vm"), fs = require("node:fs"), [source, worlds, wish] = process.argv.slice(1);
const Advice = vm.runInNewContext(fs.readFileSync(source, "utf-8") + "; Advice", {});
console.log(JSON.stringify(JSON.parse(worlds).map((world) => {
  const { best, level, passedOver } = Advice.recommend([world], JSON.parse(wish));
  const settings = { score: "expected_signal", mixtureRatio: 0.5 };
  const snippet = Advice.snippet(settings, best, ["vas-states"]);
  return { best, level: level.map((arm) => arm.name), passedOver, snippet };
})));
"""
TIED = """
const vm = require("node:vm"), fs = require("node:fs"), [source, worlds, wish] = process.argv.slice(1);
const Advice = vm.runInNewContext(fs.readFileSync(source, "utf-8") + "; Advice", {});
const { differences, ties } = Advice.recommend(JSON.parse(worlds), JSON.parse(wish));
console.log(JSON.stringify({ differences, text: Advice.tied(ties) }));
"""
WISH = {"passRate": 0.5, "rewardVariance": 0.1, "groupSize": 8, "passes": 4, "coupling": "none", "noisy": False}


def _answer(program: str, worlds: list[dict[str, Any]], **wish: Any) -> Any:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    script = ROOT / "paper_figures" / "explorer" / "advice.js"
    arguments = [str(script), json.dumps(worlds), json.dumps({**WISH, **wish})]
    answer = subprocess.run([node, "-e", program, *arguments], capture_output=True, text=True, check=True, timeout=60)
    return json.loads(answer.stdout)


def _advised(worlds: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list(_answer(ADVICE, worlds))


CLOSE = ("bimodal-alone", "bimodal-interference", "bimodal-shared")


def test_worlds_that_are_equally_close_are_all_told() -> None:
    worlds = facts(ROOT, "paper")["worlds"]
    alone = next(world for world in worlds if world["name"] == "bimodal-alone")
    wish = {name: alone[name] for name in ("passRate", "rewardVariance", "groupSize", "passes")}
    text = _answer(TIED, worlds, coupling="unknown", **wish)["text"]
    assert text.startswith("Three worlds are equally close; they differ in how training one prompt affects others. ")
    bests = [_advised([next(world for world in worlds if world["name"] == name)])[0]["best"]["name"] for name in CLOSE]
    told = text.split("Recommended: ")[1]
    if len(set(bests)) == 1:
        assert told.startswith(f"{bests[0]} in all of them.")
    else:
        for name, best in zip(CLOSE, bests, strict=True):
            assert re.search(rf"{best} in [^,.]*{name}", told)
    assert _answer(TIED, worlds, **wish)["text"] == ""
    (differs,) = _answer(TIED, [alone], **wish, coupling="shared")["differences"]
    assert differs == "training one prompt leaves the others alone"


def test_in_no_committed_world_is_an_arm_advised_that_something_speaks_against() -> None:
    known = facts(ROOT, "paper")
    worlds = known["worlds"]
    assert len(worlds) > 10
    assert known["untrained"]
    losers = {arm for arm, row in network_rows(ROOT, "paper").items() if row["difference_high"] < 0}
    gains = {regime: world_gains(read_table(RANKING.path(ROOT, "paper")), regime) for regime in ("fixed", "tuned")}
    for world, advice in zip(worlds, _advised(worlds), strict=True):
        name = advice["best"]["name"]
        assert name not in ("index-ada", "index", "oracle")
        won = [
            set(part.loc[(part["world"] == world["name"]) & (part["gain_low"] > 0), "strategy"])
            for part in gains.values()
        ]
        sound = won[0] & won[1] & {arm["name"] for arm in world["arms"] if arm["trainable"]}
        sound -= {"index", "index-ada", "vas-paper", "dapo", *losers, *known["untrained"]}
        assert name in sound if sound else name == "uniform"
        assert advice["passedOver"] is None or advice["passedOver"]["gain"] > advice["best"]["gain"]


def test_uniform_is_advised_where_an_arm_wins_at_one_rate_alone() -> None:
    def arm(name: str, fixed: float, tuned: float | None, **more: Any) -> dict[str, Any]:
        def span(gain: float) -> dict[str, float]:
            return {"gain": gain, "gain_low": gain - 0.01, "gain_high": gain + 0.01}

        told = {"trainable": True, "contradicted": "", "trl": True, **more}
        return {"name": name, **span(fixed), "tuned": None if tuned is None else span(tuned), **told}

    uniform = arm("uniform", 0.0, 0.0)
    base = WISH
    cases = [
        (
            [
                arm("mopps", 0.3, -0.1),
                arm("asr", 0.2, None),
                arm("index", 0.2, 0.2, contradicted="real training contradicts it"),
            ],
            "uniform",
            "mopps",
        ),
        ([arm("mopps", 0.3, 0.02), arm("vas", 0.05, 0.04)], "vas", None),
        ([arm("asr", 0.1, 0.1, trl=False)], "asr", None),
    ]
    worlds = [{**base, "arms": [uniform, *arms]} for arms, _, _ in cases]
    for advice, (_, best, passed_over) in zip(_advised(worlds), cases, strict=True):
        assert advice["best"]["name"] == best
        assert (advice["passedOver"] or {}).get("name") == passed_over
        made = {}
        code = [line for line in advice["snippet"].splitlines() if line.startswith("vas = ")]
        exec(code[0], {"VASConfig": VASConfig}, made)
        assert made["vas"].strategy == "vas"
    assert "uniform sampling: TRL as it is" in _advised(worlds)[0]["snippet"]


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


def _put_knowledge(root: Path) -> None:
    for table in KNOWLEDGE.values():
        source, target = table.path(ROOT, PRESET), table.path(root, PRESET)
        target.parent.mkdir(parents=True, exist_ok=True)
        for name in (source.name, f"{source.name}.meta.json"):
            shutil.copy(source.with_name(name), target.with_name(name))


def _page(root: Path) -> str:
    """Return the page's text, built anew."""
    build(explorer_node(root, PRESET))
    return (root / "paper_figures" / "output" / "explorer.html").read_text(encoding="utf-8")


def test_what_knowledge_gained_on_a_language_model_is_counted_from_its_table(root: Path) -> None:
    assert knowledge_sentence(root) == facts(root, PRESET)["knowledge"] == ""
    build(explorer_node(root, PRESET))
    _put_knowledge(root)
    assert stale_reasons(explorer_node(root, PRESET))
    said = knowledge_sentence(root)
    found = read_table(KNOWLEDGE["evaluation"].path(root, PRESET))
    rates = 100 * found[found["metric"] == "pass@1"].pivot(index="seed", columns="arm", values="value")
    for arm in ("states", "column"):
        gain = (rates[arm] - rates["uniform"]).dropna()
        low, high = stats.t.interval(0.95, len(gain) - 1, loc=gain.mean(), scale=stats.sem(gain))
        assert f"{arm} {gain.mean():+.1f} [{low:+.1f}, {high:+.1f}]".replace("-", "−") in said
        assert low <= 0
    assert "no arm that knows pass rates clearly gained more than uniform sampling" in said
    assert said in _page(root)


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
