"""The probe's statistics against autograd, brute-force expectations and exact enumeration of completions."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from full_scale.compact.shared_prefix import encode
from full_scale.config.training import ModelConfig
from full_scale.measuring.probe import class_distance_squared, gradient_squared, jackknife, probe_prompt, split_half
from full_scale.measuring.score_gram import score_gram
from full_scale.models.loading import load_language_model
from full_scale.tasks import Prompt

TEXT, TEMPERATURE = "1+1=", 0.8


def enumerate_completions(language: Any, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Every completion of at most ``width`` tokens: stopped ones, and unstopped ones of full length."""
    size, stops = language.model.config.vocab_size, set(language.stop_ids)
    rows = []
    for length in range(1, width + 1):
        for row in itertools.product(range(size), repeat=length):
            if not stops & set(row[:-1]) and (row[-1] in stops or length == width):
                rows.append(row)
    tokens, mask = torch.zeros(len(rows), width, dtype=torch.int64), torch.zeros(len(rows), width, dtype=torch.bool)
    for index, row in enumerate(rows):
        tokens[index, : len(row)], mask[index, : len(row)] = torch.tensor(row), True
    return tokens, mask


def autograd_scores(language: Any, tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    prompt = language.tokenizer(TEXT, add_special_tokens=False)["input_ids"]
    scores = []
    for row, sampled in zip(tokens, mask, strict=True):
        kept = row[sampled]
        logits = language.model(torch.cat([torch.tensor(prompt), kept])[None]).logits[0, len(prompt) - 1 : -1]
        logprob = torch.log_softmax(logits / TEMPERATURE, dim=-1).gather(-1, kept[:, None]).sum()
        gradients = torch.autograd.grad(logprob, list(language.model.parameters()))
        scores.append(torch.cat([gradient.flatten() for gradient in gradients]))
    return torch.stack(scores)


@pytest.fixture
def minute(tiny_builder: Any, tmp_path: Path, double_norms: None) -> Any:
    """A model with a vocabulary of five, whose completions can all be listed."""
    folder = tiny_builder(tmp_path / "minute", ["<pad>", "<end>", "1", "+", "="])
    language = load_language_model(ModelConfig(name=str(folder), precision="float32"))
    language.model.double()
    return language


def test_gram_equals_autograd(tiny: Any) -> None:
    generator = torch.Generator().manual_seed(0)
    tokens = torch.randint(2, 18, (6, 3), generator=generator)
    mask = torch.arange(3) < torch.tensor([1, 2, 3, 3, 2, 1])[:, None]
    gram, _ = score_gram(tiny, encode(tiny, [TEXT]), tokens, mask, TEMPERATURE)
    scores = autograd_scores(tiny, tokens, mask)
    torch.testing.assert_close(gram, scores @ scores.T, rtol=1e-9, atol=1e-10)
    assert all(parameter.requires_grad and parameter.grad is None for parameter in tiny.model.parameters())


def test_gram_counts_an_untied_head_apart(tiny: Any) -> None:
    head = tiny.model.lm_head
    head.weight = torch.nn.Parameter(head.weight.detach().flip(0).clone())
    tokens, mask = torch.tensor([[3, 4], [5, 6]]), torch.ones(2, 2, dtype=torch.bool)
    gram, _ = score_gram(tiny, encode(tiny, [TEXT]), tokens, mask, TEMPERATURE)
    scores = autograd_scores(tiny, tokens, mask)
    torch.testing.assert_close(gram, scores @ scores.T, rtol=1e-9, atol=1e-10)


def test_gradient_is_variance_times_class_distance_by_exact_enumeration(minute: Any) -> None:
    """B01 on a real network: |grad J|^2 = Var^2 |E[s|1] - E[s|0]|^2, J differentiated directly."""
    tokens, mask = enumerate_completions(minute, 2)
    gram, logprobs = score_gram(minute, encode(minute, [TEXT]), tokens, mask, TEMPERATURE)
    probability, kernel = logprobs.exp().numpy(), gram.numpy()
    assert probability.sum() == pytest.approx(1.0, abs=1e-12)
    right = (tokens[:, 0] == 2).numpy()

    prompt = minute.tokenizer(TEXT, add_special_tokens=False)["input_ids"]
    logits = minute.model(torch.tensor([prompt])).logits[0, -1] / TEMPERATURE
    objective = torch.softmax(logits, dim=-1)[2]  # the completions that begin with token 2 are the right ones
    direct = sum(float((g**2).sum()) for g in torch.autograd.grad(objective, list(minute.model.parameters())))

    p = probability[right].sum()
    contrast = np.where(right, probability / p, -probability / (1 - p))
    assert (p * (1 - p)) ** 2 * (contrast @ kernel @ contrast) == pytest.approx(direct, rel=1e-9)
    assert probability @ kernel @ probability == pytest.approx(0.0, abs=1e-10)  # E score = 0


def vectors(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    scores = draw.normal(size=(count, 3))
    return scores @ scores.T, draw.integers(0, 2, count).astype(float)


@pytest.mark.parametrize("count", [4, 6, 8])
def test_gradient_squared_is_the_mean_over_all_splits(count: int) -> None:
    gram, rewards = vectors(count, count)
    values = []
    for half in itertools.combinations(range(count), count // 2):
        values.append(split_half(gram, rewards, np.isin(np.arange(count), half)))
    assert gradient_squared(gram, rewards) == pytest.approx(np.mean(values), rel=1e-10)


def test_statistics_are_unbiased() -> None:
    """Expectation over every possible sample from three outcomes, against the population value."""
    draw = np.random.default_rng(2)
    probability, scores, rewards = np.array([0.5, 0.3, 0.2]), draw.normal(size=(3, 2)), np.array([1.0, 0.0, 0.0])
    covariance = (probability * (rewards - probability @ rewards)) @ scores
    expected = 0.0
    for sample in itertools.product(range(3), repeat=5):
        index = np.array(sample)
        chosen = scores[index]
        expected += probability[index].prod() * gradient_squared(chosen @ chosen.T, rewards[index])
    assert expected == pytest.approx(covariance @ covariance, rel=1e-10)

    right = [0, 0, 1, 2, 1]  # two of the right class; wrong ones drawn from outcomes 1 and 2
    mean_wrong = probability[1:] @ scores[1:] / probability[1:].sum()
    distance = 0.0
    for wrong in itertools.product((1, 2), repeat=3):
        index = np.array([*right[:2], *wrong])
        chosen = scores[index]
        weight = (probability[list(wrong)] / probability[1:].sum()).prod()
        distance += weight * class_distance_squared(chosen @ chosen.T, rewards[index] > 0.5)
    assert distance == pytest.approx(((scores[0] - mean_wrong) ** 2).sum(), rel=1e-10)


def test_too_few_rollouts_give_nan_not_a_number_to_trust() -> None:
    gram, _ = vectors(0, 6)
    assert np.isnan(class_distance_squared(gram, np.array([True] + [False] * 5)))
    assert np.isnan(gradient_squared(gram[:3, :3], np.array([0.0, 1.0, 0.0])))
    assert gradient_squared(gram, np.ones(6)) == pytest.approx(0.0, abs=1e-12)


def test_prompt_that_is_always_wrong_has_no_interval(tiny: Any) -> None:
    draw = np.random.default_rng(0)
    row = probe_prompt(
        tiny, Prompt("k", TEXT, "no such answer"), 8, max_new_tokens=1, temperature=1.0, generator=draw, coverage=0.9
    )
    assert row["successes"] == 0
    assert row["gradient_norm"] == pytest.approx(0.0, abs=1e-6)
    assert np.isnan([row["gradient_norm_low"], row["gradient_norm_high"], row["mu_distance"]]).all()


def test_jackknife_of_a_mean_is_students_interval() -> None:
    from scipy.stats import t

    values = np.random.default_rng(0).normal(size=12)
    found = jackknife(lambda kept: float(values[kept].mean()), 12, 0.9)
    low, high = t.interval(0.9, 11, loc=values.mean(), scale=values.std(ddof=1) / np.sqrt(12))
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))


def test_probe_prompt_measures_its_own_rollouts(tiny: Any) -> None:
    """With an answer that the model gives often, the interval covers the gradient that autograd finds exactly."""
    prompt_ids = tiny.tokenizer(TEXT, add_special_tokens=False)["input_ids"]
    distribution = torch.softmax(tiny.model(torch.tensor([prompt_ids])).logits[0, -1] / TEMPERATURE, dim=-1)
    digits = [tiny.tokenizer.convert_tokens_to_ids(digit) for digit in "0123456789"]
    best = max(digits, key=lambda token: float(distribution[token].detach()))
    gradients = torch.autograd.grad(distribution[best], list(tiny.model.parameters()))
    exact = float(sum((gradient**2).sum() for gradient in gradients)) ** 0.5
    row = probe_prompt(
        tiny,
        Prompt("k", TEXT, tiny.tokenizer.decode([best])),
        200,
        max_new_tokens=1,
        temperature=TEMPERATURE,
        generator=np.random.default_rng(3),
        coverage=0.999,
    )
    assert row["successes"] >= 2
    assert row["distinct_completions"] <= 18
    assert row["gradient_norm_low"] <= exact <= row["gradient_norm_high"]
    assert row["gradient_norm_high"] < 4 * exact
