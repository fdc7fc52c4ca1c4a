"""The loops of the weighted index, over a sum-tree whose nodes have eight children (one cache line).

The levels lie one after the other in one array, the weights first and the root last. Each is padded with zeros
to a multiple of eight; level l begins at ``starts[l]`` and has ``widths[l]`` nodes. The parent of entry i of a
level is entry i // 8 of the next. A node is always recomputed from its children, in a fixed order of addition,
and never shifted by a difference: the tree is a function of the weights alone and does not drift.
"""

from __future__ import annotations

from vas_theory.foundation.compilation import LazyKernel

__all__ = ["CLASS_SHIFT", "accept_proposals", "descend", "find_invalid", "set_leaves"]

__kernel_version__ = 1

CLASS_SHIFT = 47
"""A weight's size class is its bit pattern without the low 47 bits: 32 classes from one power of two to the next."""


@LazyKernel
def find_invalid(places, values, count, largest):  # type: ignore[no-untyped-def]
    """Return the first k whose place is not in [0, count) or whose value is not in [0, largest], or -1."""
    for k in range(places.size):
        if not (0 <= places[k] < count and 0.0 <= values[k] <= largest):
            return k
    return -1


@LazyKernel
def set_leaves(sums, patterns, starts, widths, class_counts, highest, places, values, value_patterns):  # type: ignore[no-untyped-def]
    """Set the weights at ``places`` (used up), recount the size classes and recompute what lies above.

    ``patterns`` and ``value_patterns`` are ``sums`` and ``values`` seen as integers. The outer loop walks the
    levels, so that the cache misses of one level overlap; a level with fewer nodes than there are places is
    recomputed whole.

    Returns:
        By how much the number of positive weights has grown, and the highest size class that is not empty.
    """
    growth = 0
    for k in range(places.size):
        place = places[k]
        class_counts[patterns[place] >> CLASS_SHIFT] -= 1
        size_class = value_patterns[k] >> CLASS_SHIFT
        class_counts[size_class] += 1
        highest = max(highest, size_class)
        growth += int(values[k] > 0.0) - int(sums[place] > 0.0)
        sums[place] = values[k]
    while class_counts[highest] == 0:
        highest -= 1
    nodes = sums.reshape(-1, 8)
    for level in range(1, starts.size):
        first_node = starts[level - 1] >> 3
        whole = widths[level] <= places.size
        for k in range(min(widths[level], places.size)):
            parent = k if whole else places[k] >> 3
            places[k] = parent
            node = nodes[first_node + parent]
            sums[starts[level] + parent] = ((node[0] + node[1]) + (node[2] + node[3])) + (
                (node[4] + node[5]) + (node[6] + node[7])
            )
    return growth, highest


@LazyKernel
def accept_proposals(weights, bound, uniforms, marks, epoch, drawn, filled):  # type: ignore[no-untyped-def]
    """Append to ``drawn[:filled]`` the proposed positions whose uniform lies below weight / bound, until it is full.

    ``uniforms[0]`` proposes the positions, ``uniforms[1]`` (used up) decides. With ``epoch`` > 0 a position that has
    this epoch's mark was drawn before and is passed over.

    Returns:
        How much of ``drawn`` is filled now, and the weight of what was added.
    """
    for k in range(uniforms.shape[1]):  # apart, so that the cache misses overlap
        uniforms[1, k] -= weights[int(uniforms[0, k] * weights.size)] / bound
    added = 0.0
    for k in range(uniforms.shape[1]):
        if filled == drawn.size:
            break
        position = int(uniforms[0, k] * weights.size)
        if uniforms[1, k] < 0.0 and (epoch == 0 or marks[position] != epoch):
            if epoch > 0:
                marks[position] = epoch
            added += weights[position]
            drawn[filled] = position
            filled += 1
    return filled, added


@LazyKernel
def descend(sums, starts, targets, drawn):  # type: ignore[no-untyped-def]
    """Fill ``drawn`` with the leaves in which ``targets`` (in [0, total), used up) fall.

    The child entered is the first whose running sum exceeds the target, or else, after rounding, the last that is
    positive: a weight of zero is never reached.
    """
    nodes = sums.reshape(-1, 8)
    drawn[:] = 0
    for level in range(starts.size - 2, -1, -1):
        first_node = starts[level] >> 3
        for k in range(targets.size):
            node = nodes[first_node + drawn[k]]
            target = targets[k]
            running = 0.0
            passed = 0.0
            child = 0
            for c in range(8):
                running += node[c]
                if target >= running:
                    child = c + 1
                    passed = running
            if child == 8:
                child = 7
                while node[child] == 0.0:
                    child -= 1
                passed = running - node[child]
            targets[k] = target - passed
            drawn[k] = 8 * drawn[k] + child
