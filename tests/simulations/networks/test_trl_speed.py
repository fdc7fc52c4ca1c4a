"""The learner of the small networks against plain TRL: one model shape, one task, one run, ratios of medians."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("trl")

from simulations.networks.model.starts import load_start
from simulations.networks.runs.training import Plan, train_together
from simulations.networks.tournament.roster import get_arm
from simulations.networks.world import World
from simulations.networks.worlds import get_world
from tests.benchmarks.harness import interleaved_seconds

pytestmark = [
    pytest.mark.bench,
    pytest.mark.timeout(900),
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning", "ignore::DeprecationWarning"),
]

NETWORKS, ROUNDS = 12, 3
"""Runs side by side, and turns of each; a turn is a whole run of the world, 300 steps of 16 groups of 8 rollouts."""
FLOORS = {
    ("side by side", "its default micro-batch"): 20.0,
    ("alone", "its default micro-batch"): 10.0,
    ("side by side", "one micro-batch"): 8.0,
    ("alone", "one micro-batch"): 5.0,
}
"""Ours against TRL: with the micro-batches of 8 that it takes by default, and with the whole batch of 128 in one, the
fastest that its settings allow here. Part of the gain is work that need not be done: equal beginnings are computed
once, and groups without a gradient are left out of the backward pass."""
MICRO_BATCH = 8


def test_a_run_takes_a_fraction_of_trls_time(tmp_path: Path) -> None:
    import torch

    torch.set_num_threads(1)
    world = get_world("chains-short")
    start = load_start(world)
    shape = replace(world.run, held_out=1)  # TRL measures nothing on the way, so ours measures as little as it can
    plans = [Plan(get_arm("uniform"), seed, 2e-4, 1) for seed in range(NETWORKS)]
    seconds = interleaved_seconds(
        {
            "side by side": lambda: train_together(world, start, plans, shape),
            "alone": lambda: train_together(world, start, plans[:1], shape),
            "one micro-batch": trl(world, tmp_path, world.run.batch_size * world.run.group_size),
            "its default micro-batch": trl(world, tmp_path, MICRO_BATCH),
        },
        repeats=ROUNDS,
    )
    for (ours, theirs), floor in FLOORS.items():
        runs = NETWORKS if ours == "side by side" else 1
        ratios = [runs * slow / fast for fast, slow in zip(seconds[ours], seconds[theirs], strict=True)]
        told = f"{statistics.median(ratios):.1f} times ({min(ratios):.1f} to {max(ratios):.1f})"
        print(f"{ours} against TRL with {theirs}: {told}")
        assert statistics.median(ratios) >= floor


def trl(world: World, folder: Path, micro_batch: int) -> Callable[[], object]:
    """Return a call that trains a model of the world's shape on its task with TRL's own trainer.

    The weights are random: responses have one length, so TRL's work does not depend on them.
    """
    from datasets import Dataset
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM
    from trl import GRPOConfig, GRPOTrainer

    words = {f"t{number}": number for number in range(world.vocabulary)} | {"[end]": world.vocabulary}
    plain = Tokenizer(models.WordLevel(words, unk_token="[end]"))
    plain.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=plain, eos_token="[end]", pad_token="[end]")
    form, run = world.model, world.run
    model = Qwen2ForCausalLM(
        Qwen2Config(
            vocab_size=len(words), hidden_size=form.width, intermediate_size=form.expansion * form.width * 2 // 3,
            num_hidden_layers=form.layers, num_attention_heads=form.heads, num_key_value_heads=form.heads,
            bos_token_id=None, eos_token_id=world.vocabulary, pad_token_id=world.vocabulary,
        )
    )  # fmt: skip
    pool = world.prompts(np.random.default_rng(0), run.pool)
    rows = {"prompt": [" ".join(f"t{token}" for token in row) for row in pool.tokens_PL], "place": range(len(pool))}

    def reward(completions: list[str], place: list[int], **_: Any) -> list[float]:
        responses = np.full((len(completions), world.response_length), world.vocabulary)
        for row, text in enumerate(completions):
            found = [words[word] for word in text.split()]
            responses[row, : len(found)] = found
        return list(world.rewards(pool.take(np.array(place)), responses))

    def train() -> object:
        batch = run.batch_size * run.group_size
        config = GRPOConfig(
            output_dir=str(folder), max_steps=run.budget // batch, per_device_train_batch_size=micro_batch,
            gradient_accumulation_steps=batch // micro_batch, num_generations=run.group_size,
            max_completion_length=world.response_length, generation_kwargs={"min_new_tokens": world.response_length},
            learning_rate=2e-4, beta=0.0, report_to="none", save_strategy="no", logging_strategy="no", use_cpu=True,
            bf16=False, disable_tqdm=True, gradient_checkpointing=False,
        )  # fmt: skip
        trainer = GRPOTrainer(
            model, reward_funcs=reward, args=config, train_dataset=Dataset.from_dict(rows), processing_class=tokenizer
        )
        return trainer.train()

    return train
