"""Tests of two arms: one that is nowhere worse, and one that falls behind a rival in one held-out world."""

from __future__ import annotations

import pandas as pd

from simulations.analysis.challenge import COLUMNS


def frame() -> pd.DataFrame:
    rows = [
        (arm, regime, kind, f"{kind}-{place}", "mopps", 0.02 - lost, 0.005, p_value, 2 * p_value, not lost, 0.9)
        for arm in ("index-ada", "index")
        for regime in ("fixed", "tuned")
        for kind in ("development", "held-out")
        for place in range(2)
        for lost in [0.05 * (arm == "index" and kind == "held-out" and place == 1)]
        for p_value in [0.4 if lost else 0.001]
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))
