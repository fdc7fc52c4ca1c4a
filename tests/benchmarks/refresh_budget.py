"""Score one refresh in a process of its own and print its seconds, those of sorting its tokens, and memory.

The yardstick is ``numpy.unique`` of each group's tokens, half of the groups before the refresh and half after it: so it
meets the same machine and the same load. Memory is what comes beyond the input.

Usage: python refresh_budget.py GROUPS DTYPE
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np

from vas_theory.selection.diversity import self_bleu_groups

SEQUENCES, TOKENS, BLOCK = 16, 1000, 1_000_000


def _kilobytes(name: str) -> int:
    """Read from the kernel; ``ru_maxrss`` would start at the peak of the process that started this one."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1])


def main(groups: int, dtype: str) -> None:
    rng = np.random.default_rng(0)
    zipf = np.minimum(rng.zipf(1.3, BLOCK), 150_000).astype(dtype)
    tokens = np.empty(groups * SEQUENCES * TOKENS, dtype)
    for start in range(0, tokens.size, BLOCK):
        block = tokens[start : start + BLOCK]
        block[:] = zipf[rng.integers(0, BLOCK, block.size)]
    offsets = np.arange(groups * SEQUENCES + 1) * TOKENS
    group_offsets = np.arange(groups + 1) * SEQUENCES
    self_bleu_groups(tokens[: 16 * TOKENS], offsets[:17], group_offsets[:2])  # loads the compiled code

    def sort_seconds(half: np.ndarray) -> float:
        start_seconds = time.process_time()
        for group in half:
            np.unique(group)
        return time.process_time() - start_seconds

    before, after = np.array_split(tokens.reshape(groups, -1), 2)
    peer_seconds = sort_seconds(before)
    resident = _kilobytes("VmRSS")
    start_seconds = time.process_time()
    self_bleu_groups(tokens, offsets, group_offsets)
    seconds = time.process_time() - start_seconds
    megabytes = (_kilobytes("VmHWM") - resident) * 1024 / 1e6
    peer_seconds += sort_seconds(after)
    answer = {"seconds": seconds, "peer_seconds": peer_seconds, "megabytes": megabytes, "input": tokens.nbytes / 1e6}
    print(json.dumps(answer))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
