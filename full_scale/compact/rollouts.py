"""Sampling completions: exact, addressed by explicit uniform numbers, each distinct beginning computed once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from full_scale.compact.shared_prefix import EncodedPrompts, encode, full_precision, prefill
from full_scale.models.loading import LanguageModel
from vas_theory.selection.diversity import from_padded
from vas_theory.selection.scores import group_diversity

__all__ = ["Rollouts", "sample"]


@dataclass(frozen=True)
class Rollouts:
    """Completions of P prompts, G each; the rows of a prompt are contiguous (N = P * G).

    Args:
        prompts: the encoded prompts.
        tokens_NT: int64; after the stopping token 0.
        mask_NT: bool; True on sampled tokens, the stopping token included.
        logprobs_NT: float32 log-probabilities under which the tokens were sampled; 0 outside the mask.
        texts: decoded completions without the stopping token.
    """

    prompts: EncodedPrompts
    tokens_NT: torch.Tensor
    mask_NT: torch.Tensor
    logprobs_NT: torch.Tensor
    texts: list[str]

    def diversity(self, group_size: int) -> NDArray[np.float64]:
        """Return the trajectory diversity of each group of completions, over their tokens."""
        lengths = self.mask_NT.sum(dim=1).cpu().numpy()
        return group_diversity(*from_padded(self.tokens_NT.cpu().numpy(), lengths), group_size)


@torch.no_grad()
def sample(
    language: LanguageModel,
    texts: Sequence[str],
    group_size: int,
    max_new_tokens: int,
    *,
    temperature: float = 1.0,
    generator: np.random.Generator | None = None,
    rows_at_once: int = 512,
) -> Rollouts:
    """Sample ``group_size`` completions of every prompt, each up to its first newline.

    A token is the inverse of the cumulative distribution at a uniform number drawn beforehand for its row and place,
    so what one row draws does not depend on when other rows stop.

    Args:
        texts: P prompts.
        group_size: completions a prompt.
        max_new_tokens: a completion without newline is cut here.
        temperature: the logits are divided by it.
        generator: source of the uniform numbers; ``None`` takes the likeliest token each time.
        rows_at_once: bound on the completions held in memory together.
    """
    uniforms_NT = None
    if generator is not None:
        uniforms_NT = torch.from_numpy(generator.random((len(texts) * group_size, max_new_tokens)))
    prompts = encode(language, texts)
    chunk = max(1, rows_at_once // group_size)
    parts = []
    for start in range(0, len(texts), chunk):
        rows = slice(start * group_size, (start + chunk) * group_size)
        uniforms = None if uniforms_NT is None else uniforms_NT[rows].to(language.device)
        piece = prompts.rows(slice(start, start + chunk))
        parts.append(_sample_chunk(language, piece, group_size, max_new_tokens, temperature, uniforms))
    tokens, mask, logprobs = (torch.cat(columns) for columns in zip(*parts, strict=True))
    width = int(mask.sum(dim=1).max())
    tokens, mask, logprobs = tokens[:, :width], mask[:, :width], logprobs[:, :width]
    return Rollouts(prompts, tokens, mask, logprobs, _decode(language, tokens, mask))


def _sample_chunk(
    language: LanguageModel,
    prompts: EncodedPrompts,
    group_size: int,
    max_new_tokens: int,
    temperature: float,
    uniforms_NT: torch.Tensor | None,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    device = language.device
    total = len(prompts) * group_size
    tokens_NT = torch.zeros(total, max_new_tokens, dtype=torch.int64, device=device)
    mask_NT = torch.zeros(total, max_new_tokens, dtype=torch.bool, device=device)
    logprobs_NT = torch.zeros(total, max_new_tokens, device=device)
    stops = torch.tensor(language.stop_ids, device=device)
    alive = torch.arange(total, device=device)
    row = alive // group_size  # completions that agree so far share a row of the cache
    with language.autocast():
        prefix = prefill(language, prompts)
        hidden, mask, length = prefix.hidden_PH, prefix.mask_PL, prefix.length_P
        for step in range(max_new_tokens):
            logits = full_precision(language.model.get_output_embeddings()(hidden)) / temperature
            distribution = torch.log_softmax(logits, dim=-1)
            chosen = _choose(distribution, row, None if uniforms_NT is None else uniforms_NT[alive, step])
            tokens_NT[alive, step] = chosen
            mask_NT[alive, step] = True
            logprobs_NT[alive, step] = distribution[row, chosen].float()
            going = ~torch.isin(chosen, stops)
            if step + 1 == max_new_tokens or not going.any():
                break
            alive = alive[going]
            parted, row = torch.unique(torch.stack([row, chosen], dim=1)[going], dim=0, return_inverse=True)
            parent, fed = parted.unbind(dim=1)
            prefix.cache.batch_select_indices(parent)
            mask, length = torch.cat([mask[parent], torch.ones_like(mask[parent, :1])], dim=1), length[parent]
            hidden = language.model.base_model(
                input_ids=fed[:, None],
                attention_mask=mask,
                position_ids=(length + step)[:, None],
                past_key_values=prefix.cache,
                use_cache=True,
            ).last_hidden_state[:, -1]
    return tokens_NT, mask_NT, logprobs_NT


def _choose(distribution: torch.Tensor, row: torch.Tensor, uniforms: torch.Tensor | None) -> torch.Tensor:
    """Return a token for each completion from the distribution of its row."""
    if uniforms is None:
        return distribution.argmax(dim=-1)[row]
    cumulative = distribution.double().exp().cumsum(dim=-1)
    chosen = torch.empty_like(row)
    for index in range(len(cumulative)):
        here = row == index
        targets = uniforms[here] * cumulative[index, -1]
        chosen[here] = torch.searchsorted(cumulative[index], targets, right=True)
    return chosen.clamp(max=distribution.shape[-1] - 1)


def _decode(language: LanguageModel, tokens_NT: torch.Tensor, mask_NT: torch.Tensor) -> list[str]:
    stops = set(language.stop_ids)
    texts = []
    for tokens, mask in zip(tokens_NT.tolist(), mask_NT.tolist(), strict=True):
        kept = [token for token, sampled in zip(tokens, mask, strict=True) if sampled and token not in stops]
        texts.append(language.tokenizer.decode(kept))
    return texts
