"""States of the policy on prompts: one forward pass over each prompt, no rollout."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from full_scale.trl_adapter.config import VASConfig

if TYPE_CHECKING:
    from full_scale.trl_adapter.mixin import VASMixin

__all__ = ["HiddenStates"]


class HiddenStates:
    """Pooled hidden states of a trainer's policy on prompts.

    The prompts pass through the model as it is trained, in the order of their lengths and in parts as large as those of
    training, so that no more memory is needed than training takes; dropout is off, and no random number is used.

    Args:
        trainer: whose policy.
    """

    def __init__(self, trainer: VASMixin) -> None:
        self._trainer = trainer
        self._vas: VASConfig = trainer.vas

    @torch.no_grad()
    def __call__(self, rows: list[dict[str, Any]]) -> NDArray[np.float32]:
        """Return the states of some rows of the data set, shape (n, d).

        Where the model is divided, every process has to call this at the same time with equally many rows.
        """
        trainer = self._trainer
        model, device = trainer.model, trainer.accelerator.device
        tokens = self._tokens([row["prompt"] for row in rows])
        order = sorted(range(len(rows)), key=lambda row: len(tokens[row]))
        size, padding = trainer.args.per_device_train_batch_size, self._padding
        found: dict[int, NDArray[np.float32]] = {}
        trains = model.training
        model.eval()
        try:
            for first in range(0, len(order), size):
                part = order[first : first + size]
                width = max(len(tokens[row]) for row in part)
                # padded behind, where no prompt looks
                ids = torch.tensor([[*tokens[row], *[padding] * (width - len(tokens[row]))] for row in part])
                mask = torch.tensor([[1] * len(tokens[row]) + [0] * (width - len(tokens[row])) for row in part])
                with trainer.accelerator.autocast():
                    out = model(
                        input_ids=ids.to(device),
                        attention_mask=mask.to(device),
                        output_hidden_states=True,
                        use_cache=False,
                        **self._short_logits(),
                    )
                pooled = self._pooled(out.hidden_states, mask.to(device))
                found |= dict(zip(part, pooled.float().cpu().numpy(), strict=True))
        finally:
            model.train(trains)
        return np.stack([found[row] for row in range(len(rows))])

    def _pooled(self, states: tuple[torch.Tensor, ...], mask: torch.Tensor) -> torch.Tensor:
        layer = states[round(self._vas.features_layer * (len(states) - 1))]
        last = layer[torch.arange(len(layer), device=layer.device), mask.sum(dim=1) - 1]
        if self._vas.features_pooling == "last":
            return last
        weights = mask[..., None].to(layer.dtype)
        mean = (layer * weights).sum(dim=1) / weights.sum(dim=1)
        return mean if self._vas.features_pooling == "mean" else torch.cat([last, mean], dim=1)

    def _tokens(self, prompts: list[Any]) -> list[list[int]]:
        trainer = self._trainer
        reader = trainer.processing_class
        if isinstance(prompts[0], str):
            return list(reader(text=prompts)["input_ids"])
        tokens = reader.apply_chat_template(
            prompts,
            tools=getattr(trainer, "tools", None) or None,
            chat_template=getattr(trainer, "chat_template", None),
            add_generation_prompt=True,
            tokenize=True,
            return_dict=True,
            **getattr(trainer, "chat_template_kwargs", {}),
        )
        return list(tokens["input_ids"])

    @property
    def _padding(self) -> int:
        tokenizer: Any = getattr(self._trainer.processing_class, "tokenizer", self._trainer.processing_class)
        return int(tokenizer.pad_token_id or 0)

    def _short_logits(self) -> dict[str, int]:
        """Ask for the logits of one position, where the model can be asked: nobody looks at them."""
        model = self._trainer.accelerator.unwrap_model(self._trainer.model)
        inner = model.get_base_model() if hasattr(model, "get_base_model") else model
        return {"logits_to_keep": 1} if "logits_to_keep" in inspect.signature(inner.forward).parameters else {}
