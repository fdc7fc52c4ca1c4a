"""Compiled loops of the tree of tokens: attention along a path to the root, sampling into branches, counting paths.

Responses of one prompt share their beginnings. A node is one token after one beginning, whoever sampled it; a network
is run once a node, however many rollouts pass through it. Node ``a`` of network ``s`` has ``parents[s, a]``, or -1
where it is the first token of a prompt; its depth is the number of its ancestors.

Suffixes: ``S`` networks, ``N`` nodes that ask, ``C`` nodes that are asked, ``H`` heads, ``E`` width of a head, ``A``
tokens that may be written, ``R`` rollouts, ``T`` tokens of a response.
"""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["branch", "grow_prompts", "grow_trees", "path_dots", "path_mix", "path_scatter", "rollout_keys"]


@njit(cache=True, inline="always")
def _path(parents_SC, s, node, path):  # type: ignore[no-untyped-def]
    """Write the nodes from this one to its root and return how many there are."""
    length = 0
    while node >= 0:
        path[length] = node
        length += 1
        node = parents_SC[s, node]
    return length


# The last axis is indexed from 0 to its size alone, so that the compiler can see it and use vectors.


@njit(cache=True, fastmath=True)
def path_dots(asks_SNHE, parents_SC, nodes_SN, counts_S, keys_SCHE, out_LSNH):  # type: ignore[no-untyped-def]
    """Write the inner products of each asking node with all nodes on its path, itself included, by their depth."""
    path = np.empty(out_LSNH.shape[0], np.int64)
    for s in range(len(counts_S)):
        for n in range(counts_S[s]):
            length = _path(parents_SC, s, nodes_SN[s, n], path)
            for back in range(length):
                for h in range(asks_SNHE.shape[2]):
                    total = np.float32(0)
                    for e in range(asks_SNHE.shape[3]):
                        total += asks_SNHE[s, n, h, e] * keys_SCHE[s, path[back], h, e]
                    out_LSNH[length - 1 - back, s, n, h] = total


@njit(cache=True, fastmath=True)
def path_mix(weights_LSNH, parents_SC, nodes_SN, counts_S, values_SCHE, out_SNHE):  # type: ignore[no-untyped-def]
    """Add the weighted values on each asking node's path to what is there.

    Four nodes of the path at a time: a short row that is read and written for every one of them would cost twice that.
    """
    path = np.empty(weights_LSNH.shape[0], np.int64)
    for s in range(len(counts_S)):
        for n in range(counts_S[s]):
            length = _path(parents_SC, s, nodes_SN[s, n], path)
            for h in range(out_SNHE.shape[2]):
                back = 0
                while back + 3 < length:
                    depth = length - 1 - back
                    w0, w1 = weights_LSNH[depth, s, n, h], weights_LSNH[depth - 1, s, n, h]
                    w2, w3 = weights_LSNH[depth - 2, s, n, h], weights_LSNH[depth - 3, s, n, h]
                    a0, a1, a2, a3 = path[back], path[back + 1], path[back + 2], path[back + 3]
                    for e in range(out_SNHE.shape[3]):
                        out_SNHE[s, n, h, e] += (
                            w0 * values_SCHE[s, a0, h, e]
                            + w1 * values_SCHE[s, a1, h, e]
                            + w2 * values_SCHE[s, a2, h, e]
                            + w3 * values_SCHE[s, a3, h, e]
                        )
                    back += 4
                while back < length:
                    weight = weights_LSNH[length - 1 - back, s, n, h]
                    for e in range(out_SNHE.shape[3]):
                        out_SNHE[s, n, h, e] += weight * values_SCHE[s, path[back], h, e]
                    back += 1


@njit(cache=True, fastmath=True)
def path_scatter(weights_LSNH, parents_SC, nodes_SN, counts_S, asks_SNHE, out_SCHE):  # type: ignore[no-untyped-def]
    """Add each asking node's vector, weighted, to every node on its path: the adjoint of the two above."""
    path = np.empty(weights_LSNH.shape[0], np.int64)
    for s in range(len(counts_S)):
        for n in range(counts_S[s]):
            length = _path(parents_SC, s, nodes_SN[s, n], path)
            for back in range(length):
                for h in range(asks_SNHE.shape[2]):
                    weight = weights_LSNH[length - 1 - back, s, n, h]
                    for e in range(asks_SNHE.shape[3]):
                        out_SCHE[s, path[back], h, e] += weight * asks_SNHE[s, n, h, e]


@njit(cache=True)
def _mix(z):  # type: ignore[no-untyped-def]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@njit(cache=True)
def rollout_keys(seed, purpose, prompts_R, numbers_R):  # type: ignore[no-untyped-def]
    """Return the key of each rollout's random numbers: a function of seed, purpose, prompt and running number."""
    keys_R = np.empty(len(prompts_R), np.uint64)
    start = _mix(np.uint64(seed) + np.uint64(purpose + 1) * np.uint64(0xA0761D6478BD642F))
    for r in range(len(prompts_R)):
        stream = _mix(start + np.uint64(prompts_R[r] + 1) * np.uint64(0xD1342543DE82EF95))
        keys_R[r] = _mix(stream + np.uint64(numbers_R[r] + 1) * np.uint64(0x9E3779B97F4A7C15))
    return keys_R


