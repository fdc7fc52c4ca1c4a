"""Pushes by their formulas, and paths by many short Euler steps."""

from __future__ import annotations

import numpy as np
import pandas as pd

CONFIG = {"replicas": 20, "learning_rate": 0.1, "goal": 0.9}

_METHODS = {
    "uniform, plain": (0.0, 1.0), "uniform, whitened": (0.0, 0.6), "uniform, whitened, large groups": (0.0, 0.5),
    "VAS, plain": (1.0, 1.0), "VAS, whitened": (1.0, 0.6), "VAS, whitened, large groups": (1.0, 0.5),
    "mix, whitened": (0.5, 0.6),
}  # fmt: skip
"""Share of weighted draws, and the power of p(1-p) that stands in for the gain's slope."""


def _speed(rates: np.ndarray, share: float, power: float) -> np.ndarray:
    q = rates * (1 - rates)
    weights = share * q / q.sum(-1, keepdims=True) + (1 - share) / q.shape[-1]
    speed: np.ndarray = q * weights * q**power
    return speed


def frame() -> pd.DataFrame:
    """Return nine pass rates a profile, a field of sixteen arrows and two paths a method, and the defect."""
    parts = []
    side = np.linspace(0.1, 0.9, 4)
    grid = np.stack(np.meshgrid(side, side), -1).reshape(-1, 2)
    rates = np.arange(1, 10) / 10
    for method, (share, power) in _METHODS.items():
        q = rates * (1 - rates)
        if share != 0.5:
            profile = {"p1": rates, "slope": q ** (power - 1) * q**share, "potential": rates, "part": "profile"}
            parts.append(pd.DataFrame(profile).assign(method=method))
        speed = _speed(grid, share, power)
        field = {"p1": grid[:, 0], "p2": grid[:, 1], "speed1": speed[:, 0], "speed2": speed[:, 1], "part": "field"}
        parts.append(pd.DataFrame(field).assign(method=method))
        for start in ((0.1, 0.4), (0.2, 0.2)):
            point, path = np.array(start), [np.array(start)]
            for _ in range(8):
                for _ in range(50):
                    point = point + 0.1 * _speed(point[None], share, power)[0]
                path.append(point)
            ways = np.array(path)
            index = 0 if start == (0.1, 0.4) else 1
            known = {"start": index, "time": 5.0 * np.arange(9), "p1": ways[:, 0], "p2": ways[:, 1], "part": "path"}
            one = pd.DataFrame(known).assign(method=method)
            if power == 0.6:
                one["sampled1"], one["sampled2"] = one["p1"] + 0.02, one["p2"] - 0.01
            parts.append(one)
    shares = np.arange(5) / 4
    defect = {"mixture_ratio": shares, "defect": -2e-4 * shares * (1 - shares), "part": "defect"}
    return pd.concat([*parts, pd.DataFrame(defect).assign(method="mix, plain")], ignore_index=True)
