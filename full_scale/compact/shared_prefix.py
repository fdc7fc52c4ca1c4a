"""One forward pass a distinct prefix, however many sequences share it.

What all prompts begin with is run once, each prompt's own end once, and each distinct completion once; caches are
repeated where sequences part. Gradients flow through the repetition, so training costs the shared parts once too,
and every result equals the plain forward pass over each whole sequence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from full_scale.compact.refusals import refuse_foreign_tokens
from full_scale.models.loading import LanguageModel

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
    """Prompts after their forward pass.

    Args:
        cache: key-value cache with one row a prompt.
        hidden_PH: last hidden state of each prompt, from which the first new token is predicted.
        mask_PL: which places of the cache are tokens.
        length_P: tokens in each prompt: the position of the first new token.
    """

    cache: Any
    hidden_PH: torch.Tensor
    mask_PL: torch.Tensor
    length_P: torch.Tensor


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
    refuse_foreign_tokens(language, ids)
    return EncodedPrompts(ids.to(language.device), mask.to(language.device))


def prefill(language: LanguageModel, prompts: EncodedPrompts) -> Prefix:
    """Run the prompts: the tokens with which all of them begin once, the rest of each prompt by itself."""
    length_P = prompts.mask_PL.sum(dim=1)
    shortest, width = int(length_P.min()), prompts.ids_PL.shape[1]
    places_PS = (width - length_P)[:, None] + torch.arange(shortest - 1, device=length_P.device)
    begin_PS = prompts.ids_PL.gather(1, places_PS)
    shared = int((begin_PS == begin_PS[:1]).all(dim=0).long().cumprod(dim=0).sum())
    cache, mask_PL, base = None, prompts.mask_PL, language.model.base_model
    rest = width - shared  # left-padded ends, as long as the longest needs
    if shared:
        cache = base(input_ids=begin_PS[:1, :shared], use_cache=True).past_key_values
        cache.batch_repeat_interleave(len(prompts))
        inside_PR = torch.arange(rest, device=length_P.device) >= (width - length_P)[:, None]
        mask_PL = torch.cat([torch.ones_like(prompts.ids_PL[:, :shared]), inside_PR.long()], dim=1)
    out = base(
        input_ids=prompts.ids_PL[:, shared:],
        attention_mask=mask_PL,
        position_ids=(mask_PL.cumsum(dim=1) - 1).clamp(min=0)[:, shared:],
        past_key_values=cache,
        use_cache=True,
    )
    return Prefix(out.past_key_values, out.last_hidden_state[:, -1], mask_PL, length_P)


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
    owner_N = torch.arange(len(prompts), device=mask_NT.device).repeat_interleave(len(mask_NT) // len(prompts))
    tokens_NT = torch.where(mask_NT, completions_NT, -1)
    distinct_U, which_N = torch.unique(torch.cat([owner_N[:, None], tokens_NT], dim=1), dim=0, return_inverse=True)
    owner_U, mask_UT = distinct_U[:, 0], distinct_U[:, 1:] >= 0
    tokens_UT = distinct_U[:, 1:].clamp(min=0)
    with language.autocast():
        prefix = prefill(language, prompts)
        hidden_UTH = prefix.hidden_PH[owner_U, None]
        if tokens_UT.shape[1] > 1:
            fed_UT = tokens_UT[:, :-1]
            steps = torch.arange(fed_UT.shape[1], device=fed_UT.device)
            prefix.cache.batch_select_indices(owner_U)
            out = language.model.base_model(
                input_ids=fed_UT,
                attention_mask=torch.cat([prefix.mask_PL[owner_U], torch.ones_like(fed_UT)], dim=1),
                position_ids=prefix.length_P[owner_U, None] + steps,
                past_key_values=prefix.cache,
                use_cache=True,
            )
            hidden_UTH = torch.cat([hidden_UTH, out.last_hidden_state], dim=1)
        # only sampled tokens reach the head: its vocabulary is the widest matrix of the model
        logits = full_precision(language.model.get_output_embeddings()(hidden_UTH[mask_UT])) / temperature
    distribution = torch.log_softmax(logits, dim=-1)
    chosen = distribution.gather(-1, tokens_UT[mask_UT][:, None])[:, 0]
    with torch.no_grad():
        spread = -(distribution.exp() * distribution).sum(dim=-1)
    blank = chosen.new_zeros(mask_UT.shape)
    return blank.masked_scatter(mask_UT, chosen)[which_N], blank.masked_scatter(mask_UT, spread)[which_N]