@njit(cache=True)
def branch(  # type: ignore[no-untyped-def]
    probs_SNA, places_SR, rollouts_S, keys_SR, greedy_SR, step, end, tokens_SRT, logprobs_SRT, fresh_SR
):
    """Let every rollout that goes on write one token, and number the nodes that come of it.

    Args:
        probs_SNA: probabilities at the nodes of this depth.
        places_SR: which of these nodes each rollout is at, -1 where it has ended; changed to the new nodes.
        rollouts_S: rollouts of each network.
        keys_SR: keys of their random numbers.
        greedy_SR: whether a rollout takes the likeliest token.
        step: number of the token within the response.
        end: token that ends a response, -1 for none.
        tokens_SRT, logprobs_SRT: where tokens and their log-probabilities are written.
        fresh_SR: (3, S, R) buffer for the new nodes: the place of its parent and the token of each, and how many there
            are in fresh_SR[2, s, 0].
    """
    nodes, answers = probs_SNA.shape[1], probs_SNA.shape[2]
    for s in range(len(rollouts_S)):
        children = np.full((nodes, answers), -1, np.int64)
        made = 0
        for r in range(rollouts_S[s]):
            place = places_SR[s, r]
            if place < 0:
                continue
            token = 0
            if greedy_SR[s, r]:
                for a in range(1, answers):
                    if probs_SNA[s, place, a] > probs_SNA[s, place, token]:
                        token = a
            else:
                mixed = _mix(keys_SR[s, r] + np.uint64(step + 1) * np.uint64(0x9E3779B97F4A7C15))
                drawn = (mixed >> np.uint64(11)) / 2.0**53
                below = np.float64(probs_SNA[s, place, 0])
                while below <= drawn and token < answers - 1:
                    token += 1
                    below += probs_SNA[s, place, token]
                while probs_SNA[s, place, token] == 0:  # rounding at the far end of the sum
                    token -= 1
            tokens_SRT[s, r, step] = token
            logprobs_SRT[s, r, step] = np.log(probs_SNA[s, place, token])
            if token == end:
                places_SR[s, r] = -1
                continue
            child = children[place, token]
            if child < 0:
                child = made
                children[place, token] = child
                fresh_SR[0, s, child] = place
                fresh_SR[1, s, child] = token
                made += 1
            places_SR[s, r] = child
        fresh_SR[2, s, 0] = made


@njit(cache=True, inline="always")
def _child(node, token, made, tokens_C, parents_C, depths_C, child_C, sibling_C):  # type: ignore[no-untyped-def]
    """Return the node that follows ``node`` (-1: a root) with this token; it is node ``made`` if it is new."""
    found = child_C[node + 1]
    while found >= 0 and tokens_C[found] != token:
        found = sibling_C[found]
    if found < 0:
        found = made
        tokens_C[found], parents_C[found], depths_C[found] = token, node, depths_C[node] + 1 if node >= 0 else 0
        sibling_C[found] = child_C[node + 1]
        child_C[node + 1] = found
    return found


@njit(cache=True)
def grow_prompts(prompts_PL, tokens_C, parents_C, depths_C, last_P):  # type: ignore[no-untyped-def]
    """Merge prompts into a tree.

    Args:
        prompts_PL: prompts.
        tokens_C, parents_C, depths_C: where the nodes are written.
        last_P: where the node of each prompt's last token is written.

    Returns:
        The number of nodes.
    """
    child_C = np.full(len(tokens_C) + 1, -1, np.int64)
    sibling_C = np.full(len(tokens_C), -1, np.int64)
    made = 0
    for p in range(len(prompts_PL)):
        node = -1
        for place in range(prompts_PL.shape[1]):
            node = _child(node, prompts_PL[p, place], made, tokens_C, parents_C, depths_C, child_C, sibling_C)
            made = max(made, node + 1)
        last_P[p] = node
    return made


@njit(cache=True)
def grow_trees(  # type: ignore[no-untyped-def]
    prompts_PL, sizes_P, responses_RT, weights_R, old_RT, end, tokens_C, parents_C, depths_C, up_CA, down_CA, old_CA
):
    """Merge prompts and their responses into a tree and add up what passes through each of its edges.

    An edge is a token written at a node. Its rollouts have one probability ratio, so the clipped loss needs the sum of
    their positive and the sum of their negative weights alone.

    Args:
        prompts_PL, sizes_P: prompts, and rollouts of each.
        responses_RT, weights_R, old_RT: tokens, one weight a rollout, log-probabilities when they were sampled.
        end: token that ends a response, -1 for none.
        tokens_C, parents_C, depths_C: where the nodes are written.
        up_CA, down_CA, old_CA: sums of positive and of negative weights of each edge, and its log-probability; zeros.

    Returns:
        The number of nodes.
    """
    child_C = np.full(len(tokens_C) + 1, -1, np.int64)
    sibling_C = np.full(len(tokens_C), -1, np.int64)
    steps = responses_RT.shape[1]
    made = rollout = 0
    for p in range(len(sizes_P)):
        last = -1
        for place in range(prompts_PL.shape[1]):
            last = _child(last, prompts_PL[p, place], made, tokens_C, parents_C, depths_C, child_C, sibling_C)
            made = max(made, last + 1)
        for _ in range(sizes_P[p]):
            node = last
            for t in range(steps):
                token = responses_RT[rollout, t]
                if weights_R[rollout] > 0:
                    up_CA[node, token] += weights_R[rollout]
                else:
                    down_CA[node, token] += weights_R[rollout]
                old_CA[node, token] = old_RT[rollout, t]
                if token == end or t == steps - 1:
                    break
                node = _child(node, token, made, tokens_C, parents_C, depths_C, child_C, sibling_C)
                made = max(made, node + 1)
            rollout += 1
    return made
