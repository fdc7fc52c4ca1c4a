"""Predictions in worlds where the truth is known, the rule of verdicts, and what is measured on the other side."""

from __future__ import annotations

from math import comb
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from full_scale.advising.evidence import MeasuredWorld
from full_scale.config.training import StudyConfig, load_config
from full_scale.measuring.probe import whitened_squared, within_trace
from full_scale.predictions import prediction_modules, predictions_of
from full_scale.predictions.document import read_predictions
from full_scale.predictions.forecast import forecast
from full_scale.predictions.lib.base import Plan
from full_scale.predictions.lib.dynamics import mean_gradient_square, stay_shares, success_drift, transitions
from full_scale.predictions.lib.evidence import Evidence
from full_scale.predictions.lib.measurements import Measurements
from full_scale.predictions.lib.pool import row_correlations
from full_scale.predictions.lib.prompt_draws import draw_prompts
from full_scale.predictions.validation import validate, verdict
from vas_theory.foundation.errors import DataError
from vas_theory.foundation.intervals import Estimate
from vas_theory.provenance.tables import read_table

pytestmark = pytest.mark.usefixtures("fewer_draws")

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("measured", "no_effect", "expected"),
    [
        ((5, 4, 6), 0.0, "held"),
        ((9, 8.5, 9.5), 0.0, "failed"),
        ((0.5, 0, 1), 0.0, "failed"),
        ((9, 7, 11), 0.0, "uninformative"),
        ((5, -1, 11), 0.0, "uninformative"),
        ((5, -1, 11), None, "held"),
        ((5, 4, 6), 3.0, "uninformative"),
        ((float("nan"), 4, 6), None, "uninformative"),
    ],
)
def test_verdicts(measured: tuple[float, float, float], no_effect: float | None, expected: str) -> None:
    assert verdict({"low": 2, "high": 8, "no_effect": no_effect}, Estimate(*measured)) == expected


def calibration_frame(count: int = 12, seed: int = 0) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    distance = 130 * np.exp(0.2 * draw.normal(size=count))
    return pd.DataFrame({"mu_distance": distance, "score_norm": 200.0, "trace_right": 3e4, "trace_wrong": 3e4})


def world(seed: int, factor: float = 1.0, law: float = 1.0, gain: float = 1.0) -> dict[str, str]:
    """Verdicts in a world that obeys the theory, or not.

    Args:
        factor: class distances over those of the calibration prompts.
        law: exponent of the gradient norm in the variance.
        gain: whitened gradients over their true size.
    """
    draw = np.random.default_rng(seed)
    rate = draw.uniform(0.15, 0.85, 24)
    variance = rate * (1 - rate)
    keys = [f"k{i}" for i in range(24)]
    counts = {"prompt_key": keys, "rollouts": 16, "diversity": draw.uniform(0.2, 0.8, 24)}
    pilot = pd.DataFrame({**counts, "successes": draw.binomial(16, rate)})
    recount = pd.DataFrame({**counts, "successes": draw.binomial(16, rate)})
    norm = factor * 0.25 ** (1 - law) * variance**law * 130 * np.exp(0.2 * draw.normal(size=24))
    probe = pd.DataFrame(
        {
            "prompt_key": keys,
            "gradient_norm": norm,
            "gradient_norm_low": norm * 0.95,
            "gradient_norm_high": norm * 1.05,
            "mu_distance": norm / variance,
            "plain_squared": norm**2,
        }
    )
    for size in (4, 8, 16):  # w_G by direct enumeration of the binomial, in another form than the code's
        right = np.arange(1, size)
        share = np.array([[comb(size, int(m)) * p**m * (1 - p) ** (size - m) for m in right] for p in rate])
        w = (share * np.sqrt(right / size * (1 - right / size))).sum(axis=1) / variance
        probe[f"whitened_squared_{size}"] = (gain * w * norm) ** 2
    arms = [{"name": "vas"}, {"name": "all", "mixture_ratio": 1.0}]
    config = StudyConfig.model_validate({"name": "x", "arms": arms, "probe": {"rollouts": 64}})
    plan = Plan(config, tuple(keys))
    evidence = Evidence(plan, pilot, calibration_frame(12, seed), tuple(keys))
    untrained = [item for key, item in predictions_of(plan).items() if key.startswith(("P1", "P2", "P6", "P3/batch"))]
    found = {item.id: item.as_item(made) for item in untrained if (made := item.predict(evidence)) is not None}
    context: dict[str, Any] = {}
    for item in untrained:
        for name, values in item.context(evidence).items():
            context.setdefault(name, {}).update(values)
    draws = evidence.prompts
    content = {
        "predictions": list(found.values()),
        **context,
        "pilot_variance": dict(zip(keys, draws.variance_DP.mean(axis=0), strict=True)),
        "pilot_diversity": dict(zip(keys, draws.diversity_P, strict=True)),
        "informative": [key for key, seen in zip(keys, draws.informative_P, strict=True) if seen],
        "coverage": 0.9,
        "weights": dict(zip(keys, pilot.successes * (16 - pilot.successes), strict=True)),
        "diversity": dict(zip(keys, pilot.diversity, strict=True)),
    }
    table = validate(content, {"probe": probe, "recount": recount}, config)
    return dict(zip(table["id"], table["verdict"], strict=True))


