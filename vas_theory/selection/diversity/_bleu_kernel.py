"""From clipped matches to the mean BLEU of a group."""

from __future__ import annotations

import math

import numpy as np

from vas_theory.foundation.compilation import LazyKernel

__all__ = ["average_bleu"]

__kernel_version__ = 1

_SMOOTHING = 0.1
"""What is counted where no n-gram matches (method 1 of Chen and Cherry)."""


@LazyKernel
def average_bleu(matches, offsets, group_offsets, averages):  # type: ignore[no-untyped-def]
    """Fill ``averages`` (groups,) from ``matches`` (max_n, sequences); 0 for fewer than two sequences.

    The closest other length is a neighbour in the group's sorted lengths; of two equally close the shorter counts.
    """
    max_n = matches.shape[0]
    for g in range(averages.size):
        first, end = group_offsets[g], group_offsets[g + 1]
        averages[g] = 0.0
        if end - first < 2:
            continue
        lengths = np.sort(offsets[first + 1 : end + 1] - offsets[first:end])
        for s in range(first, end):
            if matches[0, s] == 0:
                continue
            length = offsets[s + 1] - offsets[s]
            own = np.searchsorted(lengths, length)
            if own == 0:
                closest = lengths[1]
            elif own == lengths.size - 1 or length - lengths[own - 1] <= lengths[own + 1] - length:
                closest = lengths[own - 1]
            else:
                closest = lengths[own + 1]
            if own + 1 < lengths.size and lengths[own + 1] == length:
                closest = length
            log_bleu = min(0.0, 1.0 - closest / length)
            for n in range(max_n):
                count = float(matches[n, s]) if matches[n, s] > 0 else _SMOOTHING
                log_bleu += math.log(count / max(1, length - n)) / max_n
            averages[g] += math.exp(log_bleu)
        averages[g] /= end - first
