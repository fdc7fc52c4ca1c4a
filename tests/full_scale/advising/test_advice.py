"""Reading a log or a column, describing its pool, and the answer."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from full_scale.__main__ import main
from full_scale.advising.advice import LIMIT, advise, break_even
from full_scale.advising.describe import Description, FeatureWorth, describe, feature_worth
from full_scale.advising.evidence import Measured, MeasuredWorld
from full_scale.advising.pool import PoolShape
from full_scale.advising.reading import Source, read_source
from tests.full_scale.logs import writers
from vas_theory.foundation.errors import ArgumentError, DataError
from vas_theory.foundation.installation import SOURCES
from vas_theory.foundation.intervals import student
from vas_theory.provenance.tables import read_table


def rates(prompts: int = 900, a: float = 0.3, b: float = 0.6) -> np.ndarray:
    return np.random.default_rng(0).beta(a, b, prompts)


def trace(path: Path, visits: int = 6) -> Path:
    right = np.random.default_rng(1).binomial(8, rates()[:, None], (900, visits))
    path.write_text(json.dumps({f"p{k}": (row / 8).tolist() for k, row in enumerate(right)}), encoding="utf-8")
    return path


def rollouts(path: Path, scores: tuple[float, float] = (0.0, 1.0)) -> Path:
    """JSON lines of rollouts as verl logs them: 20 steps of 16 prompts."""
    rng, known = np.random.default_rng(2), rates(160)
    lines = []
    for step in range(20):
        for prompt in rng.choice(160, 16, replace=False):
            for right in rng.random(4) < known[prompt]:
                lines.append(json.dumps({"input": f"q{prompt}", "score": scores[int(right)], "step": step + 1}))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def column(path: Path, trials: int = 8) -> Path:
    right = np.random.default_rng(3).binomial(trials, rates())
    table = pd.DataFrame({"question": "?", "pass_rate": right / trials, "pass_rate_trials": float(trials)})
    table.loc[:9, ["pass_rate", "pass_rate_trials"]] = np.nan
    table.to_parquet(path) if path.suffix == ".parquet" else table.to_json(path, orient="records", lines=True)
    return path


def test_a_trace_is_described_as_it_was_made(tmp_path: Path) -> None:
    found = describe(read_source(trace(tmp_path / "t.json")))
    assert found.kind == "trace"
    assert (found.prompts, found.groups) == (900, 5400)
    assert found.shape.visits == 6
    assert (found.shape.a, found.shape.b) == pytest.approx((0.3, 0.6), rel=0.2)
    assert found.late is not None
    assert found.late[0] == pytest.approx(found.shape.pass_rate, abs=0.02), "nothing moves"
    assert found.stays is not None
    assert all(0.6 < share < 1.0 for share in found.stays)
    assert found.prior in (0.5, 0.2)
    assert found.drift in (0.0, 0.001), "next to none"


def test_logged_rollouts_are_grouped_and_visits_counted(tmp_path: Path) -> None:
    found = describe(read_source(rollouts(tmp_path / "r.jsonl")))
    assert (found.kind, found.shape.group_size, found.groups) == ("rollouts", 4, 320)
    assert found.prompts is not None
    assert found.shape.visits == pytest.approx(320 / found.prompts)
    planned = describe(read_source(tmp_path / "r.jsonl"), group_size=16, visits=3.0)
    assert planned.shape.group_size == 16
    assert planned.shape.visits == 3.0
    assert planned.shape.mixed > found.shape.mixed, "larger groups are more often mixed"


def test_the_folder_of_a_run_is_read_where_its_trainer_put_things(tmp_path: Path) -> None:
    history = [{"step": k, "reward": 0.3, "frac_reward_zero_std": 0.6} for k in range(1, 10)]
    checkpoint = tmp_path / "run" / "checkpoint-9"
    checkpoint.mkdir(parents=True)
    state = json.dumps({"log_history": history, "global_step": 9})
    (checkpoint / "trainer_state.json").write_text(state, encoding="utf-8")
    assert read_source(tmp_path / "run").kind == "metrics"
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError):
        read_source(tmp_path / "empty")


def test_graded_rewards_need_a_word_on_what_is_right(tmp_path: Path) -> None:
    path = rollouts(tmp_path / "r.jsonl", (0.1, 0.9))
    with pytest.raises(DataError, match=r"a group of step 1, whose mean is 0\.\d+; say what is right by --above"):
        read_source(path)
    told, plain = read_source(path, above=0.5), read_source(rollouts(tmp_path / "plain.jsonl"))
    assert told.groups is not None
    assert plain.groups is not None
    assert told.groups.equals(plain.groups)


@pytest.mark.parametrize("trainer", ["trl", "verl", "prime_rl", "slime"])
def test_the_log_of_every_trainer_gives_the_same_pool(trainer: str, tmp_path: Path) -> None:
    drawn = writers.some_rollouts()
    found = read_source(getattr(writers, trainer)(tmp_path / "run", drawn))
    by_prompt: dict[str, list[float]] = {}
    for _, prompt, rewards in drawn:
        by_prompt.setdefault(prompt, []).extend(rewards)
    assert found.kind == "rollouts"
    assert found.pool()[["successes", "rollouts"]].to_numpy().tolist() == [
        [sum(rewards), len(rewards)] for rewards in by_prompt.values()
    ]


def test_the_pool_of_a_log_is_written_for_the_explorer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log, target = rollouts(tmp_path / "r.jsonl"), tmp_path / "pool.csv"
    assert main(["advise", str(log), "--pool", str(target)]) == 0
    assert "POOL" in capsys.readouterr().out
    written = pd.read_csv(target)
    assert list(written) == ["prompt", "successes", "rollouts"]
    assert written["rollouts"].sum() == 20 * 16 * 4
    metrics = writers.easyr1(tmp_path / "easyr1", writers.some_rollouts())
    assert main(["advise", str(metrics), "--pool", str(target)]) == 2
    assert main(["advise", str(log), "--pool", str(tmp_path)]) == 2
    assert pd.read_csv(target).equals(written)


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl"])
def test_a_column_is_fitted_without_the_noise_of_its_trials(tmp_path: Path, suffix: str) -> None:
    source = read_source(column(tmp_path / f"c{suffix}"))
    found = describe(source, visits=2.0)
    assert found.kind == "column"
    assert found.prompts == 890
    assert (found.shape.a, found.shape.b) == pytest.approx((0.3, 0.6), rel=0.2)
    assert any("10 of 900 rows" in note for note in found.notes)
    assert any("groups of 8 rollouts are assumed" in note for note in found.notes)


def test_metrics_alone_need_the_group_size(tmp_path: Path) -> None:
    path = tmp_path / "trainer_state.json"
    history = [{"step": k, "reward": 0.3 + 0.01 * k, "frac_reward_zero_std": 0.6} for k in range(1, 10)]
    path.write_text(json.dumps({"log_history": history, "global_step": 9}), encoding="utf-8")
    source = read_source(path)
    with pytest.raises(ArgumentError, match="--group-size must be given"):
        describe(source)
    found = describe(source, group_size=8, visits=2.0)
    assert found.shape.pass_rate == pytest.approx(0.32)
    assert found.shape.mixed == pytest.approx(0.4)
    assert found.late == pytest.approx((0.38, 0.4))
    assert found.stays is None
    with pytest.raises(ArgumentError, match="does not name prompts"):
        feature_worth(source, np.ones((3, 2)))


def test_features_that_know_the_pass_rate_find_mixed_groups_and_others_do_not(tmp_path: Path) -> None:
    source = read_source(trace(tmp_path / "t.json"))
    known = rates()
    telling = np.column_stack([np.log(known + 1e-3) - np.log1p(1e-3 - known), np.random.default_rng(5).random(900)])
    good = feature_worth(source, telling)
    assert good.mixed > 1.5 * good.uniform
    assert good.correlation > 0.8
    bad = feature_worth(source, np.random.default_rng(6).normal(size=(900, 5)))
    assert abs(bad.mixed - bad.uniform) < 3 * bad.error
    constant = feature_worth(source, np.ones((900, 4)))
    assert constant.correlation == pytest.approx(0.0, abs=0.1)
    with pytest.raises(ArgumentError, match="a row for each of the 900 prompts"):
        feature_worth(source, telling[:899])


def world(name: str, visits: float, arms: dict[str, float]) -> MeasuredWorld:
    measured = {arm: Measured((value, 0.03), (-0.02, 0.005), "", True) for arm, value in arms.items()}
    return MeasuredWorld(name, PoolShape(0.25, 0.4, 8, visits), 20, measured)


def pool(a: float = 0.25, b: float = 0.4, visits: float = 2.0) -> Description:
    return Description("trace", PoolShape(a, b, 8, visits), 900, 5400, None, None, 0.2, 0.0, ())


def worlds(learning: float, count: int = 8) -> list[MeasuredWorld]:
    return [world(f"w{k}", 1.0 + k / 2, {"vas-states": learning, "vas": 0.97}) for k in range(count)]


def test_yes_no_and_cannot_tell() -> None:
    good = advise(pool(), worlds(1.4))
    assert good.verdict == "yes"
    assert good.ways[0].way.arm == "vas-states"
    assert good.ways[0].verdict == "yes"
    bad = advise(pool(), worlds(0.8, count=20))
    assert bad.verdict == "no"
    assert all(found.verdict == "no" for found in bad.ways if found.forecast)
    assert advise(pool(), worlds(1.05, count=2)).verdict == "cannot tell"
    assert all(found.verdict == "cannot tell" for found in bad.ways if found.forecast is None)


def test_what_smaller_groups_bring_is_no_gain_of_choosing() -> None:
    arms = {"vas-states": 0.8, "vas": 0.8, "uniform-g4": 1.4, "vas-states-g4": 1.6}
    found = advise(pool(), [world(f"w{k}", 1.0 + k / 2, arms) for k in range(20)])
    assert {way.way.arm: way.verdict for way in found.ways if way.way.halved} == {
        "uniform-g4": "yes",
        "vas-states-g4": "yes",
    }
    assert found.verdict == "no"
    assert "g4" not in found.reasons[0]


def test_outside_what_was_measured_nothing_is_told_whatever_the_numbers_say() -> None:
    found = advise(pool(visits=100.0), worlds(1.4))
    assert found.verdict == "cannot tell"
    assert "groups a prompt gets 100" in found.reasons[0]


def test_a_pool_in_which_all_groups_are_mixed_is_a_no() -> None:
    found = advise(pool(20.0, 20.0), worlds(1.4))
    assert found.verdict == "no"
    assert "even perfect knowledge" in found.reasons[0]


def test_features_that_foresee_nothing_take_the_yes_away() -> None:
    assert advise(pool(), worlds(1.4), FeatureWorth(0.41, 0.4, 0.0, 0.02)).verdict == "cannot tell"
    assert advise(pool(), worlds(1.4), FeatureWorth(0.7, 0.4, 0.6, 0.02)).verdict == "yes"


def test_a_column_that_is_not_there_yet_has_to_be_paid() -> None:
    known = [world(f"w{k}", 1.0 + k / 2, {"vas-own": 1.4}) for k in range(8)]
    (short,) = (found for found in advise(pool(visits=2.0), known).ways if found.way.arm == "vas-own")
    assert short.charge == pytest.approx(2 / 3), "8 rollouts a prompt beside 2 groups of 8"
    assert short.verdict == "cannot tell"
    assert "cost more than it brings" in short.reason
    (longer,) = (found for found in advise(pool(visits=6.0), known).ways if found.way.arm == "vas-own")
    assert longer.verdict == "yes"
    paid = Description("column", pool().shape, 900, 900, None, None, None, None, ())
    (there,) = (found for found in advise(paid, known).ways if found.way.arm == "vas-own")
    assert (there.charge, there.verdict) == (1.0, "yes")


def test_break_even_is_where_the_gain_pays_the_column() -> None:
    b = break_even(1000.0, 1.25)
    assert b == 4000.0
    assert b * 1.25 == pytest.approx(b + 1000.0), "uniform sampling with all rollouts, were learning proportional"
    assert break_even(1000.0, 1.0) == float("inf")


def test_the_command_prints_one_page_or_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(trace(tmp_path / "t.json"))
    assert main(["advise", path]) == 0
    text = capsys.readouterr().out
    assert len(text.splitlines()) < 70
    for word in ("POOL", "IS CHOOSING PROMPTS EXPECTED TO HELP?", "EXPECTED LEARNING", "pass@32", "CALIBRATION", LIMIT):
        assert word in text
    assert main(["advise", path, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["advice"]["verdict"] in ("yes", "no", "cannot tell")
    assert found["limit"] == LIMIT
    assert found["pool"]["shape"]["visits"] == 6


def test_what_every_forecast_is_told_with_is_what_the_study_of_a_language_model_found() -> None:
    table = read_table(SOURCES / "full_scale" / "results" / "paper" / "knowledge" / "evaluation.parquet")
    first = table[(table["metric"] == "pass@1") & (table["arm"] != "start")]
    ends = first.pivot(index="seed", columns="arm", values="value")
    assert len(ends) >= 5
    assert {"states", "column"} <= set(ends.columns)
    for arm in ends.columns.drop("uniform"):
        assert student((ends[arm] - ends["uniform"]).to_numpy(), 0.95).low <= 0, "the words of LIMIT hold no longer"


def test_the_page_on_what_is_true_has_the_numbers_of_that_study() -> None:
    study = SOURCES / "full_scale" / "results" / "paper" / "knowledge"
    rows = read_table(study / "validation.parquet").set_index("id")
    page = " ".join((SOURCES / "paper_figures" / "docs" / "what_is_true.md").read_text(encoding="utf-8").split())
    for arm in ("states", "column"):
        row = rows.loc[f"P8/learning/{arm}"]
        assert f"{row['predicted']:.2f} (`{arm}`)" in page
        assert f"{row['measured']:.2f} [{row['measured_low']:.2f}, {row['measured_high']:.2f}]" in page
    accounts = read_table(study / "accounts.parquet").groupby("arm")["sampler_share"].mean()
    assert accounts["states"] == pytest.approx(0.5, abs=0.05)  # half of the time


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        (None, [], "does not exist"),
        ("{", [], "not a JSON file"),
        ("{}", [], "at least 20 prompts"),
        ("trace", ["--visits", "-1"], "--visits must be positive"),
        ("trace", ["--group-size", "1"], "--group-size"),
        ("trace", ["--features", "none.npy"], "none.npy"),
        ("trace", ["--evidence", "nowhere"], "nowhere is no table"),
    ],
)
def test_bad_input_gets_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, options: list[str], words: str
) -> None:
    path = tmp_path / "t.json"
    if content == "trace":
        trace(path)
    elif content is not None:
        path.write_text(content, encoding="utf-8")
    assert main(["advise", str(path), *options]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert words in error


def test_groups_of_another_size_are_left_out_aloud(tmp_path: Path) -> None:
    path = rollouts(tmp_path / "r.jsonl")
    with open(path, "a", encoding="utf-8") as stream:
        stream.write("".join(json.dumps({"input": "other", "score": 1.0, "step": 50}) + "\n" for _ in range(2)))
    source = read_source(path)
    assert isinstance(source, Source)
    assert any("1 of 321 groups are not of 4 rollouts" in note for note in source.notes)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--above", "0.5"], "--above must be left out for the column 'pass_rate'"),
        (["--reward", "foo"], "--reward must be left out for the column 'pass_rate'"),
        (["--above", "nan"], "--above must be finite"),
        (["--features", "two.npz"], "two.npz is not one array of real numbers: it holds several arrays"),
        (["--features", "complex.npy"], "complex.npy is not one array of real numbers: it holds complex128"),
        (["--features", "dates.npy"], "it holds datetime64"),
        (["--column", "passrate"], "column.parquet has no column 'passrate', only ['pass_rate', 'pass_rate_trials']"),
        (["--pool", "column.parquet"], "--pool must be another file than the one that is read"),
        (["--pool", "~no-such-user-at-all/x"], "--pool must begin with a user's folder that is known"),
    ],
)
def test_options_that_cannot_serve_a_column_are_one_line(
    options: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    known = rates(40)
    pd.DataFrame({"pass_rate": known, "pass_rate_trials": 8}).to_parquet("column.parquet")
    np.savez("two.npz", a=known, b=known)
    np.save("complex.npy", np.ones((40, 2)) * 1j)
    np.save("dates.npy", np.zeros((40, 2), "datetime64[s]"))
    assert main(["advise", "column.parquet", *options]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("trials", [np.inf, 1e30, 0.4, 0.0, -8.0, np.nan])
def test_a_rate_of_no_number_of_trials_is_none(trials: float, tmp_path: Path) -> None:
    table = pd.DataFrame({"pass_rate": [0.5, 0.25], "pass_rate_trials": [trials, 4.0]})
    table.to_parquet(tmp_path / "column.parquet")
    source = read_source(tmp_path / "column.parquet")
    assert source.groups is not None
    assert source.groups["rollouts"].tolist() == [4]
    assert "1 of 2 rows have no pass rate" in source.notes[0]


def test_marks_of_bytes_are_passed_over_and_brackets_without_end_refused(tmp_path: Path) -> None:
    rows = "".join(json.dumps({"pass_rate": k / 8, "pass_rate_trials": 8}) + "\n" for k in range(9))
    (tmp_path / "column.jsonl").write_text(rows, encoding="utf-8-sig")
    groups = read_source(tmp_path / "column.jsonl").groups
    assert groups is not None
    assert groups["right"].tolist() == list(range(9))
    for name, what in (("deep.jsonl", "file of JSON lines"), ("deep.json", "JSON file")):
        (tmp_path / name).write_text("[" * 100_000 + "\n", encoding="utf-8")
        with pytest.raises(DataError, match=f"is not a {what}"):
            read_source(tmp_path / name)