def trained_groups(arm: str = "uniform") -> pd.DataFrame:
    return pd.DataFrame(
        {"arm": arm, "seed": 0, "step": 1, "slot": range(4), "prompt_key": list("abcd"), "group_size": 8,
         "successes": [0, 3, 5, 8], "trained": True, "expected_mixed": 0.5}
    )  # fmt: skip


def share(verdicts: list[dict[str, str]], prefix: str, name: str) -> float:
    found = [value for world in verdicts for key, value in world.items() if key.startswith(prefix)]
    return found.count(name) / len(found)


def test_predictions_hold_at_their_coverage_in_a_world_that_obeys_the_theory() -> None:
    """Nine tenths are promised; the prompts of one world share its calibration, so a wide margin is left."""
    worlds = [world(seed) for seed in range(4)]
    assert share(worlds, "P1/gradient-norm", "held") >= 0.8
    assert share(worlds, "P1/gradient-norm", "failed") <= 0.15
    for group in ("P1/exponent", "P1/rank", "P2", "P3", "P6/diversity-variance", "P6/diversity-gradient"):
        assert share(worlds, group, "failed") <= 0.25, group
        assert share(worlds, group, "held") >= (0.25 if group in ("P1/rank", "P2", "P3") else 0), group


def test_larger_class_distances_fail() -> None:
    assert share([world(seed, factor=3.0) for seed in range(2)], "P1/gradient-norm", "failed") >= 0.7


def test_gradients_without_whitening_fail() -> None:
    found = world(0, gain=0.5)
    assert [found[f"P2/whitening-gain/{size}"] for size in (4, 8, 16)] == ["failed"] * 3


def test_gradients_that_fall_with_the_variance_fail_the_exponent() -> None:
    assert world(0, law=-1.0)["P1/exponent"] == "failed"


def test_too_few_calibrated_prompts_are_refused() -> None:
    pilot = pd.DataFrame({"prompt_key": ["a"], "rollouts": [4], "successes": [2], "diversity": [0.5]})
    with pytest.raises(DataError, match="calibration"):
        draw_prompts(pilot, calibration_frame(2), ["a"], 0)


def test_prediction_that_nothing_measures_is_an_error() -> None:
    item = {"id": "P9/x", "quantity": "unheard", "prompt_key": "", "arm": "", "low": 0, "high": 1, "no_effect": None}
    config = StudyConfig.model_validate({"name": "x", "arms": [{"name": "vas"}]})
    with pytest.raises(DataError, match="P9/x"):
        validate({"predictions": [item], "pilot_variance": {}, "coverage": 0.9}, {}, config)


