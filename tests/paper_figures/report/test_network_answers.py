"""What the report says of small networks is made of the tables' numbers, and says what is not measured."""

from __future__ import annotations

import functools

import numpy as np
import pandas as pd

from paper_figures.networks import FRESH
from paper_figures.report.network_pairs import pair
from paper_figures.report.network_tables import fresh_table, in_short, short_table, world_table
from paper_figures.report.networks import GOAL, answers, in_summary
from tests.paper_figures.tables.simulations import network_agreement, network_ranking
from tests.paper_figures.tables.simulations.networks.final import FACTORS, SEEDS, WORLDS


@functools.cache
def ranked() -> pd.DataFrame:
    return network_ranking.frame()


@functools.cache
def agreed() -> pd.DataFrame:
    return network_agreement.frame()


def said(ranking: pd.DataFrame | None = None, agreement: pd.DataFrame | None = None) -> dict[str, str]:
    found = answers(ranked() if ranking is None else ranking, agreed() if agreement is None else agreement)
    return {answer.question: answer.text for answer in found}


def text_about(word: str, ranking: pd.DataFrame | None = None, agreement: pd.DataFrame | None = None) -> str:
    (text,) = [text for question, text in said(ranking, agreement).items() if word in question]
    return text


def without(*arms: str) -> pd.DataFrame:
    return ranked()[~ranked()["arm"].isin(arms)]


def test_the_published_method_is_told_charged_and_free() -> None:
    text = text_about("published")
    assert "below uniform sampling in 2 of 3 worlds (easy -3.1 points [" in text
    assert "not clearly different from uniform sampling in 1 of 3 worlds (idle " in text
    assert "vas-paper-free (With 8 scoring rollouts a prompt every 35 steps, not charged" in text
    assert text.endswith("is not measured yet.")


def test_every_arm_that_is_missing_is_said_to_be_missing() -> None:
    texts = said(without("vas-paper", "oracle", "index", "predictor", "vas-states"))
    assert sum(text.count("not measured yet") for text in texts.values()) >= 9
    assert "Why does the index lose?" in texts
    assert texts["Why does the index lose?"] == "index is not measured yet."
    assert texts["Do hidden states have to be renewed?"] == "vas-states-once is not measured yet."
    assert "No, " not in text_about("goal", without("predictor", "vas-states"))


def test_the_goal_is_answered_by_the_numbers() -> None:
    text = text_about("goal")
    assert (
        f"Yes, predictor: at least {GOAL} times uniform sampling's learning, with an interval above 1, in 2 of 2"
        in text
    )
    lower = ranked().copy()
    one = (lower["kind"] == "world") & (lower["arm"] == "predictor") & (lower["world"] == "hard")
    lower.loc[one, "learning"] = 0.94
    text = text_about("goal", lower)
    assert "No, predictor: " in text
    assert "in 1 of 2 worlds" in text
    assert "below 0.95 in 1" in text
    assert "Yes, vas-states: " in text
    unsure = ranked().copy()
    unsure.loc[(unsure["kind"] == "world") & (unsure["arm"] == "predictor"), "learning_low"] = 0.99
    assert "No, predictor: " in text_about("goal", unsure)


def test_headroom_and_the_share_that_is_reached() -> None:
    text = text_about("worth")
    assert "easy 1.81 [1.78, 1.85]" in text
    assert "easy vas-states 0.52 [" in text
    assert "the best fully charged arm reaches: " in text
    part = ranked().assign(headroom=ranked()["headroom"].where(ranked()["world"] != "idle"))
    text = text_about("worth", part)
    assert text.endswith("(not given where the oracle's gain is not clearly above 0: idle).")
    nothing = ranked().assign(headroom=np.nan)
    assert "no share of it can be given" in text_about("worth", nothing)


def test_the_group_size_is_told_beside_selection() -> None:
    assert "uniform-g4 is not measured yet." in text_about("group size")
    smaller = ranked()[ranked()["arm"] == "predictor"].assign(arm="uniform-g4")
    rows = [
        {"kind": "contrast", "world": world, "arm": "vas-states", "against": "uniform-g4", "difference": value,
         "difference_low": value - 0.01, "difference_high": value + 0.01, "early": False}
        for world, value in (("easy", 0.03), ("hard", -0.02))
    ]  # fmt: skip
    text = text_about("group size", pd.concat([ranked(), smaller, pd.DataFrame(rows)], ignore_index=True))
    assert "Uniform sampling in groups of 4 instead of 8 learns " in text
    assert "vas-states ends above uniform sampling in groups of 4 in 1, below it in 1 of 2 worlds" in text
    assert "vas-states-g4 beside uniform-g4 is not measured yet." in text


