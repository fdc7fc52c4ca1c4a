"""Weighted rewards, in the compact engine and as TRL calls them."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from full_scale.config.task import RewardConfig
from full_scale.rewards import ACCURACY, FORMAT, Part, Reward, build_reward, length_reward, score_groups
from full_scale.rewards.checks import CHECKS, check_answers, failures
from full_scale.tasks import Prompt
from vas_theory.foundation.errors import ArgumentError, MissingExtraError, UnknownNameError

NAN, INF = float("nan"), float("inf")
GOOD = r"<think>t</think><answer>\boxed{4}</answer>"
WRONG = GOOD.replace("4", "5")


def fixed(name: str, weight: float, values: list[float | None]) -> Part:
    return Part(name, weight, lambda prompts, texts: values)


def test_weighted_sum_and_what_is_missing() -> None:
    one = fixed("a", 2.0, [1.0, None, 1.0, NAN, INF, INF, None])
    two = fixed("b", 0.5, [1.0, 1.0, NAN, None, 1.0, -INF, INF])
    prompts = [Prompt("k", "?", "4")] * 7
    found = Reward("sum", (one, two)).total(Reward("sum", (one, two)).values(prompts, ["x"] * 7))
    assert found == [2.5, 0.5, 2.0, None, INF, INF, INF]


values = st.lists(st.none() | st.floats(-5, 5), min_size=2, max_size=2)


@given(st.lists(values, min_size=1, max_size=6), st.floats(0.1, 3), st.floats(0.1, 3))
def test_sum_agrees_with_nansum(rows: list[list[float | None]], w: float, v: float) -> None:
    a, b = ([row[i] for row in rows] for i in (0, 1))
    reward = Reward("sum", (fixed("a", w, a), fixed("b", v, b)))
    array = np.array([[NAN if x is None else x for x in row] for row in rows]) * [w, v]
    expected = [None if np.isnan(row).all() else np.nansum(row) for row in array]
    assert reward.total(reward.values([], [])) == pytest.approx(expected)


def test_a_part_of_weight_zero_cannot_spoil_the_sum() -> None:
    assert Reward("r", (fixed("a", 1.0, [1.0]), fixed("b", 0.0, [INF]))).total({"a": [1.0], "b": [INF]}) == [1.0]


@pytest.mark.parametrize("parts", [(), (fixed("a", 1, []), fixed("a", 1, []))])
def test_parts_need_distinct_names(parts: tuple[Part, ...]) -> None:
    with pytest.raises(ArgumentError, match="distinct names"):
        Reward("r", parts)


def test_success_is_accuracy_whatever_the_form_earns() -> None:
    """With format and accuracy weighing the same, half of the largest reward is no sign of being right."""
    prompt = Prompt("k", "?", "4")
    reward = build_reward(RewardConfig(accuracy=1.0, format=1.0, length=1.0, soft_length=60, hard_length=61))
    assert reward.name == "accuracy+format+length"
    texts = [GOOD, WRONG, "4", "5", "4" + " " * 99]
    scored = score_groups([prompt], texts, 5, reward)
    assert scored.rewards_PG.tolist() == [[2.0, 1.0, 1.0, 0.0, 0.0]]
    assert scored.successes_P.tolist() == [3]


def test_default_reward_is_each_prompts_own_check() -> None:
    prompts = [Prompt("a", "?", "4"), Prompt("b", "?", "B", check="choice")]
    scored = score_groups(prompts, [" 4", "3", "(B)", "none"], 2)
    assert scored.rewards_PG.tolist() == [[1.0, 0.0], [1.0, 0.0]]
    with pytest.raises(UnknownNameError, match="exact_match"):
        check_answers([Prompt("a", "?", "4", check="exact_mtch")], ["4"])


@pytest.mark.parametrize("config", [{"accuracy": 0.0}, {"format": NAN}, {"soft_length": 9, "hard_length": 9}])
def test_impossible_weights_are_refused(config: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="RewardConfig"):
        RewardConfig(**config)


def test_trl_calls_with_columns() -> None:
    talk = [{"role": "assistant", "content": [{"type": "text", "text": GOOD}]}]
    columns: dict[str, Any] = {"answer": ["4", "4", None, 4], "check": ["exact_match"] * 4, "key": [1, 2, 3, 4]}
    completions = [talk, [{"role": "assistant", "content": WRONG}], [], "4"]
    assert ACCURACY(["?"] * 4, completions, **columns, trainer_state=None) == [1.0, 0.0, None, 1.0]
    assert FORMAT(["?"] * 4, completions, **columns) == [1.0, 1.0, None, 0.0]
    assert length_reward(1, 2)(["?"] * 4, completions, **columns)[3] == 0.0
    with pytest.raises(ArgumentError, match="column 'answer'"):
        ACCURACY(["?"], ["4"], problem=["?"])


def test_a_scorer_that_an_answer_breaks_counts_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("reasoning_gym")
    before = failures["KeyError"]
    broken = Prompt("k", "?", "4", check="reasoning_gym", entry='{"generator": "gcd"}')
    assert CHECKS["reasoning_gym"]([broken], ["4"]) == [0.0]
    assert failures["KeyError"] == before + 1


def test_a_missing_scorer_stops_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    from full_scale.tasks import reasoning_gym

    reasoning_gym._scorer.cache_clear()
    monkeypatch.setitem(sys.modules, "reasoning_gym", None)
    prompt = Prompt("k", "?", "4", check="reasoning_gym", entry='{"generator": "gcd"}')
    with pytest.raises(MissingExtraError, match="tasks"):
        CHECKS["reasoning_gym"]([prompt], ["4"])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::FutureWarning:transformers.*", "ignore::UserWarning:transformers.*")
def test_trl_trains_on_a_task_with_these_rewards(tiny_folder: Path, tmp_path: Path) -> None:
    from trl import GRPOConfig

    from full_scale import VASConfig, VASGRPOTrainer
    from full_scale.config.task import ArithmeticConfig
    from full_scale.tasks import load_task
    from full_scale.tasks.dataset import to_dataset

    task = load_task(ArithmeticConfig(largest_operand=3))
    trainer = VASGRPOTrainer(
        model=str(tiny_folder),
        reward_funcs=[ACCURACY, FORMAT],
        args=GRPOConfig(
            output_dir=str(tmp_path),
            max_steps=2,
            per_device_train_batch_size=8,
            num_generations=4,
            max_completion_length=2,
            use_cpu=True,
            bf16=False,
            report_to="none",
            disable_tqdm=True,
            logging_steps=1,
        ),
        train_dataset=to_dataset(task.training),
        vas=VASConfig(key_column="key"),
    )
    trainer.train()
    assert trainer.sampler.ledger.rollouts == 16
    assert {"rewards/accuracy/mean", "rewards/format/mean"} <= set(trainer.state.log_history[0])
    assert math.isfinite(trainer.state.log_history[0]["rewards/accuracy/mean"])