def test_registry_finds_one_module_a_prediction_and_every_id_says_which() -> None:
    numbers = [path.rsplit(".", 1)[1].partition("_")[0] for path in prediction_modules()]
    assert numbers == [f"p{place + 1}" for place in range(len(numbers))], "name the file p<next number>_<words>.py"
    config = load_config("paper")
    found = predictions_of(Plan(config, ("a", "b"), {"vas": "vas"}))
    for key, item in found.items():
        module = type(item).__module__.rsplit(".", 1)[1]
        assert module == "arms" or module.startswith(key.partition("/")[0].lower() + "_"), f"{key} is told in {module}"
    assert {key.partition("/")[0].lower() for key in found} == set(numbers), "a file without a prediction"


def test_committed_document_is_made_of_these_predictions() -> None:
    """Its ids, quantities and statements are those of the code, so nothing was reworded after it was measured."""
    folder = ROOT / "full_scale" / "results" / "paper"
    content = read_predictions(folder / "predictions.json")
    known = predictions_of(Plan(load_config("paper"), tuple(content["pilot_variance"])))
    for item in content["predictions"]:
        of = known[item["id"]]
        assert (item["quantity"], item["statement"]) == (of.quantity, of.statement)
        assert (item["prompt_key"], item["arm"]) == (of.prompt_key, of.arm)


@pytest.mark.slow
def test_committed_validation_follows_from_the_committed_tables() -> None:
    folder = ROOT / "full_scale" / "results" / "paper"
    names = ("probe", "recount", "training_steps", "training_prompts", "evaluation_prompts")
    tables = {name: read_table(folder / f"{name}.parquet") for name in names}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("full_scale.predictions.lib.measurements.RESAMPLES", 1000)
        found = validate(read_predictions(folder / "predictions.json"), tables, load_config("paper"))
    # processors differ in the last bits of sums
    pd.testing.assert_frame_equal(found, read_table(folder / "validation.parquet"), rtol=1e-13, atol=0)


@given(st.integers(0, 10_000))
def test_rank_correlations_of_rows_are_spearmans(seed: int) -> None:
    from scipy.stats import spearmanr

    draw = np.random.default_rng(seed)
    rows, fixed = draw.normal(size=(3, 7)), draw.integers(0, 4, 7).astype(float)
    fixed[0] = 9.0  # never all equal
    assert row_correlations(rows, fixed) == pytest.approx([spearmanr(row, fixed).statistic for row in rows], abs=1e-12)


def test_whitened_square_is_the_mean_over_pairs_of_disjoint_groups() -> None:
    """By listing every way to take two ordered groups of two out of five rollouts."""
    import itertools

    draw = np.random.default_rng(0)
    scores, rewards = draw.normal(size=(5, 3)), np.array([1.0, 0.0, 0.0, 1.0, 0.0])
    gram, values = scores @ scores.T, []
    for four in itertools.permutations(range(5), 4):
        groups = []
        for pair in (four[:2], four[2:]):
            inside = rewards[list(pair)]
            spread = inside.std()
            weights = (inside - inside.mean()) / spread if spread else np.zeros(2)
            groups.append((weights[:, None] * scores[list(pair)]).mean(axis=0))
        values.append(groups[0] @ groups[1])
    found = np.mean([whitened_squared(gram, rewards, 2, np.random.default_rng(i)) for i in range(60)])
    assert found == pytest.approx(np.mean(values), abs=4 * np.std(values) / np.sqrt(60 * 64))
    assert np.isnan(whitened_squared(gram, rewards, 4, draw))


def test_trace_within_a_class_is_the_unbiased_covariances() -> None:
    scores = np.random.default_rng(1).normal(size=(6, 4))
    chosen = np.array([True, True, True, False, True, False])
    expected = np.trace(np.cov(scores[chosen].T, ddof=1))
    assert within_trace(scores @ scores.T, chosen) == pytest.approx(expected)
    assert np.isnan(within_trace(scores @ scores.T, np.arange(6) == 2))


