"""The paper's settings and dynamics in simulation: what is charged, what is free, and what repeats bit for bit."""

from __future__ import annotations

import itertools
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax

from simulations.experiments import (
    _steps,
    get_experiment,
    large_scale,
    sampled_prompts,
    settings_sweep,
    training_dynamics,
    vps_dynamics,
)
from simulations.running.bandit_worlds import world
from simulations.running.equal_budget import run_equal_budget
from simulations.running.experiment import Experiment, ExperimentConfig
from simulations.world.pool import PoolConfig, build_pool
from vas_theory.claims.a19_ablation_table import TABLE_4
from vas_theory.selection import VarianceAwareSampler

NAMES = ("large_scale", "sampled_prompts", "settings_sweep", "training_dynamics", "vps_dynamics")


def run(experiment: Experiment, config: ExperimentConfig) -> pd.DataFrame:
    assert experiment.cells is not None
    assert experiment.run_cell is not None
    return pd.concat(map(experiment.run_cell, experiment.cells(config)), ignore_index=True)


SMALL: dict[str, dict[str, Any]] = {
    "large_scale": {"prompts": 3000, "steps": 8, "batch_size": 64},
    "sampled_prompts": {"strategies": ("uniform", "dapo"), "scale": 0.05},
    "settings_sweep": {"scale": 0.02, "steps": 30, "update_intervals": (7, 30)},
    "training_dynamics": {"scale": 0.02, "steps": 30, "references": ("uniform",)},
    "vps_dynamics": {"refreshes": 3, "update_interval": 5},
}


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return {name: run(get_experiment(name), get_experiment(name).configure("smoke", SMALL[name])) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_the_seed_decides_every_row(tables: dict[str, pd.DataFrame], name: str) -> None:
    experiment = get_experiment(name)
    config = experiment.configure("smoke", SMALL[name])
    pd.testing.assert_frame_equal(run(experiment, config), tables[name], check_exact=True)
    other = run(experiment, config.model_copy(update={"seed": 7})).drop(columns="seed")
    assert not other.equals(tables[name].drop(columns="seed"))


def test_cells_have_names_of_their_own_and_say_what_they_depend_on() -> None:
    for name, preset in itertools.product(NAMES, ("smoke", "quick", "paper")):
        experiment = get_experiment(name)
        assert experiment.cells is not None
        cells = experiment.cells(experiment.presets[preset])
        assert len({cell.name for cell in cells}) == len(cells)
        assert all("/" not in cell.name for cell in cells)
        if "strategy" in cells[0].config:
            uses = {cell.config["strategy"]: cell.uses for cell in cells}
            for strategy, (entry,) in uses.items():
                assert entry.endswith(f"{strategy.replace('-', '_')}:STRATEGY")


def test_published_averages_are_the_ledgers() -> None:
    """The claims' ledger holds the same table, typed in separately."""
    for factor, averages in TABLE_4.items():
        ours = settings_sweep.PUBLISHED[factor]
        assert {float(key): float(text) for key, text in averages.items()} == {float(key): ours[key] for key in ours}
    base = settings_sweep.BASE
    at_base = {name: averages[base[name]] for name, averages in settings_sweep.PUBLISHED.items() if name in base}
    at_base["coefficients"] = settings_sweep.PUBLISHED["alpha, beta"][base["alpha"], base["beta"]]
    assert set(at_base.values()) == {51.7}


def test_every_published_setting_is_run_once_and_carries_its_average() -> None:
    config = settings_sweep.SettingsSweepConfig()
    settings = settings_sweep._settings(config)
    keys = [tuple(setting.values()) for setting in settings]
    assert len(set(keys)) == len(keys) == 2 * 4 * 7 + 2 + 3  # the base and 1:0 are in a map
    averages = [settings_sweep._published_average(setting) for setting in settings]
    assert np.isfinite(averages).sum() == 4 + 5 + 2 + 4  # the base is in all four columns
    by_key = dict(zip(keys, averages, strict=True))
    assert by_key[0.8, 28, 8, 0.5, 0.5] == 52.0
    assert by_key[0.5, 56, 8, 0.5, 0.5] == 50.9
    assert by_key[0.5, 28, 32, 0.5, 0.5] == 51.6
    assert by_key[0.5, 28, 8, 0.0, 1.0] == 51.0
    assert np.isnan(by_key[0.8, 56, 8, 0.5, 0.5])


def _spend(budget: int, step: int, interval: int, refresh: int, *, charged: bool) -> tuple[int, int, int]:
    """Pay for refreshes and steps one by one as long as they can be paid; return updates, training and scoring."""
    updates = training = scoring = 0
    while True:
        due = refresh if updates % interval == 0 else 0
        left = budget - training - (scoring if charged else 0)
        if charged and due > left:
            return updates, training, scoring
        if step > left - (due if charged else 0):
            return updates, training, scoring + (due if charged else 0)
        scoring += due
        training += step
        updates += 1


def test_every_rollout_is_charged(tables: dict[str, pd.DataFrame]) -> None:
    """Updates, training and scoring rollouts follow from prices alone."""
    table = tables["settings_sweep"]
    prompts, step = 40, 1 * 8
    assert set(table["budget"]) == {30 * step}
    sampled = table[table["strategy"] == "vas-paper"]
    for row in sampled.itertuples():
        refresh = prompts * int(row.scoring_rollouts)
        wanted = _spend(240, step, int(row.update_interval), refresh, charged=row.scoring == "charged")
        assert (row.updates, row.spent_training, row.spent_scoring) == wanted
        assert row.spent == row.spent_training + row.spent_scoring
    assert (sampled.groupby("scoring")["spent"].max() > 240).to_dict() == {"charged": False, "free": True}
    uniform = table[table["strategy"] == "uniform"]
    assert (uniform["spent"] == 240).all()
    assert (uniform["spent_scoring"] == 0).all()
    assert uniform.groupby("seed")["pass_rate"].nunique().eq(1).all()


def test_the_charged_run_is_the_beginning_of_the_free_one() -> None:
    place = settings_sweep._place("bimodal-shared", learning_rate=0.2, steps=40, scale=0.02)
    setting = settings_sweep.BASE
    short = run_equal_budget(place, "vas-paper", 3, setting)
    whole = settings_sweep._whole_cost(place, setting)
    long = run_equal_budget(
        place.model_copy(update={"budget": whole, "evaluations": whole // 8}), "vas-paper", 3, setting
    )
    same = long[long["updates"] == short["updates"].iloc[-1]]
    assert same["pass_rate"].tolist() == [short["pass_rate"].iloc[-1]]
    assert long["training_rollouts"].iloc[-1] == place.budget


def test_a_smaller_sweep_keeps_the_steps_of_a_pass_and_the_price_of_a_refresh() -> None:
    full, small = (
        settings_sweep._place("hard-shared", learning_rate=0.2, steps=300, scale=scale) for scale in (1.0, 0.25)
    )
    for place in (full, small):
        assert place.budget == 300 * place.batch_size * place.group_size
    assert full.pool.prompts / full.batch_size == small.pool.prompts / small.batch_size


def test_dynamics_have_a_row_for_every_update_and_equal_budgets(tables: dict[str, pd.DataFrame]) -> None:
    table = tables["training_dynamics"]
    prompts, step = 40, 8
    budget = 30 * step + 2 * prompts * 8  # refreshes at steps 0 and 28
    for (arm, _), run_ in table.groupby(["arm", "seed"]):
        assert run_["updates"].tolist() == list(range(len(run_)))
        assert budget - step < run_["rollouts"].iloc[-1] <= budget
        refreshes = np.where(run_["updates"] > 28, 2, np.where(run_["updates"] > 0, 1, 0)) if "paper" in arm else 0
        assert (run_["scoring_rollouts"] == refreshes * prompts * 8).all()
        assert (run_["training_rollouts"] == run_["updates"] * step).all()
        assert run_["effective_groups"].is_monotonic_increasing
    assert table["clip_fraction"].dropna().between(0, 1).all()
    assert set(table["arm"]) == {"uniform", "vas-paper-0.5", "vas-paper-1"}


def test_several_passes_clip_and_one_does_not() -> None:
    config = training_dynamics.EXPERIMENT.configure("smoke", {"scale": 0.02, "steps": 30, "learning_rate": 1.0})
    clipped = run(training_dynamics.EXPERIMENT, config)["clip_fraction"]
    assert clipped.max() > 0
    once = training_dynamics._place(config).learner.model_copy(update={"epochs": 1})
    place = training_dynamics._place(config).model_copy(update={"learner": once})
    assert run_equal_budget(place, "uniform", 1)["clip_fraction"].max() == 0


def test_expected_scores_are_the_means_of_repeated_ones() -> None:
    """Over many repeats the second scores average to the expected ones, once N/(N-1) mends the outcome variance."""
    config = vps_dynamics.VPSDynamicsConfig(alpha=0.7, beta=0.3, scoring_rollouts=5)
    rng = np.random.default_rng(0)
    probs = rng.dirichlet(np.full(6, 0.7), size=4)
    rewards = (np.arange(6) < 2).astype(float) * np.ones((4, 1))
    drawn = np.mean([vps_dynamics._second_scores(config, probs, rewards, rng) for _ in range(5_000)], axis=0)
    rates = probs[:, :2].sum(1)
    correction = 0.7 * rates * (1 - rates) / 5
    # a score deviates by less than .3, so its mean by .3 / sqrt(5000) = .004; four prompts are tried
    np.testing.assert_allclose(drawn + correction, vps_dynamics._expected_scores(config, probs, rewards), atol=0.016)


def test_second_scores_repeat_the_strategys_own_rule() -> None:
    """One prompt, three rollouts enumerated by hand: two answers alike, one of the three right."""
    config = vps_dynamics.VPSDynamicsConfig(alpha=0.4, beta=0.6, scoring_rollouts=3)

    class Fixed:
        def multinomial(self, size: int, probs: np.ndarray) -> np.ndarray:
            assert size == 3
            return np.array([[2, 1, 0]])

    fixed: Any = Fixed()
    scores = vps_dynamics._second_scores(config, np.full((1, 3), 1 / 3), np.array([[0.0, 1.0, 0.0]]), fixed)
    assert scores == pytest.approx([0.4 * (1 / 3) * (2 / 3) + 0.6 * (2 / 3)])


def test_transitions_by_hand() -> None:
    config = vps_dynamics.VPSDynamicsConfig(alpha=0.0, beta=1.0, bins=4)
    before, after = np.array([0.0, 0.24, 0.26, 0.99, 1.0]), np.array([0.3, 0.3, 0.0, 0.8, 1.0])
    counts = vps_dynamics._transitions(config, before, after)
    assert counts.to_dict("list") == {"from_bin": [0, 1, 3], "to_bin": [1, 0, 3], "prompts": [2, 1, 2]}


def test_score_movements_count_every_prompt_once(tables: dict[str, pd.DataFrame]) -> None:
    table = tables["vps_dynamics"]
    assert (table.groupby(["seed", "kind", "from_step", "to_step"])["prompts"].sum() == 100).all()
    steps = table.groupby("kind").apply(lambda part: sorted(set(zip(part["from_step"], part["to_step"], strict=True))))
    assert steps["scored"] == steps["expected"] == [(0, 5), (5, 10)]
    assert steps["repeated"] == [(0, 0), (5, 5), (10, 10)]
    repeated = table[table["kind"] == "repeated"]
    moved = repeated["prompts"].where(repeated["from_bin"] != repeated["to_bin"], 0).sum() / repeated["prompts"].sum()
    assert moved > 0.5  # two sets of eight rollouts seldom agree to a twentieth


def test_watched_scores_belong_to_the_policy_that_was_scored() -> None:
    """Without training between two scorings, what is expected does not move."""
    config = vps_dynamics.EXPERIMENT.configure("smoke", {"refreshes": 3, "update_interval": 2, "learning_rate": 1e-9})
    table = run(vps_dynamics.EXPERIMENT, config)
    expected = table[table["kind"] == "expected"]
    assert (expected["from_bin"] == expected["to_bin"]).all()


def test_watched_steps_train_as_an_equal_budget_run_does() -> None:
    place = world("bimodal-shared", scale=0.05)
    for strategy in ("uniform", "vas-paper", "speed"):  # speed also trains on rollouts of earlier steps
        *_, last = _steps.watch_steps(place, strategy, 5)
        curve = run_equal_budget(place, strategy, 5)
        assert last.learner.pass_rates()[: place.pool.prompts].mean() == curve["pass_rate"].iloc[-1]
        assert last.driver.ledger.rollouts == curve["rollouts"].iloc[-1]


def test_sampled_prompts_count_every_group(tables: dict[str, pd.DataFrame]) -> None:
    table = tables["sampled_prompts"]
    # 7,680 rollouts are 320 steps of 3 x 8
    totals = table.groupby("strategy")[["rolled", "trained"]].sum()
    assert totals.loc["uniform"].tolist() == [3 * 320, 3 * 320]
    assert totals.loc["dapo", "rolled"] > totals.loc["dapo", "trained"] > 3 * 50
    assert table.groupby("strategy").apply(lambda part: part["pass_rate"].is_monotonic_increasing).all()
    spread = table[table["strategy"] == "uniform"].groupby("prompt_bin")["rolled"].sum()
    assert spread.max() - spread.min() <= 10  # ten prompts a bin, whose groups differ by at most one


def test_sampled_prompts_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two steps over four prompts in two bins: what each step rolled and trained lands in its bin and its half.

    Prompts 1 and 3 are hard. The first step rolls 0 twice and 1, the second 1, 2 and 3. A step that ends at exactly
    half of the budget opens the second half, so both steps are ended a little earlier.
    """
    config = sampled_prompts.SampledPromptsConfig(strategies=("uniform",), prompt_bins=2, step_bins=2, scale=0.002)
    rates = np.array([0.9, 0.1, 0.8, 0.2])
    chosen = [np.array([0, 0, 1]), np.array([3])]
    rolled = [np.array([0, 0, 1]), np.array([1, 2, 3])]

    def steps(place: Any, *_: Any) -> Any:
        learner: Any = SimpleNamespace(pass_rates=lambda: rates)
        for index in range(2):
            driver: Any = SimpleNamespace(step=index + 1, generated=(index + 1) * place.budget // 2 - 1)
            groups: Any = SimpleNamespace(prompts_P=chosen[index])
            yield _steps.Step(learner, driver, groups, rolled[index])

    monkeypatch.setattr(sampled_prompts, "watch_steps", steps)
    table = run(sampled_prompts.EXPERIMENT, config)
    assert table["pass_rate"].tolist() == pytest.approx([0.15, 0.15, 0.85, 0.85])
    assert table["rolled"].tolist() == [1, 2, 2, 1]
    assert table["trained"].tolist() == [1, 1, 2, 0]


def test_large_scale_counts_draws_and_bytes(tables: dict[str, pd.DataFrame]) -> None:
    table = tables["large_scale"]
    assert table.groupby("variant")["step"].apply(list).to_dict() == {name: [4, 8] for name in large_scale.VARIANTS}
    assert (table["rollouts"] == table["step"] * 64 * 8).all()
    assert table["coverage"].between(0, 8 * 64 / 3000).all()
    assert (table["mixed_uniform"] >= 2 * table["signal_uniform"]).all()  # the deviation of 0/1 rewards is at most 1/2
    assert not table.isna().any().any()


def test_large_scale_measures_since_the_row_before(tables: dict[str, pd.DataFrame]) -> None:
    config = large_scale.EXPERIMENT.configure("smoke", {**SMALL["large_scale"], "measurements": 1})
    whole = run(large_scale.EXPERIMENT, config).set_index("variant")
    halves = tables["large_scale"].groupby("variant")
    for name in ("signal_by_weight", "signal_uniform", "mixed_by_weight", "mixed_uniform"):
        pd.testing.assert_series_equal(halves[name].mean().sort_index(), whole[name].sort_index(), rtol=1e-12)


def test_large_scale_measures_what_a_plain_count_finds() -> None:
    """The uniform share's signal over a pool that does not learn is the mean over prompts and rollouts drawn anew."""
    config = large_scale.LargeScaleConfig(
        prompts=500, steps=60, batch_size=100, measurements=1, variants=("alone",), learning_rate=1e-9, seed=4
    )
    (row,) = run(large_scale.EXPERIMENT, config).to_dict("records")
    pool = build_pool(PoolConfig(prompts=500, held_out=0, arms=2, rewards="bernoulli"), np.random.default_rng([4, 0]))
    rates = softmax(pool.base_PA, axis=1)[:, 0]
    rewards = np.random.default_rng(9).random((400, 500, 8)) < rates[:, None]
    assert row["signal_uniform"] == pytest.approx(rewards.std(-1).mean(), abs=0.01)  # 3000 groups: error .2/sqrt(3000)
    assert row["mixed_uniform"] == pytest.approx((rewards.std(-1) > 0).mean(), abs=0.03)
    assert row["signal_by_weight"] > row["signal_uniform"] + 0.03
    assert row["pass_rate"] == pytest.approx(rates.mean(), abs=1e-6)


def test_large_scale_rescores_the_share_it_names() -> None:
    config = large_scale.LargeScaleConfig(prompts=12_345)
    pool = build_pool(PoolConfig(prompts=12_345, held_out=0, arms=2, rewards="bernoulli"), np.random.default_rng(0))
    samplers = {name: large_scale._sampler(config, name, pool, 0) for name in large_scale.VARIANTS}
    assert [sampler.config.rescored for sampler in samplers.values()] == [512, 512, 124]
    assert all(isinstance(sampler, VarianceAwareSampler) for sampler in samplers.values())
    categories = large_scale._categories(config, pool, np.random.default_rng(1))
    assert np.ptp(np.bincount(categories, minlength=config.categories)) <= 1
    easier = np.bincount(categories, pool.base_PA[:, 0] - pool.base_PA[:, 1])
    assert np.corrcoef(easier, np.arange(config.categories))[0, 1] > 0.95
