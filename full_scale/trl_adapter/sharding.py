"""What models that are divided among processes need besides what TRL and transformers do for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

__all__ = ["reference_by_blocks", "whole_parameters"]


@contextmanager
def reference_by_blocks() -> Iterator[None]:
    """Let accelerate divide the reference model of a trainer that is built here as it divides the trained one.

    TRL makes one unit of it under FSDP 2, so that every device would hold all of it at once: in its stored precision
    when it is set up, and in the reduced one in every pass.
    """
    from accelerate.utils import fsdp2_prepare_model
    from trl.trainer import grpo_trainer

    theirs = grpo_trainer.prepare_fsdp

    def prepare(model: torch.nn.Module, accelerator: Any) -> Any:
        if not accelerator.is_fsdp2:
            return theirs(model, accelerator)
        return fsdp2_prepare_model(accelerator, model).eval()

    grpo_trainer.prepare_fsdp = prepare
    try:
        yield
    finally:
        grpo_trainer.prepare_fsdp = theirs


@contextmanager
def whole_parameters(model: torch.nn.Module) -> Iterator[None]:
    """Make parameters that ZeRO-3 divided when it loaded the model whole for as long as they are overwritten."""
    divided = [parameter for parameter in model.parameters() if hasattr(parameter, "ds_id")]
    if not divided:
        yield
        return
    import deepspeed

    with deepspeed.zero.GatheredParameters(divided, modifier_rank=0):
        yield