def visits(successes: list[int], run: int = 0, prompt: str = "a") -> pd.DataFrame:
    steps = range(1, len(successes) + 1)
    return pd.DataFrame({"run": run, "step": steps, "prompt_key": prompt, "successes": successes, "group_size": 8})


def test_transitions_follow_one_prompt_within_one_run() -> None:
    frame = pd.concat([visits([0, 0, 3, 8]), visits([8, 8], prompt="A"), visits([0], run=1)])
    counts = transitions(frame.sample(frac=1, random_state=0), "prompt_key")
    assert counts.tolist() == [[1, 1, 0], [0, 0, 1], [0, 0, 1]]
    shares = stay_shares(frame, "prompt_key")
    assert (shares["wrong"], shares["wrong_count"], shares["right_base"]) == (0.5, 2.0, 0.5)
    assert np.isnan(stay_shares(visits([0, 0]), "prompt_key")["mixed"])


def test_drift_compares_the_last_third_with_the_first() -> None:
    assert success_drift(visits([0, 0, 4, 4, 8, 8]), 6) == 1.0


def test_expected_square_of_a_whitened_group_by_simulation() -> None:
    """Against gradients of one prompt whose scores are drawn around two class means."""
    draw, size, right = np.random.default_rng(2), 8, 3
    means, spread = draw.normal(size=(2, 5)), np.array([0.7, 1.4])
    rewards = np.arange(size) < right
    advantages = (rewards - rewards.mean()) / rewards.std()
    scores = means[rewards.astype(int)] + spread[rewards.astype(int)][:, None] * draw.normal(size=(40_000, size, 5))
    squares = ((advantages[:, None] * scores).mean(axis=1) ** 2).sum(axis=1)
    calibration = pd.DataFrame(
        {
            "mu_distance": [np.linalg.norm(means[1] - means[0])],
            "trace_wrong": [5 * spread[0] ** 2],
            "trace_right": [5 * spread[1] ** 2],
        }
    )
    groups = pd.DataFrame({"run": [0], "step": [1], "trained": [True], "successes": [right], "group_size": [size]})
    found = mean_gradient_square(groups, ["run"], calibration).iloc[0]
    assert found == pytest.approx(squares.mean(), rel=0.02)


def test_paired_ratio_and_difference_by_seed() -> None:
    content: dict[str, Any] = {"coverage": 0.9, "uniform": "uniform", "groups": 4, "steps": 1}
    steps = pd.DataFrame(
        {"arm": ["uniform", "vas"] * 2, "seed": [0, 0, 1, 1], "step": 1, "groups": 4, "mixed_groups": [2, 4, 3, 6],
         "clip_fraction": [None, 0.1, 0.2, 0.1]}
    )  # fmt: skip
    held_out = pd.DataFrame(
        {"arm": ["uniform", "vas"] * 2, "seed": [0, 0, 1, 1], "rollouts": 10, "successes": [5, 6, 4, 7]}
    )
    tables = {"training_steps": steps, "training_prompts": trained_groups(), "evaluation_prompts": held_out}
    arms = [{"name": "uniform", "strategy": "uniform"}, {"name": "vas"}]
    config = StudyConfig.model_validate({"name": "x", "arms": arms, "training": {"seeds": [0, 1]}})
    plan = Plan(config, ())
    predictions = predictions_of(plan)

    def measured(name: str, tables: dict[str, pd.DataFrame] = tables) -> Estimate:
        return predictions[name].measure(Measurements(plan, content, tables, 0))

    ratio = measured("P4/mixed-groups/vas")
    assert (ratio.value, ratio.low, ratio.high) == pytest.approx((2.0, 2.0, 2.0))
    assert measured("P4/accuracy/vas").value == pytest.approx(0.2)
    assert measured("P3/mixed-share").value == 0.5
    own = {**tables, "training_prompts": trained_groups("vas")}
    assert measured("P3/posterior-calibration/vas", own).value == pytest.approx(2 / (4 * 0.5))
    without = {**tables, "evaluation_prompts": held_out[held_out.arm == "uniform"]}
    assert np.isnan(measured("P4/accuracy/vas", without).value), "an arm that was not run is not measured"


