"""Sampling responses from a stack of networks, each of which is run once a distinct beginning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from simulations.networks.model import kernels
from simulations.networks.model.attention import Tree
from simulations.networks.model.transformer import Cache, Networks

__all__ = ["Job", "Sampled", "prompt_features", "sample"]

_PROMPTS_AT_ONCE = 64
"""Prompts of each network in one call: more do not fit the processor's cache."""


@dataclass(frozen=True)
class Job:
    """What one network is asked for.

    Args:
        tokens_PL: prompts.
        counts_P: responses of each.
        keys_R: keys of their random numbers, prompt after prompt.
        greedy: whether every response takes the likeliest tokens instead.
    """

    tokens_PL: NDArray[np.int64]
    counts_P: NDArray[np.int64]
    keys_R: NDArray[np.uint64]
    greedy: bool = False


@dataclass(frozen=True)
class Sampled:
    """Responses of one network.

    Args:
        tokens_RT: tokens; after the end, the end.
        logprobs_RT: log-probability of each when it was sampled; 0 after the end.
    """

    tokens_RT: NDArray[np.int64]
    logprobs_RT: NDArray[np.float32]


def sample(networks: Networks, jobs: Sequence[Job]) -> list[Sampled]:
    """Return the responses of one job a network; what a network writes depends on its job alone, up to rounding."""
    most = max(len(job.tokens_PL) for job in jobs)
    if most <= _PROMPTS_AT_ONCE:
        return _sample(networks, jobs)
    parts: list[list[Sampled]] = [[] for _ in jobs]
    ends = [np.concatenate([[0], np.cumsum(job.counts_P)]) for job in jobs]
    for begin in range(0, most, _PROMPTS_AT_ONCE):
        active = [place for place, job in enumerate(jobs) if begin < len(job.tokens_PL)]
        pieces = []
        for place in active:
            job, stop = jobs[place], min(begin + _PROMPTS_AT_ONCE, len(jobs[place].tokens_PL))
            rolled = slice(ends[place][begin], ends[place][stop])
            pieces.append(Job(job.tokens_PL[begin:stop], job.counts_P[begin:stop], job.keys_R[rolled], job.greedy))
        for place, part in zip(active, _sample(networks.take(active), pieces), strict=True):
            parts[place].append(part)
    return [
        Sampled(np.concatenate([p.tokens_RT for p in own]), np.concatenate([p.logprobs_RT for p in own]))
        for own in parts
    ]


@torch.no_grad()
def _sample(networks: Networks, jobs: Sequence[Job]) -> list[Sampled]:
    world, count = networks.world, len(jobs)
    length, steps = world.prompt_length, world.response_length
    end = -1 if world.end is None else world.end
    rollouts_S = np.array([len(job.keys_R) for job in jobs])
    prompts_S = np.array([len(job.tokens_PL) for job in jobs])
    most, prompts = int(rollouts_S.max()), int(prompts_S.max())
    keys_SR = np.zeros((count, most), np.uint64)
    places_SR = np.full((count, most), -1, np.int64)
    greedy_SR = np.zeros((count, most), np.bool_)
    tokens_SPL = np.zeros((count, prompts, length), np.int64)
    for s, job in enumerate(jobs):
        keys_SR[s, : rollouts_S[s]] = job.keys_R
        places_SR[s, : rollouts_S[s]] = np.repeat(np.arange(prompts_S[s]), job.counts_P)
        greedy_SR[s] = job.greedy
        tokens_SPL[s, : prompts_S[s]] = job.tokens_PL
    tokens_SRT = np.full((count, most, steps), max(end, 0), np.int64)
    logprobs_SRT = np.zeros((count, most, steps), np.float32)
    fresh_SR = np.zeros((3, count, most), np.int64)

    device = networks.flat_SN.device
    parents_SC, last_SP, hidden_SND, cache = _prefill(networks, tokens_SPL, prompts_S, (steps - 1) * most)
    rows = torch.from_numpy(last_SP).to(device)
    hidden_SND = hidden_SND[torch.arange(count, device=device)[:, None], rows]
    first, made = 0, parents_SC.shape[1] - (steps - 1) * most
    for step in range(steps):
        probs = torch.softmax(networks.logits(hidden_SND), -1).cpu().numpy()
        kernels.branch(probs, places_SR, rollouts_S, keys_SR, greedy_SR, step, end, tokens_SRT, logprobs_SRT, fresh_SR)
        counts_S = fresh_SR[2, :, 0].copy()
        nodes = int(counts_S.max())
        if step == steps - 1 or nodes == 0:
            break
        where = np.arange(nodes) < counts_S[:, None]
        came = fresh_SR[0, :, :nodes]
        came = np.take_along_axis(last_SP, np.where(where, came, 0), 1) if step == 0 else first + came
        parents_SC[:, made : made + nodes] = np.where(where, came, -1)
        written_SN = np.where(where, fresh_SR[1, :, :nodes], 0)
        nodes_SN = np.broadcast_to(np.arange(made, made + nodes), (count, nodes))
        tree = Tree(parents_SC, nodes_SN, counts_S, length + step + 1, made)
        hidden_SND = networks.hidden(written_SN, length + step, tree, cache)
        first, made = made, made + nodes
    return [Sampled(tokens_SRT[s, :n], logprobs_SRT[s, :n]) for s, n in enumerate(rollouts_S)]


