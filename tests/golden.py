"""Golden values of compiled kernels: what they give on fixed inputs, with the version that they are of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

GOLDEN = Path(__file__).parent / "golden_kernels.json"


def hold(module: str, found: Mapping[str, NDArray[np.generic]]) -> None:
    """Hold a kernel's outputs against its golden values; the last bits of logarithms may differ by processor.

    To renew them after a wanted change: raise the module's ``__kernel_version__`` and store what the failure prints.
    """
    known = json.loads(GOLDEN.read_text(encoding="utf-8"))
    version = import_module(module).__kernel_version__
    fresh = {"version": version, **{name: np.asarray(values).tolist() for name, values in found.items()}}
    renew = f"golden values of {module}: {json.dumps(fresh)}"
    assert module in known, renew
    assert known[module]["version"] == version, renew
    for name, values in found.items():
        np.testing.assert_allclose(values, known[module][name], rtol=1e-12, atol=1e-300, err_msg=renew)
