"""Attention of nodes to their own path in a tree of tokens: compiled on a CPU, gathered in torch elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from simulations.networks.model import kernels

__all__ = ["Tree", "path_attention", "path_attention_gathered"]


@dataclass(frozen=True)
class Tree:
    """Nodes of a stack of networks.

    Args:
        parents_SC: parent of each node, -1 for a root.
        nodes_SN: the nodes that ask.
        counts_S: how many of them there are for each network; the rest is padding.
        depth: the greatest number of nodes on a path.
        first: number of the first node that asks, where a cache holds those before.
    """

    parents_SC: NDArray[np.int64]
    nodes_SN: NDArray[np.int64]
    counts_S: NDArray[np.int64]
    depth: int
    first: int = 0


def path_attention(
    asks_SNHE: torch.Tensor, keys_SCHE: torch.Tensor, values_SCHE: torch.Tensor, tree: Tree
) -> torch.Tensor:
    """Return softmax attention of every asking node to its path, itself included; padding gets zeros.

    Args:
        asks_SNHE: queries, scaled.
        keys_SCHE, values_SCHE: of all nodes.
        tree: who asks, and everyone's parents.
    """
    if asks_SNHE.device.type != "cpu":
        return path_attention_gathered(asks_SNHE, keys_SCHE, values_SCHE, tree)
    scores_LSNH = _Dots.apply(asks_SNHE.contiguous(), keys_SCHE.contiguous(), tree)
    return _Mix.apply(torch.softmax(scores_LSNH, 0), values_SCHE.contiguous(), tree)


def path_attention_gathered(
    asks_SNHE: torch.Tensor, keys_SCHE: torch.Tensor, values_SCHE: torch.Tensor, tree: Tree
) -> torch.Tensor:
    """Return the same in plain torch, on any device: the reference of the compiled one."""
    device = asks_SNHE.device
    count, nodes = asks_SNHE.shape[:2]
    networks = np.arange(count)[:, None]
    paths, path_SN = [], tree.nodes_SN
    for _ in range(tree.depth):
        paths.append(path_SN)
        path_SN = np.where(path_SN >= 0, tree.parents_SC[networks, np.maximum(path_SN, 0)], -1)
    path_SNL = torch.from_numpy(np.stack(paths, axis=-1)).to(device)
    padding_SN = torch.from_numpy(np.arange(nodes) >= tree.counts_S[:, None]).to(device)
    here = torch.arange(count, device=device)[:, None, None], path_SNL.clamp(min=0)
    scores = torch.einsum("snhe,snlhe->snlh", asks_SNHE, keys_SCHE[here])
    scores = scores.masked_fill((path_SNL < 0)[..., None], -torch.inf)
    out = torch.einsum("snlh,snlhe->snhe", torch.softmax(scores, 2), values_SCHE[here])
    return out.masked_fill(padding_SN[..., None, None], 0.0)


class _Dots(torch.autograd.Function):
    """Scores by depth, (depth, networks, nodes, heads); -inf beyond a node's own depth."""

    @staticmethod
    def forward(ctx: Any, asks_SNHE: torch.Tensor, keys_SCHE: torch.Tensor, tree: Tree) -> torch.Tensor:
        ctx.save_for_backward(asks_SNHE, keys_SCHE)
        ctx.tree = tree
        out = torch.full((tree.depth, *asks_SNHE.shape[:3]), -torch.inf)
        out[0] = 0.0  # every node has a root; padding gets a finite score, so that no NaN comes of it
        _dots(asks_SNHE, keys_SCHE, tree, out)
        return out

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        asks_SNHE, keys_SCHE = ctx.saved_tensors
        weights = grads[0].contiguous()
        asks_grad, keys_grad = torch.zeros_like(asks_SNHE), torch.zeros_like(keys_SCHE)
        _mix(weights, keys_SCHE, ctx.tree, asks_grad)
        _scatter(weights, asks_SNHE, ctx.tree, keys_grad)
        return asks_grad, keys_grad, None


class _Mix(torch.autograd.Function):
    """Values weighted by (depth, networks, nodes, heads) and added up along each path."""

    @staticmethod
    def forward(ctx: Any, weights_LSNH: torch.Tensor, values_SCHE: torch.Tensor, tree: Tree) -> torch.Tensor:
        ctx.save_for_backward(weights_LSNH, values_SCHE)
        ctx.tree = tree
        out = torch.zeros((*tree.nodes_SN.shape, *values_SCHE.shape[2:]))
        _mix(weights_LSNH, values_SCHE, tree, out)
        return out

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        weights_LSNH, values_SCHE = ctx.saved_tensors
        out_grad = grads[0].contiguous()
        weights_grad, values_grad = torch.zeros_like(weights_LSNH), torch.zeros_like(values_SCHE)
        _dots(out_grad, values_SCHE, ctx.tree, weights_grad)
        _scatter(weights_LSNH, out_grad, ctx.tree, values_grad)
        return weights_grad, values_grad, None


def _dots(asks: torch.Tensor, keys: torch.Tensor, tree: Tree, out: torch.Tensor) -> None:
    where = tree.parents_SC, tree.nodes_SN, tree.counts_S
    kernels.path_dots(asks.detach().numpy(), *where, keys.detach().numpy(), out.numpy())


def _mix(weights: torch.Tensor, values: torch.Tensor, tree: Tree, out: torch.Tensor) -> None:
    where = tree.parents_SC, tree.nodes_SN, tree.counts_S
    kernels.path_mix(weights.detach().numpy(), *where, values.detach().numpy(), out.numpy())


def _scatter(weights: torch.Tensor, asks: torch.Tensor, tree: Tree, out: torch.Tensor) -> None:
    where = tree.parents_SC, tree.nodes_SN, tree.counts_S
    kernels.path_scatter(weights.detach().numpy(), *where, asks.detach().numpy(), out.numpy())
