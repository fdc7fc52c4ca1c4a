"""What is known of prompts beforehand, or read off the policy's own states, reaches the sampler."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from datasets import Dataset
from trl import GRPOConfig

from full_scale import VASConfig, VASGRPOTrainer
from full_scale.trl_adapter.knowledge.columns import column_features, pass_rate_prior
from full_scale.trl_adapter.knowledge.hidden_states import HiddenStates
from vas_theory.foundation.errors import ArgumentError, DataError, StateMismatchError, UnknownNameError, VASError
from vas_theory.selection import PassRatePrior, VarianceAwareSampler

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning:transformers.*", "ignore::UserWarning:transformers.*")

GROUP = 4
NAN = float("nan")
ROWS = [{"prompt": f"{a}+{b}=", "rate": a / 5, "level": a, "kind": "odd" if b % 2 else "even"}
        for a in range(6) for b in range(4)]  # fmt: skip
TIMES = ("preparation_time", "seconds", "step_time", "runtime", "per_second", "flos", "time_share")


def parity(prompts: list[str], completions: list[str], **_: Any) -> list[float]:
    return [float((sum(map(ord, text)) + ord(prompt[0])) % 2) for text, prompt in zip(completions, prompts)]  # noqa: B905


@pytest.fixture
def build(tiny_folder: Path, tmp_path: Path) -> Callable[..., Any]:
    def make(vas: VASConfig, *, reward: Any = parity, rows: list[dict[str, Any]] = ROWS, **settings: Any) -> Any:
        values: dict[str, Any] = {
            "output_dir": str(tmp_path / "run"),
            "use_cpu": True,
            "bf16": False,
            "report_to": "none",
            "logging_steps": 1,
            "save_strategy": "no",
            "max_steps": 6,
            "per_device_train_batch_size": 8,
            "num_generations": GROUP,
            "max_completion_length": 3,
            "learning_rate": 1e-2,
            "disable_tqdm": True,
        }
        return VASGRPOTrainer(
            model=str(tiny_folder),
            reward_funcs=reward,
            args=GRPOConfig(**{**values, **settings}),
            train_dataset=Dataset.from_list(rows),
            vas=vas,
        )

    return make


def logs_of(trainer: Any) -> list[dict[str, Any]]:
    rows = [row for row in trainer.state.log_history if "loss" in row]
    return [{name: value for name, value in row.items() if not any(part in name for part in TIMES)} for row in rows]


@pytest.mark.parametrize("pooling", ["last", "mean", "both"])
def test_states_are_those_of_each_prompt_alone(pooling: str, build: Callable[..., Any]) -> None:
    """Padding, order and parts of the batch change nothing; dropout and random numbers take no part."""
    rows = [{"prompt": "1+" * length + "2="} for length in (1, 7, 3, 2, 5)]
    vas = VASConfig(features="hidden_states", features_layer=0.5, features_pooling=pooling, mixture_ratio=0.5)
    trainer = build(vas, rows=rows, per_device_train_batch_size=4, num_generations=2)
    trainer.model.train()
    before = torch.random.get_rng_state()
    found = HiddenStates(trainer)(rows)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert trainer.model.training
    for row, own in zip(rows, found, strict=True):
        ids = torch.tensor([trainer.processing_class(row["prompt"])["input_ids"]])
        with torch.no_grad():
            states = trainer.model(input_ids=ids, output_hidden_states=True).hidden_states[1][0]  # of 0, 1 and 2
        expected = {"last": states[-1], "mean": states.mean(0), "both": torch.cat([states[-1], states.mean(0)])}
        np.testing.assert_allclose(own, expected[pooling], rtol=1e-4, atol=1e-5)


def test_features_are_renewed_for_candidates_alone_and_when_they_are_old(build: Callable[..., Any]) -> None:
    asked: list[list[str]] = []

    def features(rows: list[dict[str, Any]]) -> Any:
        asked.append([row["prompt"] for row in rows])
        return np.array([[len(row["prompt"]), row["level"], row["rate"] ** 2] for row in rows])

    vas = VASConfig(features=features, features_every=3, candidates=8, rest_steps=1)
    trainer = build(vas, max_steps=8)
    drawn: list[set[str]] = []
    draw = trainer.sampler.draw

    def watched(**arguments: Any) -> Any:
        drawn.append({ROWS[place]["prompt"] for place in trainer.sampler.next_candidates()})
        return draw(**arguments)

    trainer.sampler.draw = watched
    calls: list[list[str]] = []
    before_draw = trainer._renewal.before_draw

    def counted() -> None:
        asked.clear()
        before_draw()
        calls.append([prompt for prompts in asked for prompt in prompts])

    trainer._renewal.before_draw = counted
    trainer.train()
    made: dict[str, int] = {}
    for step, (renewed, candidates) in enumerate(zip(calls, drawn, strict=True)):
        assert len(candidates) == 8
        assert set(renewed) == {prompt for prompt in candidates if step - made.get(prompt, -9) >= 3}
        made |= dict.fromkeys(renewed, step)
    assert 0 < sum(map(len, calls)) < 8 * 8
    logged = logs_of(trainer)
    assert [row["vas/features_renewed"] for row in logged] == [len(call) for call in calls]
    shares = [row["vas/features_time_share"] for row in trainer.state.log_history if "vas/features_time_share" in row]
    assert len(shares) == 7
    assert all(0 < share < 1 for share in shares)
    assert trainer.sampler.ledger.rollouts == 8 * 8
    assert logged[-1]["vas/predictor/used"] == 1.0


@pytest.mark.parametrize(
    "vas",
    [
        VASConfig(features="hidden_states", features_every=2, candidates=10),
        VASConfig(features=["level", "kind"], pass_rate_column="rate"),
    ],
)
def test_resumed_run_equals_the_uninterrupted_one(vas: VASConfig, build: Callable[..., Any]) -> None:
    settings = {"save_strategy": "steps", "save_steps": 3, "max_steps": 6}
    whole = build(vas, **settings)
    whole.train()
    again = build(vas, **settings)
    again.train(resume_from_checkpoint=str(Path(whole.args.output_dir) / "checkpoint-3"))
    assert logs_of(again) == logs_of(whole)
    assert again.sampler.state_dict()["checksum"] == whole.sampler.state_dict()["checksum"]
    if vas.renews_features:
        changed = build(VASConfig(features="hidden_states", features_every=4, candidates=10), **settings)
        with pytest.raises(StateMismatchError, match="features_every"):
            changed.train(resume_from_checkpoint=True)
    else:  # the saved features would win over these without a word
        changed = build(vas, rows=[{**row, "rate": 1 - row["rate"]} for row in ROWS], **settings)
        with pytest.raises(StateMismatchError, match="known_beforehand"):
            changed.train(resume_from_checkpoint=True)


def test_prompts_that_were_added_have_their_features(build: Callable[..., Any]) -> None:
    settings = {"save_strategy": "steps", "save_steps": 2, "max_steps": 2, "lr_scheduler_type": "constant"}
    build(VASConfig(features=["level"]), rows=ROWS[:-4], **settings).train()
    vas = VASConfig(features=["level"], may_differ=("prompts", "vas"))
    more = build(vas, **{**settings, "max_steps": 3})
    more.train(resume_from_checkpoint=True)
    assert more.sampler.posterior.prediction.table.known.all()


def test_a_column_decides_the_first_draw(build: Callable[..., Any]) -> None:
    rows = [{"prompt": f"{a}+{b}=", "rate": 0.5 if b == 3 else 0.0} for a in range(6) for b in range(4)]
    trainer = build(VASConfig(pass_rate_column="rate", pass_rate_trials=64), rows=rows)
    weights = trainer.sampler.weights.reshape(6, 4)
    assert weights[:, 3].min() > 10 * weights[:, :3].max()
    prior = PassRatePrior.from_rates([row["rate"] for row in rows], 64)
    oracle = VarianceAwareSampler(24, batch_size=2, group_size=GROUP, prior=prior)
    np.testing.assert_array_equal(trainer.sampler.weights, oracle.weights)
    assert trainer.sampler.config.mixture_ratio == 1.0


def test_settings_of_the_sampler_by_name(build: Callable[..., Any]) -> None:
    trainer = build(VASConfig(exponent=3.0, candidates=6, rest_steps=2, mixture_ratio=0.25))
    config = trainer.sampler.config
    assert (config.exponent, config.candidates, config.rest_steps, config.mixture_ratio) == (3.0, 6, 2, 0.25)
    trainer = build(VASConfig(features=np.random.default_rng(0).random((24, 3))))
    assert (trainer.sampler.config.exponent, trainer.sampler.config.mixture_ratio) == (2.0, 1.0)


def test_missing_rates_and_trials_by_column() -> None:
    rows = {"prompt": ["a", "b", "c", "d"], "rate": [0.5, None, NAN, 1.0], "rollouts": [8, 8, 4, None]}
    prior = pass_rate_prior(Dataset.from_dict(rows), VASConfig(pass_rate_column="rate", pass_rate_trials="rollouts"))
    assert prior is not None
    assert prior.known.tolist() == [True, False, False, False]
    assert (prior.successes[0], prior.trials[0]) == (4.0, 8.0)


@pytest.mark.parametrize(
    ("columns", "vas", "message"),
    [
        ({"rate": [0.1, 1.5]}, {"pass_rate_column": "rate"}, "column 'rate', row 1: a pass rate must lie in [0, 1], "
         "not 1.5"),
        ({"rate": [-0.1, 2.0]}, {"pass_rate_column": "rate"}, "not -0.1 (2 of 2 rows)"),
        ({"rate": [0.1, float("inf")]}, {"pass_rate_column": "rate"}, "row 1: a pass rate must lie in"),
        ({"rate": ["a", "b"]}, {"pass_rate_column": "rate"}, "column 'rate', row 0: must be a number, or missing"),
        ({"rate": [True, False]}, {"pass_rate_column": "rate"}, "row 0: must be a number, or missing, not True"),
        ({"rate": [NAN, None]}, {"pass_rate_column": "rate"}, "knows the pass rate of no prompt"),
        ({}, {"pass_rate_column": "rate"}, "has no column 'rate', only ['prompt']"),
        ({"rate": [0.1, 0.2], "n": [8, 0]}, {"pass_rate_column": "rate", "pass_rate_trials": "n"},
         "column 'n', row 1: a number of rollouts must be > 0, not 0"),
        ({"rate": [0.1, 0.2]}, {"pass_rate_column": "rate", "pass_rate_trials": "n"}, "has no column 'n'"),
        ({}, {"features": ["level"]}, "has no column 'level'"),
        ({"level": [{"a": 1}, {"a": 2}]}, {"features": ["level"]}, "column 'level' must hold numbers, texts or lists"),
        ({"level": [[1, 2], [1]]}, {"features": ["level"]}, "column 'level' must hold numbers, texts or lists of as"),
        ({}, {"features": np.zeros((3, 2))}, "features must have shape (2, d) with d >= 1; received (3, 2)"),
        ({}, {"features": [["a"], ["b"]]}, "features must be an array of numbers whose rows have one length"),
        ({"image": ["x", "y"]}, {"features": "hidden_states"}, "features must be an array or a function of rows"),
    ],
)  # fmt: skip
def test_columns_that_cannot_be_used_are_refused_before_the_model_loads(
    columns: dict[str, Any], vas: dict[str, Any], message: str
) -> None:
    with pytest.raises(VASError) as refused:
        VASGRPOTrainer(
            model="/there/is/no/model",
            reward_funcs=parity,
            train_dataset=Dataset.from_dict({"prompt": ["1+1=", "1+2="], **columns}),
            vas=VASConfig(**vas),
        )
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"features": "states"}, "features must be 'hidden_states', a list of columns"),
        ({"features": []}, "features must name at least one column"),
        ({"features_every": 0}, "features_every must be an integer >= 1"),
        ({"features_layer": 20}, "features_layer must lie in"),
        ({"features_pooling": "max"}, "features_pooling"),
        ({"pass_rate_column": ""}, "pass_rate_column must be a name"),
        ({"pass_rate_trials": 0}, "pass_rate_trials must be a number > 0"),
        ({"pass_rate_trials": None}, "pass_rate_trials must be a number > 0"),
        ({"pass_rate_column": "rate", "posterior": "arcsine_kalman"}, "posterior must be left out or 'predicted_beta'"),
        ({"features": ["a"], "category_column": "a"}, "category_column must be a column of features"),
        ({"features": ["a"], "mode": "paper"}, "features and prior must come with mode 'default'"),
        ({"features": ["a"], "strategy": "uniform"}, "must be left out for strategy uniform"),
        ({"exponent": 2.0, "sampler": {"exponent": 3.0}}, "exponent must be given once"),
        ({"rest_steps": -1}, "rest_steps must be an integer >= 0"),
        ({"candidates": 0}, "candidates must be an integer >= 1"),
        ({"mode": "papre"}, "papre"),
        ({"rescored_share": 2}, "rescored_share must lie in"),
        ({"rescored_share": 0.1, "mode": "paper"}, "rescored_share must be 0 unless"),
    ],
)
def test_settings_that_cannot_be_used(given: dict[str, Any], message: str) -> None:
    with pytest.raises((ArgumentError, UnknownNameError)) as refused:
        VASConfig(**given)
    assert message in str(refused.value)


def test_columns_as_features() -> None:
    rows = {"level": [1, None, 3], "kind": ["b", "a", None], "vector": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]}
    found = column_features(Dataset.from_dict(rows), ["level", "kind", "vector"])
    expected = [[1, 0, 0, 1, 1, 2], [2, 1, 1, 0, 3, 4], [3, 0, 0, 0, 5, 6]]
    np.testing.assert_array_equal(found, expected)
    with pytest.raises(DataError, match="300 different texts"):
        column_features(Dataset.from_dict({"kind": [str(number) for number in range(300)]}), ["kind"])


def test_features_that_are_not_finite_are_left_out_aloud(
    build: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    def broken(rows: list[dict[str, Any]]) -> Any:
        return [[NAN if row["level"] == 0 else row["level"], row["rate"]] for row in rows]

    trainer = build(VASConfig(features=broken, rest_steps=0), max_steps=2)
    with caplog.at_level(logging.WARNING):
        trainer.train()
    said = [record.getMessage() for record in caplog.records if "not finite" in record.getMessage()]
    assert said == ["step 0: the features of 4 of 24 prompts are not finite and are left out: pass rates of these "
                    "prompts are not predicted from them"]  # fmt: skip
    assert trainer.sampler.posterior.prediction.table.known.sum() == 20


def test_a_function_that_returns_no_features_is_named(build: Callable[..., Any]) -> None:
    trainer = build(VASConfig(features=lambda rows: [0.0] * len(rows)))
    with pytest.raises(ArgumentError, match="features must return numbers of shape"):
        trainer.train()


def test_predictions_need_to_be_told_what_is_right(build: Callable[..., Any]) -> None:
    trainer = build(VASConfig(features=["level"]), reward=lambda completions, **_: [0.3] * len(completions))
    with pytest.raises(ArgumentError, match=r"success_from or success of VASConfig .* prediction from features"):
        trainer.train()


def test_shaped_rewards_keep_what_was_learnt(build: Callable[..., Any]) -> None:
    """The range of a shaped total follows it while the named function says what is right."""

    def layout(completions: list[str], **_: Any) -> list[float]:
        return [float(len(text) % 3) for text in completions]

    trainer = build(VASConfig(features=["level"], success_from="parity"), reward=[parity, layout], max_steps=4)
    trainer.train()
    assert trainer.sampler.config.reward_range[1] > 1
    assert len(trainer.sampler.posterior.prediction._memory) == 8


def test_presets_tell_their_arms_the_same(tmp_path: Path) -> None:
    from full_scale.config.training import InformedStudyConfig
    from full_scale.tasks import load_task
    from full_scale.trl_adapter.presets.arguments import vas_config
    from full_scale.trl_adapter.presets.run import TrlRun

    path = tmp_path / "rates.csv"
    knows = {
        "states": {"states": True, "every": 7, "layer": 0.5, "pooling": "mean"},
        "column": {"column": str(path), "trials": 4},
        "both": {"states": True, "column": str(path)},
        "oracle": {"truth": True},
    }
    arms = [{"name": name} for name in knows]
    config = InformedStudyConfig(name="told", engine="trl", arms=arms, knows=knows)
    states, column, both = (vas_config(config, arm, 0) for arm in config.arms[:3])
    assert (states.features, states.features_every) == ("hidden_states", 7)
    assert (states.features_layer, states.features_pooling) == (0.5, "mean")
    assert (column.features, column.pass_rate_column, column.mixture_ratio) == (None, "pass_rate", None)
    assert (both.features, both.pass_rate_trials) == ("hidden_states", "pass_rate_trials")
    with pytest.raises(ArgumentError, match="name states or a file as column where engine is 'trl'"):
        vas_config(config, config.arms[3], 0)

    task = load_task(config.task)
    path.write_text(f'prompt_key,pass_rate\n"{task.training[1].key}",0.25\n', encoding="utf-8")
    runs = [TrlRun(config, arm, 0, tmp_path, task) for arm in config.arms[:2]]
    prior = pass_rate_prior(runs[1]._training_data("completion"), column)
    assert prior is not None
    assert np.flatnonzero(prior.known).tolist() == [1]
    assert (prior.successes[1], prior.trials[1]) == (1.0, 4.0)
    assert "pass_rate" not in runs[0]._training_data("completion").column_names
    assert runs[0].identity["knows"]["every"] == 7
