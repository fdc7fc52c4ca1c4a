r"""Inner products of the score functions of single completions, over all weights of the network.

For completions :math:`y_i` of one prompt,
:math:`K_{ij} = \langle \nabla \log\pi(y_i), \nabla \log\pi(y_j)\rangle`. The per-completion gradients (one vector
the size of the model each) are never kept: layer by layer, they are formed from the layer's inputs and the output
gradients of one batched backward pass, multiplied, and dropped. Every policy gradient of these completions, its
norm, its halves and its classes are then sums over K.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from full_scale.compact.shared_prefix import EncodedPrompts
from full_scale.models.loading import LanguageModel
from vas_theory.foundation.errors import ArgumentError

__all__ = ["score_gram"]


class _Accumulator:
    """Adds each layer's share of K when the backward pass reaches the layer.

    A layer whose output for sequence u is linear in its weights has the per-sequence gradient
    ``sum_t delta_ut (x) input_ut``; ``delta`` arrives in a hook on the output.
    """

    def __init__(self, sequences: int, device: torch.device) -> None:
        self.gram_UU = torch.zeros(sequences, sequences, dtype=torch.float64, device=device)
        self.embedding_delta: torch.Tensor | None = None

    def add(self, gradients_UD: torch.Tensor) -> None:
        self.gram_UU += (gradients_UD @ gradients_UD.T).double()

    def linear(self, module: torch.nn.Linear, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        features_UTI = inputs[0].detach()

        def receive(delta_UTO: torch.Tensor) -> None:
            self.add(torch.einsum("uto,uti->uoi", delta_UTO, features_UTI).flatten(1))
            if module.bias is not None:
                self.add(delta_UTO.sum(dim=1))

        output.register_hook(receive)

    def norm(self, module: Any, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        features = inputs[0].detach()
        unit = features * torch.rsqrt(features.pow(2).mean(dim=-1, keepdim=True) + module.variance_epsilon)
        output.register_hook(lambda delta: self.add((delta * unit).sum(dim=1)))

    def embedding(self, module: torch.nn.Embedding, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> Any:
        output = output.detach().requires_grad_()  # the backward pass ends here: no weight needs a gradient

        def receive(delta_UTH: torch.Tensor) -> None:
            self.embedding_delta = delta_UTH

        output.register_hook(receive)
        return output


def _hook_all(model: Any, accumulator: _Accumulator) -> list[Any]:
    """Hook every layer that owns weights except the output head, which the caller handles."""
    handles, head = [], model.get_output_embeddings()
    for name, module in model.named_modules():
        if module is head or not list(module.parameters(recurse=False)):
            continue
        hook: Callable[..., Any]
        if isinstance(module, torch.nn.Linear):
            hook = accumulator.linear
        elif isinstance(module, torch.nn.Embedding):
            hook = accumulator.embedding
        elif type(module).__name__.endswith("RMSNorm"):
            hook = accumulator.norm
        else:
            raise ArgumentError("model", "own weights in Linear, Embedding and RMSNorm only", f"{name}: {type(module)}")
        handles.append(module.register_forward_hook(hook))
    return handles


def score_gram(
    language: LanguageModel,
    prompt: EncodedPrompts,
    completions_UT: torch.Tensor,
    mask_UT: torch.Tensor,
    temperature: float,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the Gram matrix of score functions and the log-probabilities of completions of one prompt.

    The arithmetic is that of the weights (float32, or float64 for a model converted to it).

    Args:
        prompt: one encoded prompt.
        completions_UT: int64 token ids, padded on the right.
        mask_UT: bool, True on sampled tokens.
        temperature: of sampling; the score is that of the policy that sampled.

    Returns:
        (gram_UU float64, logprobs_U).
    """
    model, device = language.model, language.device
    U, T = completions_UT.shape
    ids_UL = torch.cat([prompt.ids_PL[prompt.mask_PL.bool()].expand(U, -1), completions_UT], dim=1)
    start = ids_UL.shape[1] - T - 1
    accumulator = _Accumulator(U, device)
    head = model.get_output_embeddings()
    frozen = [(parameter, parameter.requires_grad) for parameter in model.parameters()]
    handles = _hook_all(model, accumulator)
    try:
        for parameter, _ in frozen:
            parameter.requires_grad_(False)
        hidden_UTH = model.base_model(input_ids=ids_UL, use_cache=False).last_hidden_state[:, start:-1]
        hidden_MH = hidden_UTH[mask_UT]
        logits = head(hidden_MH) / temperature
        chosen_M = completions_UT[mask_UT]
        logprobs_M = torch.log_softmax(logits, dim=-1).gather(-1, chosen_M[:, None])[:, 0]
        logprobs_M.sum().backward()
    finally:
        for handle in handles:
            handle.remove()
        for parameter, needed in frozen:
            parameter.requires_grad_(needed)
    owner_M = torch.arange(U, device=device)[:, None].expand(U, T)[mask_UT]
    with torch.no_grad():
        delta_MV = -torch.softmax(logits, dim=-1)
        delta_MV[torch.arange(len(chosen_M), device=device), chosen_M] += 1
        _add_vocabulary(language, accumulator, ids_UL, hidden_MH.detach(), delta_MV / temperature, owner_M)
        logprobs_U = torch.zeros(U, dtype=logprobs_M.dtype, device=device).index_add(0, owner_M, logprobs_M)
    return accumulator.gram_UU, logprobs_U


def _add_vocabulary(
    language: LanguageModel,
    accumulator: _Accumulator,
    ids_UL: torch.Tensor,
    hidden_MH: torch.Tensor,
    delta_MV: torch.Tensor,
    owner_M: torch.Tensor,
) -> None:
    """Add the shares of the output head and of the embedding, which may be one matrix.

    Both gradients are sums of outer products (vocabulary x hidden), so their inner products factor into products of
    vocabulary and hidden inner products, and no matrix of that size is formed.
    """
    U, L = ids_UL.shape
    delta_NH = accumulator.embedding_delta
    assert delta_NH is not None
    delta_NH, ids_N = delta_NH.flatten(0, 1), ids_UL.flatten()
    owner_N = torch.arange(U, device=ids_UL.device).repeat_interleave(L)

    def sum_by_owner(values: torch.Tensor, rows: torch.Tensor, columns: torch.Tensor) -> torch.Tensor:
        by_row = torch.zeros(U, values.shape[1], dtype=torch.float64, device=values.device)
        by_row.index_add_(0, rows, values.double())
        return torch.zeros_like(accumulator.gram_UU).index_add_(1, columns, by_row)

    head = (delta_MV @ delta_MV.T) * (hidden_MH @ hidden_MH.T)
    embedding = (ids_N[:, None] == ids_N) * (delta_NH @ delta_NH.T)
    gram = sum_by_owner(head, owner_M, owner_M) + sum_by_owner(embedding, owner_N, owner_N)
    model = language.model
    if model.get_output_embeddings().weight is model.get_input_embeddings().weight:
        cross = sum_by_owner(delta_MV[:, ids_N] * (hidden_MH @ delta_NH.T), owner_M, owner_N)
        gram += cross + cross.T
    accumulator.gram_UU += gram