def _prefill(
    networks: Networks, tokens_SPL: NDArray[np.int64], prompts_S: NDArray[np.int64], room: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], torch.Tensor, Cache]:
    """Run the networks on prompts, merged into a tree.

    Args:
        networks: as many as prompts have rows.
        tokens_SPL, prompts_S: prompts, and how many each network has.
        room: nodes for which parents and cache have room behind those of the prompts.

    Returns:
        parents_SC; last_SP, the node of each prompt's last token; the nodes' hidden states; and the cache.
    """
    count, prompts, length = tokens_SPL.shape
    tokens_SC, parents_SC, depths_SC = (np.full((count, prompts * length), fill, np.int64) for fill in (0, -1, 0))
    last_SP = np.zeros((count, prompts), np.int64)
    counts_S = np.empty(count, np.int64)
    for s in range(count):
        rows = tokens_SPL[s, : prompts_S[s]]
        counts_S[s] = kernels.grow_prompts(rows, tokens_SC[s], parents_SC[s], depths_SC[s], last_SP[s])
    nodes = int(counts_S.max())
    parents_SC = np.concatenate([parents_SC[:, :nodes], np.full((count, room), -1, np.int64)], axis=1)
    shape = networks.shape
    # memory is touched when it is used, so room to spare costs nothing
    size = (count, nodes + room, shape.heads, shape.width // shape.heads)
    keys, values = ([torch.empty(size, device=networks.flat_SN.device) for _ in range(shape.layers)] for _ in "kv")
    cache = Cache(keys, values)
    nodes_SN = np.broadcast_to(np.arange(nodes), (count, nodes))
    tree = Tree(parents_SC, nodes_SN, counts_S, length)
    hidden_SND = networks.hidden(tokens_SC[:, :nodes], depths_SC[:, :nodes], tree, cache)
    return parents_SC, last_SP, hidden_SND, cache


@torch.no_grad()
def prompt_features(networks: Networks, tokens: Sequence[NDArray[np.int64]]) -> list[NDArray[np.float64]]:
    """Return what each network's own states say of prompts.

    Args:
        networks: the networks.
        tokens: (prompts, prompt_length) of each.

    Returns:
        For each network (prompts, 3 width): last state and mean state of the last layer, and mean embedding.
    """
    found: list[list[NDArray[np.float64]]] = [[] for _ in tokens]
    length = networks.world.prompt_length
    for begin in range(0, max(map(len, tokens)), _PROMPTS_AT_ONCE):
        active = [place for place, rows in enumerate(tokens) if begin < len(rows)]
        pieces = [tokens[place][begin : begin + _PROMPTS_AT_ONCE] for place in active]
        prompts_S = np.array([len(piece) for piece in pieces])
        tokens_SPL = np.zeros((len(active), prompts_S.max(), length), np.int64)
        for s, piece in enumerate(pieces):
            tokens_SPL[s, : len(piece)] = piece
        stack = networks.take(active)
        parents_SC, last_SP, hidden, _ = _prefill(stack, tokens_SPL, prompts_S, 0)
        paths, path_SP = [], last_SP
        for _ in range(length):
            paths.append(path_SP)
            path_SP = np.take_along_axis(parents_SC, np.maximum(path_SP, 0), 1)
        device = hidden.device
        model = torch.arange(len(active), device=device)[:, None, None]
        states = hidden[model, torch.from_numpy(np.stack(paths, axis=-1)).to(device)]
        embedded = stack.matrices["embedding"][model, torch.from_numpy(tokens_SPL).to(device)]
        parts = torch.cat([states[:, :, 0], states.mean(2), embedded.mean(2)], -1).double().cpu().numpy()
        for s, place in enumerate(active):
            found[place].append(parts[s, : prompts_S[s]])
    return [np.concatenate(parts) for parts in found]
