"""The largest pool that is promised: 20 million prompts."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import resource, sys
import numpy as np
from vas_theory.selection import VarianceAwareSampler

sampler = VarianceAwareSampler(20_000_000, batch_size=512, seed=1)
rng = np.random.default_rng(0)
last = 0
for _ in range(20):
    positions = sampler.draw()
    assert len(set(positions.tolist())) == 512
    sampler.observe(positions, rng.integers(0, 2, (512, 8)))
    last = max(last, int(positions.max()))
assert last > 2**24
sampler.save(sys.argv[1])
copy_state = sampler.draw()
resumed = VarianceAwareSampler(20_000_000, batch_size=512, seed=2)
resumed.load(sys.argv[1])
assert np.array_equal(resumed.draw(), copy_state)
metrics = resumed.metrics()
assert 0 < metrics["coverage"] < 0.001
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)
"""


@pytest.mark.slow
def test_twenty_million_prompts(tmp_path: object) -> None:
    command = [sys.executable, "-c", SCRIPT, f"{tmp_path}/sampler.npz"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    # two samplers of about 1 GiB each and a state of 0.7 GiB that is written, read and checked
    assert float(answer.stdout) < 5.0
