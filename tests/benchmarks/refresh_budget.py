"""Score one refresh in a process of its own and print its processor seconds and its memory beyond the input.

Usage: python refresh_budget.py GROUPS DTYPE
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

import numpy as np

from vas_theory.selection.diversity import self_bleu_groups

SEQUENCES, TOKENS, BLOCK = 16, 1000, 1_000_000


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

    resident = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    start_seconds = time.process_time()
    self_bleu_groups(tokens, offsets, group_offsets)
    seconds = time.process_time() - start_seconds
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "megabytes": max(peak - resident, 0) / 1e6}))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
