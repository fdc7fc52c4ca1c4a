"""A stack of small decoder-only transformers of one shape that run side by side on trees of tokens.

RoPE, RMSNorm without gains (the matrix that follows holds them), squared ReLU, no biases. All networks of a stack are
rows of one matrix, so that one call of a batched product serves all of them: at these widths the cost of a call would
otherwise rival its arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from simulations.networks.model.attention import Tree, path_attention
from simulations.networks.world import ModelShape, World

__all__ = ["Cache", "Networks", "parameter_count"]

Layout = list[tuple[str, tuple[int, int]]]


def _layout(world: World, shape: ModelShape) -> Layout:
    width = shape.width
    matrices: Layout = [("embedding", (world.vocabulary, width))]
    for layer in range(shape.layers):
        matrices += [
            (f"attend{layer}", (width, 3 * width)),
            (f"collect{layer}", (width, width)),
            (f"widen{layer}", (width, shape.expansion * width)),
            (f"narrow{layer}", (shape.expansion * width, width)),
        ]
    return [*matrices, ("head", (width, world.answers))]


def parameter_count(world: World, shape: ModelShape | None = None) -> int:
    """Return the number of parameters of a world's network."""
    return sum(rows * columns for _, (rows, columns) in _layout(world, shape or world.model))


@dataclass
class Cache:
    """Keys and values of the nodes so far: (networks, nodes, heads, width of a head) for each layer."""

    keys: list[torch.Tensor]
    values: list[torch.Tensor]


class Networks:
    """Networks of one world and shape.

    Args:
        world: gives vocabulary and lengths.
        flat_SN: (networks, parameters) their weights; views of it are the matrices.
        shape: of each network, the world's own by default.
    """

    def __init__(self, world: World, flat_SN: torch.Tensor, shape: ModelShape | None = None) -> None:
        self.world, self.shape, self.flat_SN = world, shape or world.model, flat_SN
        self.matrices: dict[str, torch.Tensor] = {}
        begin = 0
        for name, (rows, columns) in _layout(world, self.shape):
            part = flat_SN[:, begin : begin + rows * columns]
            self.matrices[name] = part.view(len(flat_SN), rows, columns)
            begin += rows * columns
        if begin != flat_SN.shape[1]:
            raise AssertionError(f"{flat_SN.shape[1]} parameters for {begin} places")
        half = self.shape.width // self.shape.heads // 2
        angles = torch.arange(world.prompt_length + world.response_length)[:, None] * 100.0 ** (
            -torch.arange(half) / half
        )
        self.turns_LE = torch.polar(torch.ones_like(angles), angles).to(flat_SN.device)

    def __len__(self) -> int:
        return len(self.flat_SN)

    @classmethod
    def fresh(cls, world: World, seeds: Sequence[int], shape: ModelShape | None = None) -> Networks:
        """Return networks with random weights, one a seed."""
        shape = shape or world.model
        rows = []
        for seed in seeds:
            generator = torch.Generator().manual_seed(seed)
            parts = []
            for name, (fan_in, fan_out) in _layout(world, shape):
                scale = 0.05 if name == "embedding" else 1 / math.sqrt(fan_in)
                if name.startswith(("collect", "narrow")):
                    scale /= math.sqrt(2 * shape.layers)
                if name == "head":
                    scale *= 0.1
                parts.append(torch.randn(fan_in * fan_out, generator=generator) * scale)
            rows.append(torch.cat(parts))
        return cls(world, torch.stack(rows), shape)

    def take(self, places: Sequence[int]) -> Networks:
        """Return some of the networks; all of them, in order, are this stack itself."""
        if list(places) == list(range(len(self))):
            return self
        return Networks(self.world, self.flat_SN[torch.tensor(places)], self.shape)

    def hidden(
        self, tokens_SN: NDArray[np.int64], depths_SN: NDArray[np.int64] | int, tree: Tree, cache: Cache | None = None
    ) -> torch.Tensor:
        """Run the networks on nodes.

        Args:
            tokens_SN: token of each node.
            depths_SN: depth of each node, or the one depth of all.
            tree: which nodes ask, and everyone's parents.
            cache: holds the nodes before these; the new ones are written behind them. Without one, these are all.

        Returns:
            (networks, nodes, width) normalised states of the last layer.
        """
        device = self.flat_SN.device
        count, nodes = tokens_SN.shape
        heads = self.shape.heads
        width, size = self.shape.width, self.shape.width // heads
        turns = self.turns_LE[torch.as_tensor(depths_SN, device=device)]
        turns = turns[..., None, None, :] if turns.ndim > 1 else turns
        rows = torch.from_numpy(tokens_SN).to(device)
        x = self.matrices["embedding"][torch.arange(count, device=device)[:, None], rows]
        scale = 1 / math.sqrt(size)
        for layer in range(self.shape.layers):
            mixed = torch.bmm(_norm(x), self.matrices[f"attend{layer}"]).view(count, nodes, 3, heads, size)
            pairs = torch.view_as_complex(mixed[:, :, :2].view(count, nodes, 2, heads, size // 2, 2))
            turned = torch.view_as_real(pairs * turns).view(count, nodes, 2, heads, size)
            asks, keys, values = turned[:, :, 0] * scale, turned[:, :, 1], mixed[:, :, 2]
            if cache is not None:
                begin = tree.first
                cache.keys[layer][:, begin : begin + nodes] = keys
                cache.values[layer][:, begin : begin + nodes] = values
                keys, values = cache.keys[layer], cache.values[layer]
            attended = path_attention(asks, keys, values, tree).view(count, nodes, width)
            x = x + torch.bmm(attended, self.matrices[f"collect{layer}"])
            wide = _SquaredRelu.apply(torch.bmm(_norm(x), self.matrices[f"widen{layer}"]))
            x = x + torch.bmm(wide, self.matrices[f"narrow{layer}"])
        return _norm(x)

    def logits(self, hidden_SND: torch.Tensor) -> torch.Tensor:
        """Return (networks, nodes, answers) logits of the next token."""
        return torch.bmm(hidden_SND, self.matrices["head"])


def _norm(x: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.rms_norm(x, x.shape[-1:], eps=1e-6)


class _SquaredRelu(torch.autograd.Function):
    """max(x, 0)^2, with fewer passes over memory than its parts have together."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        kept = torch.relu(x)
        ctx.save_for_backward(kept)
        return kept * kept

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        (kept,) = ctx.saved_tensors
        return (grads[0] * kept).mul_(2)
