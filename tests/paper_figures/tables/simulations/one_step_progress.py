"""Gains and bounds that were made up: guarantees hold, and the two refuted claims fail where their share is long."""

from __future__ import annotations

import numpy as np
import pandas as pd


def frame() -> pd.DataFrame:
    """Return eight policies with four lengths of every step."""
    rng, rows = np.random.default_rng(6), []
    guarantees = {"B08": ("exact", 0), "B54": ("one sample", 1), "B27": ("dr_grpo", 8), "B55": ("whitened", 8)}
    for policy in range(8):
        square, variance = 0.05 + 0.1 * rng.random(), 0.05 + 0.2 * rng.random()
        shared = {"policy_id": policy, "reward_variance": variance, "gradient_square": square, "arms": 3}
        for claim, (update, size) in guarantees.items():
            for step in (0.01, 0.1, 1.0, 10.0):
                gain = step * square * np.exp(-0.3 * step) * (2 if update == "whitened" else 1)
                rows.append(
                    shared
                    | {"policy": "softmax", "claim": claim, "update": update, "group_size": size, "step": step}
                    | {"eta": step, "gain": gain, "bound": gain * (0.9 - 0.15 * step)}
                )
        for claim, update, excess in (
            ("A07", "exact", 3.5), ("A08", "one sample", 2.0), ("A09", "exact", 1.5), ("A31", "one sample", 2.5),
        ):  # fmt: skip
            for kind in ("softmax", "scaled logit", "quadratic"):
                for share in (0.5, 1.0):
                    fails = claim in ("A08", "A09") and kind == "quadratic" and share == 1.0 and policy < 3
                    bound = share * square / 4
                    rows.append(
                        shared
                        | {"policy": kind, "claim": claim, "update": update, "group_size": int(update != "exact")}
                        | {"step": share, "eta": share, "bound": bound, "gain": bound * (-0.5 if fails else excess)}
                    )
    table = pd.DataFrame(rows)
    table["share"] = table["bound"] / table["gain"]
    table["violated"] = table["gain"] < table["bound"]
    return table