def test_the_index_is_told_with_its_cap_or_without() -> None:
    assert "The cap of two visits a prompt is not measured yet." in text_about("index")
    capped = pd.DataFrame(
        [{"kind": "contrast", "world": "easy", "arm": "index@2", "against": "index", "difference": 0.03,
          "difference_low": 0.02, "difference_high": 0.04, "early": False}]
    )  # fmt: skip
    text = text_about("index", pd.concat([ranked(), capped], ignore_index=True))
    assert (
        "Capped at two visits a prompt it ends higher than without the cap by +3.0 points [+2.0, +4.0] in easy." in text
    )
    assert f"{10 / 6:.1f} times uniform's groups with a gradient" in text
    assert "hardly agree, with the index (1.00) as with uniform sampling (1.00; 1 means no agreement)" in text


def test_the_price_in_coverage() -> None:
    text = text_about("pass@32")
    assert "easy from 0.80 to 0.76" in text
    assert "oracle ends -1.7 points from uniform's pass@32 in the mean" in text


def test_rank_correlations_are_told_where_there_are_enough_arms() -> None:
    assert "too few arms in common to rank" in text_about("Bandits".lower())
    known = agreed().copy()
    like = known[(known["with"] == "bandits") & (known["regime"] == "fixed") & (known["world"] == "all")].head(1)
    known = pd.concat([known, like.assign(bandit_world="math-fitted")], ignore_index=True)
    rows = (known["with"] == "bandits") & (known["regime"] == "fixed")
    known.loc[rows, ["correlation", "correlation_low", "correlation_high"]] = [0.25, 0.1, 0.4]
    known.loc[rows, "arms"] = 7
    text = text_about("bandits", agreement=known)
    assert (
        "At one learning rate: the rank correlation of 7 arms is +0.25 [+0.10, +0.40], and with the bandit world"
        in text
    )
    for change in ("interference and forgetting", "features shared by prompts", "a start fitted to a trace"):
        assert f"{change} +0.25" in text
    assert "135M" not in text


def test_what_the_bandits_change_and_the_real_model_are_told() -> None:
    rows = [
        {"with": "bandits", "regime": "tuned", "bandit_world": name, "world": "all", "arms": 7, "correlation": value}
        for name, value in (("all", 0.1), ("easy-alone", -0.2), ("hard-alone", -0.1), ("hard-noisy", 0.4))
    ]
    rows.append({"with": "study", "world": "all", "arms": 6, "correlation": 0.57})
    text = text_about("bandits", agreement=pd.DataFrame(rows).assign(correlation_low=-0.3, correlation_high=0.7))
    assert "By what a bandit world changes, mean correlation (worlds): noisy +0.40 (1) and alone -0.15 (2)." in text
    assert (
        "With a real 135M model it is +0.57 [-0.30, +0.70] over 6 arms. The interval covers the networks' seeds" in text
    )


def test_an_arm_that_ended_early_is_marked_in_the_answer() -> None:
    known = ranked().copy()
    capped = (known["kind"] == "contrast") & (known["arm"] == "index@2")
    row = {"kind": "contrast", "arm": "index@2", "against": "index", "world": "easy", "difference": 0.01}
    ends = {"difference_low": 0.0, "difference_high": 0.02, "rollouts": 4800.0, "budget": 38_400.0, "early": True}
    known = pd.concat([known[~capped], pd.DataFrame([{**row, **ends}])], ignore_index=True)
    assert "in easy (at 4,800 of 38,400 rollouts, for lack of prompts)." in text_about("index", known)


def test_the_table_of_worlds_has_a_row_an_arm() -> None:
    lines = world_table(ranked())
    assert len(lines) == 3 + len(FACTORS) - 1
    assert lines[0].startswith("| how prompts are chosen | easy | hard | idle | mean |")
    assert lines[2].startswith("| uniform sampling, points gained | +8.0 | ")
    states = next(line for line in lines if line.startswith("| `vas-states`"))
    assert "**1.42 [1.37,\N{NO-BREAK SPACE}1.47]**" in states
    assert states.split("|")[4] == " – "  # in idle uniform sampling gains next to nothing
    assert any(line.startswith("| `oracle` (given pass rates)") for line in lines)
    many = pd.concat([ranked(), *(ranked()[ranked()["world"] == "easy"].assign(world=f"w{n}") for n in range(12))])
    assert world_table(many)[0].count("|") == 1 + 1 + 9 + 1


