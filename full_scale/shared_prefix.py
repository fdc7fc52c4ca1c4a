"""One forward pass a prompt, however many completions follow it.

The G completions of a prompt share its key-value cache: the prompt is run once and its cache repeated. Gradients
flow through the repetition, so training costs the prompt once too, and the result equals the plain forward pass
over each whole sequence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from full_scale.models import LanguageModel

__all__ = ["EncodedPrompts", "Prefix", "completion_logprobs", "encode", "full_precision", "prefill"]


@dataclass(frozen=True)
class EncodedPrompts:
    """Prompts as tokens, padded on the left.

    Args:
        ids_PL: int64 token ids.
        mask_PL: int64, 0 on padding.
    """

    ids_PL: torch.Tensor
    mask_PL: torch.Tensor

    def __len__(self) -> int:
        return len(self.ids_PL)

    def rows(self, index: Any) -> EncodedPrompts:
        """Return a selection of prompts."""
        return EncodedPrompts(self.ids_PL[index], self.mask_PL[index])


@dataclass(frozen=True)
class Prefix:
    """Prompts after their forward pass, each repeated.

    Args:
        cache: key-value cache with N rows.
        hidden_NH: last hidden state of each prompt, from which the first new token is predicted.
        mask_NL: the prompts' mask.
        length_N: tokens in each prompt: the position of the first new token.
    """

    cache: Any
    hidden_NH: torch.Tensor
    mask_NL: torch.Tensor
    length_N: torch.Tensor


def full_precision(values: torch.Tensor) -> torch.Tensor:
    """Return the values as float32, or as float64 where they are that already."""
    return values.to(torch.promote_types(values.dtype, torch.float32))


def encode(language: LanguageModel, texts: Sequence[str]) -> EncodedPrompts:
    """Tokenise prompts and pad them on the left to a common length."""
    rows = [language.tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]
    width = max(len(row) for row in rows)
    ids = torch.zeros(len(rows), width, dtype=torch.int64)
    mask = torch.zeros(len(rows), width, dtype=torch.int64)
    for index, row in enumerate(rows):
        ids[index, width - len(row) :] = torch.tensor(row)
        mask[index, width - len(row) :] = 1
    return EncodedPrompts(ids.to(language.device), mask.to(language.device))


def prefill(language: LanguageModel, prompts: EncodedPrompts, repeats: int) -> Prefix:
    """Run each prompt once and repeat its cache ``repeats`` times; rows of a prompt are contiguous."""
    positions = (prompts.mask_PL.cumsum(dim=1) - 1).clamp(min=0)
    out = language.model.base_model(
        input_ids=prompts.ids_PL, attention_mask=prompts.mask_PL, position_ids=positions, use_cache=True
    )
    cache = out.past_key_values
    cache.batch_repeat_interleave(repeats)
    mask_NL = prompts.mask_PL.repeat_interleave(repeats, dim=0)
    return Prefix(cache, out.last_hidden_state[:, -1].repeat_interleave(repeats, dim=0), mask_NL, mask_NL.sum(dim=1))


def completion_logprobs(
    language: LanguageModel,
    prompts: EncodedPrompts,
    completions_NT: torch.Tensor,
    mask_NT: torch.Tensor,
    temperature: float,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return log-probabilities and entropies of completion tokens at the sampling temperature.

    ``log softmax(logits / temperature)[token]``, differentiable in the weights.

    Args:
        prompts: P prompts.
        completions_NT: int64 token ids; N is a multiple of P, the rows of a prompt contiguous.
        mask_NT: bool, True on tokens that were sampled (the stopping token included).
        temperature: > 0.

    Returns:
        (logprobs_NT, entropy_NT), 0 outside the mask; the entropy carries no gradient.
    """
    rows, width = completions_NT.shape
    with language.autocast():
        prefix = prefill(language, prompts, rows // len(prompts))
        hidden_NTH = prefix.hidden_NH[:, None]
        if width > 1:
            fed = completions_NT[:, :-1]
            steps = torch.arange(width - 1, device=fed.device)
            out = language.model.base_model(
                input_ids=fed,
                attention_mask=torch.cat([prefix.mask_NL, torch.ones_like(fed)], dim=1),
                position_ids=prefix.length_N[:, None] + steps,
                past_key_values=prefix.cache,
                use_cache=True,
            )
            hidden_NTH = torch.cat([hidden_NTH, out.last_hidden_state], dim=1)
        # only sampled tokens reach the head: its vocabulary is the widest matrix of the model
        logits = full_precision(language.model.get_output_embeddings()(hidden_NTH[mask_NT])) / temperature
    distribution = torch.log_softmax(logits, dim=-1)
    chosen = distribution.gather(-1, completions_NT[mask_NT][:, None])[:, 0]
    with torch.no_grad():
        spread = -(distribution.exp() * distribution).sum(dim=-1)
    blank = chosen.new_zeros(rows, width)
    return blank.masked_scatter(mask_NT, chosen), blank.masked_scatter(mask_NT, spread)
