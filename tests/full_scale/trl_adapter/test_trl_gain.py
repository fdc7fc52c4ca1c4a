"""Three lines of a script change, and more groups have a gradient, at no further rollout."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from datasets import Dataset
from trl import GRPOConfig

from full_scale import VASConfig, VASGRPOTrainer

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::FutureWarning:transformers.*", "ignore::UserWarning:transformers.*"),
]

STEPS, PROMPTS, GROUP = 30, 4, 8
ROWS = [
    {"prompt": f"{a:02d}{sign}{b}=", "rate": {"+": 0.5 if a < 20 else 0.0, "-": 0.0, "*": 1.0}[sign]}
    for sign in "+-*" for a in range(30) for b in range(10)
]  # fmt: skip
"""900 questions, of which the model is taught to answer 200 half of the time, 300 always and 400 never."""


def starts_with_one(completions: list[str], **_: Any) -> list[float]:
    return [float(text.startswith("1")) for text in completions]


def teach(folder: Path) -> None:
    """Train the model in a folder to answer each question 1 at its rate, else 0."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer, model = (kind.from_pretrained(folder) for kind in (AutoTokenizer, AutoModelForCausalLM))
    numbers = np.random.default_rng(0)
    ids = np.array(tokenizer([row["prompt"] for row in ROWS])["input_ids"])
    rates = np.array([row["rate"] for row in ROWS])
    zero, one, end = tokenizer.convert_tokens_to_ids(["0", "1", "<end>"])
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(500):
        chosen = numbers.choice(len(ROWS), 64)
        answers = np.where(numbers.random(64) < rates[chosen], one, zero)
        text = torch.from_numpy(np.column_stack([ids[chosen], answers, np.full(64, end)]))
        logits = model(input_ids=text).logits[:, -3:-1]
        loss = torch.nn.functional.cross_entropy(logits.reshape(-1, logits.shape[-1]), text[:, -2:].reshape(-1))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    model.save_pretrained(folder)


@pytest.fixture(scope="module")
def mixed_groups(
    tiny_builder: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[VASConfig], Any]:
    folder = tiny_builder(tmp_path_factory.mktemp("taught"), scale=0.1)
    teach(folder)

    def train(vas: VASConfig, rows: list[dict[str, Any]] = ROWS) -> Any:
        trainer = VASGRPOTrainer(
            model=str(folder),
            reward_funcs=starts_with_one,
            args=GRPOConfig(
                output_dir=str(tmp_path_factory.mktemp("run")),
                use_cpu=True,
                bf16=False,
                report_to="none",
                logging_steps=1,
                save_strategy="no",
                max_steps=STEPS,
                per_device_train_batch_size=PROMPTS * GROUP,
                num_generations=GROUP,
                max_completion_length=1,
                learning_rate=1e-5,
                disable_tqdm=True,
            ),
            train_dataset=Dataset.from_list(rows),
            vas=vas,
        )
        trainer.train()
        assert trainer.sampler.ledger.rollouts == STEPS * PROMPTS * GROUP
        silent = [row["vas/silent_groups"] for row in trainer.state.log_history if "loss" in row]
        return PROMPTS - np.array(silent)

    return train


@pytest.fixture(scope="module")
def uniform(mixed_groups: Callable[[VASConfig], Any]) -> Any:
    return mixed_groups(VASConfig(mixture_ratio=0.0))


def test_states_of_the_policy_find_them_within_a_few_dozen_steps(uniform: Any, mixed_groups: Any) -> None:
    found = mixed_groups(VASConfig(features="hidden_states"))
    assert found[10:].sum() > 2 * uniform[10:].sum()


def test_a_column_finds_them_from_the_first_step(uniform: Any, mixed_groups: Any) -> None:
    found = mixed_groups(VASConfig(pass_rate_column="rate"))
    assert found[:10].sum() > 2 * 10 * uniform.mean()
    assert found.sum() > 2 * uniform.sum()


def test_a_shuffled_column_does_no_harm(uniform: Any, mixed_groups: Any) -> None:
    shuffled = np.random.default_rng(1).permutation([row["rate"] for row in ROWS])
    rows = [{**row, "rate": float(rate)} for row, rate in zip(ROWS, shuffled, strict=True)]
    alone = mixed_groups(VASConfig(pass_rate_column="rate"), rows)
    spread = np.sqrt(2 * uniform.size * PROMPTS * 0.25)  # at most, of the difference of two counts
    assert alone.sum() > uniform.sum() - 2 * spread
    with_states = mixed_groups(VASConfig(pass_rate_column="rate", features="hidden_states"), rows)
    assert with_states[10:].sum() > 1.5 * uniform[10:].sum()