def test_the_short_table_says_what_was_measured() -> None:
    *rows, about = short_table(ranked())
    (paper,) = [line for line in rows if line.startswith("| `vas-paper`: VAS as published")]
    told = ranked()[(ranked()["arm"] == "vas-paper") & (ranked()["kind"] == "world")]
    first, further = 100 * told[["difference", "pass_at_32_difference"]].mean()
    assert paper.endswith(f"| 0 / 2 of 3 | {first:+.1f} / {further:+.1f} | yes |")
    (oracle,) = [line for line in rows if line.startswith("| `oracle`")]
    assert oracle.endswith("| no |")
    assert about.startswith(f"Small transformers in 3 settings (worlds): easy, hard and idle; {SEEDS} paired seeds")
    gain = ranked().loc[ranked()["kind"] == "baseline", "gain"].mean()
    assert f"over uniform sampling's, {100 * gain:.1f} points in the mean" in about
    assert not fresh_table(ranked())


def test_worlds_that_were_added_later_stand_apart() -> None:
    assert text_about("added later") == "No world has been added since the group size was chosen."
    ranking = with_a_world_added()
    last = short_table(ranking)[-1]
    assert "Small transformers in 3 settings (worlds): easy, hard and idle; " in last
    assert f"In worlds added later, {FRESH[0]}: `vas-states` **1.42 [1.37, 1.47]**, `predictor`" in last
    assert FRESH[0] not in world_table(ranking)[0]
    lines = fresh_table(ranking)
    assert lines[2] == f"| how prompts are chosen | {FRESH[0]} |"
    assert len(lines) == 6
    row = ranked()[
        (ranked()["world"] == "easy") & (ranked()["arm"] == "predictor") & (ranked()["kind"] == "world")
    ].iloc[0]
    assert lines[-1].startswith("| `predictor`: ")
    assert f"{row['learning']:.2f} [" in lines[-1]
    assert f"; {100 * row['difference']:+.1f} points [" in lines[-1]
    text = text_about("added later", ranking)
    assert text.startswith("Against uniform sampling ")
    assert f"predictor ends {100 * row['difference']:+.1f} points [" in text
    assert f"] in {FRESH[0]}" in text
    for question, answer in said(ranking).items():
        told = "added later" in question or "measured?" in question
        assert (FRESH[0] in answer) == told, question


def test_the_summary_is_made_of_the_arms_that_are_there() -> None:
    text = in_summary(ranked())
    assert text.startswith(
        "Of 3 samplers that know or predict pass rates, all learned more than uniform sampling in most"
    )
    assert text.endswith("The published method, which pays for scoring rollouts, learned less than uniform sampling.")
    assert in_summary(without("vas-paper", "oracle", "predictor", "vas-states")) == ""


def with_a_world_added() -> pd.DataFrame:
    own = ranked()["arm"].isin(["uniform", "predictor", "vas-states"])
    rows = ranked()[(ranked()["world"] == "easy") & own & ranked()["kind"].isin(["world", "baseline"])]
    return pd.concat([ranked(), rows.assign(world=FRESH[0])], ignore_index=True)


def test_the_paragraph_tells_prices_and_predicted_signs() -> None:
    text = in_short(ranked())
    assert "`vas-paper` +0.8" in text
    signs = ranked()[(ranked()["kind"] == "world") & (ranked()["predicted"] != 0)]
    assert f"Of {len(signs)} signs that were predicted" in text
    assert len(signs) == len(WORLDS) * (len(FACTORS) - 1)


def test_two_arms_are_compared_in_the_mean_and_by_world() -> None:
    contrasts = pd.DataFrame(
        {
            "arm": "new", "against": "old", "world": ["a", "b"], "difference": [0.02, -0.01],
            "difference_low": [0.01, -0.02], "difference_high": [0.03, 0.01],
        }
    )  # fmt: skip
    overall = pd.DataFrame(
        {"learning": [1.2, 1.1], "learning_low": [1.1, 1.0], "learning_high": [1.3, 1.2]}, index=["new", "old"]
    )
    assert pair(contrasts, overall, "new", "old", "The new one") == (
        "The new one learns 1.20 [1.10, 1.30] times what uniform sampling learns, old 1.10 [1.00, 1.20]; it ends above "
        "old in 1 and below it in 0 of 2 worlds (a +2.0 points [+1.0, +3.0] and b -1.0 points [-2.0, +1.0])."
    )
    assert pair(contrasts, overall, "other", "old", "") == "other is not measured yet."
