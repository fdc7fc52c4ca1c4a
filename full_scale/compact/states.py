"""Hidden states of a model on prompts, read off the forward pass that sampling begins with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from full_scale.compact.shared_prefix import EncodedPrompts, encode, prefill
from full_scale.models.loading import LanguageModel
from vas_theory.foundation.errors import ArgumentError

__all__ = ["prompt_states"]


@torch.no_grad()
def prompt_states(
    language: LanguageModel, texts: Sequence[str], *, layer: float, pooling: str, rows_at_once: int = 64
) -> NDArray[np.float32]:
    """Return pooled states of each prompt, shape (P, d); at no rollout.

    What all prompts of a part begin with is run once, and the mean is over the positions behind it. Parts are taken in
    the order of the texts, so that those of one generator or template meet.

    Args:
        texts: P prompts.
        layer: in [0, 1], a share of the model's depth: 0 the embeddings, 1 the last layer.
        pooling: ``last``, ``mean`` or ``both``.
        rows_at_once: bound on the prompts that are run together.
    """
    order = sorted(range(len(texts)), key=texts.__getitem__)
    prompts = encode(language, [texts[place] for place in order])
    parts = [
        _states(language, prompts.rows(slice(start, start + rows_at_once)), layer, pooling)
        for start in range(0, len(texts), rows_at_once)
    ]
    return np.asarray(np.concatenate(parts)[np.argsort(order)])


def _states(language: LanguageModel, prompts: EncodedPrompts, layer: float, pooling: str) -> NDArray[np.float32]:
    seen: list[torch.Tensor] = []

    def keep(module: torch.nn.Module, inputs: Any, output: Any) -> None:
        seen.append(output[0] if isinstance(output, tuple) else output)

    base, whole = language.model.base_model, _layers(language)
    place = round(layer * len(whole))
    module = language.model.get_input_embeddings() if place == 0 else whole[place - 1]
    watched = module.register_forward_hook(keep)
    base.layers = whole[: max(place, 1)]  # what comes behind the layer is nobody's state
    try:
        with language.autocast():
            prefix = prefill(language, prompts)
    finally:
        watched.remove()
        base.layers = whole
    states_PRH = seen[-1].float()  # behind what all begin with
    mask_PR = prefix.mask_PL[:, -states_PRH.shape[1] :, None].to(states_PRH.dtype)
    last = states_PRH[:, -1]
    mean = (states_PRH * mask_PR).sum(dim=1) / mask_PR.sum(dim=1)
    pooled = {"last": last, "mean": mean}.get(pooling)
    pooled = torch.cat([last, mean], dim=1) if pooled is None else pooled
    return np.asarray(pooled.cpu().numpy(), dtype=np.float32)


def _layers(language: LanguageModel) -> torch.nn.ModuleList:
    base = language.model.base_model
    layers = getattr(base, "layers", None)
    if not isinstance(layers, torch.nn.ModuleList):
        raise ArgumentError("knows.states", "be left out for a model without a list of layers", type(base).__name__)
    return layers