def test_training_is_predicted_for_every_arm_and_the_refilling_one_trains_on_fewer_groups() -> None:
    """Half of the pool is silent: by theory refilling pays more rollouts for each group with a gradient."""
    config = StudyConfig.model_validate(
        {
            "name": "x",
            "arms": [
                {"name": "u", "strategy": "uniform"},
                {"name": "v"},
                {"name": "d", "strategy": "dapo"},
                {"name": "i", "strategy": "index-ada"},
            ],
            "rollouts": {"prompts_per_step": 4, "group_size": 4},
            "objective": {"epochs": 2},
            "training": {"steps": 24, "seeds": [0, 1]},
            "task": {"operations": ["-"], "largest_operand": 4},
        }
    )
    keys = [f"k{i}" for i in range(16)]
    pilot = pd.DataFrame({"prompt_key": keys, "rollouts": 8, "successes": [0] * 8 + [4] * 8, "diversity": 0.5})
    evidence = Evidence(Plan(config, tuple(keys[8:])), pilot, calibration_frame(), tuple(keys))
    items = {item["id"]: item for item in forecast(evidence)["predictions"]}
    expected = {"P4/accuracy/v", "P4/clip-fraction/v", "P5/accuracy/d", "P3/posterior-calibration/v", "P7/stay/wrong"}
    assert expected | {"P5/accuracy/i"} <= {*items}
    assert items["P5/mixed-groups/i"]["predicted"] > items["P5/mixed-groups/d"]["predicted"]
    assert items["P4/mixed-groups/v"]["predicted"] > 1 > items["P5/mixed-groups/d"]["predicted"]
    assert items["P5/gradient-norm/d"]["predicted"] > 1
    assert items["P5/accuracy/d"]["seeds_needed"] >= 1
    assert items["P7/stay/wrong"]["low"] > items["P7/stay/wrong"]["no_effect"]


def test_what_networks_learned_is_predicted_and_measured_in_multiples_of_uniform_sampling(
    measured_worlds: list[MeasuredWorld],
) -> None:
    config = load_config("paper")
    plan = Plan(config, (), {"vas": "vas-states", "dapo": "dapo", "mopps": "no-such-arm"})
    found = {item.arm: item for item in predictions_of(plan).values() if item.quantity == "learning"}
    worlds = [world.arms["vas-states"].learning[0] for world in measured_worlds]
    forecast = found["vas"].predict(cast(Evidence, None))
    assert forecast is not None
    assert forecast.predicted == pytest.approx(np.mean(worlds))
    assert 1 < forecast.low == min(value for value in worlds if value > 1)
    assert forecast.high == max(worlds)
    below = found["dapo"].predict(cast(Evidence, None))
    assert below is not None
    assert below.high < 1
    assert found["mopps"].predict(cast(Evidence, None)) is None
    gains = {"start": [0.0], "uniform": [0.10, 0.12, 0.08], "vas": [0.15, 0.18, 0.12], "dapo": [0.05, 0.06, 0.04]}
    rows = [
        {"arm": arm, "seed": seed, "rollouts": 1000, "successes": 200 + 1000 * gain}
        for arm, of_seeds in gains.items()
        for seed, gain in enumerate(of_seeds)
    ]
    tables = {"evaluation_prompts": pd.DataFrame(rows)}
    measured = Measurements(plan, {"coverage": 0.95}, tables, 0)
    assert found["vas"].measure(measured).value == pytest.approx(1.5)
    assert found["dapo"].measure(measured).value == pytest.approx(0.5)
    tables["evaluation_prompts"] = pd.DataFrame(rows).assign(successes=200)
    assert np.isnan(found["vas"].measure(Measurements(plan, {"coverage": 0.95}, tables, 0)).value)
