"""From rewards to a loss: advantages, clipped ratio, KL penalty, token weights. Nothing here has state."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from full_scale.config.training import ObjectiveConfig
from full_scale.rewards import ScoredGroups
from vas_theory.groups import group_advantages

__all__ = ["LossTerms", "advantages_of", "policy_loss", "token_weights"]


@dataclass(frozen=True)
class LossTerms:
    """A loss and what to log about it.

    Args:
        loss: scalar; the sum of token terms times token weights, so the parts of a batch add up to the whole.
        clipped: sampled tokens whose gradient the clipping removed.
        kl: weighted sum of the KL estimates, 0 without a reference.
    """

    loss: torch.Tensor
    clipped: int
    kl: float


def advantages_of(scored: ScoredGroups, config: ObjectiveConfig) -> torch.Tensor:
    """Return advantages_PG (float32); exactly 0 for silent groups and excluded rollouts."""
    values = group_advantages(scored.rewards_PG, kind=config.advantage, ddof=config.ddof, eps=config.eps)
    return torch.from_numpy(values).float()


def token_weights(mask_NT: torch.Tensor, aggregation: str, max_new_tokens: int) -> torch.Tensor:
    r"""Return what each token's term counts in the loss of a batch of N completions.

    With :math:`|o_i|` sampled tokens in completion i:
    ``sequence_mean`` :math:`1/(N |o_i|)` (GRPO), ``token_mean`` :math:`1/\sum_j |o_j|` (DAPO), ``fixed_length``
    :math:`1/(N T_{max})` (Dr.GRPO), ``sequence_sum`` :math:`1/N` (the policy gradient itself).
    """
    mask = mask_NT.float()
    lengths = mask.sum(dim=1, keepdim=True)
    rows = len(mask)
    if aggregation == "sequence_mean":
        return mask / lengths.clamp(min=1) / rows
    if aggregation == "token_mean":
        return mask / lengths.sum().clamp(min=1)
    if aggregation == "fixed_length":
        return mask / (rows * max_new_tokens)
    return mask / rows


def policy_loss(
    logprobs_NT: torch.Tensor,
    old_logprobs_NT: torch.Tensor,
    advantages_N: torch.Tensor,
    weights_NT: torch.Tensor,
    config: ObjectiveConfig,
    reference_logprobs_NT: torch.Tensor | None = None,
) -> LossTerms:
    r"""Return the clipped policy-gradient loss.

    .. math::
        -\sum_{i,t} w_{it} \left[ \min\left(\rho_{it} A_i,
        \mathrm{clip}(\rho_{it}, 1-\epsilon_{low}, 1+\epsilon_{high}) A_i\right)
        - \beta (e^{d_{it}} - d_{it} - 1) \right],
        \quad \rho = \pi/\pi_{old}, \quad d = \log \pi_{ref} - \log \pi.

    Args:
        logprobs_NT: differentiable log-probabilities at the sampling temperature.
        old_logprobs_NT: the same of the policy that sampled, without gradient.
        advantages_N: one advantage a completion.
        weights_NT: from :func:`token_weights`; 0 outside the mask.
        config: clipping bounds and KL weight.
        reference_logprobs_NT: of the reference policy; needed when ``kl_weight`` is not 0.

    Source:
        Schulman et al. 1707.06347 (clipping); Shao et al. 2402.03300, equations 3 and 4.
    """
    ratio = torch.exp(logprobs_NT - old_logprobs_NT)
    advantages = advantages_N[:, None]
    clipped_ratio = ratio.clamp(1 - config.clip_low, 1 + config.clip_high)
    terms = torch.minimum(ratio * advantages, clipped_ratio * advantages)
    with torch.no_grad():
        removed = (ratio * advantages > clipped_ratio * advantages) & (weights_NT > 0)
    kl = 0.0
    if reference_logprobs_NT is not None:
        gap = reference_logprobs_NT - logprobs_NT
        penalty = torch.exp(gap) - gap - 1
        terms = terms - config.kl_weight * penalty
        kl = float((weights_NT * penalty).sum().detach())
    return LossTerms(-(weights_NT * terms).sum(), int(removed.sum()), kl)
