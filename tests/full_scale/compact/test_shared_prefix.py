"""The shared prefix is an optimisation: every number has to be that of the plain forward pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from full_scale.compact.rollouts import sample
from full_scale.compact.shared_prefix import completion_logprobs, encode
from tests.false_alarms import OFTEN

TEXTS = ["1 + 2 =", "3 * 4 = 7\n10 - 2 =", "9 ="]  # of unequal length, so that padding is exercised
TEMPERATURE = 0.7


def plain_logprobs(language: Any, text: str, tokens: list[int], temperature: float) -> torch.Tensor:
    """One sequence, no cache, no padding."""
    prompt = language.tokenizer(text, add_special_tokens=False)["input_ids"]
    logits = language.model(torch.tensor([prompt + tokens])).logits[0] / temperature
    places = torch.arange(len(prompt) - 1, len(prompt) + len(tokens) - 1)
    return torch.log_softmax(logits[places], dim=-1)[torch.arange(len(tokens)), torch.tensor(tokens)]


def draw(language: Any, group_size: int = 3, width: int = 4, seed: int = 0, **options: Any) -> Any:
    generator = np.random.default_rng(seed)
    return sample(language, TEXTS, group_size, width, temperature=TEMPERATURE, generator=generator, **options)


def rows_of(rollouts: Any) -> list[list[int]]:
    lengths = rollouts.mask_NT.sum(dim=1).tolist()
    return [row[:length] for row, length in zip(rollouts.tokens_NT.tolist(), lengths, strict=True)]


def test_training_and_sampling_logprobs_equal_the_plain_forward_pass(tiny: Any) -> None:
    rollouts = draw(tiny)
    assert len({len(row) for row in rows_of(rollouts)}) > 1, "completions of one length would not test the mask"
    logprobs, _ = completion_logprobs(tiny, rollouts.prompts, rollouts.tokens_NT, rollouts.mask_NT, TEMPERATURE)
    for index, row in enumerate(rows_of(rollouts)):
        expected = plain_logprobs(tiny, TEXTS[index // 3], row, TEMPERATURE)
        torch.testing.assert_close(logprobs[index, : len(row)], expected, rtol=0, atol=1e-12)
        torch.testing.assert_close(rollouts.logprobs_NT[index, : len(row)], expected.float(), rtol=0, atol=2e-6)
        assert not logprobs[index, len(row) :].any()


def test_gradients_flow_through_the_repeated_cache(tiny: Any) -> None:
    rollouts = draw(tiny)
    weights = torch.from_numpy(np.random.default_rng(1).normal(size=tuple(rollouts.mask_NT.shape)))
    logprobs, _ = completion_logprobs(tiny, rollouts.prompts, rollouts.tokens_NT, rollouts.mask_NT, TEMPERATURE)
    parameters = list(tiny.model.parameters())
    found = torch.autograd.grad((weights * logprobs).sum(), parameters)
    plain = sum(
        (weights[index, : len(row)] * plain_logprobs(tiny, TEXTS[index // 3], row, TEMPERATURE)).sum()
        for index, row in enumerate(rows_of(rollouts))
    )
    for left, right in zip(found, torch.autograd.grad(plain, parameters), strict=True):
        torch.testing.assert_close(left, right, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("texts", [["1+1=2\n3+4=", "1+1=2\n3*4+5=", "1+1=2\n9="], ["7 - 2 =", "7 - 2 ="], ["8", "81"]])
def test_what_prompts_begin_with_and_completions_that_agree_are_run_once_without_a_trace(
    tiny: Any, texts: list[str]
) -> None:
    """Beginnings shared in part or whole, ends of unequal length, completions that repeat."""
    generator = np.random.default_rng(4)
    rollouts = sample(tiny, texts, 12, 2, temperature=TEMPERATURE, generator=generator)
    kept = rows_of(rollouts)
    assert len({(index // 12, *row) for index, row in enumerate(kept)}) < len(kept), "no completion repeats"
    logprobs, _ = completion_logprobs(tiny, rollouts.prompts, rollouts.tokens_NT, rollouts.mask_NT, TEMPERATURE)
    weights = torch.from_numpy(np.random.default_rng(1).normal(size=tuple(rollouts.mask_NT.shape)))
    plain = [plain_logprobs(tiny, texts[index // 12], row, TEMPERATURE) for index, row in enumerate(kept)]
    for index, expected in enumerate(plain):
        torch.testing.assert_close(logprobs[index, : len(expected)], expected, rtol=0, atol=1e-12)
        drawn = rollouts.logprobs_NT[index, : len(expected)]
        torch.testing.assert_close(drawn, expected.float(), rtol=0, atol=2e-6)
    parameters = list(tiny.model.parameters())
    total = sum((weights[index, : len(row)] * row).sum() for index, row in enumerate(plain))
    found = torch.autograd.grad((weights * logprobs).sum(), parameters)
    for left, right in zip(found, torch.autograd.grad(total, parameters), strict=True):
        torch.testing.assert_close(left, right, rtol=1e-9, atol=1e-11)


def test_single_token_completions_need_no_second_pass(tiny: Any) -> None:
    rollouts = draw(tiny, width=1)
    logprobs, entropy = completion_logprobs(tiny, rollouts.prompts, rollouts.tokens_NT, rollouts.mask_NT, TEMPERATURE)
    for index, row in enumerate(rows_of(rollouts)):
        expected = plain_logprobs(tiny, TEXTS[index // 3], row, TEMPERATURE)
        torch.testing.assert_close(logprobs[index], expected, rtol=0, atol=1e-12)
    every = [plain_logprobs(tiny, TEXTS[0], [token], TEMPERATURE) for token in range(tiny.model.config.vocab_size)]
    spread = -sum(float(value.detach().exp() * value.detach()) for value in every)
    assert float(entropy[0, 0]) == pytest.approx(spread, abs=1e-12)


def test_completions_end_at_the_first_newline_and_decode_without_it(tiny: Any) -> None:
    rollouts = draw(tiny, group_size=40, width=5)
    stops = set(tiny.stop_ids)
    assert {tiny.tokenizer.convert_tokens_to_ids("\n"), tiny.tokenizer.eos_token_id} == stops
    for row, text in zip(rows_of(rollouts), rollouts.texts, strict=True):
        assert not stops & set(row[:-1])
        assert row[-1] in stops or len(row) == 5
        assert "\n" not in text


def test_draws_do_not_depend_on_how_rows_are_batched(tiny: Any) -> None:
    together, apart = draw(tiny), draw(tiny, rows_at_once=3)
    assert rows_of(together) == rows_of(apart)


def test_greedy_takes_the_likeliest_token(tiny: Any) -> None:
    (row,) = rows_of(sample(tiny, TEXTS[:1], 1, 1))
    with torch.no_grad():
        every = [float(plain_logprobs(tiny, TEXTS[0], [token], 1.0)) for token in range(tiny.model.config.vocab_size)]
    assert row == [int(np.argmax(every))]


def test_sampled_frequencies_are_the_models(tiny: Any) -> None:
    from scipy.stats import chisquare

    drawn = sample(tiny, TEXTS[:1], 4000, 1, temperature=TEMPERATURE, generator=np.random.default_rng(5))
    counts = np.bincount(drawn.tokens_NT[:, 0].numpy(), minlength=tiny.model.config.vocab_size)
    with torch.no_grad():
        every = [plain_logprobs(tiny, TEXTS[0], [token], TEMPERATURE) for token in range(len(counts))]
    expected = np.exp(np.array([float(value) for value in every])) * 4000
    common = expected > 5
    bins = np.append(counts[common], counts[~common].sum()), np.append(expected[common], expected[~common].sum())
    assert chisquare(*(values[bins[1] > 0] for values in bins)).pvalue > OFTEN


def test_encoding_pads_on_the_left(tiny: Any) -> None:
    prompts = encode(tiny, TEXTS)
    lengths = [len(tiny.tokenizer(text, add_special_tokens=False)["input_ids"]) for text in TEXTS]
    assert prompts.mask_PL.sum(dim=1).tolist() == lengths
    assert prompts.mask_PL[:, -1].all()
