"""Policy-gradient updates of a stack of networks: merged trees, clipped ratios, AdamW."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from simulations.networks.model import kernels
from simulations.networks.model.attention import Tree
from simulations.networks.model.transformer import Networks

__all__ = ["Batch", "Optimiser", "gradients"]


@dataclass(frozen=True)
class Batch:
    """What one network is trained on in a step; groups without any advantage are left out.

    Args:
        prompts_PL: prompt of each group.
        sizes_P: rollouts of each group.
        responses_RT, logprobs_RT: tokens, and their log-probabilities when they were sampled.
        weights_R: weight of each response's log-probability in the objective: its advantage over the size of its
            group, the number of groups and the length, as the objective has it.
    """

    prompts_PL: NDArray[np.int64]
    sizes_P: NDArray[np.int64]
    responses_RT: NDArray[np.int64]
    logprobs_RT: NDArray[np.float32]
    weights_R: NDArray[np.float64]

    def nodes(self) -> int:
        """Return how many nodes its trees can have at most."""
        return self.prompts_PL.size + self.responses_RT.size


def gradients(
    networks: Networks,
    batches: Sequence[Batch],
    *,
    clip_low: float = 0.2,
    clip_high: float = 0.2,
    supervised: bool = False,
) -> torch.Tensor:
    r"""Return (networks, parameters) gradients of the loss.

    .. math:: -\sum_{i,t} w_i \min\bigl(\rho_{it}, \mathrm{clip}(\rho_{it}, 1-\epsilon_l, 1+\epsilon_h)\bigr)

    for positive weights and with the maximum for negative ones; :math:`\rho` is the ratio of the probabilities now and
    when the response was sampled.

    Args:
        networks: as many as batches.
        batches: one a network, each with at least one group.
        clip_low, clip_high: epsilons; infinity for no clipping.
        supervised: use the log-probability in the place of the clipped ratio; the weights must be positive.
    """
    world, count = networks.world, len(batches)
    end = -1 if world.end is None else world.end
    room = max(batch.nodes() for batch in batches)
    tokens_SC, parents_SC, depths_SC = (np.full((count, room), fill, np.int64) for fill in (0, -1, 0))
    up_SCA, down_SCA, old_SCA = (np.zeros((count, room, world.answers), np.float32) for _ in range(3))
    counts_S = np.zeros(count, np.int64)
    for s, batch in enumerate(batches):
        counts_S[s] = kernels.grow_trees(
            batch.prompts_PL, batch.sizes_P, batch.responses_RT, batch.weights_R, batch.logprobs_RT, end,
            tokens_SC[s], parents_SC[s], depths_SC[s], up_SCA[s], down_SCA[s], old_SCA[s],
        )  # fmt: skip
    nodes = int(counts_S.max())
    device = networks.flat_SN.device
    up, down, old = (torch.from_numpy(part[:, :nodes]).to(device) for part in (up_SCA, down_SCA, old_SCA))
    parents_SC = np.ascontiguousarray(parents_SC[:, :nodes])
    nodes_SN = np.broadcast_to(np.arange(nodes), (count, nodes))
    tree = Tree(parents_SC, nodes_SN, counts_S, world.prompt_length + world.response_length - 1)
    flat = networks.flat_SN.detach()
    stack = Networks(world, flat, networks.shape)
    matrices = list(stack.matrices.values())
    for matrix in matrices:
        matrix.requires_grad_(True)
    hidden = stack.hidden(tokens_SC[:, :nodes], depths_SC[:, :nodes], tree)
    logprobs = torch.log_softmax(stack.logits(hidden), -1)
    if supervised:
        gain = (up * logprobs).sum()
    else:
        ratio = torch.exp(logprobs - old)
        gain = (up * ratio.clamp(max=1 + clip_high)).sum() + (down * ratio.clamp(min=1 - clip_low)).sum()
    flat_grad = torch.empty_like(flat)
    views = Networks(world, flat_grad, networks.shape).matrices.values()
    for view, part in zip(views, torch.autograd.grad(-gain, matrices), strict=True):
        view.copy_(part)
    return flat_grad


class Optimiser:
    """AdamW of a stack, with a learning rate and a limit of the gradient norm for each network.

    Args:
        networks: which are changed in place.
        learning_rates: one a network.
        largest_norm: gradients are scaled down to this Euclidean norm.
    """

    def __init__(self, networks: Networks, learning_rates: Sequence[float], largest_norm: float = 1.0) -> None:
        self.rows = list(networks.flat_SN.unbind(0))
        self.largest_norm = largest_norm
        groups = [{"params": [row], "lr": rate} for row, rate in zip(self.rows, learning_rates, strict=True)]
        self._adam = torch.optim.AdamW(groups, weight_decay=0.0, fused=True)

    def step(self, places: Sequence[int], grad_SN: torch.Tensor) -> NDArray[np.float64]:
        """Update some of the networks and return their gradients' norms before scaling; the others stay as they are.

        Args:
            places: which networks.
            grad_SN: their gradients, which are scaled in place.
        """
        norms_S = torch.linalg.vector_norm(grad_SN, dim=1)
        grad_SN *= (self.largest_norm / (norms_S + 1e-6)).clamp(max=1.0)[:, None]
        for row, place in enumerate(places):
            self.rows[place].grad = grad_SN[row]
        self._adam.step()
        for place in places:
            self.rows[place].grad = None
        return norms_S.double().cpu().numpy()

    def set_rates(self, rate: float) -> None:
        """Set one learning rate for all, as a schedule does."""
        for group in self._adam.param_groups:
            group["lr"] = rate
