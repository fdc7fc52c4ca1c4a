"""Times that are powers of the initial variance, and runs that scatter around them."""

from __future__ import annotations

import numpy as np
import pandas as pd

CONFIG = {"rise": 0.4, "learning_rate": 0.5, "max_steps": 200, "start": 0.3}

_POWERS = {
    "gradient": -1.0, "whitened, large groups": -0.5, "plain": -1.0, "whitened, G = 8": -0.9, "whitened, G = 64": -0.7
}  # fmt: skip


def frame() -> pd.DataFrame:
    """Return four starts of two routes, five runs each, the hardest of which miss."""
    rng, parts = np.random.default_rng(10), []
    variance = np.geomspace(0.01, 0.3, 4)
    for route in ("rare success", "small rewards"):
        for update, power in _POWERS.items():
            exact = 3 * variance ** (power if route == "rare success" else power / 2)
            flow = {"part": "flow", "route": route, "update": update, "arms": 2, "initial_variance": variance}
            one = pd.DataFrame(flow | {"time": exact})
            if update == "gradient":
                one["bound_b53"], one["bound_b14"] = 0.5 * variance**-0.5, 0.4 * variance**-0.5
                one["bound_l02"] = 0.01 * variance ** (-1 / 3)
            parts.append(one)
            if update in ("gradient", "whitened, large groups"):
                continue
            for arms in (2, 16):
                steps = np.repeat(2 * exact, 5) * np.exp(0.2 * rng.standard_normal(20))
                training = {
                    "part": "training", "route": route, "update": update, "arms": arms, "run": np.tile(np.arange(5), 4),
                    "initial_variance": np.repeat(variance, 5), "steps": np.minimum(steps, 200), "reached": steps < 200,
                }  # fmt: skip
                parts.append(pd.DataFrame(training))
                fitted = power if route == "rare success" else power / 2
                exponent = {
                    "part": "exponent", "route": route, "update": update, "arms": arms, "exponent": fitted + 0.01,
                    "exponent_low": fitted - 0.05, "exponent_high": fitted + 0.06, "flow_exponent": fitted, "runs": 20,
                    "misses": int((steps >= 200).sum()),
                }  # fmt: skip
                parts.append(pd.DataFrame([exponent]))
    return pd.concat(parts, ignore_index=True)
