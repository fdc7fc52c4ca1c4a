"""The optimiser's steps on one batch of groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from full_scale.compact.objective import policy_loss, token_weights
from full_scale.compact.shared_prefix import EncodedPrompts, completion_logprobs
from full_scale.config.training import StudyConfig
from full_scale.models.loading import LanguageModel

__all__ = ["Batch", "update"]

PROMPTS_AT_ONCE = 8
"""Groups in one backward pass: bounds the memory of activations."""


@dataclass(frozen=True)
class Batch:
    """Groups to train on.

    Args:
        prompts: P encoded prompts, one a group.
        tokens_PGT: int64 completion tokens.
        mask_PGT: bool, True on sampled tokens.
        advantages_PG: one advantage a completion; 0 for groups without gradient.
    """

    prompts: EncodedPrompts
    tokens_PGT: torch.Tensor
    mask_PGT: torch.Tensor
    advantages_PG: torch.Tensor


def update(
    config: StudyConfig,
    step: int,
    language: LanguageModel,
    reference: LanguageModel | None,
    optimiser: torch.optim.Optimizer,
    batch: Batch,
) -> dict[str, Any]:
    """Take the optimiser's steps for one batch; a batch without any gradient leaves the weights alone.

    Args:
        config: the study.
        step: number of the step from 1, which the warm-up counts.
        language: the model that is trained.
        reference: the reference model of the KL penalty, if there is one.
        optimiser: over the model's parameters.
        batch: what to train on. Groups without gradient count in every average but are not run.

    Returns:
        gradient_norm, loss and entropy of the first pass; clipped_tokens and clip_fraction of the later ones, where
        the ratio can leave its interval (the fraction is of all the batch's tokens, None after a single pass).
    """
    objective, rollouts = config.objective, config.rollouts
    groups, group, width = batch.tokens_PGT.shape
    weights_NT = token_weights(batch.mask_PGT.view(-1, width), objective.aggregation, rollouts.max_new_tokens)
    weights_PGT = weights_NT.view(groups, group, width)
    carries = torch.ones(groups) if reference else batch.advantages_PG.abs().amax(dim=1)
    chunks = carries.nonzero()[:, 0].split(PROMPTS_AT_ONCE)
    if not len(chunks[0]):
        return {"gradient_norm": 0.0, "loss": 0.0}
    for slots in optimiser.param_groups:
        slots["lr"] = config.optimiser.learning_rate * min(1.0, step / (config.optimiser.warmup_steps + 1))
    old: list[torch.Tensor] = []
    found: dict[str, Any] = {}
    clipped = 0
    for epoch in range(objective.epochs):
        optimiser.zero_grad(set_to_none=True)
        loss, entropy, count = 0.0, 0.0, 0
        for index, chosen in enumerate(chunks):
            tokens, mask = batch.tokens_PGT[chosen].flatten(0, 1), batch.mask_PGT[chosen].flatten(0, 1)
            prompts = batch.prompts.rows(chosen)
            logprobs, spread = completion_logprobs(language, prompts, tokens, mask, rollouts.temperature)
            if epoch == 0:  # the policy that sampled is the one before the first step
                old.append(logprobs.detach())
            anchor = None
            if reference is not None:
                with torch.no_grad():
                    anchor, _ = completion_logprobs(reference, prompts, tokens, mask, rollouts.temperature)
            rows = batch.advantages_PG[chosen].flatten(), weights_PGT[chosen].flatten(0, 1)
            terms = policy_loss(logprobs, old[index], *rows, objective, anchor)
            terms.loss.backward()
            loss, clipped = loss + float(terms.loss.detach()), clipped + terms.clipped
            entropy, count = entropy + float(spread.sum()), count + int(mask.sum())
        norm = torch.nn.utils.clip_grad_norm_(language.model.parameters(), config.optimiser.max_gradient_norm)
        optimiser.step()
        if epoch == 0:
            found = {"gradient_norm": float(norm), "loss": loss, "entropy": entropy / count}
    optimiser.zero_grad(set_to_none=True)
    later = int(batch.mask_PGT.sum()) * (objective.epochs - 1)
    return {**found, "clipped_tokens": clipped, "clip_fraction": clipped / later if later else None}
